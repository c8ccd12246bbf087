//! Records that were deleted are hidden at once, wherever they are.
//!
//! The sequences are written into a file beside the parts and synced; then one commit of the manifest makes them hidden.
//! A removal leaves them out of parts later ([`super::removal`]), and when no part has any of them the tombstone goes.

use super::{Durable, PartStore, TOMBSTONES_DIR, lock, tombstone_file};
use crate::hidden::HiddenSequences;
use crate::limits::{HIDDEN_PER_DELETE_MAX, HIDDEN_RECORDS_MAX};
use crate::manifest::{Edit, ManifestState, Tombstone, TombstoneFile, TombstoneId};
use crate::store::StoreError;
use basics::{Disk, TenantId, Timestamp, carry_on};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records that somebody deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedRecords {
    /// Whose.
    pub tenant: TenantId,
    /// Their sequences, in any order.
    pub sequences: Vec<u64>,
    /// The oldest of their times.
    pub time_min: Timestamp,
    /// The newest of their times.
    pub time_max: Timestamp,
    /// The position of the write-ahead log behind the last one of them.
    pub next: u64,
    /// When they are deleted.
    pub now: Timestamp,
}

impl PartStore {
    /// Hides records: they are in no answer about a snapshot that is taken after the return, also not after a crash.
    /// Returns how many that are. After an error none is hidden by this call; after one that leaves the manifest in doubt
    /// they may be after a restart.
    pub fn hide(&self, deleted: DeletedRecords) -> Result<u64, StoreError> {
        let DeletedRecords { tenant, mut sequences, .. } = deleted;
        sequences.sort_unstable();
        sequences.dedup();
        let (Some(first), Some(last)) = (sequences.first().copied(), sequences.last().copied()) else { return Ok(0) };
        let Some(durable) = &self.durable else {
            let hidden = self.hidden_with(tenant, &sequences, TombstoneId(1));
            self.view_mut().hidden.insert(tenant, hidden);
            return Ok(sequences.len() as u64);
        };
        let mut durable = lock(durable);
        refuse_too_many(sequences.len(), durable.manifest.state())?;
        // A commit in doubt may be of a tombstone whose file has the name that is given next.
        durable.manifest.settle()?;
        let id = TombstoneId(durable.manifest.state().next_tombstone_id());
        let path = durable.tombstone_path(id);
        let written = durable.write_tombstone(tenant, id, &sequences).and_then(|(bytes, crc)| {
            let records = sequences.len() as u64;
            let file = TombstoneFile { sequence_min: first, records, settled_at: deleted.next, bytes, crc };
            let tombstone = Tombstone {
                id,
                tenant,
                time_min: deleted.time_min,
                time_max: deleted.time_max,
                sequence_max: last,
                created_at: deleted.now,
                // The words of a query may be what has to go; the sequences say all that is needed.
                filter: Vec::new(),
                file: Some(file),
            };
            durable.manifest.commit(&[Edit::AddTombstone(tombstone)]).map_err(StoreError::from)
        });
        if let Err(error) = written {
            // In doubt, the tombstone may be there after a restart: its file stays.
            if !durable.manifest.is_in_doubt() {
                carry_on(durable.disk.remove_file(&path), "the next start removes what no manifest names");
            }
            return Err(error);
        }
        // Takes its time for many; readers do not wait for that.
        let hidden = self.hidden_with(tenant, &sequences, id);
        let mut view = self.view_mut();
        view.hidden.insert(tenant, hidden);
        view.state = durable.manifest.state().clone();
        Ok(sequences.len() as u64)
    }

    fn hidden_with(&self, tenant: TenantId, sequences: &[u64], id: TombstoneId) -> Arc<HiddenSequences> {
        let known = self.view().hidden.get(&tenant).cloned().unwrap_or_default();
        Arc::new(known.and(sequences, id))
    }

    /// Records that were deleted and may still be stored, over all tenants.
    pub fn hidden_records(&self) -> u64 {
        hidden_records(&self.state())
    }
}

impl Durable {
    pub(super) fn tombstone_path(&self, id: TombstoneId) -> PathBuf {
        self.tombstones_dir.join(file_name(id))
    }

    fn write_tombstone(&self, tenant: TenantId, id: TombstoneId, sequences: &[u64]) -> Result<(u64, u32), StoreError> {
        let dir = &self.tombstones_dir;
        let facts = tombstone_file::write(&*self.disk, &self.tombstone_path(id), tenant, id, sequences)?;
        self.disk.sync_dir(dir).map_err(StoreError::disk("sync", dir))?;
        Ok(facts)
    }
}

fn refuse_too_many(records: usize, state: &ManifestState) -> Result<(), StoreError> {
    if records > HIDDEN_PER_DELETE_MAX {
        return Err(StoreError::TooManyDeleted { records, limit: HIDDEN_PER_DELETE_MAX });
    }
    let hidden = hidden_records(state);
    if hidden.saturating_add(records as u64) > HIDDEN_RECORDS_MAX as u64 {
        return Err(StoreError::TooManyHidden { hidden, limit: HIDDEN_RECORDS_MAX });
    }
    Ok(())
}

pub(super) fn hidden_records(state: &ManifestState) -> u64 {
    state.tombstones().filter_map(|tombstone| tombstone.file).map(|file| file.records).sum()
}

/// What the tombstones of a store hide, by tenant.
pub(super) fn read_hidden(
    disk: &dyn Disk,
    dir: &Path,
    state: &ManifestState,
) -> Result<BTreeMap<TenantId, Arc<HiddenSequences>>, StoreError> {
    let tenants: BTreeSet<TenantId> = state.tombstones().map(|tombstone| tombstone.tenant).collect();
    tenants
        .into_iter()
        .map(|tenant| read_hidden_of(disk, dir, state, tenant).map(|hidden| (tenant, Arc::new(hidden))))
        .collect()
}

pub(super) fn read_hidden_of(
    disk: &dyn Disk,
    dir: &Path,
    state: &ManifestState,
    tenant: TenantId,
) -> Result<HiddenSequences, StoreError> {
    let (mut sequences, mut newest) = (Vec::new(), TombstoneId(0));
    for tombstone in state.tombstones().filter(|tombstone| tombstone.tenant == tenant) {
        let Some(file) = tombstone.file else { continue };
        sequences.extend(tombstone_file::read(disk, &dir.join(file_name(tombstone.id)), tombstone, file)?);
        newest = newest.max(tombstone.id);
    }
    Ok(HiddenSequences::new(sequences, newest))
}

/// Files of tombstones that the manifest does not name: of a delete that was not finished, or a tombstone that went.
pub(super) fn unnamed_files(disk: &dyn Disk, dir: &Path, state: &ManifestState) -> Result<Vec<PathBuf>, StoreError> {
    let named: BTreeSet<String> = state.tombstones().map(|tombstone| file_name(tombstone.id)).collect();
    let found = match disk.list(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(StoreError::disk("list", dir)(error)),
    };
    let unnamed = found.into_iter().filter(|entry| !entry.is_dir && !named.contains(&entry.name));
    Ok(unnamed.map(|entry| dir.join(entry.name)).collect())
}

/// Makes the directory, and removes what no manifest names.
pub(super) fn prepare_dir(disk: &dyn Disk, dir: &Path, state: &ManifestState) -> Result<(), StoreError> {
    disk.create_dir_all(dir).map_err(StoreError::disk("create", dir))?;
    for path in unnamed_files(disk, dir, state)? {
        disk.remove_file(&path).map_err(StoreError::disk("remove", &path))?;
    }
    Ok(())
}

pub(super) fn dir_of(store_dir: &Path) -> PathBuf {
    store_dir.join(TOMBSTONES_DIR)
}

pub(super) fn file_name(id: TombstoneId) -> String {
    format!("{:016x}", id.0)
}

#[cfg(test)]
mod tests;
