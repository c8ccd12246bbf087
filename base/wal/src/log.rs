//! What the handle, the writer and the preparer share, and the handle itself.
//!
//! Always true:
//! - the lock is held for a few lines and never while a file is touched;
//! - segments stand in the order of their ids, which is the order of their entries;
//! - the file of a segment that a reader holds is neither used again nor removed.
//!
//! Start at [`Wal::append`].

use crate::batch::Queued;
use crate::error::WalError;
use crate::format::ENTRY_HEADER_BYTES;
use crate::limits::{ENTRY_BYTES_MAX, PENDING_ENTRIES_MAX, spares_kept_max, unused_bytes_max};
use crate::lost_ranges::LostRanges;
use crate::position_file::{PositionFile, Remembered};
use crate::protection::{Protection, is_off};
use crate::quarantine;
use crate::reader::WalReader;
use crate::{Position, WalSettings};
use basics::{Disk, carry_on};
use bytes::Bytes;
use crc32c::crc32c_append;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// One thing to write: its body is the slices one behind the other.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// What the body is; the log does not care.
    pub kind: u8,
    /// The body.
    pub slices: Vec<Bytes>,
}

/// What is called once an entry is durable, or is not going to be.
pub type Done = Box<dyn FnOnce(Result<Position, WalError>) + Send>;

/// One segment that holds entries.
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) id: u64,
    pub(crate) salt: u64,
    pub(crate) chain_seed: u32,
    pub(crate) first: u64,
    /// Bytes of the file that are durable; reading ends here.
    pub(crate) durable_bytes: AtomicU64,
    /// How long the file is, once it is no longer written.
    pub(crate) file_bytes: AtomicU64,
    /// What the segment counts against the budget then: the file, or of an abandoned file what its entries take.
    pub(crate) booked_bytes: AtomicU64,
    pub(crate) is_damaged: AtomicBool,
    pub(crate) is_suspect: AtomicBool,
}

impl Segment {
    /// Tells whether the file may become another segment: its blocks are there and the disk has never failed on it.
    pub(crate) fn is_usable_again(&self, segment_bytes: u64) -> bool {
        let is_damaged = self.is_damaged.load(Ordering::Acquire) && !is_off(Protection::Quarantine);
        let is_suspect = self.is_suspect.load(Ordering::Acquire) && !is_off(Protection::SuspectFile);
        is_spare_length(self.file_bytes.load(Ordering::Acquire), segment_bytes) && !is_damaged && !is_suspect
    }
}

/// Tells whether a file has the blocks of an ordinary segment, or nearly: one that grew as it was written lacks a bit.
pub(crate) fn is_spare_length(bytes: u64, segment_bytes: u64) -> bool {
    bytes <= segment_bytes && segment_bytes - bytes <= unused_bytes_max(segment_bytes)
}

/// A file of an ordinary segment's length that is ready to become one.
pub(crate) struct Spare {
    pub(crate) path: PathBuf,
}

/// How the log is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalState {
    /// Entries are taken.
    Ok,
    /// Entries are refused for want of room; ends by itself.
    Refusing {
        /// Which room is wanting.
        reason: RefusalReason,
    },
    /// Entries are refused because writes failed; ends by itself once the disk works again.
    ReadOnly,
}

/// Which room is wanting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// The disk's.
    DiskFull,
    /// The log's own budget.
    LogFull,
}

/// Figures of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalStats {
    /// First entry that is kept.
    pub first: Position,
    /// Position that the next entry gets.
    pub next: Position,
    /// Disk space of the live segments.
    pub used_bytes: u64,
    /// The most they may take.
    pub limit_bytes: u64,
    /// How the log is doing.
    pub state: WalState,
    /// Segments that hold entries.
    pub segments: usize,
    /// Files that are ready to become segments.
    pub spares: usize,
    /// Syncs of batches since the start.
    pub syncs: u64,
    /// Entries made durable since the start.
    pub entries: u64,
    /// Writes and syncs that failed since the start.
    pub failures: u64,
    /// Entries found lost since the start.
    pub lost_entries: u64,
    /// Bytes of damaged files, set aside or still in place.
    pub quarantined_bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Ok,
    DiskFull,
    ReadOnly,
}

pub(crate) struct State {
    pub(crate) pending: Vec<Queued>,
    pub(crate) pending_bytes: u64,
    pub(crate) health: Health,
    pub(crate) is_closed: bool,
    /// True while the writer waits for entries.
    pub(crate) writer_waits: bool,
    pub(crate) segments: VecDeque<Arc<Segment>>,
    /// Trimmed, but perhaps still read.
    pub(crate) retired: Vec<Arc<Segment>>,
    pub(crate) spares: Vec<Spare>,
    pub(crate) next_file: u64,
    /// Sequence behind the last durable entry.
    pub(crate) next: u64,
    pub(crate) kept_from: u64,
    /// Of the segments that are not written any more.
    pub(crate) sealed_bytes: u64,
    /// Written so far of the one that is.
    pub(crate) active_bytes: u64,
    pub(crate) syncs: u64,
    pub(crate) entries: u64,
    pub(crate) failures: u64,
    pub(crate) lost: LostRanges,
    pub(crate) quarantined_bytes: u64,
}

impl State {
    fn used_bytes(&self) -> u64 {
        self.sealed_bytes + self.active_bytes + self.pending_bytes
    }
}

pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) settings: WalSettings,
    pub(crate) state: Mutex<State>,
    pub(crate) wake_writer: Condvar,
    pub(crate) wake_preparer: Condvar,
    pub(crate) position: Mutex<PositionFile>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn path_of_file(&self, number: u64) -> PathBuf {
        self.settings.dir.join(format!("{number:016x}.wal"))
    }

    /// Books that entries `from..to` of a segment are lost, or that it is damaged elsewhere.
    pub(crate) fn note_damage(&self, segment: &Segment, from: u64, to: u64) {
        let mut state = self.lock();
        state.lost.add(from, to);
        if !segment.is_damaged.swap(true, Ordering::AcqRel) {
            state.quarantined_bytes += segment.file_bytes.load(Ordering::Acquire);
        }
    }

    /// Alters what is remembered beside the segments, durably.
    pub(crate) fn remember(&self, alter: impl FnOnce(Remembered) -> Remembered) -> Result<(), WalError> {
        let mut file = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, after) = (file.remembered(), alter(file.remembered()));
        if before == after { Ok(()) } else { file.write(after) }
    }
}

/// Handle of the log; clones are the same log.
#[derive(Clone)]
pub struct Wal {
    pub(crate) shared: Arc<Shared>,
}

impl Wal {
    /// Takes an entry. Never blocks.
    ///
    /// On an error the entry is not written and `done` is dropped uncalled. Otherwise `done` is called exactly once, on
    /// the writer's thread and in the order of positions: after the sync that covers the entry, or after its failure.
    pub fn append(&self, entry: NewEntry, done: Done) -> Result<(), WalError> {
        let bytes: u64 = entry.slices.iter().map(|slice| slice.len() as u64).sum();
        let too_large = || WalError::EntryTooLarge { bytes, limit_bytes: ENTRY_BYTES_MAX };
        let body_bytes = u32::try_from(bytes).map_err(|_| too_large())?;
        if bytes > ENTRY_BYTES_MAX {
            return Err(too_large());
        }
        // Made here, by the sender's thread, because the writer's thread is the one that everybody waits for.
        let body_crc = entry.slices.iter().fold(0, |crc, slice| crc32c_append(crc, slice));
        let queued = Queued { entry, body_bytes, body_crc, done };
        let mut state = self.shared.lock();
        self.refusal(&state, queued.cost()).map_or(Ok(()), Err)?;
        state.pending_bytes += queued.cost();
        state.pending.push(queued);
        let must_wake = std::mem::take(&mut state.writer_waits);
        drop(state);
        if must_wake {
            self.shared.wake_writer.notify_one();
        }
        Ok(())
    }

    /// Why an entry that takes `bytes` cannot be taken.
    fn refusal(&self, state: &State, bytes: u64) -> Option<WalError> {
        let settings = &self.shared.settings;
        match state.health {
            _ if state.is_closed => return Some(WalError::Closed),
            Health::DiskFull => return Some(WalError::DiskFull),
            Health::ReadOnly => return Some(WalError::ReadOnly),
            Health::Ok => {}
        }
        let used_bytes = state.used_bytes() + bytes;
        if used_bytes > settings.budget_bytes {
            return Some(WalError::Full { used_bytes, limit_bytes: settings.budget_bytes });
        }
        let pending_bytes = state.pending_bytes + bytes;
        // One entry is always let in, so that the largest one can be written with any ceiling.
        let is_busy = !state.pending.is_empty()
            && (pending_bytes > settings.pending_bytes || state.pending.len() >= PENDING_ENTRIES_MAX);
        is_busy.then_some(WalError::Busy { pending_bytes, limit_bytes: settings.pending_bytes })
    }

    /// Reads what is durable at this moment, from `from` or the first kept entry on.
    pub fn reader(&self, from: Position) -> WalReader {
        WalReader::new(self.shared.clone(), from, false)
    }

    /// Like [`Wal::reader`], for the replay after a start: remembers on disk which segment is being replayed. A segment
    /// within whose replay the process has ended several times is passed over and reported as lost, from then on, so
    /// that one poisonous entry cannot keep the process down for ever. Its file stays, and is set aside when it is
    /// trimmed.
    ///
    /// [`Wal::end_replay`] must follow. Until then, dropping the reader takes its last attempt back, unless a panic
    /// drops it: who stops in the middle of a replay on purpose has found nothing poisonous.
    pub fn replay(&self, from: Position) -> WalReader {
        WalReader::new(self.shared.clone(), from, true)
    }

    /// Says that everything a replay has read is applied.
    pub fn end_replay(&self) -> Result<(), WalError> {
        self.shared.remember(Remembered::replay_ended)
    }

    /// Forgets whole segments that hold nothing from `before` on. The position is durable first.
    ///
    /// A position beyond the last durable entry counts as just behind it; an earlier one than before changes nothing.
    pub fn trim(&self, before: Position) -> Result<(), WalError> {
        let mut file = self.shared.position.lock().unwrap_or_else(PoisonError::into_inner);
        let before = before.0.min(self.shared.lock().next);
        let mut remembered = file.remembered();
        if is_off(Protection::PositionFirst) {
            self.retire(before);
            self.reclaim();
        }
        if before > remembered.kept_from {
            remembered.kept_from = before;
            file.write(remembered)?;
        }
        self.retire(remembered.kept_from);
        drop(file);
        self.reclaim();
        Ok(())
    }

    fn retire(&self, before: u64) {
        let mut state = self.shared.lock();
        state.kept_from = state.kept_from.max(before);
        // A segment ends where the next one begins; the last one may be written to and stays.
        while state.segments.get(1).is_some_and(|next| next.first <= before) {
            let Some(segment) = state.segments.pop_front() else { break };
            state.sealed_bytes = state.sealed_bytes.saturating_sub(segment.booked_bytes.load(Ordering::Acquire));
            state.retired.push(segment);
        }
    }

    /// Uses again, removes or sets aside the files that nobody reads any more.
    fn reclaim(&self) {
        let settings = &self.shared.settings;
        let mut state = self.shared.lock();
        let all = std::mem::take(&mut state.retired);
        let (free, held) = all.into_iter().partition::<Vec<_>, _>(|segment| Arc::strong_count(segment) == 1);
        state.retired = held;
        let mut unwanted = Vec::new();
        for segment in free {
            let has_room = state.spares.len() < spares_kept_max(settings.segment_bytes, settings.budget_bytes);
            if has_room && segment.is_usable_again(settings.segment_bytes) {
                state.spares.push(Spare { path: segment.path.clone() });
            } else {
                unwanted.push(segment);
            }
        }
        drop(state);
        let disk = self.shared.disk.as_ref();
        for segment in &unwanted {
            if segment.is_damaged.load(Ordering::Acquire) && !is_off(Protection::Quarantine) {
                let moved = quarantine::set_aside(disk, &settings.dir, &segment.path, segment.id);
                carry_on(moved, "the file stays where it is and is looked at again at the next start");
            } else {
                carry_on(disk.remove_file(&segment.path), "it is found to be trimmed at the next start");
            }
        }
    }

    /// Figures of the log.
    pub fn stats(&self) -> WalStats {
        let state = self.shared.lock();
        let limit_bytes = self.shared.settings.budget_bytes;
        let used_bytes = state.used_bytes();
        let is_full = used_bytes + ENTRY_HEADER_BYTES as u64 > limit_bytes;
        WalStats {
            first: Position(state.kept_from.max(state.segments.front().map_or(0, |segment| segment.first))),
            next: Position(state.next),
            used_bytes,
            limit_bytes,
            state: match state.health {
                Health::Ok if is_full => WalState::Refusing { reason: RefusalReason::LogFull },
                Health::Ok => WalState::Ok,
                Health::DiskFull => WalState::Refusing { reason: RefusalReason::DiskFull },
                Health::ReadOnly => WalState::ReadOnly,
            },
            segments: state.segments.len(),
            spares: state.spares.len(),
            syncs: state.syncs,
            entries: state.entries,
            failures: state.failures,
            lost_entries: state.lost.entries(),
            quarantined_bytes: state.quarantined_bytes,
        }
    }

    /// Takes no more entries. The writer writes what waits and returns; the preparer returns.
    pub fn close(&self) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        state.writer_waits = false;
        drop(state);
        self.shared.wake_writer.notify_all();
        self.shared.wake_preparer.notify_all();
    }
}
