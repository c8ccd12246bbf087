//! The engine under logs and traces: recent records in memory, as immutable Arrow batches; all others in parts on disk.
//!
//! What a record is stays the caller's business: a [`Layout`] names its own columns. What is common to all telemetry
//! is known here: a record has a time, a sequence, a stream and attributes.
//!
//! Always true:
//! - a [`Batch`] never changes; in the head its records are sorted by (time, sequence), in a part they stand as the part
//!   keeps them;
//! - a [`HeadSnapshot`] never changes, holds each record once, and holds all that was appended before it was taken;
//! - batches stay few: one-record batches are merged as they come, at a cost that grows with the logarithm of their
//!   number;
//! - what a batch holds in memory is charged to the reservation that came with it, or shows in
//!   [`HeadStats::uncharged_bytes`].
//!
//! Not done here: deciding what matches; threads, which call what is due (seals, merges, forgets).
//!
//! Start at [`PartStore`].

mod attributes;
mod batch;
pub mod fuzz;
mod head;
mod hidden;
mod layout;
pub mod limits;
pub mod manifest;
mod merge;
pub mod merge_plan;
mod part;
pub mod retention;
mod store;

pub use attributes::{AttributeColumn, AttributeEntries, AttributeEntry, RestColumn, Strings};
pub use batch::{Batch, NewBatch, Texts};
pub use head::{Head, HeadSnapshot, HeadStats};
pub use hidden::HiddenSequences;
pub use layout::{Layout, Message, OwnColumn, Storage};
pub use manifest::PartId;
pub use part::{
    BytesRead, FileFacts, Part, PartError, PartFiles, PartSettings, PassedPage, StoredGroup, StringColumn, WrittenPart,
    write_part,
};
pub use store::{
    DeletedRecords, ForgetReport, LivePart, MergeOutcome, MergeReport, PartStats, PartStore, RebuildReport, SealReport,
    StoreBackup, StoreCheck, StoreError, StoreSnapshot,
};

#[cfg(test)]
mod tests;
