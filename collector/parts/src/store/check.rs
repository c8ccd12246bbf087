//! Looks at a store that nobody uses: the manifest, every byte of every part, and directories that belong to no part.
//! Changes nothing.

use super::live_part::LivePart;
use super::{PARTS_DIR, dir_name, hide};
use crate::layout::Layout;
use crate::manifest::{Manifest, ManifestState, PartEntry, PartId};
use crate::part::{Keeper, PartError};
use crate::store::StoreError;
use basics::{Disk, ErrorClass, error_chain};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a look at a store found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreCheck {
    /// Parts that the manifest names.
    pub parts: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of their files.
    pub file_bytes: u64,
    /// Parts whose bytes are not those that were written, and how.
    pub damaged: Vec<(PartId, String)>,
    /// Parts that the disk did not give, and why.
    pub unread: Vec<(PartId, String)>,
    /// Parts that were put aside earlier, and why.
    pub quarantined: Vec<(PartId, String)>,
    /// Files of tombstones that cannot be used, and why. The store does not open.
    pub damaged_tombstones: Vec<String>,
    /// Directories of no part and files of no tombstone. The next start removes them.
    pub orphans: Vec<PathBuf>,
}

impl StoreCheck {
    /// Reads all of the store in `dir`; `None` when there is none.
    ///
    /// # Errors
    /// When the manifest cannot be read: what it says is not known then, so nothing can be said about parts.
    pub fn run(disk: &Arc<dyn Disk>, dir: &Path, layout: Layout) -> Result<Option<StoreCheck>, StoreError> {
        let Some(state) = Manifest::read(&**disk, dir)? else { return Ok(None) };
        let (parts_dir, layout) = (dir.join(PARTS_DIR), Arc::new(layout));
        let tombstones_dir = hide::dir_of(dir);
        let mut check = StoreCheck { orphans: orphans(&**disk, &parts_dir, &state)?, ..StoreCheck::default() };
        check.orphans.extend(hide::unnamed_files(&**disk, &tombstones_dir, &state)?);
        if let Err(error) = hide::read_hidden(&**disk, &tombstones_dir, &state) {
            check.damaged_tombstones.push(error_chain(&error));
        }
        for entry in state.parts() {
            check.parts += 1;
            check.records += entry.records;
            check.file_bytes += entry.file_bytes();
            if let Some(reason) = state.quarantine_of(entry.id) {
                check.quarantined.push((entry.id, reason.to_owned()));
                continue;
            }
            // Nothing is kept in memory: a store may be larger than that.
            let keeper = Arc::new(Keeper::new(0));
            let part_dir = parts_dir.join(dir_name(entry.id));
            let part = LivePart::new(disk.clone(), part_dir, layout.clone(), entry.clone(), keeper);
            match part.part().verify().and_then(|()| what_differs(&part)) {
                Ok(None) => {}
                Ok(Some(what)) => check.damaged.push((entry.id, what)),
                Err(error) => match error.class() {
                    ErrorClass::Corrupt => check.damaged.push((entry.id, error_chain(&error))),
                    _ if is_missing(&error) => check.damaged.push((entry.id, error_chain(&error))),
                    _ => check.unread.push((entry.id, error_chain(&error))),
                },
            }
        }
        Ok(Some(check))
    }

    /// True when every part is whole and in use. Orphans do no harm.
    pub fn is_sound(&self) -> bool {
        self.damaged_tombstones.is_empty()
            && self.damaged.is_empty()
            && self.unread.is_empty()
            && self.quarantined.is_empty()
    }
}

fn is_missing(error: &PartError) -> bool {
    matches!(error, PartError::Disk { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

/// What the part says of itself and the manifest does not.
fn what_differs(part: &LivePart) -> Result<Option<String>, PartError> {
    let groups = part.part().groups()?;
    let entry: &PartEntry = part.entry();
    let records: u64 = groups.iter().map(|group| group.records() as u64).sum();
    let is_inside = groups.iter().all(|group| {
        let (times, sequences) = (group.time_range(), group.sequence_range());
        times.start >= entry.time_min
            && times.end <= part.time_range().end
            && sequences.start >= entry.sequence_min
            && sequences.end <= part.sequence_range().end
    });
    Ok(match records == entry.records && is_inside {
        true => None,
        false => Some(format!(
            "it holds {records} records where the manifest says {}, or others than those of its times and sequences",
            entry.records
        )),
    })
}

fn orphans(disk: &dyn Disk, parts_dir: &Path, state: &ManifestState) -> Result<Vec<PathBuf>, StoreError> {
    let named: BTreeSet<String> = state.parts().map(|entry| dir_name(entry.id)).collect();
    let found = match disk.list(parts_dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(StoreError::disk("list", parts_dir)(error)),
    };
    let orphans = found.into_iter().filter(|entry| entry.is_dir && !named.contains(&entry.name));
    Ok(orphans.map(|entry| parts_dir.join(entry.name)).collect())
}

#[cfg(test)]
mod tests;
