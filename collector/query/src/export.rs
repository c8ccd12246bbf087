//! All records that match, newest first, handed over one by one as they are found.
//!
//! What is held is bounded by how far row groups overlap in time, not by how much matches: a record is handed over as
//! soon as nothing newer can be unread.

use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::limits::{FOUND_PER_RESERVATION, SLICE_RECORDS};
use crate::newest::Found;
use crate::pipeline::{Cell, View, touch_fields};
use crate::plan::{Scan, Window};
use crate::search::just_behind;
use crate::sources::Sources;
use basics::Reservation;
use log_store::{LogColumns, LogSnapshot};
use model::{Field, Filter, LogRecord, RecordPosition, TimeRange};
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRequest {
    /// What must match.
    pub filter: Filter,
    /// When it must have been.
    pub range: TimeRange,
    /// Only records strictly before this position: `next` of an earlier answer.
    pub before: Option<RecordPosition>,
    /// The fields that are wanted; `None` for whole records.
    pub columns: Option<Vec<Field>>,
}

/// One record that is handed over.
#[derive(Debug)]
pub enum ExportRow {
    /// The record, whole.
    Record(LogRecord),
    /// The fields that are wanted of it.
    Cells(Vec<Cell>),
}

/// Why whoever takes rows takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportEnd {
    /// It has enough, the last row among it.
    Enough,
    /// It could not take the last row; an export that goes on begins with it.
    Refused,
}

/// How far an export came.
#[derive(Debug, Default)]
pub struct ExportAnswer {
    /// How many records were handed over.
    pub records: u64,
    /// How many records were put to the filter.
    pub scanned: u64,
    /// Why it ended before its end.
    pub cut_short: Option<CutShort>,
    /// Where it goes on: strictly before this position. `None` when nothing can follow.
    pub next: Option<RecordPosition>,
}

/// Hands over all records that match. It ends early when `take` breaks, with `next` behind the last record that it took.
///
/// A deadline or a memory ceiling cuts it short; cancellation ends it with [`QueryError::Cancelled`].
pub fn export(
    snapshot: &LogSnapshot,
    request: &ExportRequest,
    guard: &QueryGuard,
    take: &mut dyn FnMut(ExportRow) -> ControlFlow<ExportEnd>,
) -> Result<ExportAnswer, QueryError> {
    export_in_slices(snapshot, request, guard, take, SLICE_RECORDS)
}

pub(crate) fn export_in_slices(
    snapshot: &LogSnapshot,
    request: &ExportRequest,
    guard: &QueryGuard,
    take: &mut dyn FnMut(ExportRow) -> ControlFlow<ExportEnd>,
    slice_records: usize,
) -> Result<ExportAnswer, QueryError> {
    let question = Question::compile(&request.filter)?;
    let range = request.range.intersect(question.time_range());
    let window = Window { range, before: request.before, after_sequence: None };
    let sources = Sources::new(snapshot, &window, &question);
    let mut scan = Scan::new(&sources, &question, window, slice_records);
    let answer = ExportAnswer::default();
    let columns = request.columns.as_deref();
    let mut run = Run { question: &question, sources: &sources, columns, take, answer, is_over: false };
    let mut pending = Pending { found: BinaryHeap::new(), memory: None };
    let result = run.run(&mut scan, &mut pending, guard);
    let Run { mut answer, is_over, .. } = run;
    let stopped = match result {
        Ok(()) => None,
        Err(stop) => Some(stop.cut_short()?),
    };
    if stopped.is_some() || is_over {
        let newest_left = pending.found.peek().map(|found| found.position);
        answer.next = newest_left.max(scan.frontier()).map(just_behind);
    }
    answer.cut_short = CutShort::first(snapshot.is_replaying(), sources.has_damage(), stopped);
    Ok(answer)
}

struct Run<'a> {
    question: &'a Question,
    sources: &'a Sources,
    columns: Option<&'a [Field]>,
    take: &'a mut dyn FnMut(ExportRow) -> ControlFlow<ExportEnd>,
    answer: ExportAnswer,
    is_over: bool,
}

/// Records that were found and that newer ones may stand before.
struct Pending {
    found: BinaryHeap<Found>,
    memory: Option<Reservation>,
}

impl Pending {
    /// Takes all of them or none.
    fn extend(&mut self, found: Vec<Found>, guard: &QueryGuard) -> Result<(), Stop> {
        if self.found.len() + found.len() > self.found.capacity() {
            let wanted = self.found.len() + FOUND_PER_RESERVATION.max(self.found.len()).max(found.len());
            let bytes = (wanted * size_of::<Found>()) as u64;
            let memory = match self.memory.take() {
                Some(memory) => self.memory.insert(memory),
                None => self.memory.insert(guard.reserve(0)?),
            };
            if !memory.try_grow_to(bytes) {
                return Err(Stop::OUT_OF_MEMORY);
            }
            self.found.reserve_exact(wanted - self.found.len());
        }
        self.found.extend(found);
        Ok(())
    }
}

impl Run<'_> {
    fn run(&mut self, scan: &mut Scan<'_>, pending: &mut Pending, guard: &QueryGuard) -> Result<(), Stop> {
        while let Some(next) = scan.next_slice(None, guard)? {
            guard.look()?;
            let matches = self.question.matches(next.slice(), next.candidates, guard)?;
            let first = next.slice().rows().start;
            let mut found = Vec::new();
            for row in matches.rows() {
                let row = first + row;
                found.push(Found { position: next.batch.position(row), source: next.source, row });
            }
            if self.sources.is_damaged(next.source, &next.batch) {
                scan.give_up(&next);
                continue;
            }
            // What is not pending is unread.
            pending.extend(found, guard)?;
            self.answer.scanned += next.candidates.count() as u64;
            scan.pass(&next, None);
            self.hand_over(pending, scan.frontier(), guard)?;
            if self.is_over {
                return Ok(());
            }
        }
        self.hand_over(pending, None, guard)
    }

    /// Hands over what is newer than all that is unread.
    fn hand_over(
        &mut self,
        pending: &mut Pending,
        frontier: Option<RecordPosition>,
        guard: &QueryGuard,
    ) -> Result<(), Stop> {
        while let Some(found) = pending.found.peek().copied() {
            if frontier.is_some_and(|frontier| found.position <= frontier) {
                return Ok(());
            }
            let row = self.row(found, guard)?;
            let taken = row.map_or(ControlFlow::Continue(()), |row| {
                self.answer.records += 1;
                (self.take)(row)
            });
            self.is_over = taken.is_break();
            if taken == ControlFlow::Break(ExportEnd::Refused) {
                self.answer.records -= 1;
                return Ok(());
            }
            pending.found.pop();
            if self.is_over {
                return Ok(());
            }
        }
        Ok(())
    }

    /// `None` when its part is damaged.
    fn row(&self, found: Found, guard: &QueryGuard) -> Result<Option<ExportRow>, Stop> {
        let batch = self.sources.batch(found.source, guard)?;
        let columns = LogColumns::of(&batch);
        let row = match self.columns {
            None => {
                let bytes = crate::answer::bytes_at_most(&columns, found.row);
                guard.spend(usize::try_from(bytes).unwrap_or(usize::MAX))?;
                ExportRow::Record(columns.record(found.row))
            }
            Some(fields) => {
                touch_fields(columns, fields);
                let view = View::stored(columns, found.row);
                let cells: Result<Vec<Cell>, Stop> = fields.iter().map(|field| view.value(field, guard)).collect();
                ExportRow::Cells(cells?)
            }
        };
        Ok(Some(row).filter(|_| !self.sources.is_damaged(found.source, &batch)))
    }
}

#[cfg(test)]
mod tests;
