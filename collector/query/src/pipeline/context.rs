//! `| context before 2 after 10`: the records around each one in its stream, by time and sequence.
//!
//! The range of the query does not bound them. All records are given once, newest first; those that were found have
//! `is_hit` true, the others false.
//!
//! Between two neighbouring hits of a stream, the records that are around any hit are the first behind the lower one and
//! the last before the upper one: for all other hits these are nearer. So one reading of the store finds all of them.

use super::cell::Cell;
use super::gather::Road;
use super::held::Held;
use super::view::{Row, View};
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::newest::Found;
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use log_store::LogSnapshot;
use model::{Field, Filter, RecordPosition, Stream, TimeRange, Value};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

/// How many records on each side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    pub(crate) before: usize,
    pub(crate) after: usize,
}

/// Where the context is looked for.
pub(crate) struct Surroundings {
    question: Question,
    window: Window,
    /// Only records of the hit's own stream are around it.
    is_of_stream: bool,
}

/// The hits of one stream.
struct Lane {
    /// `None` where the stream does not matter.
    stream: Option<Arc<Stream>>,
    /// Oldest first.
    hits: Vec<RecordPosition>,
    /// One before each hit, and one behind the last.
    gaps: Vec<Gap>,
}

/// What was found between two hits.
#[derive(Default)]
struct Gap {
    /// The first ones behind the lower hit; the last of them is at hand.
    behind: BinaryHeap<Found>,
    /// The last ones before the upper hit; the first of them is at hand.
    before: BinaryHeap<Reverse<Found>>,
}

impl Surroundings {
    pub(crate) fn new() -> Result<Surroundings, QueryError> {
        Surroundings::within(TimeRange::ALL, true)
    }

    /// The same in a range of times, and of all streams together where the stream does not matter.
    pub(crate) fn within(range: TimeRange, is_of_stream: bool) -> Result<Surroundings, QueryError> {
        let window = Window { range, before: None, after_sequence: None };
        Ok(Surroundings { question: Question::compile(&Filter::All)?, window, is_of_stream })
    }

    pub(crate) fn sources(&self, snapshot: &LogSnapshot) -> Sources {
        Sources::new(snapshot, &self.window, &self.question)
    }

    /// The hits and what is around them.
    pub(crate) fn around(
        &self,
        sources: &Sources,
        hits: Vec<Row>,
        sides: Sides,
        slice_records: usize,
        held: &mut Held<'_>,
        guard: &QueryGuard,
    ) -> Result<Vec<Row>, Stop> {
        let mut lanes = lanes_of(&hits, self.is_of_stream);
        let mut scan = Scan::new(sources, &self.question, self.window, slice_records);
        let mut lanes_by_source: HashMap<usize, Vec<Option<usize>>> = HashMap::new();
        while let Some(next) = scan.next_slice(None, guard)? {
            guard.look()?;
            held.read_from(next.source);
            let batch = &next.batch;
            let (times, sequences, streams) = (batch.times(), batch.sequences(), batch.stream_indexes());
            debug_assert_eq!(times.len(), sequences.len());
            if sources.is_damaged(next.source, batch) {
                scan.give_up(&next);
                continue;
            }
            let known = match lanes_by_source.get(&next.source) {
                Some(known) => known,
                None => {
                    held.take((batch.streams().len() * 2 * size_of::<Option<usize>>()) as u64)?;
                    let found = batch.streams().iter().map(|stream| lane_of(&lanes, stream)).collect();
                    lanes_by_source.entry(next.source).or_insert(found)
                }
            };
            let first = next.slice().rows().start;
            guard.spend(next.slice().len())?;
            for row in next.candidates.rows() {
                let row = first + row;
                let Some(lane) = known[streams[row] as usize] else { continue };
                let found = Found { position: batch.position(row), source: next.source, row };
                lanes[lane].offer(found, sides, held)?;
            }
            scan.pass(&next, None);
            if scan.frontier().is_some_and(|frontier| lanes.iter().all(|lane| lane.is_done(frontier, sides))) {
                break;
            }
        }
        let mut found: Vec<Found> = lanes.into_iter().flat_map(Lane::into_found).collect();
        found.sort_unstable_by_key(|found| Reverse(found.position));
        found.dedup();
        let road = Road { question: &self.question, sources, steps: &[] };
        let is_hit = Arc::new(Field::Attribute("is_hit".into()));
        let mark = |rows: &mut Vec<Row>, flag: bool| {
            for row in rows {
                let mut view = View { made: std::mem::take(&mut row.made), ..View::nothing() };
                view.make(is_hit.clone(), Cell::Value(Value::Bool(flag)));
                row.made = view.made;
            }
        };
        let mut rows = road.make_rows(&found, held, guard)?;
        mark(&mut rows, false);
        let mut hits = hits;
        mark(&mut hits, true);
        rows.append(&mut hits);
        rows.sort_by_key(|row| Reverse(row.position));
        Ok(rows)
    }
}

fn lanes_of(hits: &[Row], is_of_stream: bool) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for row in hits {
        let Some(record) = &row.record else { continue };
        let lane = match lane_of(&lanes, &record.stream) {
            Some(lane) => lane,
            None => {
                let stream = is_of_stream.then(|| record.stream.clone());
                lanes.push(Lane { stream, hits: Vec::new(), gaps: Vec::new() });
                lanes.len() - 1
            }
        };
        lanes[lane].hits.push(record.position);
    }
    for lane in &mut lanes {
        lane.hits.sort_unstable();
        lane.gaps.resize_with(lane.hits.len() + 1, Gap::default);
    }
    lanes
}

fn lane_of(lanes: &[Lane], stream: &Arc<Stream>) -> Option<usize> {
    lanes
        .iter()
        .position(|lane| lane.stream.as_ref().is_none_or(|own| Arc::ptr_eq(own, stream) || is_same(own, stream)))
}

/// A stream that holds NaN is not equal to itself; its text is.
fn is_same(left: &Stream, right: &Stream) -> bool {
    let is_equal = |left: &Stream, right: &Stream| left == right;
    is_equal(left, right) || !is_equal(left, left) && format!("{left:?}") == format!("{right:?}")
}

impl Lane {
    fn offer(&mut self, found: Found, sides: Sides, held: &mut Held<'_>) -> Result<(), Stop> {
        let upper = self.hits.partition_point(|hit| *hit < found.position);
        if self.hits.get(upper) == Some(&found.position) {
            return Ok(());
        }
        let gap = &mut self.gaps[upper];
        if upper > 0 && sides.after > 0 {
            if gap.behind.len() < sides.after {
                held.take(2 * size_of::<Found>() as u64)?;
                gap.behind.push(found);
            } else if let Some(mut last) = gap.behind.peek_mut()
                && found < *last
            {
                *last = found;
            }
        }
        if upper < self.hits.len() && sides.before > 0 {
            if gap.before.len() < sides.before {
                held.take(2 * size_of::<Found>() as u64)?;
                gap.before.push(Reverse(found));
            } else if let Some(mut first) = gap.before.peek_mut()
                && found > first.0
            {
                *first = Reverse(found);
            }
        }
        Ok(())
    }

    /// True when nothing that is not newer than `frontier` can be around a hit.
    fn is_done(&self, frontier: RecordPosition, sides: Sides) -> bool {
        let Some((oldest, gap)) = self.hits.first().zip(self.gaps.first()) else { return true };
        let is_full = gap.before.len() >= sides.before;
        let first = gap.before.peek().map_or(*oldest, |Reverse(first)| first.position);
        is_full && first > frontier
    }

    fn into_found(self) -> impl Iterator<Item = Found> {
        self.gaps
            .into_iter()
            .flat_map(|gap| gap.behind.into_iter().chain(gap.before.into_iter().map(|Reverse(found)| found)))
    }
}
