//! A disk in memory that lies the way disks lie.
//!
//! It keeps what a program sees apart from what is durable. Written bytes are durable after a sync of their file, names
//! after a sync of their directory; a power cut drops of the rest what the test says, or what the lot decides, in
//! pieces as small as a sector and in any order. Calls can be made to fail, once or from one call on.
//!
//! Always true:
//! - the same seed and the same calls give the same bytes, so a failure that was found once is found again;
//! - every call of the [`Disk`] trait is counted, in order, so a test can go through all of them in turn;
//! - what the test itself asks ([`FaultyDisk::bytes_of`], [`FaultyDisk::flip`]) is not counted and never fails.
//!
//! Harsher than most file systems in three ways: names of one directory become durable in any combination; the length
//! of a file is lost like its bytes; after a failed sync the bytes that it should have written are gone for good
//! although reads still give them, as Linux does it.
//!
//! Start at [`FaultyDisk::new`] and [`Fault`].

mod chance;
mod files;
mod names;

use basics::{Disk, DiskEntry, DiskFile, OpenMode};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use chance::Chance;
use files::FileState;
use names::{Names, Node};

/// Free bytes of a disk without a capacity.
const PLENTY_BYTES: u64 = 1 << 50;

/// A call of the [`Disk`] or [`DiskFile`] trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// [`Disk::open`] of a file that exists.
    Open,
    /// [`Disk::open`] that creates.
    Create,
    /// [`Disk::create_dir_all`].
    CreateDir,
    /// [`Disk::list`].
    List,
    /// [`Disk::rename`].
    Rename,
    /// [`Disk::hard_link`].
    Link,
    /// [`Disk::remove_file`] or [`Disk::remove_dir_all`].
    Remove,
    /// [`Disk::sync_dir`].
    SyncDir,
    /// [`Disk::free_bytes`].
    FreeBytes,
    /// [`DiskFile::read_at`].
    Read,
    /// [`DiskFile::write_at`].
    Write,
    /// [`DiskFile::len`].
    Length,
    /// [`DiskFile::set_len`].
    SetLength,
    /// [`DiskFile::sync_data`] or [`DiskFile::sync_all`].
    Sync,
}

impl Call {
    /// Tells whether the call can alter what a power cut leaves.
    pub fn alters(self) -> bool {
        match self {
            Call::Create | Call::CreateDir | Call::Rename | Call::Link | Call::Remove | Call::SyncDir => true,
            Call::Write | Call::SetLength | Call::Sync => true,
            Call::Open | Call::List | Call::FreeBytes | Call::Read | Call::Length => false,
        }
    }
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The program ends before the call has done anything: this call and all later ones fail, until
    /// [`FaultyDisk::cut_power`] or [`FaultyDisk::start_again`] says how it ended.
    StopBefore,
    /// The program ends when the call has done its work and not yet returned.
    StopAfter,
    /// Fails with EIO and does nothing. What a sync should have made durable may still become so.
    Eio,
    /// Fails with ENOSPC and does nothing.
    Enospc,
    /// A write takes only half of its bytes, and says so.
    ShortWrite,
    /// A write gets some of its sectors to the file, in any order, and fails.
    TornWrite,
    /// One bit of what a read gives is wrong. A second read is right.
    FlippedRead,
    /// One bit of what a write writes is wrong, and nothing tells.
    FlippedWrite,
    /// A sync fails, what it should have written is gone, and the next sync succeeds.
    LostSync,
    /// As [`Fault::LostSync`], and until the next power cut nothing that is written to the file becomes durable, though
    /// every later sync succeeds.
    LyingSync,
}

impl Fault {
    /// Every fault but the ends of the program.
    pub const OF_CALLS: [Fault; 8] = [
        Fault::Eio,
        Fault::Enospc,
        Fault::ShortWrite,
        Fault::TornWrite,
        Fault::FlippedRead,
        Fault::FlippedWrite,
        Fault::LostSync,
        Fault::LyingSync,
    ];

    /// Tells whether the fault can befall the call.
    pub fn befalls(self, call: Call) -> bool {
        match self {
            Fault::StopBefore | Fault::StopAfter | Fault::Eio => true,
            Fault::Enospc => {
                matches!(call, Call::Create | Call::CreateDir | Call::Rename | Call::Link | Call::Write | Call::Sync)
            }
            Fault::ShortWrite | Fault::TornWrite | Fault::FlippedWrite => call == Call::Write,
            Fault::FlippedRead => call == Call::Read,
            Fault::LostSync | Fault::LyingSync => call == Call::Sync,
        }
    }

    /// Tells whether bytes are wrong and no call says so.
    pub fn is_silent(self) -> bool {
        matches!(self, Fault::FlippedRead | Fault::FlippedWrite)
    }
}

/// What a power cut does to what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced {
    /// All of it is gone.
    Lost,
    /// All of it had reached the disk.
    Kept,
    /// Each write is dropped, kept, torn or kept in parts, each name dropped or kept, by lot.
    ByLot,
}

#[derive(Clone, Copy)]
struct Plan {
    from: usize,
    is_lasting: bool,
    fault: Fault,
}

/// A disk in memory. Clones are the same disk; [`FaultyDisk::copy`] makes another one.
#[derive(Clone)]
pub struct FaultyDisk {
    world: Arc<Mutex<World>>,
}

#[derive(Clone)]
struct World {
    names: Names,
    files: Vec<FileState>,
    chance: Chance,
    calls: Vec<Call>,
    plans: Vec<Plan>,
    faults: Vec<(usize, Fault)>,
    is_stopped: bool,
    /// Rises with each power cut: a file that was open before cannot be used any more.
    life: u64,
    capacity_bytes: Option<u64>,
}

impl FaultyDisk {
    /// An empty disk. The seed decides everything that is left to chance.
    pub fn new(seed: u64) -> FaultyDisk {
        let world = World {
            names: Names::new(),
            files: Vec::new(),
            chance: Chance::new(seed),
            calls: Vec::new(),
            plans: Vec::new(),
            faults: Vec::new(),
            is_stopped: false,
            life: 0,
            capacity_bytes: None,
        };
        FaultyDisk { world: Arc::new(Mutex::new(world)) }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another disk with the same bytes, and the same future as long as it is treated alike.
    pub fn copy(&self) -> FaultyDisk {
        FaultyDisk { world: Arc::new(Mutex::new(self.world().clone())) }
    }

    /// Makes the call with this number (from 0, see [`FaultyDisk::calls`]) go wrong, when the fault can befall it.
    pub fn fail_at(&self, call: usize, fault: Fault) {
        self.world().plans.push(Plan { from: call, is_lasting: false, fault });
    }

    /// Makes every call from this number on go wrong that the fault can befall.
    pub fn fail_from(&self, call: usize, fault: Fault) {
        self.world().plans.push(Plan { from: call, is_lasting: true, fault });
    }

    /// Ends all faults that were asked for. Files whose syncs lie go on lying.
    pub fn fail_no_more(&self) {
        self.world().plans.clear();
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// How many calls there were so far, which is the number of the next one.
    pub fn call_count(&self) -> usize {
        self.world().calls.len()
    }

    /// The faults that took place, with the numbers of their calls.
    pub fn faults(&self) -> Vec<(usize, Fault)> {
        self.world().faults.clone()
    }

    /// Tells whether the program was ended by a fault.
    pub fn is_stopped(&self) -> bool {
        self.world().is_stopped
    }

    /// Ends the program, and nothing else: a new one sees all that the old one wrote, durable or not. Files that were
    /// open cannot be used any more.
    pub fn start_again(&self) {
        let mut world = self.world();
        world.is_stopped = false;
        world.life += 1;
    }

    /// Cuts the power and switches it on again. Files that were open cannot be used any more.
    pub fn cut_power(&self, unsynced: Unsynced) {
        let mut world = self.world();
        let World { files, names, chance, .. } = &mut *world;
        for file in files.iter_mut() {
            file.lose_power(unsynced, chance);
        }
        names.lose_power(unsynced, chance);
        world.is_stopped = false;
        world.life += 1;
    }

    /// Bytes that all files together may have; `None` for no bound.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.world().capacity_bytes = bytes;
    }

    /// Paths of all files, in order.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.world().names.paths()
    }

    /// What a program sees in a file; empty when there is none.
    pub fn bytes_of(&self, path: &Path) -> Vec<u8> {
        let world = self.world();
        match world.names.find(path) {
            Some(Node::File(file)) => world.files[file].seen().to_vec(),
            Some(Node::Dir(_)) | None => Vec::new(),
        }
    }

    /// Flips one bit of a file where it lies. Past the end nothing happens.
    pub fn flip(&self, path: &Path, offset: u64, bit: u32) {
        let mut world = self.world();
        if let Some(Node::File(file)) = world.names.find(path) {
            world.files[file].flip(offset, bit);
        }
    }

    /// Makes some bytes of a file unreadable until they are written again.
    pub fn spoil(&self, path: &Path, offset: u64, bytes: u64) {
        let mut world = self.world();
        if let Some(Node::File(file)) = world.names.find(path) {
            world.files[file].spoil(offset, bytes);
        }
    }

    /// Puts a file onto the disk, durably, in place of what was there.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut world = self.world();
        let file = world.files.len();
        world.files.push(FileState::durable(bytes.to_vec()));
        world.names.put(path, file);
    }

    /// Takes a file away, durably.
    pub fn take_away(&self, path: &Path) {
        self.world().names.take_away(path);
    }
}

fn stopped() -> io::Error {
    io::Error::other("the program has ended")
}

/// A name of Linux, so that what a program makes of an error is what it would make of a real one.
fn os_error(code: i32) -> io::Error {
    io::Error::from_raw_os_error(code)
}

const ENOENT: i32 = 2;
const EIO: i32 = 5;
const EBADF: i32 = 9;
const EEXIST: i32 = 17;
const ENOSPC: i32 = 28;

impl World {
    /// Books a call. An error is what the caller hears at once; a fault is for the call to carry out.
    fn begin(&mut self, call: Call) -> io::Result<Option<Fault>> {
        if self.is_stopped {
            return Err(stopped());
        }
        let number = self.calls.len();
        self.calls.push(call);
        let is_due = |plan: &&Plan| plan.from == number || (plan.is_lasting && plan.from < number);
        let fault = self.plans.iter().filter(is_due).map(|plan| plan.fault).find(|fault| fault.befalls(call));
        let Some(fault) = fault else { return Ok(None) };
        self.faults.push((number, fault));
        match fault {
            Fault::StopBefore => {
                self.is_stopped = true;
                Err(stopped())
            }
            Fault::Eio => Err(os_error(EIO)),
            // A sync may be where delayed allocation finds no room; it then fails like a sync that lost its bytes.
            Fault::Enospc if call != Call::Sync => Err(os_error(ENOSPC)),
            Fault::Enospc
            | Fault::StopAfter
            | Fault::ShortWrite
            | Fault::TornWrite
            | Fault::FlippedRead
            | Fault::FlippedWrite
            | Fault::LostSync
            | Fault::LyingSync => Ok(Some(fault)),
        }
    }

    /// Ends a call: its result is not heard when the power went meanwhile.
    fn end<T>(&mut self, fault: Option<Fault>, value: T) -> io::Result<T> {
        if fault == Some(Fault::StopAfter) {
            self.is_stopped = true;
            return Err(stopped());
        }
        Ok(value)
    }

    fn used_bytes(&self) -> u64 {
        self.names.files().into_iter().map(|file| self.files[file].seen().len() as u64).sum()
    }

    fn free_bytes(&self) -> u64 {
        self.capacity_bytes.map_or(PLENTY_BYTES, |capacity| capacity.saturating_sub(self.used_bytes()))
    }
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world();
        let is_creating = mode == OpenMode::CreateNew;
        let fault = world.begin(if is_creating { Call::Create } else { Call::Open })?;
        let found = match world.names.find(path) {
            Some(Node::File(file)) => Some(file),
            Some(Node::Dir(_)) => return Err(io::ErrorKind::IsADirectory.into()),
            None => None,
        };
        let file = match (found, is_creating) {
            (Some(_), true) => return Err(os_error(EEXIST)),
            (Some(file), false) => file,
            (None, false) => return Err(os_error(ENOENT)),
            (None, true) => {
                let file = world.files.len();
                world.names.link(path, Node::File(file))?;
                world.files.push(FileState::default());
                file
            }
        };
        let life = world.life;
        world.end(fault, ())?;
        Ok(Box::new(OpenFile { disk: self.clone(), file, life, is_writable: mode != OpenMode::Read }))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.begin(Call::CreateDir)?;
        world.names.make_dirs(path)?;
        world.end(fault, ())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        let mut world = self.world();
        let fault = world.begin(Call::List)?;
        let Some(Node::Dir(dir)) = world.names.find(dir) else { return Err(os_error(ENOENT)) };
        let entries = world.names.entries(dir).map(|(name, node)| match node {
            Node::Dir(_) => DiskEntry { name: name.clone(), is_dir: true, bytes: 0 },
            Node::File(file) => {
                DiskEntry { name: name.clone(), is_dir: false, bytes: world.files[file].seen().len() as u64 }
            }
        });
        let entries = entries.collect();
        world.end(fault, entries)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.begin(Call::Rename)?;
        world.names.rename(from, to)?;
        world.end(fault, ())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.begin(Call::Link)?;
        let Some(Node::File(file)) = world.names.find(from) else { return Err(os_error(ENOENT)) };
        if world.names.find(to).is_some() {
            return Err(os_error(EEXIST));
        }
        world.names.link(to, Node::File(file))?;
        world.end(fault, ())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.begin(Call::Remove)?;
        match world.names.find(path) {
            Some(Node::File(_)) => world.names.unlink(path)?,
            Some(Node::Dir(_)) => return Err(io::ErrorKind::IsADirectory.into()),
            None => return Err(os_error(ENOENT)),
        }
        world.end(fault, ())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.begin(Call::Remove)?;
        match world.names.find(path) {
            Some(Node::Dir(_)) => world.names.unlink(path)?,
            Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(os_error(ENOENT)),
        }
        world.end(fault, ())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world();
        let fault = world.begin(Call::SyncDir)?;
        let Some(Node::Dir(dir)) = world.names.find(dir) else { return Err(os_error(ENOENT)) };
        world.names.sync(dir);
        world.end(fault, ())
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        let mut world = self.world();
        let fault = world.begin(Call::FreeBytes)?;
        let free_bytes = world.free_bytes();
        world.end(fault, free_bytes)
    }
}

/// An open file.
struct OpenFile {
    disk: FaultyDisk,
    file: usize,
    life: u64,
    is_writable: bool,
}

impl OpenFile {
    /// Books a call on a file that is still open.
    fn begin(&self, call: Call) -> io::Result<(MutexGuard<'_, World>, Option<Fault>)> {
        let mut world = self.disk.world();
        let is_open = world.life == self.life;
        let may = self.is_writable || !matches!(call, Call::Write | Call::SetLength);
        if !is_open || !may {
            return Err(os_error(EBADF));
        }
        let fault = world.begin(call)?;
        Ok((world, fault))
    }

    fn sync(&self) -> io::Result<()> {
        let (mut world, fault) = self.begin(Call::Sync)?;
        let file = &mut world.files[self.file];
        match fault {
            Some(Fault::LostSync | Fault::Enospc) => file.lose_unsynced(),
            Some(Fault::LyingSync) => file.begin_to_lie(),
            _ => file.sync(),
        }
        match fault {
            Some(Fault::LostSync | Fault::LyingSync) => Err(os_error(EIO)),
            Some(Fault::Enospc) => Err(os_error(ENOSPC)),
            _ => world.end(fault, ()),
        }
    }
}

impl DiskFile for OpenFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let (mut world, fault) = self.begin(Call::Read)?;
        let count = world.files[self.file].read(buffer, offset)?;
        if fault == Some(Fault::FlippedRead) && count > 0 {
            let (byte, bit) = (world.chance.index(count), world.chance.index(8));
            buffer[byte] ^= 1 << bit;
        }
        world.end(fault, count)
    }

    fn write_at(&self, slices: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let (mut world, fault) = self.begin(Call::Write)?;
        let mut bytes = Vec::new();
        for slice in slices {
            bytes.extend_from_slice(slice);
        }
        if fault == Some(Fault::ShortWrite) && bytes.len() > 1 {
            bytes.truncate(bytes.len() / 2);
        }
        if fault == Some(Fault::FlippedWrite) && !bytes.is_empty() {
            let (byte, bit) = (world.chance.index(bytes.len()), world.chance.index(8));
            bytes[byte] ^= 1 << bit;
        }
        let file_bytes = world.files[self.file].seen().len() as u64;
        let room = world.free_bytes() + file_bytes.saturating_sub(offset);
        let fitting = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        if fitting == 0 && !bytes.is_empty() {
            return Err(os_error(ENOSPC));
        }
        bytes.truncate(fitting);
        let World { files, chance, .. } = &mut *world;
        let file = &mut files[self.file];
        if fault == Some(Fault::TornWrite) {
            file.write_torn(&bytes, offset, chance);
            return Err(os_error(EIO));
        }
        let count = bytes.len();
        file.write(bytes, offset);
        world.end(fault, count)
    }

    fn len(&self) -> io::Result<u64> {
        let (mut world, fault) = self.begin(Call::Length)?;
        let bytes = world.files[self.file].seen().len() as u64;
        world.end(fault, bytes)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let (mut world, fault) = self.begin(Call::SetLength)?;
        world.files[self.file].set_len(bytes);
        world.end(fault, ())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync()
    }
}

#[cfg(test)]
mod tests;
