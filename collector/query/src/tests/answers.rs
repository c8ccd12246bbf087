use super::world::{World, exact, guard_of, patient_guard, range, record, request_of, snapshot_of, world};
use crate::search::search_in_slices;
use crate::{CutShort, QueryGuard, SearchAnswer, SearchRequest, search};
use basics::Timestamp;
use model::{Filter, LogRecord, RecordPosition, Term, TextTarget, TimeRange};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use testkit::generate;

/// A place at a record or beside it: where the ends of what is asked are told apart.
fn position_near(world: &World, (index, shift): (Index, u64)) -> RecordPosition {
    let Some(last) = world.records.len().checked_sub(1) else {
        return RecordPosition { time: Timestamp(5), sequence: 1 << 20 };
    };
    let position = world.records[index.index(last + 1)].position;
    RecordPosition { sequence: position.sequence + shift - 1, ..position }
}

fn world_and_request() -> impl Strategy<Value = (World, SearchRequest)> {
    let filter = prop_oneof![4 => generate::filter(), 1 => Just(Filter::All)];
    let before = proptest::option::weighted(0.3, (any::<Index>(), 0..3u64));
    let after = proptest::option::weighted(0.3, (any::<Index>(), 0..3u64));
    (world(), filter, range(), 1..9usize, before, after).prop_map(|(world, filter, range, limit, before, after)| {
        let before = before.map(|near| position_near(&world, near));
        let after_sequence = after.map(|near| position_near(&world, near).sequence);
        (world, SearchRequest { filter, range, limit, before, after_sequence })
    })
}

/// All pages of a search, each under a guard of its own.
fn all_pages(
    world: &World,
    request: &SearchRequest,
    slice_records: usize,
    guard: impl Fn() -> QueryGuard,
    mut look_at: impl FnMut(&SearchAnswer),
) -> Vec<LogRecord> {
    let mut request = request.clone();
    let mut found = Vec::new();
    for _ in 0..2_000 {
        let answer = search_in_slices(&world.snapshot, &request, &guard(), slice_records).unwrap();
        look_at(&answer);
        found.extend(answer.records);
        match answer.next {
            Some(next) => request.before = Some(next),
            None => return found,
        }
    }
    panic!("the pages do not end");
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn every_record_that_matches_is_found_once_and_in_order(
        (world, request) in world_and_request(), slice_records in 1..12usize,
    ) {
        let want = world.answer(&request);
        let mut pages = Vec::new();
        let found = all_pages(&world, &request, slice_records, patient_guard, |answer| {
            assert_eq!(answer.cut_short, None);
            assert!(answer.scanned >= answer.matched && answer.matched >= answer.records.len() as u64, "{answer:?}");
            pages.push(answer.records.len());
        });
        prop_assert_eq!(exact(&found), exact(&want), "{:?}", request);
        let last = pages.pop().unwrap_or_default();
        prop_assert!(pages.iter().all(|page| *page == request.limit) && last <= request.limit, "{pages:?}, {last}");
    }

    /// One store is asked many simple things, so that each operator meets each kind of value often.
    #[test]
    fn every_operator_is_judged_like_the_reference(world in world(), filters in vec(generate::simple_filter(), 24)) {
        for filter in filters {
            let request = request_of(filter);
            let answer = search(&world.snapshot, &request, &patient_guard()).unwrap();
            prop_assert_eq!(exact(&answer.records), exact(&world.answer(&request)), "{:?}", request.filter);
            prop_assert_eq!(answer.matched, answer.records.len() as u64);
            prop_assert_eq!(answer.next, None);
            prop_assert!(answer.scanned <= world.records.len() as u64);
        }
    }

}

proptest! {
    // Each case reads a world hundreds of times.
    #![proptest_config(testkit::random_cases::cases(32))]

    /// The records of an answer that a deadline cut are a beginning without gaps, and the next one goes on there.
    #[test]
    fn pages_that_time_cuts_short_lose_and_double_nothing(
        (world, request) in world_and_request(), slice_records in 1..4usize, looks in 2..6u64,
    ) {
        let found = all_pages(&world, &request, slice_records, || guard_of(looks, 1 << 30), |answer| {
            assert!(matches!(answer.cut_short, None | Some(CutShort::Deadline)));
            assert!(answer.cut_short.is_none() || answer.next.is_some(), "{answer:?}");
            assert!(answer.cut_short.is_some() || answer.next.is_none() || answer.records.len() == request.limit);
        });
        prop_assert_eq!(exact(&found), exact(&world.answer(&request)), "{:?}", request);
    }

    #[test]
    fn pages_that_memory_cuts_short_lose_and_double_nothing(
        (world, request) in world_and_request(), memory_bytes in 100_000..200_000u64,
    ) {
        let request = SearchRequest { limit: request.limit * 8, ..request };
        let found = all_pages(&world, &request, 3, || guard_of(1 << 30, memory_bytes), |answer| {
            assert!(matches!(answer.cut_short, None | Some(CutShort::Memory)));
        });
        prop_assert_eq!(exact(&found), exact(&world.answer(&request)), "{:?}", request);
    }
}

fn bodies(answer: &SearchAnswer) -> Vec<String> {
    answer.records.iter().map(|record| format!("{:?}", record.body)).collect()
}

#[test]
fn a_search_stops_when_nothing_newer_can_follow() {
    let records: Vec<LogRecord> = (0..10_000)
        .map(|index| {
            let mut record = record(&format!("line {index}"));
            record.position.time = Timestamp(1 + index);
            record
        })
        .collect();
    let snapshot = snapshot_of(&records);
    let term = Term { text: "line".into(), is_open_start: false, is_open_end: false };
    let filter = Filter::Text { target: TextTarget::Anywhere, term };
    let request = SearchRequest { limit: 2, ..request_of(filter) };
    let answer = search(&snapshot, &request, &patient_guard()).unwrap();
    assert_eq!(bodies(&answer), [r#"Str("line 9999")"#, r#"Str("line 9998")"#]);
    assert!(answer.scanned < 2_000, "{} records scanned", answer.scanned);
    assert_eq!(answer.next, answer.records.last().map(|record| record.position));
}

#[test]
fn times_in_the_filter_keep_the_search_from_reading_the_rest() {
    let records: Vec<LogRecord> = (0..5_000)
        .map(|index| {
            let mut record = record("x");
            record.position.time = Timestamp(1 + index);
            record
        })
        .collect();
    let compare = |comparison, time| Filter::Compare {
        field: model::Field::Time,
        comparison,
        literal: model::Literal::Time(Timestamp(time)),
    };
    let filter =
        Filter::And(vec![compare(model::Comparison::Greater, 10), compare(model::Comparison::LessOrEqual, 20)]);
    let answer = search(&snapshot_of(&records), &request_of(filter), &patient_guard()).unwrap();
    assert_eq!((answer.scanned, answer.matched), (10, 10));
}

#[test]
fn a_limit_of_zero_finds_nothing_and_any_other_is_no_reason_to_reserve() {
    let snapshot = snapshot_of(&[record("a"), record("b")]);
    let request = |limit| SearchRequest { limit, ..request_of(Filter::All) };
    let answer = search(&snapshot, &request(0), &patient_guard()).unwrap();
    assert_eq!((answer.records.len(), answer.next), (0, None));
    let answer = search(&snapshot, &request(usize::MAX), &guard_of(1 << 30, 1 << 20)).unwrap();
    assert_eq!((answer.records.len(), answer.next, answer.cut_short), (2, None, None));
}

#[test]
fn a_range_leaves_out_its_end() {
    let mut records = [record("a"), record("b"), record("c")];
    for (record, time) in records.iter_mut().zip([5, 6, 7]) {
        record.position.time = Timestamp(time);
    }
    let range = TimeRange { start: Timestamp(5), end: Timestamp(7) };
    let request = SearchRequest { range, ..request_of(Filter::All) };
    let answer = search(&snapshot_of(&records), &request, &patient_guard()).unwrap();
    assert_eq!(bodies(&answer), [r#"Str("b")"#, r#"Str("a")"#]);
}

#[test]
fn following_finds_exactly_what_arrived_later_whatever_its_time() {
    let mut records = vec![record("a"), record("b"), record("c")];
    for (record, time) in records.iter_mut().zip([9, 5, 7]) {
        record.position.time = Timestamp(time);
    }
    let snapshot = snapshot_of(&records);
    let first = 1 << 20;
    for (after, want) in [(first - 1, 3), (first, 2), (first + 1, 1), (first + 2, 0)] {
        let request = SearchRequest { after_sequence: Some(after), ..request_of(Filter::All) };
        let answer = search(&snapshot, &request, &patient_guard()).unwrap();
        assert_eq!((answer.records.len(), answer.scanned, answer.next), (want, want as u64, None), "after {after}");
    }
}
