//! What can be wrong with a part.

use basics::{ErrorClass, contain_panic};
use parquet::errors::ParquetError;
use std::io;
use std::path::PathBuf;

/// A part that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The disk refused.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The disk's own words.
        source: io::Error,
    },
    /// Bytes are not those that were written.
    #[error(
        "{what} of {} at byte {offset} has checksum {found:08x} where {expected:08x} was written", path.display()
    )]
    Checksum {
        /// Which part of the file.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Where that part begins.
        offset: u64,
        /// The checksum that was written.
        expected: u32,
        /// The checksum of what was read.
        found: u32,
    },
    /// Bytes contradict themselves although their checksum fits.
    #[error("{} is malformed: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// A later program wrote the file.
    #[error("{} has format version {found}; this program reads versions up to {known}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version it names.
        found: u32,
        /// The highest version that is known here.
        known: u32,
    },
    /// The Parquet library could not do its work.
    #[error("cannot {action} {}", path.display())]
    Parquet {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The library's own words.
        source: ParquetError,
    },
}

impl PartError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            PartError::Disk { .. } => ErrorClass::Unavailable,
            PartError::Checksum { .. }
            | PartError::Malformed { .. }
            | PartError::Version { .. }
            | PartError::Parquet { .. } => ErrorClass::Corrupt,
        }
    }

    pub(crate) fn disk(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> PartError {
        let path = path.to_path_buf();
        move |source| PartError::Disk { action, path, source }
    }

    pub(crate) fn parquet(action: &'static str, path: &std::path::Path) -> impl FnOnce(ParquetError) -> PartError {
        let path = path.to_path_buf();
        move |source| PartError::Parquet { action, path, source }
    }

    /// What the Parquet library reads of a file. It trusts some bytes of page headers; where they lie and it panics, the
    /// file is damaged, and the process goes on.
    pub(crate) fn guard_parquet<T>(
        action: &'static str,
        path: &std::path::Path,
        read: impl FnOnce() -> parquet::errors::Result<T>,
    ) -> Result<T, PartError> {
        let panicked = || Err(ParquetError::General("a page is not what its header says".to_owned()));
        contain_panic(read).unwrap_or_else(panicked).map_err(PartError::parquet(action, path))
    }

    pub(crate) fn malformed(path: &std::path::Path, what: impl Into<String>) -> PartError {
        PartError::Malformed { path: path.to_path_buf(), what: what.into() }
    }
}
