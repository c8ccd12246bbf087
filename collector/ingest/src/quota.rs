//! How much a tenant may send: one token bucket for bytes and one for records.
//!
//! A quota protects tenants from each other, not the process; what protects the process is the memory budget and the
//! budget of the log. So only requests at the door are held against it, never a replay, and never tenant `_self`: a
//! collector that refuses everybody must still be able to say so.
//!
//! Always true:
//! - a request takes from both buckets or from neither;
//! - time is handed in, and what it earned is computed without rounding;
//! - buckets live in memory and begin full, so a restart forgives what a tenant owes.
//!
//! Start at [`Quotas::take`]; the arithmetic is in `bucket`.

mod bucket;

use crate::tenant_directory::TenantDirectory;
use basics::{TenantId, TenantName};
use bucket::Bucket;
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How fast something may come in the long run, and how much of it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// What a tenant earns in a second.
    pub per_second: NonZeroU64,
    /// The most that it can have saved up.
    pub burst: u64,
}

/// What one tenant may send; without an allowance as much as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Bytes of request bodies after decompression.
    pub bytes: Option<Allowance>,
    /// Records, those that are rejected included.
    pub records: Option<Allowance>,
}

/// What all tenants may send. `Default` holds nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuotaSettings {
    /// For each tenant that is not named below, one such quota for each of them.
    pub each_tenant: Quota,
    /// For these tenants, in place of the one above.
    pub tenants: BTreeMap<TenantName, Quota>,
}

/// Which of its allowances a tenant has used up, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the tenant's quota of {per_second} {unit} a second is used up; try again when the retry hint says")]
pub struct OverQuota {
    unit: &'static str,
    per_second: u64,
    wait: Duration,
}

impl OverQuota {
    /// From the refusal until the same request would be taken, if the tenant sends nothing else.
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

impl QuotaSettings {
    /// The quota of a tenant; a tenant without a name is one of many.
    fn of(&self, name: Option<&TenantName>) -> Quota {
        name.and_then(|name| self.tenants.get(name)).copied().unwrap_or(self.each_tenant)
    }

    fn holds_nobody(&self) -> bool {
        self.each_tenant == Quota::default() && self.tenants.values().all(|quota| *quota == Quota::default())
    }
}

/// What a request is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cost {
    pub(crate) bytes: u64,
    pub(crate) records: u64,
}

/// The buckets of all tenants that have sent something; at most as many as the directory has names.
pub(crate) struct Quotas {
    settings: QuotaSettings,
    holds_nobody: bool,
    tenants: Arc<TenantDirectory>,
    buckets: Mutex<BTreeMap<TenantId, Buckets>>,
}

impl Quotas {
    pub(crate) fn new(settings: QuotaSettings, tenants: Arc<TenantDirectory>) -> Quotas {
        let holds_nobody = settings.holds_nobody();
        Quotas { settings, holds_nobody, tenants, buckets: Mutex::default() }
    }

    /// Takes what a request costs from its tenant's buckets, or nothing and says when to come back. `now` is
    /// monotonic time.
    pub(crate) fn take(&self, tenant: TenantId, cost: Cost, now: Duration) -> Result<(), OverQuota> {
        if self.holds_nobody || tenant == TenantId::SELF {
            return Ok(());
        }
        if let Some(buckets) = self.lock().get_mut(&tenant) {
            return buckets.take(cost, now);
        }
        // Outside the lock: nobody holds two.
        let name = self.tenants.name_of(tenant);
        let full = Buckets::full(self.settings.of(name.as_ref()), now);
        self.lock().entry(tenant).or_insert(full).take(cost, now)
    }

    /// Puts back what a request took that could not be kept after all.
    pub(crate) fn give_back(&self, tenant: TenantId, cost: Cost) {
        if let Some(buckets) = self.lock().get_mut(&tenant) {
            buckets.give_back(cost);
        }
    }

    /// A panic of another thread while it held the lock leaves plain numbers behind.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<TenantId, Buckets>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The buckets of one tenant.
struct Buckets {
    bytes: Option<Bucket>,
    records: Option<Bucket>,
}

impl Buckets {
    fn full(quota: Quota, now: Duration) -> Buckets {
        let full = |allowance: Allowance| Bucket::full(allowance, now);
        Buckets { bytes: quota.bytes.map(full), records: quota.records.map(full) }
    }

    fn take(&mut self, cost: Cost, now: Duration) -> Result<(), OverQuota> {
        let mut over: Option<OverQuota> = None;
        for (bucket, unit, cost) in self.charged(cost) {
            bucket.refill(now);
            let wait = bucket.wait_for(cost);
            // The longer wait is the one that helps.
            if wait > over.as_ref().map_or(Duration::ZERO, OverQuota::wait) {
                over = Some(OverQuota { unit, per_second: bucket.per_second(), wait });
            }
        }
        if let Some(over) = over {
            return Err(over);
        }
        for (bucket, _, cost) in self.charged(cost) {
            bucket.take(cost);
        }
        Ok(())
    }

    fn give_back(&mut self, cost: Cost) {
        for (bucket, _, cost) in self.charged(cost) {
            bucket.give_back(cost);
        }
    }

    /// Each bucket there is, what is counted in it, and how much of that a request costs.
    fn charged(&mut self, cost: Cost) -> impl Iterator<Item = (&mut Bucket, &'static str, u64)> {
        let bytes = self.bytes.as_mut().map(|bucket| (bucket, "bytes", cost.bytes));
        let records = self.records.as_mut().map(|bucket| (bucket, "records", cost.records));
        bytes.into_iter().chain(records)
    }
}

#[cfg(test)]
mod tests;
