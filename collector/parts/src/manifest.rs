//! Says which parts exist: one file, `manifest`, in a store's directory, to which each change is appended.
//!
//! A commit is a list of edits in one record. They become true together, and only when the record is on the disk. What
//! is true is a [`ManifestState`], which never changes and which readers keep as long as they like.
//!
//! Always true:
//! - what [`Manifest::commit`] acknowledged is true after any crash; what it refused is not, but for a commit that it
//!   called [`ManifestError::InDoubt`];
//! - a state that is read is one that was committed. A record that a crash tore was not acknowledged and is cut off;
//!   any other damage is an error that names the place, never a shorter state;
//! - a file whose write or sync has failed is not written to again: the next commit goes to a new generation, which is
//!   made from what was committed before.
//!
//! **A commit that fails.** Its record may be on the disk all the same: a failed sync says nothing about what it left
//! there. So before the failure is reported, the state before it is written into a new file that takes the name of the
//! old one; the record is gone with the old file. Only when that fails too is the commit in doubt, and stays so until a
//! new file could be put into place ([`Manifest::settle`], or the next commit, which begins with it). Meanwhile whoever
//! asked for the commit keeps what either outcome needs: the parts it would have added, and those it would have
//! removed.
//!
//! **No older generation is kept.** It would be a state that is not true: it names parts whose files are gone and knows
//! none that came since, and no damage makes it the better answer. A backup is the way back.
//!
//! Not done here: files of parts, deciding what goes or is merged, giving out ids. The format is drawn in
//! docs/formats/manifest.md.
//!
//! Start at [`Manifest::open`] and [`Manifest::commit`].

mod edit;
mod error;
pub mod fuzz;
mod generation;
mod layout;
pub mod limits;
mod protection;
mod reader;
mod state;

pub use edit::{Edit, PartEntry, PartFile, PartId, Tombstone, TombstoneFile, TombstoneId};
pub use error::ManifestError;
pub use state::{Broken, ManifestState};

use basics::{Disk, OpenMode, carry_on};
use generation::{Beginning, NAME, NEW_NAME, Place, needed_bytes, put_mark, reserve};
use layout::{RECORD_HEADER_BYTES, padded, put_edit, put_record};
use limits::{FILE_BYTES_MAX, GROWTH_MAX, PAGE, PAGE_BYTES, RECORD_BYTES_MAX, RESERVE_BYTES, REWRITE_BYTES_MIN};
use protection::{Protection, is_off};
use reader::{Loaded, read_back};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Sizes that tests make small.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    rewrite_bytes_min: u64,
    reserve_bytes: u64,
}

const SIZES: Sizes = Sizes { rewrite_bytes_min: REWRITE_BYTES_MIN, reserve_bytes: RESERVE_BYTES };

/// Whether the file may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// It holds what was committed, and nothing has failed.
    Sound,
    /// Something has failed that was not the record of a commit.
    Suspect,
    /// The record of a commit that failed may be on the disk.
    InDoubt,
}

/// The manifest of one store. One owner commits; others are handed its states.
pub struct Manifest {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    sizes: Sizes,
    state: Arc<ManifestState>,
    place: Place,
    standing: Standing,
    /// The highest generation that was begun, whether or not it came into place.
    last_generation: u64,
    torn_bytes: usize,
}

impl Manifest {
    /// Opens the manifest of `dir`, and creates both when there is nothing yet.
    ///
    /// The manifest is the first file of its directory: when it is missing beside others, that is an error. What is
    /// found is written into a new generation before this returns, so that all that is built on it is durable; on a full
    /// disk the old file is synced instead.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Manifest, Arc<ManifestState>), ManifestError> {
        let manifest = open_with(disk, dir, SIZES)?;
        let state = manifest.state.clone();
        Ok((manifest, state))
    }

    /// Reads the manifest of `dir` and changes nothing; `None` when there is none.
    pub fn read(disk: &dyn Disk, dir: &Path) -> Result<Option<ManifestState>, ManifestError> {
        let path = dir.join(NAME);
        match disk.open(&path, OpenMode::Read) {
            Ok(file) => reader::read(&*file, &path).map(|(loaded, _)| Some(loaded.state)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ManifestError::disk("open", &path)(error)),
        }
    }

    /// Writes a manifest that says `state` into a directory that has none, and makes it durable.
    pub(crate) fn write_copy(disk: &dyn Disk, dir: &Path, state: &ManifestState) -> Result<(), ManifestError> {
        let mut state = state.clone();
        state.close_open_ids();
        let beginning = Beginning { min_reader: 1, generation: 1, first_record: 1, state: &state, reserve_bytes: 0 };
        generation::write(disk, dir, &beginning).map(drop).map_err(|failed| failed.error)
    }

    /// What is true.
    pub fn state(&self) -> &Arc<ManifestState> {
        &self.state
    }

    /// Bytes of a record that was begun before the last end of the process, never acknowledged, and cut off at the
    /// start.
    pub fn torn_bytes(&self) -> usize {
        self.torn_bytes
    }

    /// Tells whether a commit that failed may be true after a restart.
    pub fn is_in_doubt(&self) -> bool {
        self.standing == Standing::InDoubt
    }

    /// Makes all of `edits` true and durable, or none.
    ///
    /// Blocks for a write and a sync, and takes time for each part there is: the state is copied. After an error the edits are not true, and never will be; after
    /// [`ManifestError::InDoubt`] they are not true as long as this process lives, and may be after a restart until
    /// [`Manifest::settle`] succeeds. What an error of a later commit says is about that commit's own edits.
    pub fn commit(&mut self, edits: &[Edit]) -> Result<(), ManifestError> {
        if edits.is_empty() {
            return Ok(());
        }
        let next = self.state.with(edits).map_err(refusal)?;
        let payload = encode(edits)?;
        self.settle()?;
        self.rewrite_when_grown()?;
        self.rewrite_for_readers(edits)?;
        let mut record = Vec::with_capacity(padded(RECORD_HEADER_BYTES + payload.len()));
        let count = u32::try_from(edits.len()).expect("each edit takes bytes of a record");
        let crc = put_record(&mut record, self.place.next(), count, &payload);
        self.make_room(record.len() as u64, edits.iter().any(Edit::adds))?;
        if let Err(error) = self.append(&record) {
            return Err(self.give_up(error));
        }
        self.place.end += record.len() as u64;
        self.place.next_record += 1;
        self.place.chain = crc;
        self.state = Arc::new(next);
        self.mark();
        Ok(())
    }

    /// Puts a new generation into place when something has failed; after that no commit is in doubt any more.
    ///
    /// Each commit begins with this. Worth a call of its own, now and then, while [`Manifest::is_in_doubt`].
    pub fn settle(&mut self) -> Result<(), ManifestError> {
        match self.standing {
            Standing::Sound => Ok(()),
            Standing::Suspect | Standing::InDoubt => self.rewrite().map_err(|failed| failed.error),
        }
    }

    /// Writes what is true into a new generation.
    fn rewrite(&mut self) -> Result<(), generation::Failed> {
        self.rewrite_for(1)
    }

    /// The same; edits will be appended that need a reader of this version.
    fn rewrite_for(&mut self, min_reader: u16) -> Result<(), generation::Failed> {
        self.last_generation += 1;
        let beginning = Beginning {
            min_reader,
            generation: self.last_generation,
            first_record: self.place.next_record,
            state: &self.state,
            reserve_bytes: self.sizes.reserve_bytes,
        };
        match generation::write(&*self.disk, &self.dir, &beginning) {
            Ok(place) => {
                self.place = place;
                self.standing = Standing::Sound;
                Ok(())
            }
            Err(failed) => {
                if failed.is_name_open {
                    self.standing = self.standing.max(Standing::Suspect);
                }
                Err(failed)
            }
        }
    }

    /// Writes a new generation when most of the file tells what is no longer so.
    fn rewrite_when_grown(&mut self) -> Result<(), ManifestError> {
        let is_grown = |end: u64, state: &ManifestState, sizes: Sizes| {
            end > sizes.rewrite_bytes_min && end > GROWTH_MAX * needed_bytes(state)
        };
        if !is_grown(self.place.end, &self.state, self.sizes) {
            return Ok(());
        }
        match self.rewrite() {
            // The old file is as good as ever; on a full disk it is all there is.
            Err(failed) if !failed.is_name_open && self.place.end < FILE_BYTES_MAX / 2 => Ok(()),
            result => result.map_err(|failed| failed.error),
        }
    }

    /// The header of a file says who may read it, and is never written again: an edit that needs a later reader goes into
    /// a new generation.
    fn rewrite_for_readers(&mut self, edits: &[Edit]) -> Result<(), ManifestError> {
        match edits.iter().map(Edit::min_reader).max() {
            Some(needed) if needed > self.place.min_reader => self.rewrite_for(needed).map_err(|failed| failed.error),
            _ => Ok(()),
        }
    }

    /// Sees to it that a record and its mark need no more room on the disk, before anything of them is written: a
    /// record that a full disk cuts short would leave its commit in doubt.
    fn make_room(&mut self, record_bytes: u64, adds: bool) -> Result<(), ManifestError> {
        let needed = self.place.end + record_bytes + PAGE_BYTES;
        if needed > FILE_BYTES_MAX {
            return Err(ManifestError::Full { what: "bytes", limit: FILE_BYTES_MAX });
        }
        // Half of what is reserved is for commits that make room.
        let wanted = if adds { needed + self.sizes.reserve_bytes / 2 } else { needed };
        if wanted <= self.place.allocated {
            return Ok(());
        }
        match reserve(&*self.place.file, self.place.allocated, needed + self.sizes.reserve_bytes) {
            Ok(allocated) => {
                self.place.allocated = allocated;
                Ok(())
            }
            Err(error) => {
                let error = ManifestError::disk("extend", &self.path())(error);
                if !error.is_disk_full() {
                    self.standing = Standing::Suspect;
                }
                Err(error)
            }
        }
    }

    fn append(&self, record: &[u8]) -> Result<(), ManifestError> {
        let at = |action| ManifestError::disk(action, &self.path());
        let place = &self.place;
        place.file.write_all_at(&mut [IoSlice::new(record)], place.end).map_err(at("write"))?;
        read_back(&*place.file, record, place.end).map_err(at("read back"))?;
        if is_off(Protection::RecordSync) {
            return Ok(());
        }
        place.file.sync_data().map_err(at("sync"))
    }

    /// A commit has failed: makes its record go away, and says what became of it.
    fn give_up(&mut self, error: ManifestError) -> ManifestError {
        if is_off(Protection::NewGenerationAfterFailure) {
            return error;
        }
        self.standing = Standing::InDoubt;
        match self.rewrite() {
            Ok(()) => error,
            Err(_) if is_off(Protection::Doubt) => error,
            Err(_) => error.in_doubt(),
        }
    }

    /// Says behind the last record that it is whole. Without a sync: the mark is durable with the next commit, or a
    /// little later, and until then the end looks as if a crash might have torn it.
    fn mark(&mut self) {
        if is_off(Protection::Mark) || self.place.end + PAGE_BYTES > self.place.allocated {
            return;
        }
        let mut mark = Vec::with_capacity(PAGE);
        put_mark(&mut mark, self.place.next());
        let written = self.place.file.write_all_at(&mut [IoSlice::new(&mark)], self.place.end);
        if carry_on(written, "the commit before it is durable; the next one begins a new generation").is_none() {
            self.standing = Standing::Suspect;
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.join(NAME)
    }
}

fn open_with(disk: Arc<dyn Disk>, dir: &Path, sizes: Sizes) -> Result<Manifest, ManifestError> {
    let path = dir.join(NAME);
    let file = match disk.open(&path, OpenMode::ReadWrite) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return create(disk, dir, sizes),
        Err(error) => return Err(ManifestError::disk("open", &path)(error)),
    };
    let (loaded, file_bytes) = reader::read(&*file, &path)?;
    let Loaded { mut state, min_reader, generation, next_record, chain, end, torn_bytes } = loaded;
    state.close_open_ids();
    let end = end as u64;
    let allocated = (file_bytes - file_bytes % PAGE_BYTES).max(end);
    let place = Place { file, min_reader, generation, next_record, chain, end, allocated };
    let mut manifest = Manifest {
        disk,
        dir: dir.to_path_buf(),
        sizes,
        state: Arc::new(state),
        place,
        standing: Standing::Suspect,
        last_generation: generation,
        torn_bytes,
    };
    manifest.make_durable()?;
    Ok(manifest)
}

impl Manifest {
    /// What was read may be what the system remembers and the disk does not have: the process before may have ended
    /// before its sync, or after one that failed.
    fn make_durable(&mut self) -> Result<(), ManifestError> {
        if is_off(Protection::NewGenerationAtOpen) {
            self.standing = Standing::Sound;
            return Ok(());
        }
        match self.rewrite() {
            Ok(()) => Ok(()),
            // Retention makes room, and begins with a commit, so a start needs no room.
            Err(failed) if failed.error.is_disk_full() && !failed.is_name_open => {
                self.place.file.sync_all().map_err(ManifestError::disk("sync", &self.path()))?;
                self.disk.sync_dir(&self.dir).map_err(ManifestError::disk("sync", &self.dir))?;
                self.standing = Standing::Sound;
                Ok(())
            }
            Err(failed) => Err(failed.error),
        }
    }
}

/// Makes the first generation, after the directories on the way to it are durable.
fn create(disk: Arc<dyn Disk>, dir: &Path, sizes: Sizes) -> Result<Manifest, ManifestError> {
    disk.create_dir_all(dir).map_err(ManifestError::disk("create", dir))?;
    let listing = disk.list(dir).map_err(ManifestError::disk("list", dir))?;
    if let Some(other) = listing.into_iter().find(|entry| entry.name != NEW_NAME) {
        return Err(ManifestError::Missing { dir: dir.to_path_buf(), beside: other.name });
    }
    if !is_off(Protection::ParentDirSync) {
        sync_parents(&*disk, dir)?;
    }
    let state = Arc::new(ManifestState::default());
    let beginning =
        Beginning { min_reader: 1, generation: 1, first_record: 1, state: &state, reserve_bytes: sizes.reserve_bytes };
    let place = generation::write(&*disk, dir, &beginning).map_err(|failed| failed.error)?;
    let standing = Standing::Sound;
    Ok(Manifest { disk, dir: dir.to_path_buf(), sizes, state, place, standing, last_generation: 1, torn_bytes: 0 })
}

/// Makes the names on the way to a directory durable: an earlier start may have created them and ended.
fn sync_parents(disk: &dyn Disk, dir: &Path) -> Result<(), ManifestError> {
    for above in dir.ancestors().skip(1) {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        match disk.sync_dir(above) {
            Ok(()) => {}
            Err(error) if is_of_others(&error) => break,
            Err(error) => return Err(ManifestError::disk("sync", above)(error)),
        }
    }
    Ok(())
}

/// Tells from a failed sync that the directory was not created here: it cannot be opened, or lies on a file system that
/// is only read or knows no syncs of directories.
fn is_of_others(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Unsupported
            | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn refusal((edit, broken): (usize, Broken)) -> ManifestError {
    match broken {
        Broken::TooMany { what, limit } => ManifestError::Full { what, limit },
        broken => ManifestError::Contradiction { edit, broken },
    }
}

/// The edits of a commit as the payload of its record.
fn encode(edits: &[Edit]) -> Result<Vec<u8>, ManifestError> {
    let mut payload = Vec::new();
    for edit in edits {
        put_edit(&mut payload, edit);
    }
    match payload.len() + RECORD_HEADER_BYTES {
        bytes if bytes > RECORD_BYTES_MAX => Err(ManifestError::TooLarge { bytes, limit_bytes: RECORD_BYTES_MAX }),
        _ => Ok(payload),
    }
}

#[cfg(test)]
mod tests;
