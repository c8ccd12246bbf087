//! Which tenant has which number, for ever. The format is drawn in docs/formats/tenants.md.
//!
//! Always true:
//! - a number that was given to a name is durable before anything is stored under it, and is never given to another
//!   name;
//! - looking a name or a number up never waits for the disk.

use crate::limits::TENANTS_MAX;
use basics::{Disk, ErrorClass, OpenMode, TenantId, TenantName};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const MAGIC: &[u8; 8] = b"OTRTENAN";
const VERSION: u32 = 1;
/// Magic, version, count; the checksum stands at the end of the file.
const HEADER_BYTES: usize = 16;
const CHECKSUM_BYTES: usize = 4;
/// Number, length, and the longest name.
const ENTRY_BYTES_MAX: usize = 4 + 1 + 64;
const FILE_BYTES_MAX: usize = HEADER_BYTES + TENANTS_MAX * ENTRY_BYTES_MAX + CHECKSUM_BYTES;

/// Why the directory cannot be read or extended.
#[derive(Debug, thiserror::Error)]
pub enum TenantDirectoryError {
    /// The file is damaged.
    #[error(
        "read tenant directory {}: {reason}; restore it from a backup, because without it stored data has no owner",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: &'static str,
    },
    /// The file is of a newer version.
    #[error("read tenant directory {}: version {version} is newer than this program understands", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// No number is left.
    #[error("give a number to tenant {name}: {TENANTS_MAX} tenants are the limit of one data directory")]
    Full {
        /// The name that wanted a number.
        name: TenantName,
    },
    /// A read or write failed.
    #[error("{action} {}", path.display())]
    Disk {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl TenantDirectoryError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            TenantDirectoryError::Corrupt { .. } | TenantDirectoryError::TooNew { .. } => ErrorClass::Corrupt,
            TenantDirectoryError::Full { .. } => ErrorClass::Overloaded,
            TenantDirectoryError::Disk { .. } => ErrorClass::Unavailable,
        }
    }
}

/// The tenants of a data directory.
pub struct TenantDirectory {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    names: Mutex<Arc<Names>>,
    /// Held by who gives a number, over the write: two callers must not give two numbers to one name.
    writing: Mutex<()>,
}

/// Names and numbers as of one moment.
struct Names {
    by_name: BTreeMap<TenantName, TenantId>,
    by_number: BTreeMap<TenantId, TenantName>,
}

impl Names {
    fn new(by_name: BTreeMap<TenantName, TenantId>) -> Names {
        let by_number = by_name.iter().map(|(name, id)| (*id, name.clone())).collect();
        Names { by_name, by_number }
    }
}

impl TenantDirectory {
    /// Opens `dir/tenants`; a missing file means that only the built-in tenants exist.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<TenantDirectory, TenantDirectoryError> {
        let path = dir.join("tenants");
        let mut names = match read_file(&*disk, &path)? {
            Some(bytes) => parse(&bytes).map_err(|fault| fault.at(&path))?,
            None => BTreeMap::new(),
        };
        names.insert(TenantName::default_tenant(), TenantId::DEFAULT);
        names.insert(TenantName::self_tenant(), TenantId::SELF);
        Ok(TenantDirectory { disk, path, names: Mutex::new(Arc::new(Names::new(names))), writing: Mutex::new(()) })
    }

    /// The number of a name, when it has one.
    pub fn find(&self, name: &TenantName) -> Option<TenantId> {
        self.lock().by_name.get(name).copied()
    }

    /// The name of a number, when it has one.
    pub fn name_of(&self, tenant: TenantId) -> Option<TenantName> {
        self.lock().by_number.get(&tenant).cloned()
    }

    /// The number of a name; a new name gets one, durable before this returns. That takes as long as the disk takes, so
    /// callers on an event loop ask [`TenantDirectory::find`] first, and this on a thread that may wait.
    pub fn ensure(&self, name: &TenantName) -> Result<TenantId, TenantDirectoryError> {
        if let Some(id) = self.find(name) {
            return Ok(id);
        }
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let names = self.lock().clone();
        if let Some(id) = names.by_name.get(name) {
            return Ok(*id);
        }
        if names.by_name.len() >= TENANTS_MAX {
            return Err(TenantDirectoryError::Full { name: name.clone() });
        }
        let last = names.by_number.last_key_value().map_or(TenantId::SELF, |(last, _)| *last);
        let Some(next) = last.0.checked_add(1) else {
            return Err(TenantDirectoryError::Full { name: name.clone() });
        };
        let id = TenantId(next).max(TenantId::FIRST_FREE);
        let mut extended = names.by_name.clone();
        extended.insert(name.clone(), id);
        self.write(&extended)?;
        *self.lock() = Arc::new(Names::new(extended));
        drop(writing);
        Ok(id)
    }

    /// Writes a new file, syncs it, renames it over the old one, syncs the directory.
    fn write(&self, names: &BTreeMap<TenantName, TenantId>) -> Result<(), TenantDirectoryError> {
        let temporary = self.path.with_extension("new");
        let at = |action| {
            let path = self.path.clone();
            move |source| TenantDirectoryError::Disk { action, path, source }
        };
        match self.disk.remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at("clear the way for")(error)),
            Ok(()) | Err(_) => {}
        }
        let file = self.disk.open(&temporary, OpenMode::CreateNew).map_err(at("create"))?;
        let bytes = render(names);
        file.write_all_at(&mut [IoSlice::new(&bytes)], 0).map_err(at("write"))?;
        file.sync_data().map_err(at("sync"))?;
        self.disk.rename(&temporary, &self.path).map_err(at("rename"))?;
        let dir = self.path.parent().unwrap_or(Path::new("."));
        self.disk.sync_dir(dir).map_err(at("sync the directory of"))
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Names>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Fault {
    Corrupt(&'static str),
    TooNew(u32),
}

impl Fault {
    fn at(self, path: &Path) -> TenantDirectoryError {
        let path = path.to_owned();
        match self {
            Fault::Corrupt(reason) => TenantDirectoryError::Corrupt { path, reason },
            Fault::TooNew(version) => TenantDirectoryError::TooNew { path, version },
        }
    }
}

fn read_file(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, TenantDirectoryError> {
    let at = |source| TenantDirectoryError::Disk { action: "read", path: path.to_owned(), source };
    let file = match disk.open(path, OpenMode::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(error)),
    };
    let length = usize::try_from(file.len().map_err(at)?).unwrap_or(usize::MAX);
    if length > FILE_BYTES_MAX {
        return Err(Fault::Corrupt("longer than any valid file").at(path));
    }
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, 0).map_err(at)?;
    Ok(Some(bytes))
}

fn render(names: &BTreeMap<TenantName, TenantId>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + names.len() * ENTRY_BYTES_MAX);
    let count = u32::try_from(names.len()).expect("TENANTS_MAX fits");
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    for (name, id) in names {
        bytes.extend_from_slice(&id.0.to_le_bytes());
        bytes.push(u8::try_from(name.as_str().len()).expect("a name has at most 64 bytes"));
        bytes.extend_from_slice(name.as_str().as_bytes());
    }
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

fn parse(bytes: &[u8]) -> Result<BTreeMap<TenantName, TenantId>, Fault> {
    let corrupt = Fault::Corrupt;
    let (content, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(corrupt("shorter than its header"))?;
    let mut rest = content.strip_prefix(MAGIC).ok_or(corrupt("it does not begin as a tenant directory"))?;
    let version = take_u32(&mut rest).ok_or(corrupt("shorter than its header"))?;
    if version > VERSION {
        return Err(Fault::TooNew(version));
    }
    if version == 0 {
        return Err(corrupt("its version is 0"));
    }
    if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
        return Err(corrupt("its checksum does not fit"));
    }
    let count = take_u32(&mut rest).ok_or(corrupt("shorter than its header"))?;
    let mut names = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for _ in 0..count {
        let id = take_u32(&mut rest).ok_or(corrupt("an entry is cut short"))?;
        let (length, after) = rest.split_first().ok_or(corrupt("an entry is cut short"))?;
        let (name, after) = after.split_at_checked(usize::from(*length)).ok_or(corrupt("an entry is cut short"))?;
        rest = after;
        let name = std::str::from_utf8(name).map_err(|_| corrupt("a name is not text"))?;
        let name = match name {
            "_self" => TenantName::self_tenant(),
            other => other.parse().map_err(|_| corrupt("a name is not a tenant name"))?,
        };
        let id = TenantId(id);
        let is_fitting = built_in(&name).map_or(id >= TenantId::FIRST_FREE, |number| id == number);
        if !is_fitting {
            return Err(corrupt("a name has a number that it cannot have"));
        }
        if !numbers.insert(id) {
            return Err(corrupt("a number stands twice"));
        }
        if names.insert(name, id).is_some() {
            return Err(corrupt("a name stands twice"));
        }
    }
    if !rest.is_empty() {
        return Err(corrupt("bytes follow the last entry"));
    }
    Ok(names)
}

/// The number of a name that needs no entry.
fn built_in(name: &TenantName) -> Option<TenantId> {
    let both = [(TenantName::default_tenant(), TenantId::DEFAULT), (TenantName::self_tenant(), TenantId::SELF)];
    both.into_iter().find(|(known, _)| known == name).map(|(_, number)| number)
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_le_bytes(*number))
}

/// For fuzzers: reads any bytes as a tenant directory.
pub fn fuzz_tenant_directory(bytes: &[u8]) {
    if let Ok(names) = parse(bytes) {
        assert!(parse(&render(&names)).is_ok_and(|again| again == names), "a valid directory reads back");
    }
}

#[cfg(test)]
mod tests;
