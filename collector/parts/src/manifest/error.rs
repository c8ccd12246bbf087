//! What can go wrong with a manifest, what then is true, and who must act.

use super::state::Broken;
use basics::ErrorClass;
use std::io;
use std::path::{Path, PathBuf};

/// Why a manifest did not do what it was asked for.
///
/// After a commit that failed its edits are not true, and will not be after a restart. The one exception is
/// [`ManifestError::InDoubt`].
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The edits contradict the state. Nothing was written.
    #[error("commit to a manifest refused: edit {edit}: {broken}")]
    Contradiction {
        /// The number of the edit among those of the commit.
        edit: usize,
        /// What is wrong with it.
        broken: Broken,
    },
    /// The edits need more than one record may have. Nothing was written.
    #[error("commit of {bytes} bytes is too large for a manifest, which takes {limit_bytes}")]
    TooLarge {
        /// Bytes that they need.
        bytes: usize,
        /// Bytes that there may be.
        limit_bytes: usize,
    },
    /// A ceiling is reached. Nothing was written; removing parts or dropping tombstones helps.
    #[error("manifest is full: {limit} {what} are the limit")]
    Full {
        /// Of what there are too many.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// The disk failed. From a commit: its edits are not true, also after a restart.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// What was attempted.
        action: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk failed twice: the edits of this commit may be true after a restart, all together, or not. Nothing may be
    /// removed that either of the two needs. Once [`super::Manifest::settle`] or a later commit succeeds, they are not
    /// true for good.
    #[error("cannot {action} {}, and the outcome of the commit is open", path.display())]
    InDoubt {
        /// What was attempted.
        action: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is damaged.
    #[error(
        "manifest {} is damaged at byte {offset}: expected {expected}, found {found}; keep a copy of the file, look at \
         the disk, and restore the store's directory from a backup",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// There is no manifest beside files that only a manifest can explain.
    #[error(
        "there is no manifest in {}, though {beside} is there; without it nobody knows which parts count: restore the \
         store's directory from a backup",
        dir.display()
    )]
    Missing {
        /// The directory.
        dir: PathBuf,
        /// One of those files.
        beside: String,
    },
    /// A newer program wrote the file.
    #[error("{} has format {version}, which needs a newer program (this one reads up to {newest})", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u16,
        /// The newest version that is understood.
        newest: u16,
    },
}

impl ManifestError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            ManifestError::Contradiction { .. } => ErrorClass::Internal,
            ManifestError::TooLarge { .. } => ErrorClass::TooLarge,
            ManifestError::Full { .. } => ErrorClass::Overloaded,
            ManifestError::Disk { .. } | ManifestError::InDoubt { .. } | ManifestError::TooNew { .. } => {
                ErrorClass::Unavailable
            }
            ManifestError::Corrupt { .. } | ManifestError::Missing { .. } => ErrorClass::Corrupt,
        }
    }

    pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ManifestError + use<> {
        let path = path.to_path_buf();
        move |source| ManifestError::Disk { action, path, source }
    }

    /// Tells whether more room on the disk would help.
    pub fn is_disk_full(&self) -> bool {
        match self {
            ManifestError::Disk { source, .. } | ManifestError::InDoubt { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            ManifestError::Contradiction { .. }
            | ManifestError::TooLarge { .. }
            | ManifestError::Full { .. }
            | ManifestError::Corrupt { .. }
            | ManifestError::Missing { .. }
            | ManifestError::TooNew { .. } => false,
        }
    }

    /// The same failure, after which the outcome is open.
    pub(crate) fn in_doubt(self) -> ManifestError {
        match self {
            ManifestError::Disk { action, path, source } => ManifestError::InDoubt { action, path, source },
            other => other,
        }
    }
}
