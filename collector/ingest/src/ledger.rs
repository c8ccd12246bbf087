//! The loss ledger: what came in, and where every record of it is.
//!
//! Always true, per tenant and signal: received = stored + rejected + dropped + in_flight. The five are kept apart
//! (none is computed from the others), so a mistake anywhere shows as a sum that does not hold. Requests refused
//! whole stand beside the equation, because their sender still has them.

use basics::TenantId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Log records.
    Logs,
}

impl Signal {
    /// As in metric labels and the API.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Logs => "logs",
        }
    }
}

/// Why a record that was acknowledged is not in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// Its log entry cannot be decoded (written by a newer version, or a bug of ours). The entry is kept.
    Undecodable,
}

impl DropReason {
    /// As in metric labels and the API.
    pub fn name(self) -> &'static str {
        match self {
            DropReason::Undecodable => "undecodable",
        }
    }
}

/// Why a whole request was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefuseReason {
    /// The body is not what its type says.
    Malformed,
    /// Over a size or count limit.
    TooLarge,
    /// Content type or coding that is not taken.
    Unsupported,
    /// The tenant's quota is used up.
    Quota,
    /// The memory budget is used up.
    Memory,
    /// The write-ahead log is at its budget, or the disk is full.
    LogFull,
    /// More waits to be written to the write-ahead log than may.
    LogBusy,
    /// The store is behind: what was acknowledged before must first go from memory to disk.
    StoreBusy,
    /// The write-ahead log takes no writes after failed syncs.
    ReadOnly,
    /// The process is stopping.
    Stopping,
    /// Body not received in time, or the connection broke.
    Incomplete,
    /// No or wrong credentials.
    Forbidden,
}

impl RefuseReason {
    /// As in metric labels and the API.
    pub fn name(self) -> &'static str {
        match self {
            RefuseReason::Malformed => "malformed",
            RefuseReason::TooLarge => "too_large",
            RefuseReason::Unsupported => "unsupported",
            RefuseReason::Quota => "quota",
            RefuseReason::Memory => "memory",
            RefuseReason::LogFull => "log_full",
            RefuseReason::LogBusy => "log_busy",
            RefuseReason::StoreBusy => "store_busy",
            RefuseReason::ReadOnly => "read_only",
            RefuseReason::Stopping => "stopping",
            RefuseReason::Incomplete => "incomplete",
            RefuseReason::Forbidden => "forbidden",
        }
    }
}

/// Requests turned away whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refused {
    /// How many requests.
    pub requests: u64,
    /// Their bytes as far as they were read.
    pub bytes: u64,
}

/// One tenant's and signal's account, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountView {
    /// Records counted in acknowledged requests.
    pub received: u64,
    /// Records that can be searched.
    pub stored: u64,
    /// Records the sender was told are not taken, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Records lost after a yes, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Records acknowledged and durable, on their way to the store.
    pub in_flight: u64,
    /// Whole requests turned away, by reason; outside the equation.
    pub refused: BTreeMap<&'static str, Refused>,
}

impl AccountView {
    /// True when the equation holds.
    pub fn is_balanced(&self) -> bool {
        let rejected: u64 = self.rejected.values().sum();
        let dropped: u64 = self.dropped.values().sum();
        self.received == self.stored + rejected + dropped + self.in_flight
    }
}

/// The rejected records of one request, summed by reason. Summing takes a step for each record, so it is done before
/// anybody waits: the ledger is booked on the log's writer thread, under a lock that every request takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RejectedSums(BTreeMap<&'static str, u64>);

impl RejectedSums {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }
}

impl FromIterator<&'static str> for RejectedSums {
    fn from_iter<I: IntoIterator<Item = &'static str>>(reasons: I) -> RejectedSums {
        let mut sums = BTreeMap::new();
        for reason in reasons {
            *sums.entry(reason).or_default() += 1;
        }
        RejectedSums(sums)
    }
}

/// All accounts of a process. Shared by reference; each method is one consistent step.
#[derive(Debug, Default)]
pub struct Ledger {
    accounts: Mutex<BTreeMap<(TenantId, Signal), AccountView>>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Ledger {
        Ledger::default()
    }

    /// Begins an account with records that an earlier life of the process has stored.
    pub fn begin_with(&self, tenant: TenantId, signal: Signal, stored: u64) {
        let mut accounts = self.lock();
        let account = accounts.entry((tenant, signal)).or_default();
        account.received += stored;
        account.stored += stored;
    }

    /// Counts an acknowledged request: its rejected records, and the rest as in flight.
    pub(crate) fn acknowledge(&self, tenant: TenantId, signal: Signal, received: u32, rejected: &RejectedSums) {
        let mut accounts = self.lock();
        let account = accounts.entry((tenant, signal)).or_default();
        let mut rejected_count = 0u64;
        for (reason, count) in rejected.iter() {
            *account.rejected.entry(reason).or_default() += count;
            rejected_count += count;
        }
        account.received += u64::from(received);
        account.in_flight += u64::from(received).saturating_sub(rejected_count);
    }

    /// Moves records from in flight to stored.
    pub(crate) fn store(&self, tenant: TenantId, signal: Signal, records: u64) {
        let mut accounts = self.lock();
        let account = accounts.entry((tenant, signal)).or_default();
        account.stored += records;
        account.in_flight = account.in_flight.saturating_sub(records);
    }

    /// Moves records from in flight to dropped.
    pub(crate) fn drop_records(&self, tenant: TenantId, signal: Signal, records: u64, reason: DropReason) {
        let mut accounts = self.lock();
        let account = accounts.entry((tenant, signal)).or_default();
        *account.dropped.entry(reason.name()).or_default() += records;
        account.in_flight = account.in_flight.saturating_sub(records);
    }

    /// Counts a request that was turned away whole.
    pub fn refuse(&self, tenant: TenantId, signal: Signal, bytes: u64, reason: RefuseReason) {
        let mut accounts = self.lock();
        let refused = accounts.entry((tenant, signal)).or_default().refused.entry(reason.name()).or_default();
        refused.requests += 1;
        // Never a panic over a figure that only informs.
        refused.bytes = refused.bytes.saturating_add(bytes);
    }

    /// All accounts as of one moment.
    pub fn view(&self) -> BTreeMap<(TenantId, Signal), AccountView> {
        self.lock().clone()
    }

    /// A panic of another thread while it held the lock leaves plain counters behind; they are still worth showing.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(TenantId, Signal), AccountView>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
