use super::*;
use crate::tests::world::{
    NOW, TENANT, exact, guard_of, new_logs, patient_guard, record, request_of, snapshot_of, standing_guard,
    store_with_parts, text,
};
use crate::{
    ContextRequest, ExportRequest, FieldsRequest, HistogramRequest, NothingRequest, PatternsRequest, PipelineRequest,
    PipelineRows, SearchRequest, TailRequest, context, export, fields, histogram, nothing, patterns, pipeline, search,
    tail,
};
use log_store::{LogSnapshot, LogStore, NewLogs};
use model::{LogRecord, RecordPosition, Severity, Stream, Value};
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::sync::Arc;
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
    #![proptest_config(testkit::random_cases::cases(200))]

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

const REQUEST_RECORDS: usize = 40;

/// One record in three is deleted; with them go all records of some values, of one scope and of one shape.
fn is_deleted(number: i64) -> bool {
    number % 3 == 1
}

fn records_of_all_kinds() -> Vec<LogRecord> {
    let stream = |service: &str, host: &str, scope: &str, team: &str| {
        let resource = vec![("service.name".into(), text(service)), ("host".into(), text(host))];
        let scope_attributes = vec![("team".into(), text(team))];
        Arc::new(Stream { resource, scope_name: scope.into(), scope: scope_attributes, ..Stream::default() })
    };
    let kept = [stream("shop", "a", "app.orders", "red"), stream("mail", "b", "app.mail", "blue")];
    let gone = stream("secret", "z", "app.secret", "none");
    (0..3 * i64::try_from(REQUEST_RECORDS).unwrap())
        .map(|number| {
            let (is_deleted, has_twin) = (is_deleted(number), number % 2 == 0);
            let body = match (is_deleted, has_twin) {
                (true, false) => format!("secret {number} of nobody"),
                (_, true) => format!("order {number} took {} ms", number * 7),
                (false, false) => format!("mail {number} is sent"),
            };
            let user = if is_deleted && !has_twin { "gone".to_owned() } else { format!("user {}", number % 5) };
            let mut attributes = vec![("user".into(), text(&user)), ("n".into(), Value::Int(number))];
            if is_deleted {
                attributes.push(("del".into(), text("yes")));
            }
            LogRecord {
                position: RecordPosition { time: Timestamp(NOW.0 + number * 37 % 100), sequence: 0 },
                severity: Severity(if is_deleted && !has_twin { 21 } else { 9 }),
                stream: if is_deleted && !has_twin { gone.clone() } else { kept[usize::from(!has_twin)].clone() },
                body: text(&body),
                attributes,
                ..record("")
            }
        })
        .collect()
}

/// Three requests, of which the first ones lie in parts. With `is_kept` only some of the records ever came, with the sequences
/// that they have among all.
fn store_of(records: &[LogRecord], sealed: usize, is_kept: impl Fn(i64) -> bool) -> LogStore {
    let store = store_with_parts();
    let mut numbers = 0..;
    for (position, (number, sent)) in (1..).zip(records.chunks(REQUEST_RECORDS).enumerate()) {
        let (kept, kept_records): (Vec<u32>, Vec<LogRecord>) = (0..)
            .zip(sent)
            .zip(&mut numbers)
            .filter(|(_, number)| is_kept(*number))
            .map(|((ordinal, record), _)| (ordinal, record.clone()))
            .unzip();
        let ordinals = Some(kept).filter(|kept| kept.len() < sent.len());
        store.append(vec![new_logs(position, &kept_records, ordinals)]);
        if number < sealed {
            assert!(store.freeze());
            store.seal().unwrap();
        }
    }
    store
}

/// Everything that can be asked, and what is answered.
fn all_answers(snapshot: &LogSnapshot) -> Vec<(String, String)> {
    let range = TimeRange { start: NOW, end: Timestamp(NOW.0 + 100) };
    let (bucket, guard) = (Duration::from_nanos(10), standing_guard());
    let mut answers = Vec::new();
    let mut note = |asked: &str, answer: String| answers.push((asked.to_owned(), answer));

    let asked = PatternsRequest { filter: Filter::All, range, count: 50, bucket, now: NOW };
    let answer = patterns(snapshot, &asked, &guard).unwrap();
    note("patterns", exact(&(&answer.patterns, answer.matched, answer.scanned, answer.cut_short)));
    let asked = FieldsRequest { filter: Filter::All, range: TimeRange::ALL, records_max: 1_000 };
    let answer = fields(snapshot, &asked, &guard).unwrap();
    note("fields", exact(&(&answer.fields, answer.records, answer.scanned)));
    for query in [
        "| patterns",
        "| top 50 by user",
        "| top 50 by n",
        "| top 50 by scope_name",
        "| top 50 by team",
        "| top 50 by service",
        "| top 50 by host",
        "| top 50 by level",
        "| top 50 by del",
        "| top 50 by body",
        "took OR secret | top 50 by host",
        "| stats count(), count(del), count_distinct(user), sum(n), max(n), median(n) by service, team",
        "| stats count() by 10ns, level",
        "| sort by n desc",
        "| fields user, del, host | where user:*",
        "order | context 2",
        "| parse regex /(?P<first>[a-z]+)/ | top 50 by first",
    ] {
        let (filter, pipes) = search_lang::parse_pipeline(query, NOW).unwrap();
        let asked = PipelineRequest { filter, pipes, range: TimeRange::ALL, rows_max: 1_000, now: NOW };
        let answer = pipeline(snapshot, &asked, &guard).unwrap();
        note(query, exact(&(&answer.rows, answer.matched, answer.scanned, answer.cut_short)));
    }
    let bars = histogram(snapshot, &HistogramRequest { filter: Filter::All, range, bucket }, &guard).unwrap();
    note("histogram", exact(&(&bars.buckets, bars.matched)));
    let found = search(snapshot, &request_of(Filter::All), &guard).unwrap();
    note("search", exact(&(&found.records, found.matched, found.scanned)));
    let mut rows = Vec::new();
    let asked = ExportRequest { filter: Filter::All, range: TimeRange::ALL, before: None, columns: None };
    let exported = export(snapshot, &asked, &guard, &mut |row| {
        rows.push(exact(&row));
        ControlFlow::Continue(())
    });
    note("export", exact(&(exported.unwrap().records, rows)));
    let asked = TailRequest { filter: Filter::All, after: None, records_max: 1_000, backlog_max: 1_000 };
    note("tail", exact(&tail(snapshot, &asked, &guard).unwrap().records));
    for query in ["del:yes", "user:gone", "secret"] {
        let asked = NothingRequest { filter: filter_of(query), range: TimeRange::ALL };
        let answer = nothing(snapshot, &asked, &guard).unwrap();
        note(query, exact(&(&answer.conditions, &answer.near)));
    }
    answers
}

#[test]
fn what_was_deleted_is_in_no_pattern_value_field_or_neighbourhood() {
    let records = records_of_all_kinds();
    for sealed in 0..=3 {
        let store = store_of(&records, sealed, |_| true);
        let before = all_answers(&store.snapshot(TENANT));
        let deleted = matching(&store.snapshot(TENANT), &request("del:yes", Some(1_000)), &patient_guard()).unwrap();
        assert_eq!(deleted.sequences.len(), REQUEST_RECORDS);
        let sequences = deleted.sequences.clone();
        store.hide(TENANT, deleted.sequences, deleted.times.unwrap(), NOW).unwrap();
        let snapshot = store.snapshot(TENANT);
        let never_came = store_of(&records, sealed, |number| !is_deleted(number)).snapshot(TENANT);
        let answers = all_answers(&snapshot).into_iter().zip(all_answers(&never_came)).zip(before);
        for (((asked, got), (_, want)), (_, before)) in answers {
            assert_eq!(got, want, "{asked}, with {sealed} parts");
            assert_ne!(before, want, "{asked} would not tell, with {sealed} parts");
        }
        for record in search(&snapshot, &request_of(Filter::All), &patient_guard()).unwrap().records {
            for is_of_stream in [false, true] {
                let asked = ContextRequest { position: record.position, before: 3, after: 3, is_of_stream };
                let around = |snapshot| {
                    let answer = context(snapshot, &asked, &patient_guard()).unwrap();
                    exact(&(answer.record, answer.before, answer.after))
                };
                assert_eq!(around(&snapshot), around(&never_came));
            }
        }
        for sequence in sequences {
            let place = |number: u64| usize::try_from(number).unwrap();
            let number = place((sequence >> 20) - 1) * REQUEST_RECORDS + place(sequence & 0xf_ffff);
            let position = RecordPosition { time: records[number].position.time, sequence };
            let asked = ContextRequest { position, before: 1, after: 1, is_of_stream: false };
            assert_eq!(context(&snapshot, &asked, &patient_guard()).unwrap().record, None);
        }
    }
}
