//! Ceilings of the write-ahead log, and how they fit together.

use basics::{KIB, MIB};
use std::time::Duration;

/// Batches begin at multiples of this, so that acknowledged bytes are never part of a later page write.
pub const PAGE_BYTES: u64 = 4 * KIB;

/// Largest body of an entry: the biggest request that OTLP recommends to accept, and its header.
pub const ENTRY_BYTES_MAX: u64 = 65 * MIB;

/// Default length of a segment, the smallest thing the log can forget.
pub const SEGMENT_BYTES: u64 = 64 * MIB;

/// Shortest segment that can be asked for: a header, and a few batches of a page each.
pub const SEGMENT_BYTES_MIN: u64 = 8 * PAGE_BYTES;

/// A longer entry gets a segment of its own length, so that ordinary segments hold several entries. Short segments
/// (see [`shared_entry_bytes_max`]) lower it.
pub const SHARED_ENTRY_BYTES_MAX: u64 = 16 * MIB;

/// Bytes of one batch. A batch is all that waits when the previous sync returns; beyond this the first waiters would
/// pay for the last ones.
pub const BATCH_BYTES_MAX: u64 = 4 * MIB;

/// Entries of one batch: what a reader keeps count of, far above what waits in practice.
pub const BATCH_ENTRIES_MAX: usize = 65_536;

/// Default ceiling of the disk space of live segments.
pub const BUDGET_BYTES: u64 = 4 * 1024 * MIB;

/// Default ceiling of bodies that wait in memory for their batch. Beyond it appends are refused.
pub const PENDING_BYTES_MAX: u64 = 2 * ENTRY_BYTES_MAX;

/// Ceiling of entries that wait in memory: bounds the queue for bodies of no length.
pub const PENDING_ENTRIES_MAX: usize = 65_536;

/// Zero-filled segments that are kept ready. One is written while the other one is prepared.
pub const SPARES_PREPARED: usize = 2;

/// A damaged place is searched in pieces of this length for the next whole batch.
pub(crate) const SEARCH_BYTES: u64 = MIB;

/// Bytes that one write of zeroes hands over while a spare is prepared.
pub(crate) const FILL_BYTES: u64 = 512 * KIB;

/// A spare is synced each time this much of it has been filled, so that its flush never delays a commit for long.
pub(crate) const FILL_SYNC_BYTES: u64 = 512 * KIB;

/// Pause after each such sync while another spare is ready. Filled without pauses and in larger pieces, a segment takes a
/// processor and the disk for 80 ms, and commits meanwhile wait some 10 ms instead of 1 (`cargo xtask bench ack`).
pub(crate) const FILL_PAUSE: Duration = Duration::from_millis(1);

/// Bodies up to this length are copied into the batch; longer ones are handed to the write call where they lie.
pub(crate) const COPIED_SLICE_BYTES_MAX: usize = 8 * 1024;

/// Default free space below which no new file is begun: what positions, parts and the operator still need.
pub const RESERVE_BYTES: u64 = 64 * MIB;

/// Default pause between two attempts to leave the refusing or read-only state.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// Starts that may end within the replay of one segment before replays pass that segment over.
pub const REPLAY_ATTEMPTS_MAX: u32 = 3;

/// Segments whose attempts are remembered. One more pushes the oldest out, which is then tried again.
pub(crate) const ATTEMPTS_KEPT_MAX: usize = 8;

const _: () = assert!(SHARED_ENTRY_BYTES_MAX * 4 <= SEGMENT_BYTES);
const _: () = assert!(BATCH_BYTES_MAX * 4 <= SEGMENT_BYTES);
const _: () = assert!(ENTRY_BYTES_MAX <= PENDING_BYTES_MAX);
const _: () = assert!(ENTRY_BYTES_MAX + PAGE_BYTES < u32::MAX as u64);
const _: () = assert!(SEARCH_BYTES.is_multiple_of(PAGE_BYTES) && FILL_SYNC_BYTES.is_multiple_of(FILL_BYTES));

/// Room that may stay unused at the end of a segment. When more of it is unused the file is cut, so that it does not
/// count against the budget for what it does not hold; it is removed, not used again, when it is trimmed.
pub(crate) fn unused_bytes_max(segment_bytes: u64) -> u64 {
    segment_bytes / 4
}

/// Longest body that shares a segment of `segment_bytes` with others.
pub(crate) fn shared_entry_bytes_max(segment_bytes: u64) -> u64 {
    SHARED_ENTRY_BYTES_MAX.min(segment_bytes / 4)
}

/// Spares that are kept when trimming frees more than are needed at once: a quarter of the budget, because rewriting
/// a recycled file is cheaper than filling a new one with zeroes.
pub(crate) fn spares_kept_max(segment_bytes: u64, budget_bytes: u64) -> usize {
    let fitting = usize::try_from(budget_bytes / 4 / segment_bytes.max(1)).unwrap_or(usize::MAX);
    fitting.max(SPARES_PREPARED)
}
