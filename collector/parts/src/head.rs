//! Recent records of all tenants, searchable at once.
//!
//! One thread appends; any thread takes snapshots, and neither waits for the other longer than it takes to copy a
//! list of pointers. Merging happens outside the lock that readers take.

use crate::batch::Batch;
use crate::layout::Layout;
use crate::merge::{merge, merge_count};
use basics::{Reservation, TenantId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The recent records of one signal.
#[derive(Debug)]
pub struct Head {
    layout: Arc<Layout>,
    tenants: RwLock<HashMap<TenantId, Arc<TenantHead>>>,
    counters: Counters,
}

/// The recent records of one tenant at one moment, oldest arrival first.
#[derive(Debug, Clone, Default)]
pub struct HeadSnapshot {
    batches: Arc<Vec<Arc<Batch>>>,
}

/// What a head holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeadStats {
    /// Records.
    pub records: u64,
    /// Batches they are in.
    pub batches: u64,
    /// Bytes of memory held.
    pub memory_bytes: u64,
    /// Bytes of these that the budget had no room for. What was acknowledged is kept all the same.
    pub uncharged_bytes: u64,
}

impl HeadStats {
    /// Of two heads together.
    pub fn and(self, other: HeadStats) -> HeadStats {
        HeadStats {
            records: self.records + other.records,
            batches: self.batches + other.batches,
            memory_bytes: self.memory_bytes + other.memory_bytes,
            uncharged_bytes: self.uncharged_bytes + other.uncharged_bytes,
        }
    }
}

#[derive(Debug, Default)]
struct TenantHead {
    /// What readers see.
    published: Mutex<Arc<Vec<Arc<Batch>>>>,
    /// The charge of each batch. Apart from the batches, because a merge moves charges while readers may still hold
    /// the merged batches; those are small and go with the reader.
    charges: Mutex<Vec<Charge>>,
}

#[derive(Debug, Default)]
struct Charge {
    reservation: Option<Reservation>,
    memory_bytes: u64,
}

#[derive(Debug, Default)]
struct Counters {
    records: AtomicU64,
    batches: AtomicU64,
    memory_bytes: AtomicU64,
    uncharged_bytes: AtomicU64,
}

impl Head {
    /// An empty head for records of one layout.
    pub fn new(layout: Arc<Layout>) -> Head {
        Head { layout, tenants: RwLock::default(), counters: Counters::default() }
    }

    /// The layout of its records.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Adds a batch; it is in every snapshot taken after the return.
    ///
    /// The reservation is brought to what the batch really holds: it shrinks, or grows as far as the budget has room.
    /// All reservations of a tenant come from one budget.
    pub fn append(&self, tenant: TenantId, batch: Batch, reservation: Option<Reservation>) {
        let tenant = self.tenant(tenant);
        let mut charges = lock(&tenant.charges);
        let batches = tenant.snapshot();
        let added = batch.len() as u64;
        let kept_count = batches.len() - merge_count(&batches, &batch);
        let small = batches.get(kept_count..).unwrap_or_default();
        let batch = if small.is_empty() {
            batch
        } else {
            let mut parts: Vec<&Batch> = small.iter().map(|part| &**part).collect();
            parts.push(&batch);
            merge(&self.layout, &parts)
        };
        drop(batches);
        let freed: Vec<Charge> = charges.drain(kept_count..).collect();
        self.counters.forget(&freed);
        let charge = Charge::settle(reservation, freed, batch.memory_bytes());
        self.counters.count(added, &charge);
        charges.push(charge);
        tenant.publish(kept_count, Arc::new(batch));
    }

    /// What a tenant has at this moment.
    pub fn snapshot(&self, tenant: TenantId) -> HeadSnapshot {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(&tenant).map(|tenant| HeadSnapshot { batches: tenant.snapshot() }).unwrap_or_default()
    }

    /// What each tenant has at this moment, by rising tenant.
    pub fn snapshots(&self) -> Vec<(TenantId, HeadSnapshot)> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let mut snapshots: Vec<(TenantId, HeadSnapshot)> =
            tenants.iter().map(|(tenant, head)| (*tenant, HeadSnapshot { batches: head.snapshot() })).collect();
        snapshots.sort_unstable_by_key(|(tenant, _)| *tenant);
        snapshots
    }

    /// What the head holds, over all tenants.
    pub fn stats(&self) -> HeadStats {
        HeadStats {
            records: self.counters.records.load(Ordering::Relaxed),
            batches: self.counters.batches.load(Ordering::Relaxed),
            memory_bytes: self.counters.memory_bytes.load(Ordering::Relaxed),
            uncharged_bytes: self.counters.uncharged_bytes.load(Ordering::Relaxed),
        }
    }

    fn tenant(&self, tenant: TenantId) -> Arc<TenantHead> {
        let known = self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        known.unwrap_or_else(|| {
            let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
            tenants.entry(tenant).or_default().clone()
        })
    }
}

impl TenantHead {
    fn snapshot(&self) -> Arc<Vec<Arc<Batch>>> {
        lock(&self.published).clone()
    }

    /// Replaces all batches behind the first `kept_count` by `batch`. The list is copied only when a reader holds it.
    fn publish(&self, kept_count: usize, batch: Arc<Batch>) {
        let mut published = lock(&self.published);
        let batches = Arc::make_mut(&mut published);
        batches.truncate(kept_count);
        batches.push(batch);
    }
}

impl HeadSnapshot {
    /// The batches, oldest arrival first. Their times may overlap.
    pub fn batches(&self) -> &[Arc<Batch>] {
        &self.batches
    }
}

impl Charge {
    /// Charges `memory_bytes` to what came with the new batch and what the merged ones held.
    fn settle(reservation: Option<Reservation>, freed: Vec<Charge>, memory_bytes: u64) -> Charge {
        let mut held = reservation;
        for other in freed.into_iter().filter_map(|charge| charge.reservation) {
            match &mut held {
                Some(held) => held.absorb(other),
                None => held = Some(other),
            }
        }
        if let Some(held) = &mut held {
            held.shrink_to(memory_bytes);
            // What does not fit is counted as uncharged: these records were acknowledged already.
            let is_charged = held.try_grow_to(memory_bytes);
            debug_assert!(!is_charged || held.bytes() == memory_bytes);
        }
        Charge { reservation: held, memory_bytes }
    }

    fn uncharged_bytes(&self) -> u64 {
        self.memory_bytes - self.reservation.as_ref().map_or(0, Reservation::bytes)
    }
}

impl Counters {
    fn count(&self, records: u64, charge: &Charge) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.memory_bytes.fetch_add(charge.memory_bytes, Ordering::Relaxed);
        self.uncharged_bytes.fetch_add(charge.uncharged_bytes(), Ordering::Relaxed);
    }

    fn forget(&self, charges: &[Charge]) {
        self.batches.fetch_sub(charges.len() as u64, Ordering::Relaxed);
        self.memory_bytes.fetch_sub(charges.iter().map(|charge| charge.memory_bytes).sum(), Ordering::Relaxed);
        self.uncharged_bytes.fetch_sub(charges.iter().map(Charge::uncharged_bytes).sum(), Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
