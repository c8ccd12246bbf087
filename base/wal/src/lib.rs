//! The write-ahead log: what was appended and answered with yes is found after any crash, once and in order.
//!
//! A log is a directory of segments. One thread writes: it takes all entries that wait, writes them as one batch, syncs
//! once and answers each of them. Another thread keeps zero-filled files ready. Neither is started here: the front door
//! runs [`WalWriter::run`] and [`SegmentPreparer::run`], and [`Wal::close`] ends both.
//!
//! Always true:
//! - an entry is answered with yes only after the sync that covers it returned without error;
//! - positions have no gaps and are never given twice;
//! - reading hands out an entry only when all checksums up to it fit; damage is named, never passed over in silence;
//! - a file that is used again cannot bring back what it held before;
//! - nothing here decides to lose an entry: segments go only below a position that the reader's owner gave to [`Wal::trim`].
//!
//! docs/formats/wal.md draws the files byte by byte. Start at [`open`], then [`Wal::append`].

mod batch;
mod error;
mod format;
pub mod limits;
mod log;
mod lost_ranges;
mod position_file;
mod preparer;
mod protection;
mod quarantine;
mod reader;
mod recovery;
mod salvage;
mod scan;
mod settings;
mod writer;

use std::fmt;

pub use error::WalError;
pub use log::{Done, NewEntry, RefusalReason, Wal, WalState, WalStats};
pub use preparer::SegmentPreparer;
pub use reader::{ReadEntry, WalReader};
pub use recovery::{LostRange, Opened, Recovery, begin_at, open};
pub use settings::WalSettings;
pub use writer::{Step, WalWriter};

#[doc(hidden)]
pub mod fuzz;

/// Sequence number of an entry; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

#[cfg(test)]
mod tests;
