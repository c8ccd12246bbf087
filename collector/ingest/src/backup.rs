//! A copy of the data directory of a process that runs: all that was acknowledged before it began.
//!
//! Everything that was acknowledged is first moved into parts, whose files never change; so the copy needs second names
//! for them, a manifest, the tenants, and a write-ahead log that holds nothing and begins where the parts end. No entry
//! is copied: the log holds requests as they came, with secrets that were to be taken out.
//!
//! Always true:
//! - a copy has its name only when it is whole and durable;
//! - the log of a copy begins behind every position that a record of it may have, so that no record that comes later is
//!   taken for one that was stored, or deleted, before.
//!
//! Not done here: waiting, which needs a clock. Whoever calls asks [`DataBackup::target`] first, waits until
//! [`DataBackup::has_stored`], then calls [`DataBackup::write`].

use crate::admission::LogIngest;
use basics::{Disk, ErrorClass, OpenMode, carry_on};
use log_store::{LogStore, StoreBackup, StoreError};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, TryLockError};
use wal::{Position, WalError};

/// Where copies are made, in the data directory: second names need the same file system.
pub const BACKUPS_DIR: &str = "backups";
const TENANTS_FILE: &str = "tenants";
/// A copy that is being made.
const UNFINISHED: &str = "unfinished";

/// Makes copies of one data directory, one at a time.
pub struct DataBackup {
    places: DataPlaces,
    ingest: Arc<LogIngest>,
    store: Arc<LogStore>,
    turn: Mutex<()>,
}

/// Where things lie.
pub struct DataPlaces {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The data directory.
    pub data_dir: PathBuf,
    /// The store of logs, from there.
    pub logs_dir: &'static str,
    /// The write-ahead log of logs, from there.
    pub logs_wal_dir: &'static str,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// One is being made.
    #[error("another backup is being made; try again when it is done")]
    Busy,
    /// Records of the time before a restart are not in the store yet.
    #[error("the log is still being read back after a restart; try again when it is")]
    Replaying,
    /// A copy has that name.
    #[error("there is a backup named {name} already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The store could not be copied.
    #[error("cannot copy the store of logs")]
    Store(#[from] StoreError),
    /// The log of the copy could not be begun.
    #[error("cannot begin the log of the backup")]
    Log(#[from] WalError),
    /// The disk refused.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// What was attempted.
        action: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// The disk's own words.
        source: io::Error,
    },
}

impl BackupError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            BackupError::Busy | BackupError::Replaying => ErrorClass::Overloaded,
            BackupError::NameTaken { .. } => ErrorClass::Invalid,
            BackupError::Store(error) => error.class(),
            BackupError::Log(error) => error.class(),
            BackupError::Disk { .. } => ErrorClass::Unavailable,
        }
    }

    fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<> {
        let path = path.to_path_buf();
        move |source| BackupError::Disk { action, path, source }
    }
}

impl DataBackup {
    /// Of this directory.
    pub fn new(places: DataPlaces, ingest: Arc<LogIngest>, store: Arc<LogStore>) -> DataBackup {
        DataBackup { places, ingest, store, turn: Mutex::new(()) }
    }

    /// The position of the log behind everything that was acknowledged so far.
    pub fn target(&self) -> u64 {
        self.ingest.wal.stats().next.0
    }

    /// True when everything before a target is in the store.
    pub fn has_stored(&self, target: u64) -> bool {
        // A request whose records were all rejected brings nothing to the store; then nothing is on its way.
        let is_nothing_under_way =
            || self.ingest.queue.len() == 0 && self.ingest.ledger.view().values().all(|account| account.in_flight == 0);
        !self.store.is_replaying() && (self.store.appended() >= target || is_nothing_under_way())
    }

    /// Writes the copy `backups/NAME` in the data directory, with everything before `target`, which is in the store.
    /// Blocks for a seal and for the names of all files. After an error there is none.
    pub fn write(&self, name: &str, target: u64) -> Result<StoreBackup, BackupError> {
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(BackupError::Busy),
        };
        if self.store.is_replaying() {
            return Err(BackupError::Replaying);
        }
        let DataPlaces { disk, data_dir, .. } = &self.places;
        let backups = data_dir.join(BACKUPS_DIR);
        disk.create_dir_all(&backups).map_err(BackupError::disk("create", &backups))?;
        disk.sync_dir(data_dir).map_err(BackupError::disk("sync", data_dir))?;
        let listing = disk.list(&backups).map_err(BackupError::disk("list", &backups))?;
        if listing.iter().any(|entry| entry.name == name) {
            return Err(BackupError::NameTaken { name: name.to_owned() });
        }
        let unfinished = backups.join(UNFINISHED);
        if listing.iter().any(|entry| entry.name == UNFINISHED) {
            disk.remove_dir_all(&unfinished).map_err(BackupError::disk("remove", &unfinished))?;
        }
        let made = self.write_into(&unfinished, target);
        let made = made.and_then(|made| {
            let whole = backups.join(name);
            disk.rename(&unfinished, &whole).map_err(BackupError::disk("put into place", &unfinished))?;
            disk.sync_dir(&backups).map_err(BackupError::disk("sync", &backups))?;
            Ok(made)
        });
        if made.is_err() {
            carry_on(disk.remove_dir_all(&unfinished), "the next backup removes it first");
        }
        made
    }

    fn write_into(&self, dir: &Path, target: u64) -> Result<StoreBackup, BackupError> {
        let DataPlaces { disk, data_dir, logs_dir, logs_wal_dir } = &self.places;
        self.store.seal_all()?;
        let made = self.store.backup(&dir.join(logs_dir))?;
        // Behind the parts, so that the tenants of all of them are known.
        copy_when_there(&**disk, &data_dir.join(TENANTS_FILE), &dir.join(TENANTS_FILE))?;
        wal::begin_at(disk, &dir.join(logs_wal_dir), Position(made.reached.max(target)))?;
        for inner in dir.join(logs_wal_dir).ancestors().take_while(|inner| inner.starts_with(dir)) {
            disk.sync_dir(inner).map_err(BackupError::disk("sync", inner))?;
        }
        Ok(made)
    }
}

/// Copies a small file that is only ever replaced whole.
fn copy_when_there(disk: &dyn Disk, from: &Path, to: &Path) -> Result<(), BackupError> {
    let source = match disk.open(from, OpenMode::Read) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BackupError::disk("open", from)(error)),
    };
    let length = source.len().map_err(BackupError::disk("measure", from))?;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    source.read_exact_at(&mut bytes, 0).map_err(BackupError::disk("read", from))?;
    let copy = disk.open(to, OpenMode::CreateNew).map_err(BackupError::disk("create", to))?;
    copy.write_all_at(&mut [IoSlice::new(&bytes)], 0).map_err(BackupError::disk("write", to))?;
    copy.sync_all().map_err(BackupError::disk("sync", to))
}
