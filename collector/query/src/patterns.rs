//! The patterns of the records that match: how many each has, its newest record, and how many when.
//!
//! The pipe `patterns` counts; then the records are read a second time for those patterns that are shown. Two bodies are
//! of one pattern exactly where the pipe takes them for one: what is looked up is the shape of the example that it gave.
//!
//! Within a part, shapes have numbers: of each number one body is split, and the bodies of all others are not read.

use crate::answer::AnswerMemory;
use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::histogram::Grid;
use crate::limits::{ENTRY_BYTES, SLICE_RECORDS};
use crate::newest::Found;
use crate::pipeline::{Cell, Held, PipelineRequest, PipelineRows, pipeline_in_slices};
use crate::plan::{NextSlice, Scan, Window};
use crate::sources::Sources;
use crate::work::Work;
use arrow_array::Array;
use basics::{Reservation, Timestamp};
use log_store::{LogColumns, LogSnapshot};
use model::{Filter, LogRecord, Pipe, TimeRange, Value, ValueKind};
use std::collections::HashMap;
use std::time::Duration;
use text_index::Splitter;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternsRequest {
    /// What must match.
    pub filter: Filter,
    /// When it must have been; the trends are cut from it.
    pub range: TimeRange,
    /// Most patterns in the answer.
    pub count: usize,
    /// Width of a bucket of the trends.
    pub bucket: Duration,
    /// The present.
    pub now: Timestamp,
}

/// What was found.
#[derive(Debug, Default)]
pub struct PatternsAnswer {
    /// The patterns, the most frequent ones first.
    pub patterns: Vec<PatternFacts>,
    /// When each bucket of the trends begins: at multiples of the width since 1970, empty ones included. Empty when the
    /// trends are missing.
    pub bucket_starts: Vec<Timestamp>,
    /// True when there are more patterns.
    pub has_more: bool,
    /// How many records were put to the filter.
    pub scanned: u64,
    /// How many of these match, those without a body among them.
    pub matched: u64,
    /// Why the answer is made of a part of the records only. Trends and example records may be missing then.
    pub cut_short: Option<CutShort>,
    /// What it took.
    pub work: Work,
    /// Held as long as the patterns are.
    memory: Vec<Reservation>,
}

/// One pattern.
#[derive(Debug)]
pub struct PatternFacts {
    /// The shape, with `<_>` for what varies in it.
    pub pattern: Box<str>,
    /// How many records have it.
    pub count: u64,
    /// The newest body of it.
    pub example: Box<str>,
    /// The record of that body.
    pub record: Option<LogRecord>,
    /// How many in each bucket.
    pub trend: Vec<u64>,
}

/// Finds the patterns of the records that match.
///
/// A deadline or a memory ceiling cuts the answer short; cancellation ends it with [`QueryError::Cancelled`].
pub fn patterns(
    snapshot: &LogSnapshot,
    request: &PatternsRequest,
    guard: &QueryGuard,
) -> Result<PatternsAnswer, QueryError> {
    patterns_in_slices(snapshot, request, guard, SLICE_RECORDS)
}

pub(crate) fn patterns_in_slices(
    snapshot: &LogSnapshot,
    request: &PatternsRequest,
    guard: &QueryGuard,
    slice_records: usize,
) -> Result<PatternsAnswer, QueryError> {
    let grid = Grid::new(request.range, request.bucket)?;
    let question = Question::compile(&request.filter)?;
    let counted = PipelineRequest {
        filter: request.filter.clone(),
        pipes: vec![Pipe::Patterns { count: Some(u32::try_from(request.count).unwrap_or(u32::MAX).saturating_add(1)) }],
        range: request.range,
        rows_max: request.count,
        now: request.now,
    };
    let counted = pipeline_in_slices(snapshot, &counted, guard, slice_records)?;
    let mut answer = PatternsAnswer {
        has_more: counted.has_more,
        scanned: counted.scanned,
        matched: counted.matched,
        cut_short: counted.cut_short,
        work: counted.work,
        ..PatternsAnswer::default()
    };
    answer.memory.extend(counted.memory);
    if let PipelineRows::Table { rows, .. } = counted.rows {
        answer.patterns = rows.into_iter().filter_map(facts).collect();
    }
    if matches!(counted.cut_short, Some(CutShort::Deadline | CutShort::Memory)) {
        return Ok(answer);
    }
    let range = request.range.intersect(question.time_range());
    let window = Window { range, before: None, after_sequence: None };
    let sources = Sources::new(snapshot, &window, &question);
    if let Err(stop) = add_trends(&question, &sources, window, &grid, slice_records, &mut answer, guard) {
        let stopped = Some(stop.cut_short()?);
        answer.cut_short = answer.cut_short.into_iter().chain(stopped).min();
        // Half a trend is a wrong one.
        answer.bucket_starts = Vec::new();
        answer.patterns.iter_mut().for_each(|pattern| pattern.trend = Vec::new());
    }
    answer.work = answer.work.and(sources.work());
    Ok(answer)
}

/// A row of the pipe's table.
fn facts(row: Vec<Cell>) -> Option<PatternFacts> {
    let mut cells = row.into_iter();
    match (cells.next()?, cells.next()?, cells.next()?) {
        (Cell::Value(Value::Str(pattern)), Cell::Value(Value::Int(count)), Cell::Value(Value::Str(example))) => {
            let count = u64::try_from(count).unwrap_or_default();
            Some(PatternFacts { pattern, count, example, record: None, trend: Vec::new() })
        }
        _ => None,
    }
}

/// Reads the records again for the patterns that are shown.
fn add_trends(
    question: &Question,
    sources: &Sources,
    window: Window,
    grid: &Grid,
    slice_records: usize,
    answer: &mut PatternsAnswer,
    guard: &QueryGuard,
) -> Result<(), Stop> {
    let mut held = Held::new(sources, guard)?;
    held.take((answer.patterns.len() as u64 + 1).saturating_mul(grid.count() as u64 * size_of::<u64>() as u64))?;
    answer.bucket_starts = grid.starts().collect();
    let mut shapes = Shapes::new(&answer.patterns);
    for pattern in &mut answer.patterns {
        pattern.trend = vec![0; grid.count()];
    }
    let mut newest: Vec<Option<Found>> = vec![None; answer.patterns.len()];
    let mut scan = Scan::new(sources, question, window, slice_records).in_any_order();
    while let Some(next) = scan.next_slice(None, guard)? {
        guard.look()?;
        held.read_from(next.source);
        let matches = question.matches(next.slice(), next.candidates, guard)?;
        let placed = shapes.places(&next, matches.rows(), &mut held, guard)?;
        let founds = placed.iter().map(|(row, place)| {
            (Found { position: next.batch.position(*row), source: next.source, row: *row }, *place)
        });
        let founds: Vec<(Found, usize)> = founds.collect();
        if sources.is_damaged(next.source, &next.batch) {
            scan.give_up(&next);
            continue;
        }
        for (found, place) in founds {
            let trend = &mut answer.patterns[place].trend;
            if let Some(count) = grid.index_of(found.position.time.0).and_then(|bucket| trend.get_mut(bucket)) {
                *count += 1;
            }
            newest[place] = newest[place].max(Some(found));
        }
        scan.pass(&next, None);
    }
    let mut memory = AnswerMemory::new(guard)?;
    for (pattern, found) in answer.patterns.iter_mut().zip(newest) {
        let Some(found) = found else { continue };
        let batch = sources.batch(found.source, guard)?;
        let columns = LogColumns::of(&batch);
        memory.expect(&columns, found.row, guard)?;
        let record = columns.record(found.row);
        if !sources.is_damaged(found.source, &batch) {
            memory.charge(&record);
            pattern.record = Some(record);
        }
    }
    answer.memory.push(memory.settle());
    answer.memory.push(held.settle());
    Ok(())
}

/// Which pattern a body is of.
struct Shapes {
    splitter: Splitter,
    /// The patterns that are shown, by shape.
    shown: HashMap<Box<str>, usize>,
    /// By part and number of the shape.
    by_number: HashMap<(usize, u32), Option<usize>>,
}

impl Shapes {
    fn new(patterns: &[PatternFacts]) -> Shapes {
        let mut splitter = Splitter::new();
        let mut shown = HashMap::new();
        for (place, pattern) in patterns.iter().enumerate() {
            shown.insert(shape_of(&mut splitter, &pattern.example).into(), place);
        }
        Shapes { splitter, shown, by_number: HashMap::new() }
    }

    /// The records of a slice that are of a shown pattern, counted in the batch, each with its pattern's place.
    fn places(
        &mut self,
        next: &NextSlice,
        rows: impl Iterator<Item = usize>,
        held: &mut Held<'_>,
        guard: &QueryGuard,
    ) -> Result<Vec<(usize, usize)>, Stop> {
        let slice = next.slice();
        let (columns, first) = (slice.columns(), slice.rows().start);
        let numbers = next.batch.group().zip(next.batch.shapes());
        let mut placed = Vec::new();
        for row in rows.map(|row| first + row) {
            guard.spend(1)?;
            let numbered = numbers.filter(|(_, shapes)| shapes.is_valid(row));
            let number = numbered.map(|(group, shapes)| (group.part_key(), shapes.value(row)));
            let known = number.and_then(|number| self.by_number.get(&number)).copied();
            let place = match known {
                Some(place) => place,
                None if columns.body_kind(row) == ValueKind::Empty => None,
                None => {
                    let text = columns.body().value(row);
                    guard.spend(text.len())?;
                    let place = self.shown.get(shape_of(&mut self.splitter, text)).copied();
                    if let Some(number) = number {
                        held.take(ENTRY_BYTES)?;
                        self.by_number.insert(number, place);
                    }
                    place
                }
            };
            placed.extend(place.map(|place| (row, place)));
        }
        Ok(placed)
    }
}

/// The shape of a body, or all of it where it has none, as the pipe takes it.
fn shape_of<'a>(splitter: &'a mut Splitter, text: &'a str) -> &'a str {
    match splitter.split(text) {
        Some(split) => split.shape,
        None => text,
    }
}

#[cfg(test)]
mod tests;
