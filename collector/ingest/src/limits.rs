//! Ceilings of admission, and how they fit together.

use crate::quota::QuotaSettings;
use basics::{GIB, MIB};
use std::time::Duration;

/// Largest request body, on the wire and after decompression (the OTLP specification's recommendation).
pub const REQUEST_BYTES_MAX: u64 = 64 * MIB;
/// A request may take this share of the memory budget at most: one sender never owns the process.
pub const REQUEST_SHARE_OF_BUDGET: u64 = 4;
/// Most records of one request. A record's ordinal must fit the lower 20 bits of its sequence.
pub const RECORDS_MAX: u32 = 262_144;
/// Largest single record; it is kept whole up to here and rejected beyond.
pub const RECORD_BYTES_MAX: u64 = MIB;
/// Most attributes of one record.
pub const ATTRIBUTES_MAX: u32 = 1_024;
/// Deepest nesting of a value.
pub const DEPTH_MAX: u32 = 64;
/// Records are kept this long unless configured otherwise; older ones are rejected at the door.
pub const RETENTION: Duration = Duration::from_secs(30 * 86_400);
/// A record may be this far ahead of our clock.
pub const AHEAD_MAX: Duration = Duration::from_secs(86_400);
/// How long a replay waits for memory, once: requests and searches that held it are done by then.
pub const REPLAY_MEMORY_WAIT: Duration = Duration::from_secs(2);
/// How long a replay goes on trying to read what the disk does not give, before it ends the process: longer than a disk
/// fails for a moment, shorter than an operator waits for a start.
pub const REPLAY_READ_PATIENCE: Duration = Duration::from_secs(5);
/// Beyond the budget a replay may take this share of it.
pub const OVERDRAFT_SHARE_OF_BUDGET: u64 = 4;
/// Longest text that tells a sender why records were rejected.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// The writer takes requests of at most this many bytes in one go, so that a burst becomes searchable in steps.
pub const WRITER_STEP_BYTES: u64 = 16 * MIB;
/// Requests are held back at the door while bodies of more than this wait for the writer of the store. Two of its steps,
/// so that it never runs out of work.
pub const QUEUE_BYTES: u64 = 2 * WRITER_STEP_BYTES;
/// A quota whose burst is not set lets a tenant save up what it earns in this time: senders deliver in batches, some of
/// them seconds apart.
pub const QUOTA_BURST_SECONDS: u64 = 10;
/// Most tenants a data directory knows. Each costs a line in memory; numbers are never reused.
pub const TENANTS_MAX: usize = 65_536;

const _: () = assert!(RECORDS_MAX <= 1 << 20);
const _: () = assert!(RECORD_BYTES_MAX <= REQUEST_BYTES_MAX);
const _: () = assert!(REQUEST_BYTES_MAX < GIB);

/// What an operator may set about admission. `Default` is what stands in the documentation.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// Largest request body in bytes, on the wire and decompressed.
    pub request_bytes_max: u64,
    /// How long records are kept.
    pub retention: Duration,
    /// How far ahead of our clock a record may be.
    pub ahead_max: Duration,
    /// How long a replay waits for memory before it takes more than the budget has.
    pub replay_memory_wait: Duration,
    /// How much each tenant may send.
    pub quotas: QuotaSettings,
}

impl Default for IngestSettings {
    fn default() -> Self {
        IngestSettings {
            request_bytes_max: REQUEST_BYTES_MAX,
            retention: RETENTION,
            ahead_max: AHEAD_MAX,
            replay_memory_wait: REPLAY_MEMORY_WAIT,
            quotas: QuotaSettings::default(),
        }
    }
}

impl IngestSettings {
    /// The request limit in force under a memory budget: a request that could never get its memory must hear
    /// "too large", not "try again".
    pub fn effective_request_bytes_max(&self, budget_bytes: u64) -> u64 {
        self.request_bytes_max.min(budget_bytes / REQUEST_SHARE_OF_BUDGET)
    }
}
