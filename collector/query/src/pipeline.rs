//! What is made of the records that match: pipes, one behind the other.
//!
//! The records are read once, newest first as everywhere. Each goes through the pipes that look at one row at a time
//! ([`step`]) into the first one that looks at more ([`gather`]); what that yields is held in memory and goes through the
//! rest. A `where` that only asks about the record is part of the filter.
//!
//! Always true:
//! - every figure and every order is exact, whatever the parts that records lie in;
//! - what is held is charged before it is allocated ([`held`]); where the memory or the time is up, the answer is made of
//!   what was read by then and says so: the newer part of the records, or, where several hands read, the newer part of what
//!   each of them was given. When even that does not fit, it has no rows.
//!
//! The pipes, one file each: [`step`] (`where`, and beside it [`parse`] and [`fields`]), [`stats`], [`top`], [`patterns`],
//! [`sort`], [`context`]. `limit` has no file: it is a number of rows.
//!
//! A pipe that groups is fed by as many hands as are free ([`shared`]).
//!
//! Start at [`pipeline`].

mod cell;
mod context;
mod fields;
mod gather;
mod held;
mod parse;
mod patterns;
mod shared;
mod sort;
mod stats;
mod step;
mod tally;
mod top;
mod view;

pub use cell::Cell;
pub(crate) use context::{Sides, Surroundings};
pub(crate) use gather::{Counts, Road, Sink};
pub(crate) use held::Held;
pub(crate) use parse::Parse;
pub(crate) use view::{Base, Row, View};

use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::limits::{CONTEXT_HITS_MAX, ENTRY_BYTES, PATTERNS_DEFAULT, PIPES_GRACE, SLICE_RECORDS};
use crate::newest::Newest;
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use crate::work::Work;
use basics::{Reservation, Timestamp};
use gather::Groups;
use log_store::{LogColumns, LogSnapshot};
use model::{Field, Filter, LogRecord, Pipe, SortKey, TimeRange};
use shared::Shared;
use sort::Sorter;
use stats::Stats;
use std::collections::HashSet;
use std::sync::Arc;
use step::Step;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineRequest {
    /// What must match.
    pub filter: Filter,
    /// What is made of it. Without any, the newest records are the answer.
    pub pipes: Vec<Pipe>,
    /// When it must have been.
    pub range: TimeRange,
    /// Most rows in the answer.
    pub rows_max: usize,
    /// The present: the end of a range without one, for rates.
    pub now: Timestamp,
}

/// What came out.
#[derive(Debug)]
pub struct PipelineAnswer {
    /// The rows, in the order that the pipes gave them.
    pub rows: PipelineRows,
    /// True when there are more rows than the most that were asked for.
    pub has_more: bool,
    /// How many records were put to the filter.
    pub scanned: u64,
    /// How many of these went into the first pipe that looks at more than one row. Where only the newest are wanted,
    /// reading stops when they are there.
    pub matched: u64,
    /// Why the answer is not whole.
    pub cut_short: Option<CutShort>,
    /// What it took.
    pub work: Work,
    /// Held as long as the rows are.
    pub(crate) memory: Option<Reservation>,
}

/// The rows of an answer.
#[derive(Debug)]
pub enum PipelineRows {
    /// Whole records.
    Records(Vec<PipelineRecord>),
    /// A table.
    Table {
        /// What the columns are called. Only what `parse` made of a table's rows may have the name of another column.
        columns: Vec<Box<str>>,
        /// As many cells as there are columns.
        rows: Vec<Vec<Cell>>,
    },
}

/// A record, and what pipes made of it.
#[derive(Debug)]
pub struct PipelineRecord {
    /// The record, without the fields that were left out.
    pub record: LogRecord,
    /// What was made: names and values.
    pub fields: Vec<(Box<str>, Cell)>,
}

/// A table that one pipe made.
#[derive(Debug)]
pub(crate) struct Made {
    columns: Vec<Arc<Field>>,
    rows: Vec<Vec<Cell>>,
}

/// Rows between two pipes.
#[derive(Debug, Default)]
struct State {
    /// The columns of a table; `None` while rows are records.
    columns: Option<Vec<Arc<Field>>>,
    rows: Vec<Row>,
    has_more: bool,
}

/// Runs a pipeline.
///
/// A deadline or a memory ceiling cuts the answer short; cancellation ends it with [`QueryError::Cancelled`].
pub fn pipeline(
    snapshot: &LogSnapshot,
    request: &PipelineRequest,
    guard: &QueryGuard,
) -> Result<PipelineAnswer, QueryError> {
    pipeline_in_slices(snapshot, request, guard, SLICE_RECORDS)
}

/// The pipes of a request, taken apart.
struct Plan {
    /// With each `where` that only asks about the record.
    filter: Filter,
    steps: Vec<Step>,
    /// The table that the steps make.
    columns: Option<Vec<Arc<Field>>>,
    /// The first pipe that looks at more than one row, and what is behind it.
    rest: Vec<Pipe>,
}

impl Plan {
    fn new(request: &PipelineRequest) -> Result<Plan, QueryError> {
        let mut plan = Plan { filter: request.filter.clone(), steps: Vec::new(), columns: None, rest: Vec::new() };
        let mut pipes = request.pipes.iter();
        for pipe in pipes.by_ref() {
            match (pipe, Step::new(pipe)?) {
                (Pipe::Where(filter), _) if plan.steps.is_empty() => {
                    let all = std::mem::replace(&mut plan.filter, Filter::All);
                    plan.filter = Filter::And(vec![all, filter.clone()]);
                }
                (_, Some(step)) => {
                    choose(&mut plan.columns, &step);
                    plan.steps.push(step);
                }
                (_, None) => {
                    plan.rest.push(pipe.clone());
                    break;
                }
            }
        }
        plan.rest.extend(pipes.cloned());
        check(request)?;
        Ok(plan)
    }
}

/// Refuses what has no meaning before anything is read.
fn check(request: &PipelineRequest) -> Result<(), QueryError> {
    let mut are_records = true;
    for pipe in &request.pipes {
        match pipe {
            Pipe::Stats { columns, groups } => drop(Stats::new(columns, groups, None)?),
            Pipe::Top { field, .. } => drop(top::Top::new(field, 0)?),
            Pipe::Where(_) | Pipe::Parse { .. } | Pipe::Fields(_) => drop(Step::new(pipe)?),
            Pipe::Context { .. } if !are_records => return Err(QueryError::ContextWithoutRecords),
            Pipe::Patterns { .. } | Pipe::Sort(_) | Pipe::Limit(_) | Pipe::Context { .. } => {}
        }
        are_records &=
            matches!(pipe, Pipe::Where(_) | Pipe::Parse { .. } | Pipe::Sort(_) | Pipe::Limit(_) | Pipe::Context { .. });
    }
    Ok(())
}

/// What a step does to the columns of a table.
fn choose(columns: &mut Option<Vec<Arc<Field>>>, step: &Step) {
    let Step::Fields(choice) = step else { return };
    match (choice.columns(), columns) {
        (Some(chosen), columns) => *columns = Some(chosen.to_vec()),
        (None, Some(columns)) => columns.retain(|field| !choice.left_out().contains(field)),
        (None, None) => {}
    }
}

/// Reads the columns that the values of fields may come from, so that damage is known before anything is made of them.
pub(crate) fn touch_fields(columns: LogColumns<'_>, fields: &[Field]) {
    fields.iter().for_each(|field| view::touch(columns, field));
}

/// Refuses columns of one name.
fn check_columns<'a>(fields: impl Iterator<Item = &'a Field>) -> Result<(), QueryError> {
    let mut names: Vec<String> = fields.map(name_of).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    if names.len() < count { Err(QueryError::ColumnTwice) } else { Ok(()) }
}

/// What a field's column is called.
pub(crate) fn name_of(field: &Field) -> String {
    match field {
        Field::Time => "time".to_owned(),
        Field::Body => "body".to_owned(),
        Field::Service => "service".to_owned(),
        Field::Level => "level".to_owned(),
        Field::TraceId => "trace_id".to_owned(),
        Field::SpanId => "span_id".to_owned(),
        Field::EventName => "event_name".to_owned(),
        Field::ScopeName => "scope_name".to_owned(),
        Field::Attribute(key) => key.to_string(),
        Field::BodyPath(path) => format!("body.{}", path.as_str()),
    }
}

pub(crate) fn pipeline_in_slices(
    snapshot: &LogSnapshot,
    request: &PipelineRequest,
    guard: &QueryGuard,
    slice_records: usize,
) -> Result<PipelineAnswer, QueryError> {
    let plan = Plan::new(request)?;
    let question = Question::compile(&plan.filter)?;
    let range = request.range.intersect(question.time_range());
    let window = Window { range, before: None, after_sequence: None };
    let mut sources = Sources::new(snapshot, &window, &question);
    let rate_range = rate_range(range, request.now);
    let grouped = match plan.rest.first().filter(|pipe| is_grouping(pipe)) {
        None => None,
        Some(pipe) => {
            let shared = Shared { request, window, slice_records, pipe, rate_range };
            Some(shared.gather(std::mem::take(&mut sources), guard)?)
        }
    };
    // The caller's thread was a hand as well, and what it read is counted there.
    sources.begin_on_this_thread();
    let mut scan = Scan::new(&sources, &question, window, slice_records);
    let mut run = Run {
        snapshot,
        request,
        rate_range,
        surroundings: Surroundings::new()?,
        slice_records,
        has_damage: false,
        work: Work::default(),
    };
    let mut counts = Counts::default();
    let mut stopped = None;
    let road = Road { question: &question, sources: &sources, steps: &plan.steps };
    let mut state = State { columns: plan.columns.clone(), ..State::default() };
    let mut memory = None;
    let begun = match grouped {
        Some(grouped) => {
            run.has_damage = grouped.has_damage;
            run.work = grouped.work;
            counts = grouped.counts;
            grouped.together(&sources, guard, &mut stopped)?
        }
        None => Held::new(&sources, guard).map(|held| (held, None)),
    };
    match begun {
        Err(stop) => stopped = Some(stop.cut_short()?),
        Ok((mut held, groups)) => {
            let sink = match groups {
                Some(groups) => Sink::Groups(groups),
                None => {
                    let mut sink = run.sink(&plan.rest);
                    if !matches!(sink, Sink::Newest(_)) {
                        scan = scan.in_any_order();
                    }
                    if let Err(stop) = road.gather(&mut scan, &mut sink, &mut counts, &mut held, guard) {
                        stopped = Some(stop.cut_short()?);
                    }
                    sink
                }
            };
            let frontier = if stopped.is_some() { scan.frontier() } else { None };
            let late_guard = guard.later(PIPES_GRACE);
            let made = run.first_rows(&plan, sink, &road, frontier, &mut state, &mut held, &late_guard);
            let rest = made.and_then(|()| run.rest(&plan.rest, &mut state, &mut held, &late_guard));
            state.has_more |= state.rows.len() > request.rows_max;
            state.rows.truncate(request.rows_max);
            let rest = rest.and_then(|()| state.settle_columns(&mut held, &late_guard));
            if let Err(stop) = rest {
                // Rows that did not go through every pipe are no answer.
                stopped = stopped.or(Some(stop.cut_short()?));
                state.rows = Vec::new();
                state.columns.clone_from(&plan.columns);
                run.columns_of_rest(&plan.rest, &mut state);
            }
            memory = Some(held.settle());
        }
    }
    let has_damage = sources.has_damage() || run.has_damage;
    let cut_short = CutShort::first(snapshot.is_replaying(), has_damage, stopped);
    let has_more = state.has_more;
    let (scanned, matched) = (counts.scanned, counts.matched);
    let work = sources.work().and(run.work);
    Ok(PipelineAnswer { rows: rows_of(state), has_more, scanned, matched, cut_short, work, memory })
}

/// The time that rates are counted over; a range without a beginning has none.
fn rate_range(range: TimeRange, now: Timestamp) -> Option<TimeRange> {
    let end = if range.end == Timestamp::MAX { now } else { range.end };
    (range.start > Timestamp::MIN && range.start < end).then_some(TimeRange { start: range.start, end })
}

/// True for a pipe that makes one row of many.
fn is_grouping(pipe: &Pipe) -> bool {
    match pipe {
        Pipe::Stats { .. } | Pipe::Top { .. } | Pipe::Patterns { .. } => true,
        Pipe::Where(_)
        | Pipe::Fields(_)
        | Pipe::Sort(_)
        | Pipe::Limit(_)
        | Pipe::Context { .. }
        | Pipe::Parse { .. } => false,
    }
}

/// What a pipe counts in; `None` for one that does not group.
fn groups_of(pipe: &Pipe, rate_range: Option<TimeRange>) -> Result<Option<Groups>, QueryError> {
    Ok(Some(match pipe {
        Pipe::Stats { columns, groups } => Groups::Stats(Box::new(Stats::new(columns, groups, rate_range)?)),
        Pipe::Top { count, field } => {
            Groups::Top(Box::new(top::Top::new(field, usize::try_from(*count).unwrap_or(usize::MAX))?))
        }
        Pipe::Patterns { count } => {
            let count = count.and_then(|count| usize::try_from(count).ok());
            Groups::Patterns(Box::new(patterns::Patterns::new(count.unwrap_or(PATTERNS_DEFAULT))))
        }
        Pipe::Where(_)
        | Pipe::Fields(_)
        | Pipe::Sort(_)
        | Pipe::Limit(_)
        | Pipe::Context { .. }
        | Pipe::Parse { .. } => return Ok(None),
    }))
}

struct Run<'a> {
    snapshot: &'a LogSnapshot,
    request: &'a PipelineRequest,
    rate_range: Option<TimeRange>,
    surroundings: Surroundings,
    slice_records: usize,
    has_damage: bool,
    /// What the surroundings of records took.
    work: Work,
}

impl Run<'_> {
    /// What the records of the store go into, where that is no pipe that groups.
    fn sink(&self, rest: &[Pipe]) -> Sink {
        // One more than is shown tells whether there are more.
        let rows_max = self.request.rows_max.saturating_add(1);
        let Some((pipe, behind)) = rest.split_first() else { return Sink::Newest(Newest::new(rows_max)) };
        match pipe {
            Pipe::Sort(keys) => Sink::Sort(self.sorter(keys, behind)),
            Pipe::Limit(count) => {
                let count = usize::try_from(*count).unwrap_or(usize::MAX);
                let wanted = if behind.is_empty() { count.min(rows_max) } else { count };
                Sink::Newest(Newest::new(wanted))
            }
            Pipe::Context { .. } => Sink::Newest(Newest::new(CONTEXT_HITS_MAX)),
            Pipe::Stats { .. }
            | Pipe::Top { .. }
            | Pipe::Patterns { .. }
            | Pipe::Where(_)
            | Pipe::Parse { .. }
            | Pipe::Fields(_) => Sink::Newest(Newest::new(rows_max)),
        }
    }

    fn sorter(&self, keys: &[SortKey], behind: &[Pipe]) -> Sorter {
        let wanted = match behind.iter().find(|pipe| !matches!(pipe, Pipe::Parse { .. } | Pipe::Fields(_))) {
            None => Some(self.request.rows_max.saturating_add(1)),
            Some(Pipe::Limit(count)) => usize::try_from(*count).ok(),
            Some(_) => None,
        };
        Sorter::new(keys, wanted)
    }

    /// The rows behind the first pipe that looks at more than one.
    #[expect(clippy::too_many_arguments, reason = "the parts of one run that are borrowed apart")]
    fn first_rows(
        &mut self,
        plan: &Plan,
        sink: Sink,
        road: &Road<'_>,
        frontier: Option<model::RecordPosition>,
        state: &mut State,
        held: &mut Held<'_>,
        guard: &QueryGuard,
    ) -> Result<(), Stop> {
        match sink {
            Sink::Groups(groups) => state.become_table(groups.finish(guard, held)?),
            Sink::Sort(sorter) => state.rows = sorter.finish(),
            Sink::Newest(newest) => {
                let has_left_out = newest.has_left_out();
                let (found, found_memory) = newest.into_sorted(frontier);
                state.rows = road.make_rows(&found, held, guard)?;
                drop(found_memory);
                if let Some(Pipe::Context { before, after }) = plan.rest.first() {
                    state.has_more |= has_left_out;
                    self.context(sides(*before, *after), state, held, guard)?;
                }
            }
        }
        Ok(())
    }

    fn context(
        &mut self,
        sides: Sides,
        state: &mut State,
        held: &mut Held<'_>,
        guard: &QueryGuard,
    ) -> Result<(), Stop> {
        let mut hits = std::mem::take(&mut state.rows);
        if hits.len() > CONTEXT_HITS_MAX {
            hits.sort_by_key(|row| std::cmp::Reverse(row.position));
            hits.truncate(CONTEXT_HITS_MAX);
            state.has_more = true;
        }
        let sources = self.surroundings.sources(self.snapshot);
        let around = self.surroundings.around(&sources, hits, sides, self.slice_records, held, guard);
        self.has_damage |= sources.has_damage();
        // All bytes are counted by who reads for the whole query.
        self.work = self.work.and(Work { index_bytes_read: 0, record_bytes_read: 0, ..sources.work() });
        state.rows = around?;
        Ok(())
    }

    /// Runs the pipes behind the first one that looks at more than one row.
    fn rest(&mut self, rest: &[Pipe], state: &mut State, held: &mut Held<'_>, guard: &QueryGuard) -> Result<(), Stop> {
        for (number, pipe) in rest.iter().enumerate().skip(1) {
            guard.look()?;
            // Pipes were checked before anything was read.
            let groups = groups_of(pipe, self.rate_range).ok().flatten();
            if let Some(mut groups) = groups {
                for mut row in std::mem::take(&mut state.rows) {
                    groups.add(&row.view(), guard, held)?;
                    held.give_back(row.bytes);
                }
                state.become_table(groups.finish(guard, held)?);
            } else if let Ok(Some(step)) = Step::new(pipe) {
                for mut row in std::mem::take(&mut state.rows) {
                    if step.run_on_row(&mut row, guard, held)? {
                        state.rows.push(row);
                    } else {
                        held.give_back(row.bytes);
                    }
                }
                choose(&mut state.columns, &step);
            } else {
                match pipe {
                    Pipe::Sort(keys) => {
                        state.rows = sort::sort(std::mem::take(&mut state.rows), keys, guard, held)?;
                    }
                    Pipe::Limit(count) => {
                        state.rows.truncate(usize::try_from(*count).unwrap_or(usize::MAX));
                    }
                    Pipe::Context { before, after } => self.context(sides(*before, *after), state, held, guard)?,
                    Pipe::Stats { .. }
                    | Pipe::Top { .. }
                    | Pipe::Patterns { .. }
                    | Pipe::Where(_)
                    | Pipe::Parse { .. }
                    | Pipe::Fields(_) => debug_assert!(false, "pipe {number} was run above"),
                }
            }
        }
        Ok(())
    }

    /// The columns that the answer would have had.
    fn columns_of_rest(&self, rest: &[Pipe], state: &mut State) {
        for pipe in rest {
            if let Ok(Some(step)) = Step::new(pipe) {
                choose(&mut state.columns, &step);
            }
            let columns = match groups_of(pipe, self.rate_range) {
                Ok(Some(Groups::Stats(stats))) => stats.columns().to_vec(),
                Ok(Some(Groups::Top(top))) => top.columns().to_vec(),
                Ok(Some(Groups::Patterns(_))) => patterns::columns(),
                Ok(None) | Err(_) => continue,
            };
            state.columns = Some(columns);
        }
    }
}

fn sides(before: u32, after: u32) -> Sides {
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    Sides { before: count(before), after: count(after) }
}

impl State {
    /// What was charged for the rows covers this form of them.
    fn become_table(&mut self, made: Made) {
        let columns = made.columns;
        let row = |cells: Vec<Cell>| Row {
            position: None,
            record: None,
            made: columns.iter().cloned().zip(cells).collect(),
            bytes: 0,
        };
        self.rows = made.rows.into_iter().map(row).collect();
        self.columns = Some(columns);
    }
}

impl State {
    /// Adds what `parse` made of a table's rows to its columns, in the order in which it first appeared, and charges the
    /// cells: each row then has one for each column.
    fn settle_columns(&mut self, held: &mut Held<'_>, guard: &QueryGuard) -> Result<(), Stop> {
        let Some(columns) = &mut self.columns else { return Ok(()) };
        let mut known: HashSet<Arc<Field>> = columns.iter().cloned().collect();
        for row in &self.rows {
            guard.spend(row.made.len())?;
            for (field, _) in &row.made {
                if !known.contains(field) {
                    held.take(ENTRY_BYTES)?;
                    known.insert(field.clone());
                    columns.push(field.clone());
                }
            }
        }
        held.take((self.rows.len() as u64).saturating_mul(columns.len() as u64 * size_of::<Cell>() as u64))
    }
}

/// The answer's form of the rows.
fn rows_of(state: State) -> PipelineRows {
    let Some(columns) = state.columns else {
        let rows = state.rows.into_iter().filter_map(|row| {
            let fields = row.made.into_iter().map(|(field, cell)| (name_of(&field).into(), cell)).collect();
            Some(PipelineRecord { record: row.record?, fields })
        });
        return PipelineRows::Records(rows.collect());
    };
    let rows =
        state.rows.into_iter().map(|row| columns.iter().map(|field| fields::cell_of(&row.made, field)).collect());
    let rows = rows.collect();
    PipelineRows::Table { columns: columns.iter().map(|field| name_of(field).into()).collect(), rows }
}

#[cfg(test)]
pub(crate) mod tests;
