//! What can go wrong with the log, and who must act.

use crate::Position;
use basics::ErrorClass;
use std::io;
use std::path::{Path, PathBuf};

/// Why the log did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// The live segments take all the space they may; trimming helps.
    #[error("write-ahead log is full: {used_bytes} of {limit_bytes} bytes")]
    Full {
        /// Bytes of the live segments, with what waits to be written.
        used_bytes: u64,
        /// The budget.
        limit_bytes: u64,
    },
    /// More waits in memory than may.
    #[error("write-ahead log is busy: {pending_bytes} bytes wait to be written, {limit_bytes} may")]
    Busy {
        /// Bytes that wait, this entry included.
        pending_bytes: u64,
        /// The ceiling.
        limit_bytes: u64,
    },
    /// The entry can never be written.
    #[error("an entry of {bytes} bytes is too large for the write-ahead log, which takes {limit_bytes}")]
    EntryTooLarge {
        /// Its length.
        bytes: u64,
        /// The longest that is taken.
        limit_bytes: u64,
    },
    /// The disk has no room for another segment. Ends by itself once there is.
    #[error("the disk of the write-ahead log is full")]
    DiskFull,
    /// The disk refused twice. Ends by itself once a new segment could be begun.
    #[error("write-ahead log is read-only after failed writes")]
    ReadOnly,
    /// [`crate::Wal::close`] was called.
    #[error("write-ahead log is closed")]
    Closed,
    /// Entries that were written are gone or damaged; reading goes on behind them.
    #[error("entries {first} to {last} are lost: {} is damaged at byte {offset}; keep the file and look at the disk", path.display())]
    Lost {
        /// The segment where they stood.
        path: PathBuf,
        /// Where in the segment the damage begins.
        offset: u64,
        /// The first of them.
        first: Position,
        /// The last of them.
        last: Position,
    },
    /// Written by a newer program.
    #[error("{} has format {version}, which needs a newer program (this one reads up to {newest})", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u16,
        /// The newest format that is understood.
        newest: u16,
    },
    /// The settings contradict each other.
    #[error("write-ahead log cannot be opened: {0}")]
    Settings(&'static str),
    /// The disk failed. From a finished append this means that the outcome is open: until the log can be written again
    /// the entry may still be found after a restart; once it can, the entry is gone for good.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// What was attempted.
        action: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl WalError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            WalError::Full { .. } | WalError::Busy { .. } => ErrorClass::Overloaded,
            WalError::EntryTooLarge { .. } => ErrorClass::TooLarge,
            WalError::DiskFull
            | WalError::ReadOnly
            | WalError::Closed
            | WalError::Disk { .. }
            | WalError::TooNew { .. } => ErrorClass::Unavailable,
            WalError::Lost { .. } => ErrorClass::Corrupt,
            WalError::Settings(_) => ErrorClass::Invalid,
        }
    }

    pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WalError {
        let path = path.to_path_buf();
        move |source| WalError::Disk { action, path, source }
    }

    /// Tells whether more room on the disk would help.
    pub(crate) fn is_disk_full(&self) -> bool {
        match self {
            WalError::DiskFull => true,
            WalError::Disk { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            WalError::Full { .. }
            | WalError::Busy { .. }
            | WalError::EntryTooLarge { .. }
            | WalError::ReadOnly
            | WalError::Closed
            | WalError::Lost { .. }
            | WalError::TooNew { .. }
            | WalError::Settings(_) => false,
        }
    }

    /// The error of a failed batch as each of its waiters hears it.
    pub(crate) fn for_waiter(&self) -> WalError {
        match self {
            WalError::Disk { action, path, source } => {
                let source = source.raw_os_error().map_or_else(|| source.kind().into(), io::Error::from_raw_os_error);
                WalError::Disk { action, path: path.clone(), source }
            }
            WalError::Closed => WalError::Closed,
            WalError::DiskFull => WalError::DiskFull,
            _ => WalError::ReadOnly,
        }
    }
}
