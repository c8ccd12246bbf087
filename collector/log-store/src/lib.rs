//! Log records as columns of `parts`: what comes from the wire becomes batches of the head, and what a question needs
//! to know of a batch is read back here.
//!
//! Always true:
//! - a record's time is the one sent, else the observed one, else the time of receipt; the same after a replay;
//! - a record's sequence is its request's position in the write-ahead log and its ordinal in the request, so it is
//!   unique in the tenant and the same after a replay;
//! - nothing of a record is lost or retyped: [`LogColumns::record`] gives back what was sent;
//! - records that [`LogStore::append`] took are in every snapshot taken after it returned.
//!
//! Not done here: deciding what matches (`query`), making anything durable before the yes (`ingest`), deciding when the head
//! is sealed (`collector`).
//!
//! Start at [`LogStore::append`] for writing, at [`LogStore::seal`] for what moves to disk, at [`LogColumns`] for reading.

mod assemble;
mod columns;
mod store;
mod streams;

pub use assemble::NewLogs;
pub use columns::LogColumns;
pub use parts::retention::{DaysLeft, RetentionSettings};
pub use parts::{
    LivePart, PartId, PartSettings, PartStats, RebuildReport, SealReport, StoreBackup, StoreCheck, StoreError,
};
pub use store::{DELETE_RECORDS_MAX, LogSnapshot, LogStore};
