//! What is read, and in which order: always the newest unread slice of any batch.
//!
//! Batches overlap in time, since senders are late and clocks differ. Reading whichever slice holds the newest unread
//! record keeps one line between what is read and what is not ([`Scan::frontier`]): everything newer has been seen.
//! That line makes early stops exact, and makes what was found before an early end an answer without gaps.

use crate::evaluate::{Mask, Slice};
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
    batches: &'s [Arc<Batch>],
    window: Window,
    slice_records: usize,
    unread: BinaryHeap<Unread>,
    has_passed_over: bool,
}

/// What is left to read of one batch. Ordered by the newest record in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Unread {
    newest: RecordPosition,
    batch: usize,
    start: usize,
    end: usize,
}

/// The next slice to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NextSlice<'s> {
    pub(crate) batch: usize,
    pub(crate) slice: Slice<'s>,
    /// The records of the slice that are asked about.
    pub(crate) candidates: Mask,
}

impl Window {
    /// The records of a batch that may be inside, sequences aside.
    fn rows_of(&self, batch: &Batch) -> Range<usize> {
        let asked = self.after_sequence.is_none_or(|after| batch.sequence_range().end.saturating_sub(1) > after);
        if !asked {
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
}

/// The first record that stands at the position or behind it.
fn first_row_from(batch: &Batch, position: RecordPosition) -> usize {
    let (times, sequences) = (batch.times(), batch.sequences());
    let start = times.partition_point(|time| *time < position.time.0);
    let end = times.partition_point(|time| *time <= position.time.0);
    start + sequences[start..end].partition_point(|sequence| *sequence < position.sequence)
}

impl<'s> Scan<'s> {
    pub(crate) fn new(batches: &'s [Arc<Batch>], window: Window, slice_records: usize) -> Scan<'s> {
        let unread = batches.iter().enumerate().filter_map(|(index, batch)| {
            let rows = window.rows_of(batch);
            Unread::new(index, batch, rows)
        });
        let unread = unread.collect();
        Scan { batches, window, slice_records, unread, has_passed_over: false }
    }

    /// The newest record that is not read; all newer ones are.
    pub(crate) fn frontier(&self) -> Option<RecordPosition> {
        self.unread.peek().map(|unread| unread.newest)
    }

    /// True when records of the window have not been read.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.has_passed_over || !self.unread.is_empty()
    }

    /// The slice with the newest unread record. What is not newer than `floor` is passed over; `None` when nothing is
    /// left that is.
    pub(crate) fn next_slice(&self, floor: Option<RecordPosition>) -> Option<NextSlice<'s>> {
        let unread = self.unread.peek()?;
        if floor.is_some_and(|floor| unread.newest <= floor) {
            return None;
        }
        let batch = &*self.batches[unread.batch];
        let mut start = unread.start.max(unread.end.saturating_sub(self.slice_records));
        if let Some(floor) = floor {
            start = start.max(first_row_from(batch, floor)).min(unread.end - 1);
        }
        let slice = Slice::new(LogColumns::of(batch), start..unread.end);
        let mut candidates = Mask::first(slice.len());
        if let Some(after) = self.window.after_sequence {
            let sequences = &batch.sequences()[slice.rows()];
            candidates = candidates.retain(|row| sequences[row] > after);
        }
        Some(NextSlice { batch: unread.batch, slice, candidates })
    }

    /// Goes on behind a slice that has been read.
    pub(crate) fn pass(&mut self, slice: &NextSlice<'s>, floor: Option<RecordPosition>) {
        let Some(mut unread) = self.unread.pop() else { return };
        debug_assert_eq!(unread.batch, slice.batch, "slices are read one by one");
        unread.end = slice.slice.rows().start;
        let batch = &*self.batches[unread.batch];
        let Some(rest) = Unread::new(unread.batch, batch, unread.start..unread.end) else { return };
        if floor.is_some_and(|floor| rest.newest <= floor) {
            self.has_passed_over = true;
        } else {
            self.unread.push(rest);
        }
    }
}

impl Unread {
    fn new(index: usize, batch: &Batch, rows: Range<usize>) -> Option<Unread> {
        let last = rows.end.checked_sub(1).filter(|_| !rows.is_empty())?;
        Some(Unread { newest: batch.position(last), batch: index, start: rows.start, end: rows.end })
    }
}
