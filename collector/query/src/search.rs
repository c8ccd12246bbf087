//! The newest records that match.

use crate::answer::AnswerMemory;
use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::found_rows::FoundRows;
use crate::guard::{QueryGuard, Stop};
use crate::limits::SLICE_RECORDS;
use crate::newest::{Found, Newest};
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use crate::work::Work;
use basics::{Reservation, Timestamp};
use log_store::{LogColumns, LogSnapshot};
use model::{Filter, LogRecord, RecordPosition, TimeRange};

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// What must match.
    pub filter: Filter,
    /// When it must have been.
    pub range: TimeRange,
    /// Most records in the answer.
    pub limit: usize,
    /// Only records strictly before this position: `next` of an earlier answer.
    pub before: Option<RecordPosition>,
    /// Only records of a higher sequence: those that arrived later, whatever their time.
    pub after_sequence: Option<u64>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct SearchAnswer {
    /// The newest records that match, newest first, without gaps.
    pub records: Vec<LogRecord>,
    /// How many records were put to the filter.
    pub scanned: u64,
    /// How many of these match. The search stops when the answer is full, so this is no count of all that match.
    pub matched: u64,
    /// Why the answer is not whole.
    pub cut_short: Option<CutShort>,
    /// Where the next page begins: strictly before this position. `None` when nothing can follow. Behind a full page it
    /// is the last record's position; behind an early end it is where the search stopped.
    pub next: Option<RecordPosition>,
    /// What it took.
    pub work: Work,
    /// Held as long as the records are.
    memory: Option<Reservation>,
}

/// Finds the newest records that match.
///
/// A deadline or a memory ceiling cuts the answer short; cancellation ends it with [`QueryError::Cancelled`].
pub fn search(snapshot: &LogSnapshot, request: &SearchRequest, guard: &QueryGuard) -> Result<SearchAnswer, QueryError> {
    search_in_slices(snapshot, request, guard, SLICE_RECORDS)
}

pub(crate) fn search_in_slices(
    snapshot: &LogSnapshot,
    request: &SearchRequest,
    guard: &QueryGuard,
    slice_records: usize,
) -> Result<SearchAnswer, QueryError> {
    let question = Question::compile(&request.filter)?;
    let mut answer = SearchAnswer::default();
    if request.limit == 0 {
        answer.cut_short = CutShort::first(snapshot.is_replaying(), false, None);
        return Ok(answer);
    }
    let window = Window {
        range: request.range.intersect(question.time_range()),
        before: request.before,
        after_sequence: request.after_sequence,
    };
    let sources = Sources::new(snapshot, &window, &question);
    let mut scan = Scan::new(&sources, &question, window, slice_records);
    let mut newest = Newest::new(request.limit);
    let mut stopped = None;
    if let Err(stop) = read(&question, &sources, &mut scan, &mut newest, &mut answer, guard) {
        stopped = Some(stop.cut_short()?);
    }
    let frontier = if stopped.is_some() { scan.frontier() } else { None };
    let may_follow = newest.has_left_out() || scan.is_unfinished();
    let (found, found_memory) = newest.into_sorted(frontier);
    answer.next = match (found.last(), frontier) {
        (Some(last), _) if found.len() == request.limit => Some(last.position).filter(|_| may_follow),
        (_, Some(frontier)) => Some(just_behind(frontier)),
        (last, None) => last.map(|last| last.position).filter(|_| may_follow),
    };
    if let Err(stop) = materialise(&sources, &found, &mut answer, guard) {
        stopped = Some(stop.cut_short()?);
        let reached = answer.records.last().map(|record| record.position);
        answer.next = reached.or_else(|| found.first().map(|first| just_behind(first.position)));
    }
    drop(found_memory);
    answer.cut_short = CutShort::first(snapshot.is_replaying(), sources.has_damage(), stopped);
    answer.work = sources.work();
    Ok(answer)
}

/// Reads slices until nothing newer than what was found is left.
fn read(
    question: &Question,
    sources: &Sources,
    scan: &mut Scan<'_>,
    newest: &mut Newest,
    answer: &mut SearchAnswer,
    guard: &QueryGuard,
) -> Result<(), Stop> {
    while let Some(next) = scan.next_slice(newest.floor(), guard)? {
        guard.look()?;
        let matches = question.matches(next.slice(), next.candidates, guard)?;
        if sources.is_damaged(next.source, &next.batch) {
            scan.give_up(&next);
            continue;
        }
        let first = next.slice().rows().start;
        for row in matches.rows_backwards() {
            let row = first + row;
            let found = Found { position: next.batch.position(row), source: next.source, row };
            let may_follow = newest.offer(found, guard)?;
            if !may_follow && next.batch.is_sorted() {
                break;
            }
        }
        answer.scanned += next.candidates.count() as u64;
        answer.matched += matches.count() as u64;
        scan.pass(&next, newest.floor());
    }
    Ok(())
}

/// The first position that is not before another one.
pub(crate) fn just_behind(position: RecordPosition) -> RecordPosition {
    match position.sequence.checked_add(1) {
        Some(sequence) => RecordPosition { sequence, ..position },
        None => RecordPosition { time: Timestamp(position.time.0.saturating_add(1)), sequence: 0 },
    }
}

/// Makes the records, newest first, as far as memory and time reach.
fn materialise(sources: &Sources, found: &[Found], answer: &mut SearchAnswer, guard: &QueryGuard) -> Result<(), Stop> {
    let mut memory = AnswerMemory::new(guard)?;
    let mut rows = FoundRows::new(sources, found);
    let result = found.iter().try_for_each(|found| {
        let (batch, row) = rows.open(found, guard)?;
        let columns = LogColumns::of(&batch);
        memory.expect(&columns, row, guard).or_else(|stop| {
            // What was left open may hold what is missing.
            sources.close_all();
            rows.close_others();
            if stop == Stop::OUT_OF_MEMORY { memory.expect(&columns, row, guard) } else { Err(stop) }
        })?;
        let record = columns.record(row);
        if !sources.is_damaged(found.source, &batch) {
            memory.charge(&record);
            answer.records.push(record);
        }
        Ok(())
    });
    answer.memory = Some(memory.settle());
    result
}
