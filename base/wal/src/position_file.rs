//! Keeps the position up to which the log was trimmed, and how replays went, in two slots. The one that is older is
//! written and synced, and then copied to the other one without a sync.
//!
//! The slots are overwritten where they lie, so that a full disk never stops the log from forgetting: trimming is the
//! way out of a full disk and must not need room itself. After a failed sync the file is not believed any more and the
//! next write puts a new one in its place.
//!
//! Always true: one of the two slots holds the last position that was reported durable, whatever a crash does to the
//! other.

use crate::error::WalError;
use crate::format::{MIN_READER, Out, PAGE, SEQUENCE_MAX, VERSION, array};
use crate::limits::{ATTEMPTS_KEPT_MAX, REPLAY_ATTEMPTS_MAX};
use crate::protection::{Protection, is_off};
use basics::{Disk, DiskEntry, DiskFile, OpenMode, carry_on};
use crc32c::crc32c;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"ORWALPOS";
const NAME: &str = "position";
pub(crate) const NEW_NAME: &str = "position.new";
const SLOT_USED: usize = 192;
const ATTEMPTS_AT: usize = 32;
const SLOT_COUNT: u64 = 2;

const _: () = assert!(ATTEMPTS_AT + 16 * ATTEMPTS_KEPT_MAX + 4 <= SLOT_USED);

/// What is remembered beside the segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// Everything below is forgotten.
    pub(crate) kept_from: u64,
    /// Segments within whose replay the process has ended, or is.
    pub(crate) attempts: [Attempts; ATTEMPTS_KEPT_MAX],
}

/// How often the replay of a segment was begun and not seen to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Attempts {
    /// Id of the segment; 0 for none.
    pub(crate) segment_id: u64,
    pub(crate) count: u32,
}

/// Whether a replay may read a segment, and what must be durable before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Read(Remembered),
    PassOver(Remembered),
}

impl Remembered {
    /// Nothing is trimmed and nothing has gone wrong.
    pub(crate) const NOTHING: Remembered =
        Remembered { kept_from: 1, attempts: [Attempts { segment_id: 0, count: 0 }; ATTEMPTS_KEPT_MAX] };

    /// A replay leaves the segment `behind` it and comes to `segment_id`. Segments that it got through are forgotten;
    /// one that was given up is remembered, since it would bring the next replay down as well.
    pub(crate) fn replay_comes_to(mut self, segment_id: u64, behind: Option<u64>) -> Verdict {
        if is_off(Protection::ReplayGuard) {
            return Verdict::Read(self);
        }
        self.attempts.iter_mut().filter(|kept| Some(kept.segment_id) == behind).for_each(Attempts::forget);
        // The one that is not found is free or the one that was touched longest ago.
        let found = self.attempts.iter().position(|kept| kept.segment_id == segment_id);
        self.attempts[..=found.unwrap_or(ATTEMPTS_KEPT_MAX - 1)].rotate_right(1);
        let [latest, ..] = &mut self.attempts;
        if found.is_none() {
            *latest = Attempts { segment_id, count: 0 };
        }
        if latest.is_given_up() {
            return Verdict::PassOver(self);
        }
        latest.count += 1;
        Verdict::Read(self)
    }

    /// Takes the last attempt at a segment back: it was broken off, and the process lives.
    pub(crate) fn take_back(mut self, segment_id: u64) -> Remembered {
        for kept in self.attempts.iter_mut().filter(|kept| kept.segment_id == segment_id) {
            kept.count = kept.count.saturating_sub(1);
            if kept.count == 0 {
                kept.forget();
            }
        }
        self
    }

    /// Says that a replay came to its end, so that only what was passed over is remembered.
    pub(crate) fn replay_ended(mut self) -> Remembered {
        self.attempts.iter_mut().filter(|kept| !kept.is_given_up()).for_each(Attempts::forget);
        self
    }
}

impl Attempts {
    fn is_given_up(&self) -> bool {
        self.count >= REPLAY_ATTEMPTS_MAX
    }

    fn forget(&mut self) {
        *self = Attempts::default();
    }
}

/// The file with the position.
pub(crate) struct PositionFile {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    generation: u64,
    /// What is durable.
    remembered: Remembered,
}

impl PositionFile {
    /// Reads the file; `None` beside it when there is none that can be believed.
    pub(crate) fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<(PositionFile, Option<Remembered>), WalError> {
        let path = dir.join(NAME);
        let mut position =
            PositionFile { disk, dir: dir.to_path_buf(), file: None, generation: 0, remembered: Remembered::NOTHING };
        let file = match position.disk.open(&path, OpenMode::ReadWrite) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((position, None)),
            Err(error) => return Err(WalError::disk("open", &path)(error)),
        };
        let mut found: Option<(u64, Remembered)> = None;
        for slot in 0..SLOT_COUNT {
            found = found.into_iter().chain(read_slot(file.as_ref(), slot, &path)?).max_by_key(|found| found.0);
        }
        let Some((generation, remembered)) = found else { return Ok((position, None)) };
        position.generation = generation;
        position.remembered = remembered;
        position.file = Some(file);
        if !is_off(Protection::PositionSyncAtOpen) {
            position.renew()?;
        }
        Ok((position, Some(remembered)))
    }

    /// Makes what was found durable in a new file, since segments are given up on its word. What was read may be in the
    /// system's memory only, and nobody knows whether a sync of the old file has failed in an earlier process.
    fn renew(&mut self) -> Result<(), WalError> {
        match self.write_new(&encode(self.generation, self.remembered)) {
            Ok(file) => {
                self.put_into_place()?;
                self.file = Some(file);
                Ok(())
            }
            // The old file has its blocks. On a full disk, and only there, writing to it again has to do.
            Err(error) if error.is_disk_full() => self.write(self.remembered),
            Err(error) => Err(error),
        }
    }

    /// What was last made durable.
    pub(crate) fn remembered(&self) -> Remembered {
        self.remembered
    }

    /// Makes `remembered` durable. After an error the old or the new one is found at the next start.
    pub(crate) fn write(&mut self, remembered: Remembered) -> Result<(), WalError> {
        self.generation += 1;
        let slot = encode(self.generation, remembered);
        match self.file.take() {
            Some(file) => {
                let path = self.dir.join(NAME);
                let at = self.generation % SLOT_COUNT * PAGE as u64;
                file.write_all_at(&mut [IoSlice::new(slot.as_slice())], at).map_err(WalError::disk("write", &path))?;
                if !is_off(Protection::PositionSync) {
                    file.sync_data().map_err(WalError::disk("sync", &path))?;
                }
                // The other slot is not needed while this one is durable. A copy there outlives a bit that flips here.
                let copy_at = (self.generation + 1) % SLOT_COUNT * PAGE as u64;
                let copied = file.write_all_at(&mut [IoSlice::new(slot.as_slice())], copy_at);
                carry_on(copied, "one slot is enough; the next write goes to the other one first");
                self.file = Some(file);
            }
            None => {
                let file = self.write_new(&slot)?;
                self.put_into_place()?;
                self.file = Some(file);
            }
        }
        self.remembered = remembered;
        Ok(())
    }

    /// Makes what a start has found out durable, unless the disk is full: then the next start finds it out again.
    pub(crate) fn write_if_there_is_room(&mut self, remembered: Remembered) -> Result<(), WalError> {
        if self.remembered == remembered && self.file.is_some() {
            return Ok(());
        }
        match self.write(remembered) {
            Err(error) if error.is_disk_full() => {
                self.remembered = remembered;
                Ok(())
            }
            result => result,
        }
    }

    /// Writes a new file beside the old one, with the slot in it twice.
    fn write_new(&self, slot: &[u8; PAGE]) -> Result<Box<dyn DiskFile>, WalError> {
        let path = self.dir.join(NEW_NAME);
        carry_on(self.disk.remove_file(&path), "usually there is none; one that cannot be removed cannot be created");
        let file = self.disk.open(&path, OpenMode::CreateNew).map_err(WalError::disk("create", &path))?;
        let mut both = [IoSlice::new(slot), IoSlice::new(slot)];
        file.write_all_at(&mut both, 0).map_err(WalError::disk("write", &path))?;
        if !is_off(Protection::PositionFileSync) {
            file.sync_all().map_err(WalError::disk("sync", &path))?;
        }
        Ok(file)
    }

    /// Gives the new file its name. When that fails nobody knows which of the two has it.
    fn put_into_place(&self) -> Result<(), WalError> {
        let (path, new_path) = (self.dir.join(NAME), self.dir.join(NEW_NAME));
        self.disk.rename(&new_path, &path).map_err(WalError::disk("put into place", &new_path))?;
        if !is_off(Protection::PositionDirSync) {
            self.disk.sync_dir(&self.dir).map_err(WalError::disk("sync", &self.dir))?;
        }
        Ok(())
    }
}

/// Tells whether there is a position file, however it is.
pub(crate) fn is_among(listing: &[DiskEntry]) -> bool {
    listing.iter().any(|entry| entry.name == NAME)
}

/// Reads a slot; `None` when it is torn, damaged, unreadable or not there. The other one then counts.
fn read_slot(file: &dyn DiskFile, slot: u64, path: &Path) -> Result<Option<(u64, Remembered)>, WalError> {
    let reads = if is_off(Protection::SecondRead) { 1 } else { 2 };
    for _ in 0..reads {
        let mut bytes = [0u8; SLOT_USED];
        if file.read_exact_at(&mut bytes, slot * PAGE as u64).is_ok()
            && let Some(found) = decode(&bytes, path)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn encode(generation: u64, remembered: Remembered) -> Box<[u8; PAGE]> {
    let mut page = Box::new([0u8; PAGE]);
    let mut out = Out { bytes: page.as_mut_slice(), at: 0 };
    out.put(&MAGIC);
    out.put(&VERSION.to_le_bytes());
    out.put(&MIN_READER.to_le_bytes());
    out.put(&[0; 4]);
    out.put(&generation.to_le_bytes());
    out.put(&remembered.kept_from.to_le_bytes());
    for kept in remembered.attempts {
        out.put(&kept.segment_id.to_le_bytes());
        out.put(&kept.count.to_le_bytes());
        out.put(&[0; 4]);
    }
    let crc = crc32c(&page[..SLOT_USED - 4]);
    page[SLOT_USED - 4..SLOT_USED].copy_from_slice(&crc.to_le_bytes());
    page
}

fn decode(bytes: &[u8; SLOT_USED], path: &Path) -> Result<Option<(u64, Remembered)>, WalError> {
    let stored = u32::from_le_bytes(array(bytes, SLOT_USED - 4));
    let is_whole = stored == crc32c(&bytes[..SLOT_USED - 4]) || is_off(Protection::PositionChecksum);
    if bytes[..8] != MAGIC || !is_whole {
        return Ok(None);
    }
    let (version, min_reader) = (u16::from_le_bytes(array(bytes, 8)), u16::from_le_bytes(array(bytes, 10)));
    if min_reader > VERSION {
        return Err(WalError::TooNew { path: path.to_path_buf(), version, newest: VERSION });
    }
    let kept_from = u64::from_le_bytes(array(bytes, 24));
    if kept_from > SEQUENCE_MAX {
        return Ok(None);
    }
    let mut attempts = [Attempts::default(); ATTEMPTS_KEPT_MAX];
    for (index, kept) in attempts.iter_mut().enumerate() {
        let at = ATTEMPTS_AT + 16 * index;
        kept.segment_id = u64::from_le_bytes(array(bytes, at));
        kept.count = u32::from_le_bytes(array(bytes, at + 8));
    }
    let remembered = Remembered { kept_from: kept_from.max(1), attempts };
    Ok(Some((u64::from_le_bytes(array(bytes, 16)), remembered)))
}

#[cfg(test)]
mod tests;
