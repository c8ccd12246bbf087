//! The writer's thread: takes all that waits, writes it as one batch, syncs once, answers.
//!
//! There is no added wait: while one batch is synced the next one gathers in memory. A batch is never written before
//! the sync of the one before it has returned, so whatever a crash tears is at the very end and was never acknowledged.
//!
//! A failed write or sync is never repeated on the same file, because the system may have thrown the bytes away and
//! call the next sync a success. The segment is abandoned, and the batch, which is still in memory, goes to a new one.
//! The new header's first sequence is where the old segment ends, whatever of the batch stands there. When that fails
//! too, the batch is refused and so is everything else, until a new segment could be begun. An abandoned segment counts
//! against the budget with what its entries take; one without entries is removed once the next one is begun, whose
//! header carries on that a file before it is suspect.
//!
//! Start at [`WalWriter::step`].

use crate::Position;
use crate::batch::{BatchPlace, EncodedBatch, Queued, batch_bytes};
use crate::error::WalError;
use crate::format::{BATCH_HEADER_BYTES, SegmentHeader, padded};
use crate::limits::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, PAGE_BYTES, shared_entry_bytes_max, unused_bytes_max};
use crate::log::{Health, Segment, Shared, Spare};
use crate::protection::{Protection, is_off};
use basics::{DiskFile, OpenMode, carry_on};
use std::io::IoSlice;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

/// What one step of a worker came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something was done; there may be more.
    Worked,
    /// There is nothing to do.
    Idle,
    /// Nothing can be done before a pause: for the writer a [`WalWriter::probe`], for the preparer another step.
    Failed,
    /// The log is closed and all that waited is answered.
    Closed,
}

/// The only one who writes entries.
pub struct WalWriter {
    shared: Arc<Shared>,
    active: Option<Active>,
    /// Sequence of the next entry.
    next: u64,
    next_id: u64,
    chain: u32,
    salt_seed: u64,
    /// The last segment was abandoned, and no header on disk says so yet.
    is_predecessor_suspect: bool,
    batch: Vec<Queued>,
    encoded: EncodedBatch,
}

/// Where a writer goes on.
pub(crate) struct Start {
    pub(crate) next: u64,
    pub(crate) next_id: u64,
    pub(crate) chain: u32,
    pub(crate) salt_seed: u64,
}

/// The segment that is written.
struct Active {
    segment: Arc<Segment>,
    file: Box<dyn DiskFile>,
    written_bytes: u64,
    limit_bytes: u64,
}

impl Active {
    fn room(&self) -> u64 {
        self.limit_bytes.saturating_sub(self.written_bytes)
    }
}

impl WalWriter {
    pub(crate) fn new(shared: Arc<Shared>, start: Start) -> WalWriter {
        WalWriter {
            shared,
            active: None,
            next: start.next,
            next_id: start.next_id,
            chain: start.chain,
            salt_seed: start.salt_seed,
            is_predecessor_suspect: false,
            batch: Vec::new(),
            encoded: EncodedBatch::default(),
        }
    }

    /// Works until the log is closed: the body of the writer's thread.
    pub fn run(mut self) {
        loop {
            match self.step() {
                Step::Worked => {}
                Step::Idle => self.wait_for_entries(),
                Step::Failed => {
                    if self.pause() {
                        self.probe();
                    }
                }
                Step::Closed => return,
            }
        }
    }

    fn wait_for_entries(&self) {
        let mut state = self.shared.lock();
        while state.pending.is_empty() && !state.is_closed {
            state.writer_waits = true;
            state = self.shared.wake_writer.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.writer_waits = false;
    }

    /// Waits before the next probe; `false` when the log was closed meanwhile.
    fn pause(&self) -> bool {
        let state = self.shared.lock();
        let pause = self.shared.settings.probe_interval;
        let woken = self.shared.wake_writer.wait_timeout_while(state, pause, |state| !state.is_closed);
        !woken.unwrap_or_else(PoisonError::into_inner).0.is_closed
    }

    /// Writes one batch, when something waits. Deterministic: tests call it instead of [`WalWriter::run`].
    pub fn step(&mut self) -> Step {
        let mut batch = std::mem::take(&mut self.batch);
        let mut state = self.shared.lock();
        if state.health != Health::Ok && !state.is_closed {
            self.batch = batch;
            return Step::Failed;
        }
        if state.pending.is_empty() {
            let is_closed = state.is_closed;
            drop(state);
            self.batch = batch;
            if is_closed {
                self.mark_end();
            }
            return if is_closed { Step::Closed } else { Step::Idle };
        }
        let count = self.next_batch(&state.pending);
        if count == state.pending.len() {
            std::mem::swap(&mut batch, &mut state.pending);
        } else {
            batch.extend(state.pending.drain(..count));
        }
        drop(state);
        self.commit(&mut batch);
        self.batch = batch;
        Step::Worked
    }

    /// How many of the waiting entries make the next batch: as many as fit, but at least one.
    fn next_batch(&self, pending: &[Queued]) -> usize {
        let settings = &self.shared.settings;
        let shared_max = shared_entry_bytes_max(settings.segment_bytes);
        let fresh_room = settings.segment_bytes - PAGE_BYTES;
        let room = self.active.as_ref().map_or(fresh_room, Active::room);
        let cost = |queued: &Queued| padded(BATCH_HEADER_BYTES as u64 + queued.cost());
        // An entry that does not fit begins a new segment, and then all of that one is there for its batch.
        let begins_new = pending.first().is_some_and(|queued| cost(queued) > room);
        let most = BATCH_BYTES_MAX.min(if begins_new { fresh_room } else { room });
        let mut bytes = BATCH_HEADER_BYTES as u64;
        let mut count = 0;
        for queued in pending.iter().take(BATCH_ENTRIES_MAX) {
            bytes += queued.cost();
            let is_long = u64::from(queued.body_bytes) > shared_max;
            if count > 0 && (is_long || padded(bytes) > most) {
                break;
            }
            count += 1;
            if is_long {
                break;
            }
        }
        count
    }

    /// Makes a batch durable and answers its waiters.
    fn commit(&mut self, batch: &mut Vec<Queued>) {
        let mut outcome = self.write(batch);
        if outcome.is_err() {
            self.abandon();
            outcome = self.write(batch);
        }
        let bytes: u64 = batch.iter().map(Queued::cost).sum();
        match outcome {
            Ok(()) => self.acknowledge(batch, bytes),
            Err(error) => {
                self.abandon();
                self.refuse(batch, bytes, &error);
            }
        }
        self.encoded.clear();
    }

    fn acknowledge(&mut self, batch: &mut Vec<Queued>, bytes: u64) {
        let first = self.next;
        self.next += batch.len() as u64;
        let mut state = self.shared.lock();
        state.next = self.next;
        state.pending_bytes = state.pending_bytes.saturating_sub(bytes);
        state.syncs += 1;
        state.entries += batch.len() as u64;
        if let Some(active) = &self.active {
            state.active_bytes = active.written_bytes;
        }
        drop(state);
        for (sequence, queued) in (first..).zip(batch.drain(..)) {
            (queued.done)(Ok(Position(sequence)));
        }
    }

    /// Refuses the batch, and all that waits behind it: what was accepted later must not become durable earlier.
    fn refuse(&mut self, batch: &mut Vec<Queued>, bytes: u64, error: &WalError) {
        let mut state = self.shared.lock();
        state.health = if error.is_disk_full() { Health::DiskFull } else { Health::ReadOnly };
        let behind = std::mem::take(&mut state.pending);
        let behind_bytes: u64 = behind.iter().map(Queued::cost).sum();
        state.pending_bytes = state.pending_bytes.saturating_sub(bytes + behind_bytes);
        drop(state);
        for queued in batch.drain(..) {
            (queued.done)(Err(error.for_waiter()));
        }
        let later = if error.is_disk_full() { WalError::DiskFull } else { WalError::ReadOnly };
        for queued in behind {
            (queued.done)(Err(later.for_waiter()));
        }
    }

    /// Writes and syncs a batch to the active segment, or to a new one.
    fn write(&mut self, batch: &[Queued]) -> Result<(), WalError> {
        let bytes = batch_bytes(batch);
        let shared_max = shared_entry_bytes_max(self.shared.settings.segment_bytes);
        let own_bytes = batch.iter().any(|queued| u64::from(queued.body_bytes) > shared_max).then_some(bytes);
        if own_bytes.is_some() || self.active.as_ref().is_none_or(|active| active.room() < bytes) {
            self.seal();
            self.begin_segment(own_bytes).inspect_err(|_| self.shared.lock().failures += 1)?;
        }
        let Some(active) = self.active.as_mut() else { return Err(WalError::ReadOnly) };
        let segment = &active.segment;
        let place = BatchPlace { segment_id: segment.id, salt: segment.salt, first: self.next, chain: self.chain };
        self.encoded.encode(batch, place);
        assert_eq!(self.encoded.padded_bytes(), bytes, "a batch takes the room that was reckoned for it");
        let written = active.file.write_all_at(&mut self.encoded.slices(), active.written_bytes);
        let synced = match written {
            Ok(()) if is_off(Protection::DataSync) => Ok(()),
            Ok(()) if is_off(Protection::SyncFailure) => active.file.sync_data().or_else(|_| active.file.sync_data()),
            Ok(()) => active.file.sync_data(),
            Err(error) => Err(error),
        };
        let synced = synced.map_err(WalError::disk("write and sync", &segment.path));
        if let Err(error) = synced {
            segment.is_suspect.store(true, Ordering::Release);
            self.shared.lock().failures += 1;
            return Err(error);
        }
        active.written_bytes += bytes;
        segment.durable_bytes.store(active.written_bytes, Ordering::Release);
        self.chain = self.encoded.chain();
        Ok(())
    }

    /// Ends the active segment, which keeps what is durable in it.
    fn seal(&mut self) {
        let Some(active) = self.active.take() else { return };
        let segment = &active.segment;
        let is_suspect = segment.is_suspect.load(Ordering::Acquire);
        if !is_suspect && active.room() > unused_bytes_max(active.limit_bytes) {
            carry_on(active.file.set_len(active.written_bytes), "the file only stays longer than it need be");
        }
        let file_bytes = active.file.len().unwrap_or(active.limit_bytes).max(active.written_bytes);
        let booked_bytes = if is_suspect { active.written_bytes } else { file_bytes };
        segment.file_bytes.store(file_bytes, Ordering::Release);
        segment.booked_bytes.store(booked_bytes, Ordering::Release);
        let mut state = self.shared.lock();
        state.sealed_bytes += booked_bytes;
        state.active_bytes = 0;
    }

    fn abandon(&mut self) {
        if let Some(active) = &self.active {
            active.segment.is_suspect.store(true, Ordering::Release);
            self.is_predecessor_suspect = true;
        }
        self.seal();
    }

    /// Begins a segment: one of its own length for a long entry's batch of `own_bytes`, else an ordinary one.
    fn begin_segment(&mut self, own_bytes: Option<u64>) -> Result<(), WalError> {
        let limit_bytes = own_bytes.map_or(self.shared.settings.segment_bytes, |bytes| PAGE_BYTES + bytes);
        let spare = if own_bytes.is_some() { None } else { self.take_spare() };
        let is_new = spare.is_none();
        let (path, file) = match spare {
            Some(spare) => {
                let file = self.shared.disk.open(&spare.path, OpenMode::ReadWrite);
                let file = file.map_err(WalError::disk("open", &spare.path))?;
                (spare.path, file)
            }
            None => self.create_file(limit_bytes)?,
        };
        let kept_from = self.shared.lock().kept_from;
        let header = SegmentHeader {
            id: self.next_id,
            first: self.next,
            kept_from,
            salt: mix(self.salt_seed, self.next_id),
            chain_seed: self.chain,
            is_predecessor_suspect: self.is_predecessor_suspect,
        };
        self.next_id += 1;
        if let Err(error) = self.write_header(&header, file.as_ref(), &path, is_new) {
            carry_on(self.shared.disk.remove_file(&path), "a segment that holds no entry does no harm");
            return Err(error);
        }
        self.is_predecessor_suspect = false;
        let segment = Arc::new(Segment {
            path,
            id: header.id,
            salt: header.salt,
            chain_seed: header.chain_seed,
            first: header.first,
            durable_bytes: AtomicU64::new(PAGE_BYTES),
            file_bytes: AtomicU64::new(limit_bytes),
            booked_bytes: AtomicU64::new(limit_bytes),
            is_damaged: AtomicBool::new(false),
            is_suspect: AtomicBool::new(false),
        });
        let mut state = self.shared.lock();
        state.segments.push_back(segment.clone());
        state.active_bytes = PAGE_BYTES;
        drop(state);
        self.active = Some(Active { segment, file, written_bytes: PAGE_BYTES, limit_bytes });
        self.remove_abandoned();
        Ok(())
    }

    /// Removes the segments before the active one that were abandoned before they held an entry. Not earlier than this:
    /// until the active one's header was durable, theirs told where the segment before them ends.
    fn remove_abandoned(&self) {
        let mut abandoned = Vec::new();
        let mut state = self.shared.lock();
        while let Some(before) = state.segments.len().checked_sub(2) {
            let segment = &state.segments[before];
            if segment.first < self.next || !segment.is_suspect.load(Ordering::Acquire) {
                break;
            }
            let Some(segment) = state.segments.remove(before) else { break };
            state.sealed_bytes = state.sealed_bytes.saturating_sub(segment.booked_bytes.load(Ordering::Acquire));
            abandoned.push(segment);
        }
        drop(state);
        for segment in abandoned {
            carry_on(self.shared.disk.remove_file(&segment.path), "it is found to hold nothing at the next start");
        }
    }

    fn take_spare(&self) -> Option<Spare> {
        let spare = self.shared.lock().spares.pop();
        self.shared.wake_preparer.notify_all();
        spare
    }

    /// A spare that is not ready is not waited for: the new file grows as it is written.
    fn create_file(&self, bytes: u64) -> Result<(PathBuf, Box<dyn DiskFile>), WalError> {
        let settings = &self.shared.settings;
        let free_bytes =
            self.shared.disk.free_bytes(&settings.dir).map_err(WalError::disk("look at", &settings.dir))?;
        if free_bytes < settings.reserve_bytes.saturating_add(bytes) {
            return Err(WalError::DiskFull);
        }
        let mut state = self.shared.lock();
        let number = state.next_file;
        state.next_file += 1;
        drop(state);
        let path = self.shared.path_of_file(number);
        let file = self.shared.disk.open(&path, OpenMode::CreateNew).map_err(WalError::disk("create", &path))?;
        Ok((path, file))
    }

    /// The header is durable before the first batch is written, so that whole batches under a broken header always mean
    /// damage.
    fn write_header(
        &self,
        header: &SegmentHeader,
        file: &dyn DiskFile,
        path: &std::path::Path,
        is_new: bool,
    ) -> Result<(), WalError> {
        let page = header.encode();
        file.write_all_at(&mut [IoSlice::new(page.as_slice())], 0).map_err(WalError::disk("write", path))?;
        if !is_off(Protection::HeaderSync) {
            file.sync_data().map_err(WalError::disk("sync", path))?;
        }
        if is_new && !is_off(Protection::DirSync) {
            let dir = &self.shared.settings.dir;
            self.shared.disk.sync_dir(dir).map_err(WalError::disk("sync", dir))?;
        }
        Ok(())
    }

    /// Tries to leave the refusing or read-only state by beginning a new segment. Its header also ends the abandoned
    /// segments, so that nothing that was refused comes back.
    pub fn probe(&mut self) {
        if self.shared.lock().health == Health::Ok {
            return;
        }
        self.seal();
        let health = match self.begin_segment(None) {
            Ok(()) => Health::Ok,
            Err(error) if error.is_disk_full() => Health::DiskFull,
            Err(_) => Health::ReadOnly,
        };
        self.shared.lock().health = health;
    }

    /// Writes an empty batch, so that damage to the last entries is told from a torn end at the next start.
    fn mark_end(&mut self) {
        let holds_entries = self.active.as_ref().is_some_and(|active| active.written_bytes > PAGE_BYTES);
        if holds_entries && !is_off(Protection::ClosingMark) {
            carry_on(self.write(&[]), "the entries before it are durable; only the mark is missing");
        }
        self.seal();
    }
}

/// Spreads the seed over all bits of a salt; the constants are those of SplitMix64.
fn mix(seed: u64, id: u64) -> u64 {
    let mut mixed = seed.wrapping_add(id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
