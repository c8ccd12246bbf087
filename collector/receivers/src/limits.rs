//! Ceilings of the faces.

use std::time::Duration;

/// How long a request waits for memory before it is refused with a hint. Short, because its sender's whole
/// deadline is often ten seconds, and Envoy's one.
pub(crate) const MEMORY_WAIT: Duration = Duration::from_millis(250);
/// How often a waiting request looks again.
pub(crate) const MEMORY_LOOK_INTERVAL: Duration = Duration::from_millis(10);
/// How long a request waits for a store that is behind, before it is made durable; then it is refused with a hint. Writing a
/// head to disk takes some seconds, and senders that wait here keep its pace without being told to.
pub(crate) const STORE_WAIT: Duration = Duration::from_secs(2);
/// How often a request that waits for the store looks again.
pub(crate) const STORE_LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// A body is read, inflated and charged in steps of this size.
pub(crate) const STEP_BYTES: usize = 64 * 1024;
/// Decompressed bodies grow in pieces of this size.
pub(crate) const PIECE_BYTES: usize = 1024 * 1024;
/// A body that has grown beyond [`SWELLING_BYTES`], and by more than this, is decompressed twice: once to see how long
/// it is, once to keep it. Logs shrink to a fifth or a twentieth, a body of nothing to a thousandth.
pub(crate) const SWELLING_MAX: usize = 64;
/// See [`SWELLING_MAX`].
pub(crate) const SWELLING_BYTES: usize = 256 * 1024;
/// Bodies beyond this, compressed or decompressed, are inflated and surveyed off the event loop: they take over half a
/// millisecond.
pub(crate) const INLINE_BYTES_MAX: usize = 256 * 1024;
/// Retry hints are between these, spread so that refused senders do not return together.
pub(crate) const RETRY_SECONDS_MIN: u64 = 1;
/// See [`RETRY_SECONDS_MIN`]. SDKs give up after ten seconds in all.
pub(crate) const RETRY_SECONDS_MAX: u64 = 5;
/// Longest hint to a tenant that is over its quota. Senders that keep data for some minutes at most give up at once when
/// they are told to wait for longer than that; told a minute, they ask again.
pub(crate) const QUOTA_RETRY_SECONDS_MAX: u64 = 60;
/// How long the first request of a new tenant waits for those of other new tenants, whose numbers are written to the disk
/// one by one; then it is refused with a hint.
pub(crate) const NEW_TENANT_WAIT: Duration = Duration::from_secs(2);
/// New tenants that one credential may bring within an hour; more are refused with a hint, as over a quota. A gateway may
/// meet all of its tenants on one day, and numbers for tenants last for most of a day even so.
pub(crate) const NEW_TENANTS_PER_HOUR_MAX: u32 = 4_096;
