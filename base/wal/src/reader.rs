//! Reads entries back, in order, each at most once, with every checksum verified.
//!
//! A reader sees what was durable when it was made. Damage is reported once, as [`WalError::Lost`], and reading goes on
//! behind it. The segments that a reader holds are neither used again nor removed while it lives.

use crate::Position;
use crate::error::WalError;
use crate::format::{BATCH_HEADER_BYTES, BatchHeader, entry_at};
use crate::limits::PAGE_BYTES;
use crate::log::{Segment, Shared};
use crate::position_file::Verdict;
use crate::protection::{Protection, is_off};
use crate::scan::{Found, ScanStart, SegmentScan};
use basics::{OpenMode, carry_on};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// One entry as it was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEntry {
    /// Its place in the log.
    pub position: Position,
    /// What the appender said it is.
    pub kind: u8,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Reads the log from one position to what was durable when it was made.
pub struct WalReader {
    shared: Arc<Shared>,
    segments: VecDeque<Stretch>,
    /// Entries before this are passed over.
    from: u64,
    /// Sequence behind the last entry that was handed out or reported lost.
    expected: u64,
    /// Sequence behind the last entry that is to be read.
    end: u64,
    current: Option<Current>,
    is_guarded: bool,
    /// The segment whose replay was counted last.
    attempted: Option<u64>,
    /// That count is durable.
    is_noted: bool,
}

/// A segment as far as it is to be read.
struct Stretch {
    segment: Arc<Segment>,
    durable_bytes: u64,
    /// Sequence where it ends.
    end: u64,
}

struct Current {
    stretch: Stretch,
    scan: SegmentScan,
    batch: Option<Batch>,
}

/// A batch whose entries are being handed out.
struct Batch {
    sequence: u64,
    end: u64,
    at: usize,
    is_single: bool,
}

impl WalReader {
    pub(crate) fn new(shared: Arc<Shared>, from: Position, is_guarded: bool) -> WalReader {
        let state = shared.lock();
        let expected = from.0.max(state.kept_from);
        let mut segments = VecDeque::new();
        let log_end = state.next;
        let mut end = log_end;
        for segment in state.segments.iter().rev() {
            let stretch_end = if is_off(Protection::EndMark) { u64::MAX } else { end };
            if segment.first < stretch_end && stretch_end > expected {
                let durable_bytes = segment.durable_bytes.load(Ordering::Acquire);
                segments.push_front(Stretch { segment: segment.clone(), durable_bytes, end: stretch_end });
            }
            end = end.min(segment.first);
        }
        drop(state);
        WalReader {
            shared,
            segments,
            from: expected,
            expected,
            end: log_end,
            current: None,
            is_guarded,
            attempted: None,
            is_noted: false,
        }
    }

    /// The next entry, or `None` at the end.
    ///
    /// [`WalError::Lost`] names entries that cannot be read; the next call goes on behind them. Any other error means
    /// that the disk could not be read; the next call tries again.
    #[allow(clippy::should_implement_trait, reason = "an iterator of results would end at the first error")]
    pub fn next(&mut self) -> Result<Option<ReadEntry>, WalError> {
        loop {
            if let Some(current) = self.current.as_mut() {
                if let Some(entry) = current.next_entry() {
                    self.expected = self.expected.max(entry.position.0 + 1);
                    if entry.position.0 >= self.from {
                        return Ok(Some(entry));
                    }
                    continue;
                }
                let end = current.stretch.end;
                match current.scan.next_batch()? {
                    Found::Batch(header) if header.first >= end => self.end_segment()?,
                    Found::Batch(header) => current.batch = Some(Batch::new(&header, end)),
                    Found::Damage { at, from, to } => self.lose(at, from, to.min(end))?,
                    Found::End(_) => self.end_segment()?,
                }
                continue;
            }
            let Some(stretch) = self.segments.front() else { return self.end_of_log().map(|()| None) };
            // A gap: where the entries before this file ended is known, and what should follow is not there.
            if stretch.segment.first > self.expected {
                let (from, to) = (self.expected, stretch.segment.first);
                self.expected = to;
                self.shared.lock().lost.add(from, to);
                self.report(&stretch.segment.path, 0, from, to)?;
                continue;
            }
            self.begin_segment()?;
        }
    }

    /// What should have been read by now and was in no file is lost.
    fn end_of_log(&mut self) -> Result<(), WalError> {
        let (from, to) = (self.expected, self.end);
        if from >= to {
            return Ok(());
        }
        self.expected = to;
        self.shared.lock().lost.add(from, to);
        self.report(&self.shared.settings.dir, 0, from, to)
    }

    fn begin_segment(&mut self) -> Result<(), WalError> {
        let Some(stretch) = self.segments.front() else { return Ok(()) };
        let segment = stretch.segment.clone();
        let end = stretch.end;
        if self.is_guarded && self.attempted != Some(segment.id) && self.must_pass_over(&segment) {
            return self.pass_over(&segment, end);
        }
        let file = match self.shared.disk.open(&segment.path, OpenMode::Read) {
            Ok(file) => file,
            // Somebody has taken it away; asking again brings nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.pass_over(&segment, end),
            Err(error) => return Err(WalError::disk("open", &segment.path)(error)),
        };
        let file_bytes = file.len().map_err(WalError::disk("look at", &segment.path))?;
        let Some(stretch) = self.segments.pop_front() else { return Ok(()) };
        let start = ScanStart {
            id: segment.id,
            salt: segment.salt,
            end: stretch.durable_bytes.min(file_bytes),
            expected: segment.first,
            chain: Some(segment.chain_seed),
        };
        self.current = Some(Current { scan: SegmentScan::new(file, &segment.path, start), stretch, batch: None });
        Ok(())
    }

    /// Leaves the segment; what should have been in it and was not is lost.
    fn end_segment(&mut self) -> Result<(), WalError> {
        let Some(current) = self.current.take() else { return Ok(()) };
        let end = current.stretch.end;
        if end == u64::MAX || self.expected >= end {
            return Ok(());
        }
        let from = self.expected;
        self.expected = end;
        let at = current.scan.at().min(current.stretch.durable_bytes).max(PAGE_BYTES);
        let segment = &current.stretch.segment;
        self.shared.note_damage(segment, from, end);
        self.report(&segment.path, at, from, end)
    }

    fn lose(&mut self, at: u64, from: u64, to: u64) -> Result<(), WalError> {
        let Some(current) = &self.current else { return Ok(()) };
        let segment = &current.stretch.segment;
        let from = from.max(self.expected);
        self.expected = self.expected.max(to);
        self.shared.note_damage(segment, from, to);
        self.report(&segment.path, at, from, to)
    }

    /// Goes on behind a segment whose entries cannot be had.
    fn pass_over(&mut self, segment: &Segment, end: u64) -> Result<(), WalError> {
        self.segments.pop_front();
        let from = self.expected;
        self.expected = self.expected.max(end);
        self.shared.note_damage(segment, from, end);
        self.report(&segment.path, 0, from, end)
    }

    /// Reports `from..to` as lost, unless none of it was asked for.
    fn report(&self, path: &Path, offset: u64, from: u64, to: u64) -> Result<(), WalError> {
        let first = from.max(self.from);
        if first >= to {
            return Ok(());
        }
        Err(WalError::Lost { path: path.to_path_buf(), offset, first: Position(first), last: Position(to - 1) })
    }

    /// Counts the attempt at a segment, durably and before it is read. A disk that does not take the note is no reason to
    /// withhold what can be read.
    fn must_pass_over(&mut self, segment: &Segment) -> bool {
        let mut must = false;
        let noted = self.shared.remember(|remembered| match remembered.replay_comes_to(segment.id, self.attempted) {
            Verdict::Read(next) => next,
            Verdict::PassOver(next) => {
                must = true;
                next
            }
        });
        let noted = carry_on(noted, "at worst a start that ends in this segment is not counted, and one more is made");
        self.attempted = (!must).then_some(segment.id);
        self.is_noted = noted.is_some();
        must
    }
}

impl Drop for WalReader {
    fn drop(&mut self) {
        if let Some(segment_id) = self.attempted.filter(|_| self.is_noted && !std::thread::panicking()) {
            let taken_back = self.shared.remember(|remembered| remembered.take_back(segment_id));
            carry_on(taken_back, "at worst the next start counts this replay as one that failed");
        }
    }
}

impl Batch {
    fn new(header: &BatchHeader, end: u64) -> Batch {
        Batch {
            sequence: header.first,
            end: header.end().min(end),
            at: BATCH_HEADER_BYTES,
            is_single: header.count == 1,
        }
    }
}

impl Current {
    fn next_entry(&mut self) -> Option<ReadEntry> {
        let batch = self.batch.as_mut().filter(|batch| batch.sequence < batch.end)?;
        let place = entry_at(&self.scan.batch, batch.at)?;
        let body_end = place.body_at + place.body_bytes;
        let body = if batch.is_single {
            // The longest entries are alone in their batch; its memory becomes theirs instead of a second copy.
            let mut bytes = std::mem::take(&mut self.scan.batch);
            bytes.truncate(body_end);
            bytes.drain(..place.body_at);
            bytes
        } else {
            self.scan.batch.get(place.body_at..body_end)?.to_vec()
        };
        let entry = ReadEntry { position: Position(batch.sequence), kind: place.kind, body };
        batch.at = body_end;
        batch.sequence += 1;
        Some(entry)
    }
}
