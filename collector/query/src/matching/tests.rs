use super::*;
use crate::tests::world::{NOW, TENANT, guard_of, patient_guard, record, request_of, snapshot_of, store_with_parts};
use crate::{HistogramRequest, PipelineRequest, PipelineRows, SearchRequest, histogram, pipeline, search};
use log_store::{LogStore, NewLogs};
use model::LogRecord;
use proptest::prelude::*;
use std::time::Duration;
use testkit::generate;
use testkit::log_batch::log_batch_of;

fn filter_of(query: &str) -> Filter {
    search_lang::parse(query, NOW).unwrap()
}

fn request(query: &str, records_max: Option<usize>) -> MatchingRequest {
    MatchingRequest { filter: filter_of(query), range: TimeRange::ALL, records_max }
}

#[test]
fn it_names_each_record_that_matches_and_no_other() {
    let records: Vec<LogRecord> =
        (0..50).map(|index| record(if index % 7 == 0 { "disk full" } else { "fine" })).collect();
    let snapshot = snapshot_of(&records);
    let answer = matching(&snapshot, &request("disk", Some(100)), &patient_guard()).unwrap();
    let found = search(&snapshot, &request_of(filter_of("disk")), &patient_guard()).unwrap();
    let mut want: Vec<u64> = found.records.iter().map(|record| record.position.sequence).collect();
    let mut named = answer.sequences.clone();
    want.sort_unstable();
    named.sort_unstable();
    assert_eq!((named.len(), named), (8, want));
    assert_eq!((answer.matched, answer.scanned, answer.has_more, answer.cut_short), (8, 50, false, None));
    assert_eq!(answer.times, Some((NOW, NOW)));
    let counted = matching(&snapshot, &request("disk", None), &patient_guard()).unwrap();
    assert_eq!((counted.matched, counted.sequences.len(), counted.has_more), (8, 0, false));
}

#[test]
fn at_its_ceiling_it_says_that_there_are_more() {
    let snapshot = snapshot_of(&(0..20).map(|_| record("x")).collect::<Vec<_>>());
    let exactly = matching(&snapshot, &request("x", Some(20)), &patient_guard()).unwrap();
    assert_eq!((exactly.sequences.len(), exactly.has_more), (20, false));
    let fewer = matching(&snapshot, &request("x", Some(19)), &patient_guard()).unwrap();
    assert_eq!((fewer.sequences.len(), fewer.has_more), (19, true));
}

#[test]
fn without_time_or_memory_it_is_cut_short() {
    let snapshot = snapshot_of(&(0..3_000).map(|_| record("x")).collect::<Vec<_>>());
    let late = matching(&snapshot, &request("x", Some(10_000)), &guard_of(2, 1 << 40)).unwrap();
    assert_eq!(late.cut_short, Some(CutShort::Deadline));
    let poor = matching(&snapshot, &request("x", Some(10_000)), &guard_of(1 << 30, 20_000)).unwrap();
    assert_eq!(poor.cut_short, Some(CutShort::Memory));
    assert!(poor.sequences.len() < 3_000);
}

/// What happens to a store between two looks at it.
#[derive(Debug, Clone)]
enum Step {
    Append(Vec<LogRecord>),
    Seal,
    Delete(Filter),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => proptest::collection::vec(generate::log_record(), 1..12).prop_map(Step::Append),
        2 => Just(Step::Seal),
        2 => generate::filter().prop_map(Step::Delete),
    ]
}

/// The naive model: records, and those that were deleted are not among them.
#[derive(Default)]
struct Model {
    records: Vec<LogRecord>,
    next: u64,
}

impl Model {
    fn append(&mut self, store: &LogStore, mut records: Vec<LogRecord>) {
        self.next += 1;
        for (ordinal, record) in (0u64..).zip(&mut records) {
            // Time 0 would mean "not given".
            record.position.time = Timestamp(record.position.time.0 + 1);
            record.position.sequence = self.next << 20 | ordinal;
            record.observed = record.position.time;
        }
        let batch = log_batch_of(&records);
        let position = self.next;
        store.append(vec![NewLogs {
            tenant: TENANT,
            position,
            received: NOW,
            batch,
            ordinals: None,
            reservation: None,
        }]);
        self.records.extend(records);
    }
}

/// The same by search, histogram and pipes, and as the model says.
fn check(store: &LogStore, model: &Model, filter: &Filter) {
    let snapshot = store.snapshot(TENANT);
    let mut want: Vec<LogRecord> =
        model.records.iter().filter(|record| testkit::naive::matches(filter, record)).cloned().collect();
    want.sort_by_key(|record| std::cmp::Reverse(record.position));
    let searched =
        search(&snapshot, &SearchRequest { limit: 7, ..request_of(filter.clone()) }, &patient_guard()).unwrap();
    let shown = |records: &[LogRecord]| -> Vec<u64> { records.iter().map(|record| record.position.sequence).collect() };
    assert_eq!(shown(&searched.records), shown(&want[..want.len().min(7)]));
    let range = TimeRange { start: Timestamp(0), end: Timestamp(1_000) };
    let bars = HistogramRequest { filter: filter.clone(), range, bucket: Duration::from_nanos(10) };
    assert_eq!(histogram(&snapshot, &bars, &patient_guard()).unwrap().matched, want.len() as u64);
    let (_, pipes) = search_lang::parse_pipeline("* | stats count() as n", NOW).unwrap();
    let piped = PipelineRequest { filter: filter.clone(), pipes, range: TimeRange::ALL, rows_max: 10, now: NOW };
    let piped = pipeline(&snapshot, &piped, &patient_guard()).unwrap();
    assert_eq!(piped.matched, want.len() as u64);
    assert!(matches!(piped.rows, PipelineRows::Table { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_was_deleted_is_in_no_answer_and_all_else_is(
        steps in proptest::collection::vec(step(), 1..14), asked in generate::filter(),
    ) {
        let store = store_with_parts();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Append(records) => model.append(&store, records),
                Step::Seal => {
                    if store.freeze() {
                        store.seal().unwrap();
                    }
                }
                Step::Delete(filter) => {
                    let request = MatchingRequest { filter, range: TimeRange::ALL, records_max: Some(10_000) };
                    let found = matching(&store.snapshot(TENANT), &request, &patient_guard()).unwrap();
                    prop_assert!(found.cut_short.is_none() && !found.has_more);
                    model.records.retain(|record| !testkit::naive::matches(&request.filter, record));
                    if let Some(times) = found.times {
                        store.hide(TENANT, found.sequences, times, NOW).unwrap();
                    }
                }
            }
            check(&store, &model, &Filter::All);
            check(&store, &model, &asked);
        }
    }
}
