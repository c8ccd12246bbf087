use super::world::{World, guard_of, patient_guard, range, record, snapshot_of, world};
use crate::histogram::histogram_in_slices;
use crate::{CutShort, HistogramAnswer, HistogramRequest, QueryError, histogram};
use basics::Timestamp;
use model::{Filter, Level, Severity, TimeRange};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::{generate, naive};

type Counts = BTreeMap<(i64, Option<Level>), u64>;

fn naive_counts(world: &World, request: &HistogramRequest, width: i64) -> Counts {
    let mut counts = Counts::new();
    for record in &world.records {
        let time = record.position.time;
        if request.range.contains(time) && naive::matches(&request.filter, record) {
            *counts.entry((time.0.div_euclid(width) * width, record.severity.level())).or_default() += 1;
        }
    }
    counts
}

fn counts(answer: &HistogramAnswer) -> Counts {
    let each = answer.buckets.iter().flat_map(|bucket| {
        assert_eq!(bucket.levels().map(|(_, count)| count).sum::<u64>(), bucket.count);
        bucket.levels().map(|(level, count)| ((bucket.start.0, level), count))
    });
    each.filter(|(_, count)| *count > 0).collect()
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn every_record_that_matches_is_counted_once_in_its_bucket(
        world in world(), filter in generate::filter(), range in range(), width in 1..9i64, slice_records in 1..12usize,
    ) {
        // All time has more buckets than a histogram.
        let range = range.intersect(TimeRange { start: Timestamp(-3), end: Timestamp(40) });
        let request = HistogramRequest { filter, range, bucket: Duration::from_nanos(width.unsigned_abs()) };
        let answer = histogram_in_slices(&world.snapshot, &request, &patient_guard(), slice_records).unwrap();
        let want = naive_counts(&world, &request, width);
        prop_assert_eq!(counts(&answer), want.clone());
        prop_assert_eq!(answer.matched, want.values().sum::<u64>());
        prop_assert_eq!(answer.cut_short, None);
        let starts: Vec<i64> = answer.buckets.iter().map(|bucket| bucket.start.0).collect();
        let meets = |start: &i64| *start < range.end.0 && *start + width > range.start.0 && !range.is_empty();
        let all: Vec<i64> = (-20..40).filter(|start| start % width == 0).filter(meets).collect();
        prop_assert_eq!(starts, all);
    }
}

fn request(start: i64, end: i64, width: u64) -> HistogramRequest {
    let range = TimeRange { start: Timestamp(start), end: Timestamp(end) };
    HistogramRequest { filter: Filter::All, range, bucket: Duration::from_nanos(width) }
}

#[test]
fn buckets_begin_at_multiples_of_their_width_and_empty_ones_are_there() {
    let mut record = record("x");
    record.position.time = Timestamp(25);
    record.severity = Severity(18);
    let answer = histogram(&snapshot_of(&[record]), &request(13, 41, 10), &patient_guard()).unwrap();
    let shown: Vec<(i64, u64)> = answer.buckets.iter().map(|bucket| (bucket.start.0, bucket.count)).collect();
    assert_eq!(shown, [(10, 0), (20, 1), (30, 0), (40, 0)]);
    assert_eq!(answer.buckets[1].levels().find(|(_, count)| *count > 0), Some((Some(Level::Error), 1)));
    let without = HistogramAnswer::without_records(&request(13, 41, 10), &patient_guard()).unwrap();
    assert_eq!(without.buckets.len(), 4);
}

#[test]
fn the_ends_of_time_are_survived() {
    let snapshot = snapshot_of(&[record("x")]);
    let day = 86_400_000_000_000;
    let whole = request(i64::MIN, i64::MAX, day * 365);
    let answer = histogram(&snapshot, &whole, &patient_guard()).unwrap();
    assert_eq!((answer.matched, answer.buckets[0].start), (1, Timestamp::MIN));
    let widest = HistogramRequest { bucket: Duration::MAX, ..whole };
    assert_eq!(histogram(&snapshot, &widest, &patient_guard()).unwrap().matched, 1);
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let snapshot = snapshot_of(&[record("x")]);
    let ask = |request| histogram(&snapshot, &request, &patient_guard()).map(|answer| answer.matched);
    assert_eq!(ask(request(0, 10, 0)), Err(QueryError::BucketWithoutWidth));
    assert_eq!(ask(request(0, 20_001, 1)), Err(QueryError::TooManyBuckets { buckets: 20_001 }));
    assert_eq!(ask(request(0, 20_000, 1)), Ok(0));
    assert_eq!(ask(request(5, 5, 1)), Ok(0));
}

#[test]
fn a_histogram_that_is_cut_short_says_so() {
    let snapshot = snapshot_of(&[record("x")]);
    let now = super::world::NOW.0;
    let ask = |guard| histogram(&snapshot, &request(now - 5, now + 5, 1), &guard).unwrap();
    let late = ask(guard_of(1, 1 << 30));
    assert_eq!((late.cut_short, late.matched, late.buckets.len()), (Some(CutShort::Deadline), 0, 10));
    assert_eq!(ask(guard_of(1 << 30, 10)).cut_short, Some(CutShort::Memory));
}
