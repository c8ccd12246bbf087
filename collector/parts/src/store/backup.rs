//! A copy of a store that is in use, without copying its records: the files of parts never change, so a second name is
//! enough.
//!
//! The copy holds what the manifest says at one moment: the parts, the tombstones and the sealed position. What is only in
//! memory then is not in it.

use super::{INDEX_KIND, PARTS_DIR, PartStore, RECORDS_KIND, TOMBSTONES_DIR, dir_name, hide, lock, reached};
use crate::manifest::{Manifest, PartEntry};
use crate::part::{INDEX_FILE, RECORDS_FILE};
use crate::store::StoreError;
use basics::Disk;
use std::io;
use std::path::Path;

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreBackup {
    /// Parts, those in quarantine included.
    pub parts: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of their files.
    pub file_bytes: u64,
    /// Everything before this position of the write-ahead log is in its parts.
    pub sealed: u64,
    /// See [`PartStore::reached`].
    pub reached: u64,
}

impl PartStore {
    /// Makes a copy in `dir`, which is new and on the same file system, and makes it durable, its own name aside. Whoever
    /// calls removes what a failed copy has left. Seals, merges and queries go on meanwhile.
    pub fn backup(&self, dir: &Path) -> Result<StoreBackup, StoreError> {
        let Some(durable) = &self.durable else {
            return Err(StoreError::disk("copy", dir)(io::ErrorKind::Unsupported.into()));
        };
        let (parts_dir, tombstones_dir) = (dir.join(PARTS_DIR), dir.join(TOMBSTONES_DIR));
        // As long as a part is held its files stay, whatever becomes of it. A tombstone is not held by anybody, so its file
        // gets its second name while none can go.
        let (disk, own_parts_dir, state, held) = {
            let durable = lock(durable);
            for new_dir in [&parts_dir, &tombstones_dir] {
                durable.disk.create_dir_all(new_dir).map_err(StoreError::disk("create", new_dir))?;
            }
            let state = durable.manifest.state().clone();
            for tombstone in state.tombstones().filter(|tombstone| tombstone.file.is_some()) {
                let to = tombstones_dir.join(hide::file_name(tombstone.id));
                link(&*durable.disk, &durable.tombstone_path(tombstone.id), &to)?;
            }
            let held: Vec<_> = self.view().parts.values().cloned().collect();
            (durable.disk.clone(), durable.parts_dir.clone(), state, held)
        };
        for entry in state.parts() {
            let is_quarantined = state.quarantine_of(entry.id).is_some();
            link_part(&*disk, entry, &own_parts_dir, &parts_dir, is_quarantined)?;
        }
        drop(held);
        for new_dir in [&parts_dir, &tombstones_dir] {
            disk.sync_dir(new_dir).map_err(StoreError::disk("sync", new_dir))?;
        }
        Manifest::write_copy(&*disk, dir, &state)?;
        disk.sync_dir(dir).map_err(StoreError::disk("sync", dir))?;
        Ok(StoreBackup {
            parts: state.parts().len() as u64,
            records: state.records(),
            file_bytes: state.parts().map(|entry| entry.file_bytes()).sum(),
            sealed: state.sealed(),
            reached: reached(&state),
        })
    }
}

fn link_part(
    disk: &dyn Disk,
    entry: &PartEntry,
    from: &Path,
    to: &Path,
    is_quarantined: bool,
) -> Result<(), StoreError> {
    let (from, to) = (from.join(dir_name(entry.id)), to.join(dir_name(entry.id)));
    disk.create_dir_all(&to).map_err(StoreError::disk("create", &to))?;
    for file in &entry.files {
        let name = match file.kind {
            RECORDS_KIND => RECORDS_FILE,
            INDEX_KIND => INDEX_FILE,
            _ => continue,
        };
        match link(disk, &from.join(name), &to.join(name)) {
            // What is damaged may be that a file is missing; the copy is as damaged as the part.
            Err(StoreError::Disk { source, .. }) if is_quarantined && source.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
    }
    disk.sync_dir(&to).map_err(StoreError::disk("sync", &to))
}

fn link(disk: &dyn Disk, from: &Path, to: &Path) -> Result<(), StoreError> {
    disk.hard_link(from, to).map_err(StoreError::disk("give a second name to", from))
}

#[cfg(test)]
mod tests;
