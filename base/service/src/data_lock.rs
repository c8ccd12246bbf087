//! One process per data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use basics::ErrorClass;
use rustix::fs::{FlockOperation, flock};

use crate::bind::owner_of_process;

const FILE_NAME: &str = "lock";
/// A process number and a line end; more is not ours.
const OWNER_BYTES_MAX: u64 = 32;

/// The right to a data directory. The kernel takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct DataLock {
    file: File,
}

/// Why a data directory cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataLockError {
    /// Another process has it.
    #[error("the data directory {} is in use by {owner}; stop it, or set another data_dir", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// Who has it.
        owner: String,
    },
    /// The process may not use it.
    #[error("cannot use the data directory {}: this user may not write there", dir.display())]
    NotAllowed {
        /// The directory.
        dir: PathBuf,
    },
    /// It cannot be made or locked.
    #[error("cannot use the data directory {}", dir.display())]
    Disk {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DataLockError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            DataLockError::InUse { .. } | DataLockError::Disk { .. } => ErrorClass::Unavailable,
            DataLockError::NotAllowed { .. } => ErrorClass::Forbidden,
        }
    }
}

impl DataLock {
    /// Takes the directory, which is made (mode 0700) when it is not there.
    ///
    /// # Errors
    /// [`DataLockError`]; when another process has it, that process is named.
    pub fn take(dir: &Path) -> Result<DataLock, DataLockError> {
        let cannot = |source: io::Error| match source.kind() {
            io::ErrorKind::PermissionDenied => DataLockError::NotAllowed { dir: dir.to_owned() },
            _ => DataLockError::Disk { dir: dir.to_owned(), source },
        };
        make_private_dir(dir).map_err(cannot)?;
        let mut file = open(&dir.join(FILE_NAME)).map_err(cannot)?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(cannot(error.into()));
            }
            return Err(DataLockError::InUse { dir: dir.to_owned(), owner: read_owner(&mut file) });
        }
        write_owner(&mut file).map_err(cannot)?;
        Ok(DataLock { file })
    }
}

impl Drop for DataLock {
    fn drop(&mut self) {
        // The name in the file would be a lie from here on; the lock itself goes with the descriptor.
        basics::carry_on(self.file.set_len(0), "the lock decides, not the name in the file");
    }
}

fn make_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn write_owner(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn read_owner(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(OWNER_BYTES_MAX).read_to_string(&mut text);
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(pid)) => owner_of_process(pid),
        (Ok(_) | Err(_), _) => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests;
