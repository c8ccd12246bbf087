//! What is read, and in which order: always the newest unread slice of any batch.
//!
//! Batches overlap in time, since senders are late and clocks differ. Reading whichever slice holds the newest unread
//! record keeps one line between what is read and what is not ([`Scan::frontier`]): everything newer has been seen.
//! That line makes early stops exact, and makes what was found before an early end an answer without gaps.
//!
//! A row group of a part is not in order within itself. Until it is opened it counts as unread up to its newest moment;
//! then each of its slices up to the newest record in it.

use crate::evaluate::{Mask, Question, Slice};
use crate::guard::{QueryGuard, Stop};
use crate::limits::WORK_PER_GROUP;
use crate::sources::Sources;
use log_store::LogColumns;
use model::{RecordPosition, TimeRange};
use parts::Batch;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

/// Which records are asked about, before any filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) range: TimeRange,
    /// Only records strictly before this position.
    pub(crate) before: Option<RecordPosition>,
    /// Only records of a higher sequence.
    pub(crate) after_sequence: Option<u64>,
}

/// The reading of a snapshot.
#[derive(Debug)]
pub(crate) struct Scan<'s> {
    sources: &'s Sources,
    question: &'s Question,
    window: Window,
    slice_records: usize,
    unread: BinaryHeap<Unread>,
    has_passed_over: bool,
    /// The line between read and unread is to be exact.
    is_ordered: bool,
    /// What is asked about has words that few records have.
    is_rare: bool,
}

/// What is left to read of one source. Ordered by the newest record in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Unread {
    /// The newest record, or what is not older than it.
    newest: RecordPosition,
    source: usize,
    start: usize,
    end: usize,
    /// A row group that was not opened yet.
    is_closed: bool,
}

/// The next slice to read.
#[derive(Debug, Clone)]
pub(crate) struct NextSlice {
    pub(crate) source: usize,
    pub(crate) batch: Arc<Batch>,
    start: usize,
    end: usize,
    /// The records of the slice that are asked about.
    pub(crate) candidates: Mask,
}

impl NextSlice {
    pub(crate) fn slice(&self) -> Slice<'_> {
        Slice::new(LogColumns::of(&self.batch), self.start..self.end)
    }
}

impl Window {
    /// The records of a sorted batch that may be inside, sequences aside.
    fn rows_of(&self, batch: &Batch) -> Range<usize> {
        if !self.may_hold_sequences(batch.sequence_range()) {
            return 0..0;
        }
        let times = batch.times();
        let start = times.partition_point(|time| *time < self.range.start.0);
        let mut end = times.partition_point(|time| *time < self.range.end.0);
        if let Some(before) = self.before {
            end = end.min(first_row_from(batch, before));
        }
        start..end.max(start)
    }

    /// True when a record with one of these sequences may be inside.
    pub(crate) fn may_hold_sequences(&self, sequences: Range<u64>) -> bool {
        self.after_sequence.is_none_or(|after| sequences.end.saturating_sub(1) > after)
    }

    /// True when a record with one of these times may be inside.
    pub(crate) fn may_hold_times(&self, times: TimeRange) -> bool {
        let is_before = self.before.is_none_or(|before| times.start <= before.time);
        is_before && !self.range.intersect(times).is_empty()
    }

    /// The newest position that a record with one of these times can have inside.
    fn newest_of(&self, times: TimeRange) -> RecordPosition {
        let last = self.range.intersect(times).end.0.saturating_sub(1);
        let newest = RecordPosition { time: basics::Timestamp(last), sequence: u64::MAX };
        self.before.map_or(newest, |before| newest.min(before))
    }

    /// The records of a slice that are inside.
    fn candidates(&self, batch: &Batch, rows: Range<usize>) -> Mask {
        let mut candidates = Mask::first(rows.len());
        // Columns of a row group are read from the disk when they are asked for: not without need.
        if let Some(after) = self.after_sequence {
            let sequences = &batch.sequences()[rows.clone()];
            candidates = candidates.retain(|row| sequences[row] > after);
        }
        if !batch.is_sorted() && self.range.intersect(batch.time_range()) != batch.time_range() {
            let times = &batch.times()[rows.clone()];
            candidates = candidates.retain(|row| self.range.contains(basics::Timestamp(times[row])));
        }
        if let Some(before) = self.before.filter(|_| !batch.is_sorted()) {
            let (times, sequences) = (&batch.times()[rows.clone()], &batch.sequences()[rows]);
            candidates = candidates.retain(|row| {
                RecordPosition { time: basics::Timestamp(times[row]), sequence: sequences[row] } < before
            });
        }
        candidates
    }
}

/// The first record of a sorted batch that stands at the position or behind it.
fn first_row_from(batch: &Batch, position: RecordPosition) -> usize {
    let (times, sequences) = (batch.times(), batch.sequences());
    let start = times.partition_point(|time| *time < position.time.0);
    let end = times.partition_point(|time| *time <= position.time.0);
    start + sequences[start..end].partition_point(|sequence| *sequence < position.sequence)
}

impl<'s> Scan<'s> {
    pub(crate) fn new(sources: &'s Sources, question: &'s Question, window: Window, slice_records: usize) -> Scan<'s> {
        let in_memory = sources.in_memory().filter_map(|(source, batch)| {
            let rows = window.rows_of(batch);
            let last = rows.end.checked_sub(1).filter(|_| !rows.is_empty())?;
            Some(Unread { newest: batch.position(last), source, start: rows.start, end: rows.end, is_closed: false })
        });
        let stored = sources.stored().map(|(source, group)| {
            let newest = window.newest_of(group.time_range());
            Unread { newest, source, start: 0, end: group.records(), is_closed: true }
        });
        let unread = in_memory.chain(stored).collect();
        let is_rare = !question.required_keys().is_empty();
        Scan { sources, question, window, slice_records, unread, has_passed_over: false, is_ordered: true, is_rare }
    }

    /// The same for a question about all records, however they come: row groups need not be put in order.
    pub(crate) fn in_any_order(mut self) -> Scan<'s> {
        self.is_ordered = false;
        self.sources.read_one_by_one();
        self
    }

    /// The newest record that is not read, or what is not older than it; all newer ones are read.
    pub(crate) fn frontier(&self) -> Option<RecordPosition> {
        self.unread.peek().map(|unread| unread.newest)
    }

    /// True when records of the window have not been read.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.has_passed_over || !self.unread.is_empty()
    }

    /// The slice with the newest unread record. What is not newer than `floor` is passed over; `None` when nothing is
    /// left that is.
    pub(crate) fn next_slice(
        &mut self,
        floor: Option<RecordPosition>,
        guard: &QueryGuard,
    ) -> Result<Option<NextSlice>, Stop> {
        loop {
            let Some(unread) = self.unread.peek() else { return Ok(None) };
            if floor.is_some_and(|floor| unread.newest <= floor) {
                return Ok(None);
            }
            let is_in_vain = unread.is_closed
                && self.sources.group(unread.source).is_some_and(|group| !self.question.may_match(group));
            if is_in_vain {
                guard.spend(WORK_PER_GROUP)?;
                self.sources.note_in_vain();
                self.unread.pop();
                continue;
            }
            let batch = self.sources.batch(unread.source, guard)?;
            if unread.is_closed {
                if self.is_rare && !self.has_match(&batch, guard)? {
                    self.unread.pop();
                    continue;
                }
                self.open(&batch);
                continue;
            }
            let mut start = unread.start.max(unread.end.saturating_sub(self.slice_records));
            if let Some(floor) = floor.filter(|_| batch.is_sorted()) {
                start = start.max(first_row_from(&batch, floor)).min(unread.end - 1);
            }
            let candidates = self.candidates(&batch, start..unread.end);
            return Ok(Some(NextSlice { source: unread.source, batch, start, end: unread.end, candidates }));
        }
    }

    /// The records of a slice that are asked about. Here, and nowhere else, deleted ones are left out.
    fn candidates(&self, batch: &Batch, rows: Range<usize>) -> Mask {
        let candidates = self.window.candidates(batch, rows.clone());
        let hidden = self.sources.hidden();
        if !hidden.meets(batch.sequence_range()) {
            return candidates;
        }
        let sequences = &batch.sequences()[rows];
        candidates.retain(|row| !hidden.hides(sequences[row]))
    }

    /// True when some record of a row group matches, or nobody knows. Of what is asked about rare words most row groups that
    /// are opened hold nothing: an index is wrong about one word in a hundred. Those need not be put in order.
    fn has_match(&self, batch: &Batch, guard: &QueryGuard) -> Result<bool, Stop> {
        for start in (0..batch.len()).step_by(self.slice_records) {
            let rows = start..batch.len().min(start + self.slice_records);
            let slice = Slice::new(LogColumns::of(batch), rows);
            if !self.question.matches(slice, Mask::first(slice.len()), guard)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(batch.damage().is_some())
    }

    /// Takes a row group apart into slices. Those without a record inside the window are left out.
    fn open(&mut self, batch: &Batch) {
        let Some(unread) = self.unread.pop() else { return };
        if !self.is_ordered {
            let slices = (0..unread.end).step_by(self.slice_records).map(|start| {
                let end = unread.end.min(start + self.slice_records);
                Unread { start, end, is_closed: false, ..unread.clone() }
            });
            self.unread.extend(slices);
            return;
        }
        let (times, sequences) = (batch.times(), batch.sequences());
        if self.sources.is_damaged(unread.source, batch) {
            return;
        }
        for start in (0..unread.end).step_by(self.slice_records) {
            let end = unread.end.min(start + self.slice_records);
            let candidates = self.candidates(batch, start..end);
            let position = |row: usize| RecordPosition {
                time: basics::Timestamp(times[start + row]),
                sequence: sequences[start + row],
            };
            if let Some(newest) = candidates.rows().map(position).max() {
                self.unread.push(Unread { newest, source: unread.source, start, end, is_closed: false });
            }
        }
    }

    /// Goes on behind a slice that has been read.
    pub(crate) fn pass(&mut self, slice: &NextSlice, floor: Option<RecordPosition>) {
        let Some(mut unread) = self.unread.pop() else { return };
        debug_assert_eq!(unread.source, slice.source, "slices are read one by one");
        unread.end = slice.start;
        let Some(last) = unread.end.checked_sub(1).filter(|_| unread.end > unread.start) else { return };
        debug_assert!(slice.batch.is_sorted(), "a slice of a row group is read as one");
        unread.newest = slice.batch.position(last);
        if floor.is_some_and(|floor| unread.newest <= floor) {
            self.has_passed_over = true;
        } else {
            self.unread.push(unread);
        }
    }

    /// Gives up what is left of the source of a slice: it is damaged.
    pub(crate) fn give_up(&mut self, slice: &NextSlice) {
        self.unread.retain(|unread| unread.source != slice.source);
    }
}
