//! Ceilings of the faces.

use std::time::Duration;

/// How long a request waits for memory before it is refused with a hint. Short, because its sender's whole
/// deadline is often ten seconds, and Envoy's one.
pub(crate) const MEMORY_WAIT: Duration = Duration::from_millis(250);
/// How often a waiting request looks again.
pub(crate) const MEMORY_LOOK_INTERVAL: Duration = Duration::from_millis(10);
/// A body is read, inflated and charged in steps of this size.
pub(crate) const STEP_BYTES: usize = 64 * 1024;
/// Decompressed bodies grow in pieces of this size.
pub(crate) const PIECE_BYTES: usize = 1024 * 1024;
/// A body that has grown beyond [`SWELLING_BYTES`], and by more than this, is decompressed twice: once to see how long
/// it is, once to keep it. Logs shrink to a fifth or a twentieth, a body of nothing to a thousandth.
pub(crate) const SWELLING_MAX: usize = 64;
/// See [`SWELLING_MAX`].
pub(crate) const SWELLING_BYTES: usize = 256 * 1024;
/// Bodies beyond this are inflated and surveyed off the event loop: they take over half a millisecond.
pub(crate) const INLINE_BYTES_MAX: usize = 256 * 1024;
/// Memory taken at once for a body whose length is only claimed.
pub(crate) const FIRST_CAPACITY_BYTES: u64 = 1024 * 1024;
/// Retry hints are between these, spread so that refused senders do not return together.
pub(crate) const RETRY_SECONDS_MIN: u64 = 1;
/// See [`RETRY_SECONDS_MIN`]. SDKs give up after ten seconds in all.
pub(crate) const RETRY_SECONDS_MAX: u64 = 5;
