//! Stores with known records, guards that end when told, and the reference's answers.

use crate::{Crew, Piece, QueryGuard, SearchRequest, search};
use basics::{Clock, MemoryBudget, TenantId, Timestamp};
use log_store::{LogSnapshot, LogStore, NewLogs, PartSettings};
use model::{Filter, LogRecord, RecordPosition, Severity, Stream, TimeRange, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::faulty_disk::FaultyDisk;
use testkit::generate;
use testkit::log_batch::log_batch_of;

pub(crate) const TENANT: TenantId = TenantId(16);
/// 2026-11-24T10:30:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_516_200_000_000_000);

/// A clock on which each look takes a second. It tells somebody at each of them.
pub(crate) struct LookingClock {
    pub(crate) looks: AtomicU64,
    pub(crate) at_look: Box<dyn Fn(u64) + Send + Sync>,
}

impl Clock for LookingClock {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn monotonic(&self) -> Duration {
        let look = self.looks.fetch_add(1, Ordering::Relaxed) + 1;
        (self.at_look)(look);
        Duration::from_secs(look)
    }
}

/// A guard that stops a query at its look of this number, and has so much memory.
pub(crate) fn guard_of(looks: u64, memory_bytes: u64) -> QueryGuard {
    let clock = LookingClock { looks: AtomicU64::new(0), at_look: Box::new(|_| ()) };
    let memory = MemoryBudget::new(memory_bytes);
    QueryGuard::new(Arc::new(clock), Duration::from_secs(looks), Arc::new(AtomicBool::new(false)), memory)
}

/// A guard that stops nothing, and whose query is shared among three hands wherever it can be.
pub(crate) fn patient_guard() -> QueryGuard {
    guard_of(u64::from(u32::MAX), 1 << 40).with_crew(Arc::new(ThreeHands))
}

/// A guard whose clock stands, and whose query is shared among three hands: for what gives itself some seconds.
pub(crate) fn standing_guard() -> QueryGuard {
    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            NOW
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }
    }

    let memory = MemoryBudget::new(1 << 40);
    QueryGuard::new(Arc::new(Standing), Duration::MAX, Arc::default(), memory).with_crew(Arc::new(ThreeHands))
}

#[derive(Debug)]
struct ThreeHands;

impl Crew for ThreeHands {
    fn take(&self, most: usize) -> usize {
        most.min(3)
    }

    fn give_back(&self, _hands: usize) {}

    fn run<'a>(&self, pieces: Vec<Piece<'a>>) {
        std::thread::scope(|scope| pieces.into_iter().for_each(|piece| drop(scope.spawn(piece))));
    }
}

pub(crate) fn record(body: &str) -> LogRecord {
    LogRecord {
        position: RecordPosition { time: NOW, sequence: 0 },
        observed: NOW,
        severity: Severity(9),
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

/// A record without a body and with these attributes.
pub(crate) fn record_with(attributes: &[(&str, Value)]) -> LogRecord {
    let attributes = attributes.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
    LogRecord { body: Value::Empty, attributes, ..record("") }
}

pub(crate) fn text(text: &str) -> Value {
    Value::Str(text.into())
}

/// A store with one request of these records.
pub(crate) fn snapshot_of(records: &[LogRecord]) -> LogSnapshot {
    let store = LogStore::new();
    store.append(vec![new_logs(1, records, None)]);
    store.snapshot(TENANT)
}

/// A store on a disk of its own, whose parts have small row groups.
pub(crate) fn store_with_parts() -> LogStore {
    let settings = PartSettings { group_records: 9, ..PartSettings::SEALED };
    LogStore::open_with(Arc::new(FaultyDisk::new(1)), Path::new("/data/logs"), settings).unwrap()
}

/// A store with one request of these records, all of them in a part.
pub(crate) fn sealed_snapshot_of(records: &[LogRecord]) -> LogSnapshot {
    let store = store_with_parts();
    store.append(vec![new_logs(1, records, None)]);
    assert!(store.freeze());
    store.seal().unwrap();
    store.snapshot(TENANT)
}

pub(crate) fn new_logs(position: u64, records: &[LogRecord], ordinals: Option<Vec<u32>>) -> NewLogs {
    let batch = log_batch_of(records);
    NewLogs { tenant: TENANT, position, received: NOW, batch, ordinals, reservation: None }
}

pub(crate) fn request_of(filter: Filter) -> SearchRequest {
    SearchRequest { filter, range: TimeRange::ALL, limit: 10_000, before: None, after_sequence: None }
}

/// Checks which of the records a query finds, by their indexes.
#[track_caller]
pub(crate) fn check(query: &str, records: &[LogRecord], want: &[usize]) {
    let filter = search_lang::parse(query, NOW).unwrap_or_else(|mistake| panic!("{query}: {mistake}"));
    for (place, snapshot) in [("head", snapshot_of(records)), ("part", sealed_snapshot_of(records))] {
        let answer = search(&snapshot, &request_of(filter.clone()), &patient_guard()).unwrap();
        let mut found: Vec<usize> = answer.records.iter().map(index_of).collect();
        found.sort_unstable();
        assert_eq!(found, want, "in the {place}, query: {query}");
    }
    let naive: Vec<usize> =
        (0..records.len()).filter(|index| testkit::naive::matches(&filter, &records[*index])).collect();
    assert_eq!(naive, want, "the reference, query: {query}");
}

fn index_of(record: &LogRecord) -> usize {
    usize::try_from(record.position.sequence & 0xf_ffff).unwrap()
}

/// Doubles that `==` takes for equal, or for unequal to themselves, are told apart by their text.
pub(crate) fn exact<T: std::fmt::Debug>(value: &T) -> String {
    format!("{value:?}")
}

/// Requests of several tenants as they were sent, and what is stored of them.
pub(crate) struct World {
    pub(crate) snapshot: LogSnapshot,
    /// The records of [`TENANT`], in no order.
    pub(crate) records: Vec<LogRecord>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} batches, {:#?}", self.snapshot.batches().len(), self.records)
    }
}

/// Some requests: each of one tenant, its records out of order and with rejected ones among them, cut into batches and
/// merged as the store likes; and behind some of them everything is moved into parts of small row groups.
pub(crate) fn world() -> impl Strategy<Value = World> {
    let record = (generate::log_record(), prop_oneof![4 => Just(0u32), 1 => 1..3u32]);
    let request = (0..3u64, vec(record, 0..24), prop_oneof![3 => Just(false), 1 => Just(true)]);
    vec(request, 0..8).prop_map(|requests| {
        let store = store_with_parts();
        let mut records = Vec::new();
        for (position, (tenant, sent, is_sealed)) in (1..).zip(requests) {
            // One request in three is another tenant's.
            let tenant = if tenant == 0 { TenantId(17) } else { TENANT };
            let mut ordinals: Vec<u32> = Vec::new();
            let mut kept = Vec::new();
            for (mut record, rejected_before) in sent {
                let ordinal = ordinals.last().map_or(0, |last| last + 1) + rejected_before;
                // Time 0 would mean "not given".
                record.position.time = Timestamp(record.position.time.0 + 1);
                record.position.sequence = position << 20 | u64::from(ordinal);
                record.observed = record.position.time;
                ordinals.push(ordinal);
                kept.push(record);
            }
            let is_whole = ordinals.last().is_none_or(|last| *last as usize + 1 == ordinals.len());
            let ordinals = Some(ordinals).filter(|_| !is_whole);
            store.append(vec![NewLogs { tenant, ..new_logs(position, &kept, ordinals) }]);
            records.extend(kept.into_iter().filter(|_| tenant == TENANT));
            if is_sealed && store.freeze() {
                store.seal().unwrap();
            }
        }
        World { snapshot: store.snapshot(TENANT), records }
    })
}

/// A range of times around those of the records; empty ones too.
pub(crate) fn range() -> impl Strategy<Value = TimeRange> {
    prop_oneof![
        1 => Just(TimeRange::ALL),
        2 => (0..24i64, 0..24i64).prop_map(|(start, end)| TimeRange { start: Timestamp(start), end: Timestamp(end) }),
    ]
}

impl World {
    /// What a search must find, over all pages.
    pub(crate) fn answer(&self, request: &SearchRequest) -> Vec<LogRecord> {
        let is_asked = |record: &&LogRecord| {
            request.range.contains(record.position.time)
                && request.before.is_none_or(|before| record.position < before)
                && request.after_sequence.is_none_or(|after| record.position.sequence > after)
                && testkit::naive::matches(&request.filter, record)
        };
        let mut found: Vec<LogRecord> = self.records.iter().filter(is_asked).cloned().collect();
        found.sort_by_key(|record| std::cmp::Reverse(record.position));
        found
    }
}
