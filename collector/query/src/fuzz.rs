//! Entry points for fuzzers: whatever lies in a store, and whatever is asked, a query ends with an answer.

use crate::{HistogramRequest, PipelineRequest, QueryError, QueryGuard, SearchRequest, histogram, pipeline, search};
use basics::{Clock, Disk, MemoryBudget, TenantId, Timestamp};
use log_store::{LogSnapshot, LogStore, NewLogs, PartSettings};
use model::{Filter, LogBatch, LogRecord, RecordPosition, Severity, SpanId, Stream, TimeRange, TraceId, Value};
use parts::fuzz::{MadeUp, lay_out};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const TENANT: TenantId = TenantId(16);
const NOW: Timestamp = Timestamp(1_795_516_200_000_000_000);
const MEMORY_BYTES: u64 = 64 << 20;
/// Asked of a part that was made up; each reads something else of it.
const QUESTIONS: [&str; 6] = [
    "",
    "timeout NOT node-3",
    "user:x OR trace_id:05050505050505050505050505050505",
    "*imeo* body.took>3 level>=warn",
    "| stats count() as n by service",
    "| patterns",
];

/// Time that stands still: only what is asked decides how long it takes.
struct NoTime;

impl Clock for NoTime {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

fn guard() -> QueryGuard {
    let memory = MemoryBudget::new(MEMORY_BYTES);
    QueryGuard::new(Arc::new(NoTime), Duration::from_secs(1), Arc::new(AtomicBool::new(false)), memory)
}

/// Reads any bytes as the two files of a part: four bytes say how long the index is, which comes first. Checksums are made
/// to fit, so that what lies behind them is reached. `disk` is empty.
///
/// Asserts that every question is answered, whole or not.
pub fn part(disk: Arc<dyn Disk>, input: &[u8]) {
    let Some((length, rest)) = input.split_first_chunk::<4>() else { return };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (index, records) = rest.split_at(length.min(rest.len()));
    let dir = Path::new("store");
    lay_out(&disk, dir, TENANT, MadeUp { records, index }).expect("a disk without faults takes files");
    let store = LogStore::open(disk, dir).expect("the manifest is sound");
    for question in QUESTIONS {
        ask(&store.snapshot(TENANT), question);
    }
    for part in store.parts().quarantine_damaged() {
        part.expect("a disk without faults takes a commit");
    }
}

/// A store that any text is asked of, half of it in a part, and all of its records.
pub struct World {
    snapshot: LogSnapshot,
    records: Vec<LogRecord>,
}

/// What a reference says of a record.
pub type IsMatch<'a> = &'a dyn Fn(&Filter, &LogRecord) -> bool;

impl World {
    /// A few dozen records with something of everything. `batch_of` makes them what the decoder hands over; `disk` is
    /// empty.
    pub fn new(disk: Arc<dyn Disk>, batch_of: &dyn Fn(&[LogRecord]) -> LogBatch) -> World {
        let settings = PartSettings { group_records: 8, ..PartSettings::SEALED };
        let store = LogStore::open_with(disk, Path::new("store"), settings).expect("an empty disk takes a store");
        let mut records = Vec::new();
        for position in 1..=2 {
            let here: Vec<LogRecord> = (0..BODIES.len()).map(|number| world_record(position, number)).collect();
            let batch = batch_of(&here);
            let (ordinals, reservation) = (None, None);
            store.append(vec![NewLogs { tenant: TENANT, position, received: NOW, batch, ordinals, reservation }]);
            if position == 1 {
                store.freeze();
                store.seal().expect("a disk without faults takes a part");
            }
            records.extend(here);
        }
        World { snapshot: store.snapshot(TENANT), records }
    }

    /// Asks any text, and compares what is found with what a reference says of each record.
    pub fn ask(&self, is_match: IsMatch<'_>, input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        let Ok((filter, pipes)) = search_lang::parse_pipeline(&text, NOW) else { return };
        let range = TimeRange::ALL;
        let limit = self.records.len() + 1;
        let request = SearchRequest { filter: filter.clone(), range, limit, before: None, after_sequence: None };
        if let Ok(answer) = search(&self.snapshot, &request, &guard()) {
            assert_eq!(answer.cut_short, None, "{text}");
            // The reference reads the expressions of its own generator, not all that people write.
            if !has_regex(&filter) {
                let found = answer.records.iter().map(|record| record.position);
                let want = self.records.iter().filter(|record| is_match(&filter, record)).map(|record| record.position);
                let mut want: Vec<_> = want.collect();
                want.sort_by_key(|position| std::cmp::Reverse(*position));
                assert_eq!(found.collect::<Vec<_>>(), want, "{text}");
            }
        }
        let request = PipelineRequest { filter, pipes, range, rows_max: 1_000, now: NOW };
        match pipeline(&self.snapshot, &request, &guard()) {
            Ok(answer) => assert_eq!(answer.cut_short, None, "{text}"),
            Err(QueryError::Cancelled) => panic!("nobody cancelled {text}"),
            Err(_) => {}
        }
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("World").field("records", &self.records.len()).finish_non_exhaustive()
    }
}

const BODIES: [&str; 12] = [
    "request 17 to /api/v1/carts took 90 ms",
    "timeout after 5 ms on node-23",
    r#"{"level":"warn","took":17,"user":{"id":"u5"},"list":[1,"x"]}"#,
    "disk full",
    "로그검색이 500번 실패",
    "level=info took=5 path=/healthz error=\"broken pipe\"",
    "read_timeout: 10.0.0.7:5432 is gone",
    "from 2001:db8::7 to ::ffff:10.0.0.7",
    "ＦＵＬＬ width É e\u{301} ß ǰ",
    "",
    "user_id=u5 signed in\tat\n10:00",
    "ERROR Error error",
];

fn world_record(position: u64, number: usize) -> LogRecord {
    let text = |text: &str| Value::Str(text.into());
    let whole = i64::try_from(number).unwrap_or(0);
    let byte = u8::try_from(number).unwrap_or(0);
    let resource = match number % 3 {
        0 => vec![],
        1 => vec![("service.name".into(), text("shop"))],
        _ => vec![("service.name".into(), text("cart")), ("host".into(), text("node-23"))],
    };
    let body = match number {
        3 if position == 2 => Value::Map(vec![("took".into(), Value::Int(5)), ("note".into(), text("disk full"))]),
        9 => Value::Double(5.0),
        _ => text(BODIES[number]),
    };
    let attributes = match number % 4 {
        0 => vec![("user".into(), text("u5")), ("took".into(), Value::Int(whole))],
        1 => vec![("took".into(), Value::Double(0.5)), ("ip".into(), text("10.0.0.7")), ("user".into(), Value::Empty)],
        2 => vec![("done".into(), Value::Bool(true)), ("user".into(), text("u5")), ("user".into(), text("u6"))],
        _ => vec![("tags".into(), Value::Array(vec![text("new"), Value::Int(5)])), ("took".into(), text("5"))],
    };
    LogRecord {
        position: RecordPosition { time: Timestamp(NOW.0 - whole / 2), sequence: position << 20 | number as u64 },
        observed: NOW,
        severity: Severity([0, 9, 13, 17][number % 4]),
        severity_text: ["", "INFO", "Attention"][number % 3].into(),
        body,
        trace_id: TraceId::new([byte; 16]),
        span_id: SpanId::new([byte; 8]),
        flags: 0,
        event_name: ["", "user.login"][number % 2].into(),
        dropped_attributes: 0,
        attributes,
        stream: Arc::new(Stream { resource, scope_name: "app.logger".into(), ..Stream::default() }),
    }
}

fn has_regex(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().any(has_regex),
        Filter::Not(filter) => has_regex(filter),
        Filter::Regex { .. } => true,
        Filter::All
        | Filter::Text { .. }
        | Filter::Exact { .. }
        | Filter::Wildcard { .. }
        | Filter::OneOf { .. }
        | Filter::InIpRange { .. }
        | Filter::Equals { .. }
        | Filter::Exists(_)
        | Filter::Compare { .. } => false,
    }
}

fn ask(snapshot: &LogSnapshot, question: &str) {
    let (filter, pipes) = search_lang::parse_pipeline(question, NOW).expect("the questions are sound");
    let range = TimeRange::ALL;
    let request = PipelineRequest { filter: filter.clone(), pipes, range, rows_max: 100, now: NOW };
    pipeline(snapshot, &request, &guard()).expect("a sound question is answered");
    let request = SearchRequest { filter: filter.clone(), range, limit: 100, before: None, after_sequence: None };
    search(snapshot, &request, &guard()).expect("a sound question is answered");
    let range = TimeRange { start: Timestamp(NOW.0 - 1_000_000_000), end: Timestamp(NOW.0 + 1_000_000_000) };
    let request = HistogramRequest { filter, range, bucket: Duration::from_millis(10) };
    histogram(snapshot, &request, &guard()).expect("a sound question is answered");
}
