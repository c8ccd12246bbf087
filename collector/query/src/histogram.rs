//! How many records match, by time and level.

use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::{Mask, Question, Slice};
use crate::guard::{QueryGuard, Stop};
use crate::limits::{BUCKETS_MAX, SLICE_RECORDS};
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use crate::work::Work;
use basics::{Reservation, Timestamp};
use log_store::LogSnapshot;
use model::{Filter, Level, Severity, TimeRange};
use std::time::Duration;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramRequest {
    /// What must match.
    pub filter: Filter,
    /// When it must have been.
    pub range: TimeRange,
    /// Width of a bucket.
    pub bucket: Duration,
}

/// The counts.
#[derive(Debug, Default)]
pub struct HistogramAnswer {
    /// All buckets that meet the range, oldest first, empty ones included. They begin at multiples of their width since
    /// 1970, so the first and the last may reach out of the range; only what is inside is counted.
    pub buckets: Vec<HistogramBucket>,
    /// How many records were put to the filter.
    pub scanned: u64,
    /// How many of these match: the sum of all counts.
    pub matched: u64,
    /// Why the counts are too low. A histogram is counted from its newest record backwards, so it is the older buckets
    /// that lack some.
    pub cut_short: Option<CutShort>,
    /// What it took.
    pub work: Work,
    /// Held as long as the buckets are.
    memory: Option<Reservation>,
}

/// What matches in one span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistogramBucket {
    /// Its first moment.
    pub start: Timestamp,
    /// Records in it.
    pub count: u64,
    by_level: [u64; LEVEL_COUNT],
}

/// The six levels, and none.
const LEVEL_COUNT: usize = Level::ALL.len() + 1;

impl HistogramBucket {
    /// Records of each level, mildest first, those without a level before them.
    pub fn levels(&self) -> impl Iterator<Item = (Option<Level>, u64)> {
        std::iter::once(None).chain(Level::ALL.into_iter().map(Some)).zip(self.by_level)
    }
}

/// Counts the records that match.
pub fn histogram(
    snapshot: &LogSnapshot,
    request: &HistogramRequest,
    guard: &QueryGuard,
) -> Result<HistogramAnswer, QueryError> {
    histogram_in_slices(snapshot, request, guard, SLICE_RECORDS)
}

pub(crate) fn histogram_in_slices(
    snapshot: &LogSnapshot,
    request: &HistogramRequest,
    guard: &QueryGuard,
    slice_records: usize,
) -> Result<HistogramAnswer, QueryError> {
    let question = Question::compile(&request.filter)?;
    let grid = Grid::new(request.range, request.bucket)?;
    let mut answer = HistogramAnswer::default();
    let range = request.range.intersect(question.time_range());
    let window = Window { range, before: None, after_sequence: None };
    let sources = Sources::new(snapshot, &window, &question);
    let hands = guard.hands(sources.hands_wanted());
    let planned = sources.work();
    let pieces = sources.deal_out(hands.count()).into_iter().zip(guard.for_hands(hands.count())).collect();
    let counts = hands
        .map(pieces, |(sources, guard)| Counted::of(&request.filter, sources, window, &grid, slice_records, &guard));
    let counts = counts.into_iter().collect::<Result<Vec<Counted>, QueryError>>()?;
    let has_damage = counts.iter().any(|counted| counted.has_damage);
    let stopped = Stop::first(counts.iter().map(|counted| counted.stopped)).map(Stop::cut_short).transpose()?;
    let work = counts.iter().fold(planned, |work, counted| work.and(counted.answer.work));
    for counted in counts {
        answer.add(counted);
    }
    answer.work = work;
    answer.cut_short = CutShort::first(snapshot.is_replaying(), has_damage, stopped);
    Ok(answer)
}

/// What one hand counted.
struct Counted {
    answer: HistogramAnswer,
    stopped: Option<Stop>,
    has_damage: bool,
}

impl Counted {
    fn of(
        filter: &Filter,
        mut sources: Sources,
        window: Window,
        grid: &Grid,
        slice_records: usize,
        guard: &QueryGuard,
    ) -> Result<Counted, QueryError> {
        sources.begin_on_this_thread();
        let question = Question::compile(filter)?;
        let mut scan = Scan::new(&sources, &question, window, slice_records).in_any_order();
        let mut answer = HistogramAnswer::default();
        let counted = grid.empty_buckets(guard).and_then(|(buckets, memory)| {
            answer.buckets = buckets;
            answer.memory = Some(memory);
            count(&question, &sources, &mut scan, grid, &mut answer, guard)
        });
        answer.work = sources.work();
        let stopped = counted.err();
        if stopped.is_some() {
            guard.give_up();
        }
        Ok(Counted { answer, stopped, has_damage: sources.has_damage() })
    }
}

impl HistogramAnswer {
    /// Adds what a hand counted to that of others.
    fn add(&mut self, counted: Counted) {
        let HistogramAnswer { buckets, scanned, matched, memory, .. } = counted.answer;
        self.scanned += scanned;
        self.matched += matched;
        if self.buckets.is_empty() {
            (self.buckets, self.memory) = (buckets, memory);
            return;
        }
        for (own, other) in self.buckets.iter_mut().zip(buckets) {
            own.count += other.count;
            own.by_level.iter_mut().zip(other.by_level).for_each(|(own, other)| *own += other);
        }
    }

    /// The answer about no records at all.
    pub fn without_records(request: &HistogramRequest, guard: &QueryGuard) -> Result<HistogramAnswer, QueryError> {
        let mut answer = HistogramAnswer::default();
        match Grid::new(request.range, request.bucket)?.empty_buckets(guard) {
            Ok((buckets, memory)) => {
                answer.buckets = buckets;
                answer.memory = Some(memory);
            }
            Err(stop) => answer.cut_short = Some(stop.cut_short()?),
        }
        Ok(answer)
    }
}

fn count(
    question: &Question,
    sources: &Sources,
    scan: &mut Scan<'_>,
    grid: &Grid,
    answer: &mut HistogramAnswer,
    guard: &QueryGuard,
) -> Result<(), Stop> {
    let levels = level_places();
    while let Some(next) = scan.next_slice(None, guard)? {
        guard.look()?;
        let matches = question.matches(next.slice(), next.candidates, guard)?;
        // What is counted of a slice is read before it is known to be whole.
        let severities = match matches.is_empty() {
            true => &[],
            false => {
                next.batch.times();
                next.slice().columns().severity()
            }
        };
        if sources.is_damaged(next.source, &next.batch) {
            scan.give_up(&next);
            continue;
        }
        if !matches.is_empty() {
            add(&mut answer.buckets, grid, &levels, next.slice(), severities, matches);
        }
        answer.scanned += next.candidates.count() as u64;
        answer.matched += matches.count() as u64;
        scan.pass(&next, None);
    }
    Ok(())
}

/// Counts records.
fn add(
    buckets: &mut [HistogramBucket],
    grid: &Grid,
    levels: &[usize],
    slice: Slice<'_>,
    severities: &[u8],
    matches: Mask,
) {
    let times = &slice.columns().batch().times()[slice.rows()];
    let severities = &severities[slice.rows()];
    for row in matches.rows() {
        // A time that is in no bucket is one of a damaged part that says otherwise of itself.
        let bucket = grid.index_of(times[row]).and_then(|index| buckets.get_mut(index));
        if let Some(bucket) = bucket {
            bucket.count += 1;
            let level = levels.get(usize::from(severities[row])).copied().unwrap_or_default();
            bucket.by_level[level] += 1;
        }
    }
}

/// For each severity the place of its level.
fn level_places() -> [usize; 25] {
    let mut severity = 0;
    std::array::from_fn(|_| {
        let level = Severity(severity).level();
        severity += 1;
        Level::ALL.into_iter().position(|known| Some(known) == level).map_or(0, |place| place + 1)
    })
}

/// Where buckets begin. In 128 bits, since the first one may begin before all nameable time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    width: i128,
    /// Number of the first bucket, counted from 1970.
    first: i128,
    count: usize,
}

impl Grid {
    pub(crate) fn new(range: TimeRange, width: Duration) -> Result<Grid, QueryError> {
        let width = i128::try_from(width.as_nanos()).ok().filter(|width| *width > 0);
        let width = width.ok_or(QueryError::BucketWithoutWidth)?;
        if range.is_empty() {
            return Ok(Grid { width, first: 0, count: 0 });
        }
        let first = i128::from(range.start.0).div_euclid(width);
        let last = (i128::from(range.end.0) - 1).div_euclid(width);
        let buckets = (last - first + 1).unsigned_abs();
        match usize::try_from(buckets) {
            Ok(count) if buckets <= u128::from(BUCKETS_MAX) => Ok(Grid { width, first, count }),
            _ => Err(QueryError::TooManyBuckets { buckets }),
        }
    }

    /// How many buckets there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Their first moments.
    pub(crate) fn starts(&self) -> impl Iterator<Item = Timestamp> {
        (0..self.count).map(|index| self.moment(index))
    }

    /// The bucket that a time is in; `None` for one before or far behind all of them.
    pub(crate) fn index_of(&self, time: i64) -> Option<usize> {
        let behind = i128::from(time) - self.start_of(0);
        // A division of 64 bits takes a fraction of one of 128.
        match (u64::try_from(behind), u64::try_from(self.width)) {
            (Ok(behind), Ok(width)) => usize::try_from(behind / width).ok(),
            _ => usize::try_from(behind.div_euclid(self.width)).ok(),
        }
    }

    fn start_of(&self, index: usize) -> i128 {
        (self.first + index as i128) * self.width
    }

    /// The first moment of a bucket, or the first nameable one.
    fn moment(&self, index: usize) -> Timestamp {
        let start = self.start_of(index).clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Timestamp(i64::try_from(start).expect("clamped to 64 bits"))
    }

    fn empty_buckets(&self, guard: &QueryGuard) -> Result<(Vec<HistogramBucket>, Reservation), Stop> {
        let memory = guard.reserve((self.count * size_of::<HistogramBucket>()) as u64)?;
        let bucket = |index| HistogramBucket { start: self.moment(index), count: 0, by_level: [0; LEVEL_COUNT] };
        Ok(((0..self.count).map(bucket).collect(), memory))
    }
}
