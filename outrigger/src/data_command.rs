//! `outrigger data`: the stored data is looked after.
//!
//! `check`: every byte is read and compared with its checksum, without starting. `rebuild-index`: damaged indexes are made
//! anew. `backup`: see there.

mod backup;

pub(crate) use backup::{BackupArgs, backup};

use crate::command_line::ConfigArgs;
use crate::config;
use crate::failure::Failure;
use basics::{Disk, OsDisk};
use clap::Args;
use collector::{CollectorError, RebuildReport, StoreCheck};
use service::DataLock;
use std::path::PathBuf;
use std::sync::Arc;

/// Which data.
#[derive(Debug, Args)]
pub(crate) struct CheckDataArgs {
    /// The data directory; without it the one of the configuration
    dir: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

impl CheckDataArgs {
    /// The data directory, which is there and which nobody uses as long as the lock is held.
    fn locked(&self) -> Result<(PathBuf, DataLock), Failure> {
        let dir = data_dir(self.dir.as_ref(), &self.config)?;
        // A process that runs would remove parts under the eyes of this one.
        let lock = DataLock::take(&dir).map_err(|error| Failure::of(error.class(), &error))?;
        Ok((dir, lock))
    }
}

/// The data directory that is meant.
fn data_dir(given: Option<&PathBuf>, config: &ConfigArgs) -> Result<PathBuf, Failure> {
    let dir = match given {
        Some(dir) => dir.clone(),
        None => config::load(config)?.config.data_dir,
    };
    match dir.is_dir() {
        true => Ok(dir),
        false => Err(Failure::usage(format!("there is no directory {}", dir.display()))),
    }
}

/// Prints what was found; a failure with 65 when something is damaged.
pub(crate) fn check(args: &CheckDataArgs) -> Result<(), Failure> {
    let (dir, _lock) = args.locked()?;
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let of = |error: CollectorError| Failure::of(error.class(), &error);
    match collector::check_data(&disk, &dir).map_err(of)? {
        None => crate::print("logs: nothing is stored yet\n"),
        Some(found) => {
            crate::print(&report(&found))?;
            verdict(&found)
        }
    }
}

/// Prints what was made anew; a failure with 65 when records are damaged too.
pub(crate) fn rebuild_index(args: &CheckDataArgs) -> Result<(), Failure> {
    let (dir, _lock) = args.locked()?;
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let of = |error: CollectorError| Failure::of(error.class(), &error);
    match collector::rebuild_indexes(&disk, &dir).map_err(of)? {
        None => crate::print("logs: nothing is stored yet\n"),
        Some(done) => {
            crate::print(&rebuilt(&done))?;
            match done.damaged.len() {
                0 => Ok(()),
                bad => Err(Failure::corrupt(format!("the records of {bad} parts are damaged; a backup may have them"))),
            }
        }
    }
}

fn rebuilt(done: &RebuildReport) -> String {
    let RebuildReport { whole, rebuilt, damaged } = done;
    let mut text = format!("logs: {whole} parts are whole, {} were made anew\n", rebuilt.len());
    for (old, new) in rebuilt {
        text.push_str(&format!("logs: part {old} has a new index and is part {new}\n"));
    }
    for (part, what) in damaged {
        text.push_str(&format!("logs: part {part} is damaged itself and left as it is: {what}\n"));
    }
    text
}

fn report(found: &StoreCheck) -> String {
    let StoreCheck { parts, records, file_bytes, damaged, unread, quarantined, damaged_tombstones, orphans } = found;
    let mut text = format!("logs: {parts} parts with {records} records in {file_bytes} bytes\n");
    for (part, what) in damaged {
        text.push_str(&format!("logs: part {part} is damaged: {what}\n"));
    }
    for (part, what) in unread {
        text.push_str(&format!("logs: part {part} cannot be read: {what}\n"));
    }
    for (part, what) in quarantined {
        text.push_str(&format!("logs: part {part} is in quarantine: {what}\n"));
    }
    for what in damaged_tombstones {
        text.push_str(&format!("logs: {what}\n"));
    }
    for dir in orphans {
        text.push_str(&format!("logs: {} belongs to no part or tombstone; the next start removes it\n", dir.display()));
    }
    if found.is_sound() {
        text.push_str("logs: every checksum is right\n");
    }
    text
}

fn verdict(found: &StoreCheck) -> Result<(), Failure> {
    let bad = found.damaged.len() + found.quarantined.len();
    let parts = found.parts;
    let bad_tombstones = found.damaged_tombstones.len();
    match found.unread.len() {
        _ if bad == 0 && bad_tombstones > 0 => Err(Failure::corrupt("a tombstone is damaged".to_owned())),
        _ if bad > 0 => Err(Failure::corrupt(format!("{bad} of {parts} parts are damaged"))),
        0 => Ok(()),
        unread => Err(Failure::unavailable(format!("{unread} of {parts} parts cannot be read"))),
    }
}

#[cfg(test)]
mod tests;
