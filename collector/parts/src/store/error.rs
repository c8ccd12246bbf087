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
        }
    }

    pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
        let path = path.to_path_buf();
        move |source| StoreError::Disk { action, path, source }
    }
}
