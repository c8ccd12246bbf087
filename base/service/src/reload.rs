//! Files that the operator may replace while the process runs: when to read them again.
//!
//! Always true:
//! - a version counts as read only when reading it succeeded, so an error that passes is overcome at the next look;
//! - an error that stays is told once per version of the files.
//!
//! Start at [`Reload::look`].

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// What tells one version of a file from the next; `None` for a file that cannot be looked at.
type Stamps = Vec<Option<Stamp>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    /// Another file under the same name, though of the same time and length.
    inode: u64,
    mode: u32,
    /// When the system last saw the file change; nobody sets this back.
    changed: (i64, i64),
}

/// Remembers which version of some files is in use.
#[derive(Debug)]
pub(crate) struct Reload {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    in_use: Stamps,
    /// The last version that could not be read, and what was said about it.
    told: Option<(Stamps, String)>,
}

impl Reload {
    /// Reads the files for the first time.
    pub(crate) fn first<T, E>(paths: &[&Path], read: impl FnOnce() -> Result<T, E>) -> Result<(T, Reload), E> {
        // Stamped before reading: what changes meanwhile is read again.
        let in_use = stamps(paths);
        let found = read()?;
        Ok((found, Reload { state: Mutex::new(State { in_use, told: None }) }))
    }

    /// Reads the files again when they are not the version in use; `None` when there is nothing new.
    pub(crate) fn look<T, E: fmt::Display>(
        &self,
        paths: &[&Path],
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let found = stamps(paths);
        if self.lock().in_use == found {
            return Ok(None);
        }
        match read() {
            Ok(fresh) => {
                *self.lock() = State { in_use: found, told: None };
                Ok(Some(fresh))
            }
            Err(error) => {
                let told = Some((found, error.to_string()));
                let mut state = self.lock();
                if state.told == told {
                    return Ok(None);
                }
                state.told = told;
                Err(error)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamps(paths: &[&Path]) -> Stamps {
    paths.iter().map(|path| stamp(path)).collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok(),
        bytes: metadata.len(),
        inode: metadata.ino(),
        mode: metadata.mode(),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests;
