//! `outrigger data check`: every byte of the stored data is read and compared with its checksum, without starting.

use crate::command_line::ConfigArgs;
use crate::config;
use crate::failure::Failure;
use basics::{Disk, OsDisk};
use clap::Args;
use collector::{CollectorError, StoreCheck};
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

/// Prints what was found; a failure with 65 when something is damaged.
pub(crate) fn check(args: &CheckDataArgs) -> Result<(), Failure> {
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => config::load(&args.config)?.config.data_dir,
    };
    if !dir.is_dir() {
        return Err(Failure::usage(format!("there is no directory {}", dir.display())));
    }
    // A process that runs would remove parts under the eyes of this one.
    let _lock = DataLock::take(&dir).map_err(|error| Failure::of(error.class(), &error))?;
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

fn report(found: &StoreCheck) -> String {
    let StoreCheck { parts, records, file_bytes, damaged, unread, quarantined, orphans } = found;
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
    for dir in orphans {
        text.push_str(&format!("logs: {} belongs to no part; the next start removes it\n", dir.display()));
    }
    if found.is_sound() {
        text.push_str("logs: every checksum is right\n");
    }
    text
}

fn verdict(found: &StoreCheck) -> Result<(), Failure> {
    let bad = found.damaged.len() + found.quarantined.len();
    let parts = found.parts;
    match found.unread.len() {
        _ if bad > 0 => Err(Failure::corrupt(format!("{bad} of {parts} parts are damaged"))),
        0 => Ok(()),
        unread => Err(Failure::unavailable(format!("{unread} of {parts} parts cannot be read"))),
    }
}

#[cfg(test)]
mod tests;
