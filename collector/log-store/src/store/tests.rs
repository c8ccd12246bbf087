use super::*;
use basics::{MemoryBudget, Timestamp};
use model::{LogBatch, LogRecord, Severity, Stream, Value};
use parts::limits::BATCH_RECORDS_MAX;
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::generate::log_record;
use testkit::log_batch::log_batch_of;

use crate::LogColumns;

const TENANT: TenantId = TenantId(16);
const RECEIVED: Timestamp = Timestamp(0);

fn new_logs(position: u64, batch: LogBatch) -> NewLogs {
    NewLogs { tenant: TENANT, position, received: RECEIVED, batch, ordinals: None, reservation: None }
}

/// All records of the tenant, in the order of answers turned round.
fn records(store: &LogStore) -> Vec<LogRecord> {
    let snapshot = store.snapshot(TENANT);
    let mut all: Vec<LogRecord> = snapshot
        .batches()
        .iter()
        .flat_map(|batch| (0..batch.len()).map(|row| LogColumns::of(batch).record(row)))
        .collect();
    all.sort_by_key(|record| record.position);
    all
}

/// Doubles that `==` takes for equal, or for unequal to themselves, are told apart by their text.
fn exact<T: std::fmt::Debug>(value: &T) -> String {
    format!("{value:?}")
}

fn record(time: i64, body: &str) -> LogRecord {
    LogRecord {
        position: model::RecordPosition { time: Timestamp(time), sequence: 0 },
        observed: Timestamp(time),
        severity: Severity(0),
        severity_text: "".into(),
        body: Value::Str(body.into()),
        trace_id: None,
        span_id: None,
        flags: 0,
        event_name: "".into(),
        dropped_attributes: 0,
        attributes: Vec::new(),
        stream: Arc::new(Stream::default()),
    }
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(128))]

    #[test]
    fn every_record_comes_back_as_it_was_sent(requests in vec(vec(log_record(), 0..40), 0..6)) {
        let store = LogStore::new();
        let mut sent = Vec::new();
        for (position, request) in (1..).zip(&requests) {
            store.append(vec![new_logs(position, log_batch_of(request))]);
            for (ordinal, record) in (0..).zip(request) {
                let mut record = record.clone();
                record.position.sequence = position << 20 | ordinal;
                sent.push(record);
            }
        }
        sent.sort_by_key(|record| record.position);
        prop_assert_eq!(exact(&records(&store)), exact(&sent));
    }
}

#[test]
fn a_large_request_out_of_order_is_cut_into_batches_of_narrow_time() {
    let store = LogStore::new();
    let count = i64::try_from(BATCH_RECORDS_MAX * 2 + 10).unwrap();
    // Times run backwards, so nothing is where it was.
    let sent: Vec<LogRecord> = (0..count).map(|index| record(count - index, &format!("body {index}"))).collect();
    store.append(vec![new_logs(1, log_batch_of(&sent))]);
    let found = records(&store);
    assert_eq!(found.len(), sent.len());
    for (found, sent) in found.iter().zip(sent.iter().rev()) {
        assert_eq!((found.position.time, &found.body), (sent.position.time, &sent.body));
    }
    let snapshot = store.snapshot(TENANT);
    let ranges: Vec<_> = snapshot.batches().iter().map(|batch| batch.time_range()).collect();
    assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start), "{ranges:?}");
    assert!(snapshot.batches().iter().all(|batch| batch.len() <= BATCH_RECORDS_MAX));
}

#[test]
fn a_record_without_a_time_gets_the_observed_one_and_else_the_time_of_receipt() {
    let store = LogStore::new();
    let mut batch = log_batch_of(&[record(5, "own"), record(0, "observed"), record(0, "received")]);
    batch.observed_time_unix_nano = vec![7, 8, 0];
    store.append(vec![NewLogs { received: Timestamp(9), ..new_logs(1, batch) }]);
    let times: Vec<(i64, i64)> =
        records(&store).iter().map(|record| (record.position.time.0, record.observed.0)).collect();
    assert_eq!(times, [(5, 7), (8, 8), (9, 9)]);
}

#[test]
fn rejected_records_keep_their_ordinals_to_themselves() {
    let store = LogStore::new();
    let batch = log_batch_of(&[record(1, "a"), record(1, "b")]);
    store.append(vec![NewLogs { ordinals: Some(vec![1, 4]), ..new_logs(3, batch) }]);
    let sequences: Vec<u64> = records(&store).iter().map(|record| record.position.sequence).collect();
    assert_eq!(sequences, [3 << 20 | 1, 3 << 20 | 4]);
}

#[test]
fn a_severity_text_names_the_level_when_there_is_no_number() {
    let store = LogStore::new();
    let mut batch = log_batch_of(&[record(1, "a")]);
    batch.severity_text = model::TextColumn::default();
    batch.severity_text.push("WARNING");
    store.append(vec![new_logs(1, batch)]);
    assert_eq!(records(&store)[0].severity, Severity(13));
}

#[test]
fn a_tenant_sees_its_own_records_only() {
    let store = LogStore::new();
    store.append(vec![
        new_logs(1, log_batch_of(&[record(1, "mine")])),
        NewLogs { tenant: TenantId(17), ..new_logs(2, log_batch_of(&[record(1, "theirs")])) },
    ]);
    assert_eq!(records(&store).len(), 1);
    assert!(store.snapshot(TenantId(18)).batches().is_empty());
}

#[test]
fn what_the_store_holds_is_charged_to_what_was_reserved() {
    let budget = MemoryBudget::new(64 << 20);
    let store = LogStore::new();
    let large: Vec<LogRecord> = (0..10_000).map(|index| record(index, "some words of a body")).collect();
    for (position, records) in [(1, &large[..10]), (2, &large[..]), (3, &large[..1])] {
        let reservation = budget.try_reserve(4 << 20);
        store.append(vec![NewLogs { reservation, ..new_logs(position, log_batch_of(records)) }]);
    }
    let stats = store.stats();
    assert_eq!((stats.records, stats.uncharged_bytes), (10_011, 0));
    assert_eq!(budget.used_bytes(), stats.memory_bytes);
    drop(store);
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn a_repeated_stream_is_held_and_charged_once() {
    let store = LogStore::new();
    let with_resource = LogRecord {
        stream: Arc::new(Stream {
            resource: vec![("service.name".into(), Value::Str("shop".repeat(1_000).into()))],
            ..Stream::default()
        }),
        ..record(1, "a")
    };
    store.append(vec![new_logs(1, log_batch_of(std::slice::from_ref(&with_resource)))]);
    let once = store.stats().memory_bytes;
    store.append(vec![new_logs(2, log_batch_of(&[with_resource]))]);
    assert!(store.stats().memory_bytes < once + 4_000, "{} then {}", once, store.stats().memory_bytes);
    let found = records(&store);
    assert!(Arc::ptr_eq(&found[0].stream, &found[1].stream));
}
