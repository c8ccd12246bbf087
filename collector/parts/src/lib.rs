//! The engine under logs and traces: recent records in memory, as immutable Arrow batches.
//!
//! What a record is stays the caller's business: a [`Layout`] names its own columns. What is common to all telemetry
//! is known here: a record has a time, a sequence, a stream and attributes.
//!
//! Always true:
//! - a [`Batch`] never changes, and its records are sorted by (time, sequence);
//! - a [`HeadSnapshot`] never changes, holds each record once, and holds all that was appended before it was taken;
//! - batches stay few: one-record batches are merged as they come, at a cost that grows with the logarithm of their
//!   number;
//! - what a batch holds in memory is charged to the reservation that came with it, or shows in
//!   [`HeadStats::uncharged_bytes`].
//!
//! Not done here: writing parts to disk, forgetting records, deciding what matches.
//!
//! Start at [`Head::append`].

mod attributes;
mod batch;
mod head;
pub mod limits;
mod merge;

pub use attributes::{AttributeColumn, AttributeEntries, AttributeEntry, RestColumn};
pub use batch::{Batch, Layout, NewBatch};
pub use head::{Head, HeadSnapshot, HeadStats};

#[cfg(test)]
mod tests;
