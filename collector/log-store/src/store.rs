//! The store: one writer appends, one thread moves records into parts, anybody asks.

use crate::assemble::{NewLogs, assemble};
use crate::columns::layout;
use crate::streams::StreamTable;
use basics::{Disk, TenantId};
use parts::manifest::PartEntry;
use parts::{Batch, HeadStats, LivePart, PartSettings, PartStats, PartStore, SealReport, StoreCheck, StoreError};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
