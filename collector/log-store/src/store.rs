//! The store: one writer appends, one thread moves records into parts, anybody asks.

use crate::assemble::{NewLogs, assemble, position_of};
use crate::columns::layout;
use crate::streams::StreamTable;
use basics::{Disk, TenantId, Timestamp};
use parts::manifest::PartEntry;
use parts::retention::{DaysLeft, RetentionSettings};
use parts::{
    Batch, DeletedRecords, HeadStats, HiddenSequences, LivePart, PartSettings, PartStats, PartStore, RebuildReport,
    SealReport, StoreBackup, StoreCheck, StoreError,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most records of one delete.
pub const DELETE_RECORDS_MAX: usize = parts::limits::HIDDEN_PER_DELETE_MAX;

/// All log records of all tenants.
#[derive(Debug)]
pub struct LogStore {
    parts: PartStore,
    /// Held by the writer while it appends, and for a moment by who freezes the head.
    writing: Mutex<Writing>,
    is_replaying: AtomicBool,
}

/// What only the writer knows.
#[derive(Debug, Default)]
struct Writing {
    streams: HashMap<TenantId, StreamTable>,
    /// The position of the write-ahead log behind the last request that was appended.
    next: u64,
}

/// The records of one tenant at one moment. Clones share it.
#[derive(Debug, Clone)]
pub struct LogSnapshot {
    batches: Arc<[Arc<Batch>]>,
    parts: Arc<[Arc<LivePart>]>,
    hidden: Arc<HiddenSequences>,
    quarantined: Arc<[Arc<PartEntry>]>,
    is_replaying: bool,
}

impl Default for LogStore {
    fn default() -> Self {
        LogStore::new()
    }
}

impl LogStore {
    /// An empty store that keeps all records in memory.
    pub fn new() -> LogStore {
        LogStore::with(PartStore::in_memory(layout()))
    }

    /// Opens the store of a directory, and creates it when there is none.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<LogStore, StoreError> {
        LogStore::open_with(disk, dir, PartSettings::SEALED)
    }

    /// The same with parts written in another way, or less of them kept in memory.
    pub fn open_with(disk: Arc<dyn Disk>, dir: &Path, settings: PartSettings) -> Result<LogStore, StoreError> {
        Ok(LogStore::with(PartStore::open(disk, dir, layout(), settings)?))
    }

    /// Makes damaged indexes of a store that nobody uses anew; `None` when there is none. See [`RebuildReport::run`].
    pub fn rebuild_indexes(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Option<RebuildReport>, StoreError> {
        RebuildReport::run(disk, dir, layout(), PartSettings::SEALED)
    }

    /// Reads all of a store that nobody uses, and changes nothing; `None` when there is none. See [`StoreCheck::run`].
    pub fn check(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Option<StoreCheck>, StoreError> {
        StoreCheck::run(disk, dir, layout())
    }

    fn with(parts: PartStore) -> LogStore {
        let writing = Writing { streams: HashMap::new(), next: parts.sealed() };
        LogStore { parts, writing: Mutex::new(writing), is_replaying: AtomicBool::new(false) }
    }

    /// Makes records searchable, in the order given, which is that of their positions.
    pub fn append(&self, logs: Vec<NewLogs>) {
        let mut writing = self.writing();
        for new in logs {
            let (tenant, position) = (new.tenant, new.position);
            let table = writing.streams.entry(tenant).or_default();
            for (batch, reservation) in assemble(self.parts.layout(), table, new) {
                self.parts.append(tenant, batch, reservation);
            }
            writing.next = writing.next.max(position + 1);
        }
    }

    /// Ends the head behind the last request, so that it can be sealed. False when there is nothing to seal, or the last
    /// one is not sealed yet.
    pub fn freeze(&self) -> bool {
        let writing = self.writing();
        self.parts.freeze(writing.next)
    }

    /// True while a frozen head is on its way to disk and the next one has grown to so many bytes.
    ///
    /// False when the last try to seal failed: who waits then waits for the disk, not for work to be done.
    pub fn is_sealing_behind(&self, head_bytes: u64) -> bool {
        self.parts.is_sealing() && self.parts.active_stats().memory_bytes >= head_bytes
    }

    /// The records and their parts.
    pub fn parts(&self) -> &PartStore {
        &self.parts
    }

    /// Turns the frozen head into parts; see [`PartStore::seal`].
    pub fn seal(&self) -> Result<Option<SealReport>, StoreError> {
        self.parts.seal()
    }

    /// Hides records of a tenant, which a snapshot showed, from all snapshots that are taken afterwards, and for good. The
    /// times are those of the oldest and the newest of them. Returns how many are hidden; see [`PartStore::hide`].
    pub fn hide(
        &self,
        tenant: TenantId,
        sequences: Vec<u64>,
        times: (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let next = sequences.iter().max().map_or(0, |last| position_of(*last) + 1);
        self.parts.hide(DeletedRecords { tenant, sequences, time_min: times.0, time_max: times.1, next, now })
    }

    /// The position of the write-ahead log behind the last request that was appended.
    pub fn appended(&self) -> u64 {
        self.writing().next
    }

    /// Moves all records that were appended before the call into parts; others may go with them.
    pub fn seal_all(&self) -> Result<(), StoreError> {
        let appended = self.appended();
        loop {
            self.seal()?;
            if self.sealed() >= appended || self.stats().records == 0 {
                return Ok(());
            }
            // Somebody else may freeze it first; then it is sealed in the next round.
            self.freeze();
        }
    }

    /// Makes a copy of all parts; see [`PartStore::backup`].
    pub fn backup(&self, dir: &Path) -> Result<StoreBackup, StoreError> {
        self.parts.backup(dir)
    }

    /// Where a replay of the write-ahead log begins: everything before this position is in parts.
    pub fn sealed(&self) -> u64 {
        self.parts.sealed()
    }

    /// The records of a tenant. A tenant that never sent anything has none.
    pub fn snapshot(&self, tenant: TenantId) -> LogSnapshot {
        // Read before the head is: a replay that ends in between may be reported once too often, never once too seldom.
        let is_replaying = self.is_replaying.load(Ordering::Acquire);
        let snapshot = self.parts.snapshot(tenant);
        LogSnapshot {
            batches: snapshot.batches().cloned().collect(),
            parts: snapshot.parts().iter().cloned().collect(),
            hidden: snapshot.hidden().clone(),
            quarantined: snapshot.quarantined().iter().cloned().collect(),
            is_replaying,
        }
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether records of the time before a restart are still missing.
    pub fn set_replaying(&self, is_replaying: bool) {
        self.is_replaying.store(is_replaying, Ordering::Release);
    }

    /// True while records of the time before a restart may be missing.
    pub fn is_replaying(&self) -> bool {
        self.is_replaying.load(Ordering::Acquire)
    }

    /// What the store holds in memory, over all tenants.
    pub fn stats(&self) -> HeadStats {
        self.parts.head_stats()
    }

    /// How long the room lasts; see [`PartStore::days_left`].
    pub fn days_left(&self, settings: RetentionSettings, now: Timestamp) -> Option<DaysLeft> {
        self.parts.days_left(settings, now)
    }

    /// What the store has on disk, over all tenants.
    pub fn part_stats(&self) -> PartStats {
        self.parts.part_stats()
    }
}

impl LogSnapshot {
    /// The batches in memory, oldest arrival first. Their times may overlap.
    pub fn batches(&self) -> &[Arc<Batch>] {
        &self.batches
    }

    /// The parts, in no order that matters. Their times may overlap.
    pub fn parts(&self) -> &[Arc<LivePart>] {
        &self.parts
    }

    /// The records that were deleted: they may be in batches and parts, and belong into no answer.
    pub fn hidden(&self) -> &Arc<HiddenSequences> {
        &self.hidden
    }

    /// The parts in quarantine, whose records are missing.
    pub fn quarantined(&self) -> &[Arc<PartEntry>] {
        &self.quarantined
    }

    /// True when records of the time before a restart may be missing.
    pub fn is_replaying(&self) -> bool {
        self.is_replaying
    }
}

#[cfg(test)]
mod tests;
