//! The store: one writer appends, anybody asks.

use crate::assemble::{NewLogs, assemble};
use crate::columns::layout;
use crate::streams::StreamTable;
use basics::TenantId;
use parts::{Batch, Head, HeadSnapshot, HeadStats};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// All log records of all tenants.
#[derive(Debug)]
pub struct LogStore {
    head: Head,
    /// Only the writer takes this lock.
    streams: Mutex<HashMap<TenantId, StreamTable>>,
    is_replaying: AtomicBool,
}

/// The records of one tenant at one moment. Clones share it.
#[derive(Debug, Clone)]
pub struct LogSnapshot {
    head: HeadSnapshot,
    is_replaying: bool,
}

impl Default for LogStore {
    fn default() -> Self {
        LogStore::new()
    }
}

impl LogStore {
    /// An empty store.
    pub fn new() -> LogStore {
        LogStore { head: Head::new(layout()), streams: Mutex::default(), is_replaying: AtomicBool::new(false) }
    }

    /// Makes records searchable, in the order given.
    pub fn append(&self, logs: Vec<NewLogs>) {
        let mut tables = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        for new in logs {
            let tenant = new.tenant;
            let table = tables.entry(tenant).or_default();
            for (batch, reservation) in assemble(self.head.layout(), table, new) {
                self.head.append(tenant, batch, reservation);
            }
        }
    }

    /// The records of a tenant. A tenant that never sent anything has none.
    pub fn snapshot(&self, tenant: TenantId) -> LogSnapshot {
        // Read before the head is: a replay that ends in between may be reported once too often, never once too seldom.
        let is_replaying = self.is_replaying.load(Ordering::Acquire);
        LogSnapshot { head: self.head.snapshot(tenant), is_replaying }
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
        self.head.stats()
    }
}

impl LogSnapshot {
    /// The batches, oldest arrival first. Their times may overlap.
    pub fn batches(&self) -> &[Arc<Batch>] {
        self.head.batches()
    }

    /// True when records of the time before a restart may be missing.
    pub fn is_replaying(&self) -> bool {
        self.is_replaying
    }
}

#[cfg(test)]
mod tests;
