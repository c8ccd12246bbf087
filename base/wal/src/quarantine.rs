//! Sets damaged files aside when nothing needs them any more. Nobody but the operator removes them.

use crate::protection::{Protection, is_off};
use basics::{Disk, carry_on};
use std::io;
use std::path::Path;

/// The directory inside the log's own that damaged files are moved to.
const QUARANTINE: &str = "quarantine";

/// Moves a segment file of the log in `dir` aside.
pub(crate) fn set_aside(disk: &dyn Disk, dir: &Path, path: &Path, segment_id: u64) -> io::Result<()> {
    let quarantine = dir.join(QUARANTINE);
    disk.create_dir_all(&quarantine)?;
    disk.rename(path, &free_name(disk, &quarantine, segment_id))?;
    if is_off(Protection::QuarantineDirSync) {
        return Ok(());
    }
    disk.sync_dir(&quarantine)?;
    disk.sync_dir(dir)
}

/// Bytes of the files that were set aside.
pub(crate) fn bytes(disk: &dyn Disk, dir: &Path) -> u64 {
    let entries = carry_on(disk.list(&dir.join(QUARANTINE)), "usually there is none");
    entries.unwrap_or_default().iter().map(|entry| entry.bytes).sum()
}

/// An id can come again when its header was lost, and what was set aside earlier is not overwritten.
fn free_name(disk: &dyn Disk, quarantine: &Path, segment_id: u64) -> std::path::PathBuf {
    let taken = carry_on(disk.list(quarantine), "a name that is free nearly always").unwrap_or_default();
    let plain = format!("{segment_id:016x}.wal");
    let mut name = plain.clone();
    for copy in 2..=taken.len() + 1 {
        if taken.iter().all(|entry| entry.name != name) {
            break;
        }
        name = format!("{plain}.{copy}");
    }
    quarantine.join(name)
}
