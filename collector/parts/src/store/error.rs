//! What can go wrong with a store of parts.

use crate::manifest::{ManifestError, PartId};
use crate::part::PartError;
use basics::ErrorClass;
use std::io;
use std::path::{Path, PathBuf};

/// A store that cannot be opened, or work on parts that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A part could not be written or read.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The manifest could not be read or changed.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A part that was to be merged could not be read, and is not known to be damaged.
    #[error("cannot read part {part} to merge it: {what}")]
    Unread {
        /// Which one.
        part: PartId,
        /// The disk's own words.
        what: String,
    },
    /// A merge made something else of parts than it should.
    #[error("a merge of {inputs} parts with {expected} records wrote {found}; it is not used")]
    Miscounted {
        /// How many parts.
        inputs: usize,
        /// Their records.
        expected: u64,
        /// Records written.
        found: u64,
    },
    /// The file of a tombstone is damaged. Without it nobody knows which records were deleted.
    #[error(
        "tombstone {} cannot be used: {what}; it says which records were deleted, so without it they would be shown again: \
         keep a copy of the file, look at the disk, and restore the data directory from a backup",
        path.display()
    )]
    Tombstone {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// One delete is of too many records. Nothing was deleted.
    #[error("{records} records are more than the {limit} that one delete takes; delete them in steps of shorter times")]
    TooManyDeleted {
        /// How many.
        records: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Too many deleted records are not removed from their parts yet. Nothing was deleted.
    #[error(
        "{hidden} deleted records wait to be removed from their parts, and {limit} is the most there may be; try again in a \
         minute"
    )]
    TooManyHidden {
        /// How many wait.
        hidden: u64,
        /// How many may.
        limit: usize,
    },
    /// The disk refused.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// What was attempted.
        action: &'static str,
        /// On which directory.
        path: PathBuf,
        /// The disk's own words.
        source: io::Error,
    },
}

impl StoreError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            StoreError::Part(error) => error.class(),
            StoreError::Manifest(error) => error.class(),
            StoreError::Unread { .. } | StoreError::Disk { .. } => ErrorClass::Unavailable,
            StoreError::Miscounted { .. } => ErrorClass::Internal,
            StoreError::Tombstone { .. } => ErrorClass::Corrupt,
            StoreError::TooManyDeleted { .. } => ErrorClass::TooLarge,
            StoreError::TooManyHidden { .. } => ErrorClass::Overloaded,
        }
    }

    pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
        let path = path.to_path_buf();
        move |source| StoreError::Disk { action, path, source }
    }
}
