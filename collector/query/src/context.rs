//! What stands around one record: the records before and after it, in its stream or among all.
//!
//! Time is widened around the record until there are enough on either side, so that what is read does not depend on how
//! old the record is. All records of a span that was read are known, so those nearest in it are the nearest of all.

use crate::SearchRequest;
use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::guard::{QueryGuard, Stop};
use crate::limits::SLICE_RECORDS;
use crate::pipeline::{Held, Row, Sides, Surroundings};
use crate::search::{just_behind, search_in_slices};
use crate::work::Work;
use basics::{Reservation, Timestamp};
use log_store::LogSnapshot;
use model::{Filter, LogRecord, RecordPosition, TimeRange};
use std::time::Duration;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextRequest {
    /// The record.
    pub position: RecordPosition,
    /// Most records before it.
    pub before: usize,
    /// Most records after it.
    pub after: usize,
    /// Only records of its stream (resource and scope), else of all.
    pub is_of_stream: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct ContextAnswer {
    /// The record; `None` when there is none at the position.
    pub record: Option<LogRecord>,
    /// The records before it, newest first.
    pub before: Vec<LogRecord>,
    /// The records after it, newest first.
    pub after: Vec<LogRecord>,
    /// Why there may be more of them, farther away. Those given are the nearest ones, but for `replaying` and `damaged`.
    pub cut_short: Option<CutShort>,
    /// What it took.
    pub work: Work,
    /// Held as long as the records are.
    memory: Option<Reservation>,
}

/// How far is looked at first on either side.
const FIRST_SPAN: Duration = Duration::from_secs(1);
/// By what the span grows.
const GROWTH: u32 = 16;

/// Finds what stands around a record.
///
/// A deadline or a memory ceiling cuts the answer short; cancellation ends it with [`QueryError::Cancelled`].
pub fn context(
    snapshot: &LogSnapshot,
    request: &ContextRequest,
    guard: &QueryGuard,
) -> Result<ContextAnswer, QueryError> {
    let position = request.position;
    let found = SearchRequest {
        filter: Filter::All,
        range: TimeRange { start: position.time, end: position.time.saturating_add(Duration::from_nanos(1)) },
        limit: 1,
        before: Some(just_behind(position)),
        after_sequence: None,
    };
    let mut found = search_in_slices(snapshot, &found, guard, SLICE_RECORDS)?;
    let mut answer = ContextAnswer { cut_short: found.cut_short, work: found.work, ..ContextAnswer::default() };
    let record = found.records.pop().filter(|record| record.position == position);
    let Some(record) = record else { return Ok(answer) };
    if let Err(stop) = widen(snapshot, request, &record, &mut answer, guard)? {
        let stopped = Some(stop.cut_short()?);
        answer.cut_short = answer.cut_short.into_iter().chain(stopped).min();
    }
    answer.record = Some(record);
    Ok(answer)
}

fn widen(
    snapshot: &LogSnapshot,
    request: &ContextRequest,
    record: &LogRecord,
    answer: &mut ContextAnswer,
    guard: &QueryGuard,
) -> Result<Result<(), Stop>, QueryError> {
    let whole = times_of(snapshot);
    let time = record.position.time;
    let (mut back, mut forth) = (FIRST_SPAN, FIRST_SPAN);
    loop {
        let range = TimeRange {
            start: time.saturating_sub(back),
            end: time.saturating_add(forth).saturating_add(Duration::from_nanos(1)),
        };
        let surroundings = Surroundings::within(range, request.is_of_stream)?;
        let sources = surroundings.sources(snapshot);
        let sides = Sides { before: request.before, after: request.after };
        let hit = Row { position: Some(record.position), record: Some(record.clone()), made: Vec::new(), bytes: 0 };
        let around = Held::new(&sources, guard).and_then(|mut held| {
            let rows = surroundings.around(&sources, vec![hit], sides, SLICE_RECORDS, &mut held, guard)?;
            Ok((rows, held.settle()))
        });
        if sources.has_damage() {
            answer.cut_short = answer.cut_short.into_iter().chain([CutShort::Damaged]).min();
        }
        answer.work = answer.work.and(sources.work());
        let (rows, memory) = match around {
            Ok(around) => around,
            Err(stop) => return Ok(Err(stop)),
        };
        let records = rows.into_iter().filter_map(|row| row.record);
        let (after, not_after): (Vec<LogRecord>, Vec<LogRecord>) =
            records.partition(|found| found.position > record.position);
        answer.after = after;
        answer.before = not_after.into_iter().filter(|found| found.position < record.position).collect();
        answer.memory = Some(memory);
        let is_back_done = answer.before.len() >= request.before || range.start <= whole.start;
        let is_forth_done = answer.after.len() >= request.after || range.end >= whole.end;
        if is_back_done && is_forth_done {
            return Ok(Ok(()));
        }
        if !is_back_done {
            back = back.saturating_mul(GROWTH);
        }
        if !is_forth_done {
            forth = forth.saturating_mul(GROWTH);
        }
    }
}

/// All times that a snapshot may hold.
pub(crate) fn times_of(snapshot: &LogSnapshot) -> TimeRange {
    let in_memory = snapshot.batches().iter().map(|batch| batch.time_range());
    let in_parts = snapshot.parts().iter().map(|part| part.time_range());
    let nothing = TimeRange { start: Timestamp::MAX, end: Timestamp::MIN };
    in_memory
        .chain(in_parts)
        .fold(nothing, |whole, range| TimeRange { start: whole.start.min(range.start), end: whole.end.max(range.end) })
}

#[cfg(test)]
mod tests;
