//! Measures how fast filters are decided, and how soon a query ends once nobody waits for it.
//!
//! `cargo run --release -p query --example scan_speed`: a head of a million records of about 340 bytes (a body of 100
//! bytes, six attributes, four streams), one thread; the best of five rounds. Each question is asked as a histogram of
//! one bucket, which reads every record.
#![allow(clippy::print_stdout)]

use basics::{Clock, MemoryBudget, TenantId, Timestamp};
use log_store::{LogSnapshot, LogStore, NewLogs};
use model::{AttributeRows, LogBatch, Stream, TextColumn, TimeRange, Value, ValueKind};
use query::{HistogramRequest, QueryGuard, SearchRequest, histogram, search};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const RECORDS: u64 = 1_000_000;
const BATCH: u64 = 1_000;
const ROUNDS: u32 = 5;
const TENANT: TenantId = TenantId(16);
const NOW: Timestamp = Timestamp(1_795_516_200_000_000_000);

struct RealClock(Instant);

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A small generator of numbers that look like chance.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.next()).unwrap_or(0) % of.len()]
    }
}

fn main() {
    let snapshot = head(body);
    println!("{RECORDS} records in {} batches", snapshot.batches().len());
    println!("{:>44}  {:>9}  {:>10}  {:>9}", "query", "matches", "M records/s", "ns/record");
    for query in [
        "",
        "level>=error",
        "service=checkout",
        "trace_id:00f067aa0ba902b700f067aa0ba902b7",
        "http.route=/api/v1/carts",
        "status>=500",
        "status:500",
        "missing:x",
        "body:connection",
        "body:zebra",
        "body:timeout",
        "body:\"disk full\"",
        "body:*onnec*",
        "body:검색",
        "connection",
        "zebra",
        "timeout",
        "level>=error timeout",
        "NOT connection",
    ] {
        measure(query, &snapshot);
    }
    let request = SearchRequest {
        filter: search_lang::parse("connection", NOW).expect("a query"),
        range: TimeRange::ALL,
        limit: 100,
        before: None,
        after_sequence: None,
    };
    let latest = (0..20).map(|_| {
        let start = Instant::now();
        let answer = search(&snapshot, &request, &guard(Arc::default())).expect("an answer");
        (start.elapsed(), answer.scanned)
    });
    if let Some((took, scanned)) = latest.min() {
        println!("latest 100 of a common word: {took:?}, {scanned} records scanned");
    }
    drop(snapshot);
    let korean = head(|chance| {
        format!("요청 {} 처리 중 로그검색이 실패했습니다: 연결 시간 초과 {}", chance.next(), chance.next())
    });
    for query in ["body:검색", "body:결제", "body:timeout", "body:café"] {
        measure(query, &korean);
    }
    drop(korean);
    cancellation();
}

fn measure(query: &str, snapshot: &LogSnapshot) {
    let filter = search_lang::parse(query, NOW).expect("a query");
    let range = TimeRange { start: Timestamp(0), end: Timestamp::MAX };
    let request = HistogramRequest { filter, range, bucket: Duration::MAX };
    let mut best = Duration::MAX;
    let mut matched = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let answer = histogram(snapshot, &request, &guard(Arc::default())).expect("an answer");
        best = best.min(start.elapsed());
        assert_eq!(answer.scanned, RECORDS);
        matched = black_box(answer.matched);
    }
    let nanos = best.as_secs_f64() * 1e9 / RECORDS as f64;
    println!("{query:>44}  {matched:>9}  {:>11.1}  {nanos:>9.1}", 1e3 / nanos);
}

/// How long the slowest road takes to end: records of a megabyte that must be folded, and many conditions.
fn cancellation() {
    let store = LogStore::new();
    let text: String = "e\u{301}ä".repeat(200_000);
    for position in 1..200 {
        let batch = batch_of(vec![(text.clone(), position)], &mut Chance(position));
        store.append(vec![new_logs(position, batch)]);
    }
    let snapshot = store.snapshot(TENANT);
    let query = vec!["àü"; 500].join(" OR ");
    let filter = search_lang::parse(&query, NOW).expect("a query");
    let mut worst = Duration::ZERO;
    for round in 1..=5 {
        let is_cancelled = Arc::new(AtomicBool::new(false));
        let request = SearchRequest {
            filter: filter.clone(),
            range: TimeRange::ALL,
            limit: 100,
            before: None,
            after_sequence: None,
        };
        let snapshot = snapshot.clone();
        let told = is_cancelled.clone();
        let running = thread::spawn(move || {
            let error = search(&snapshot, &request, &guard(told)).expect_err("it is cancelled");
            (error, Instant::now())
        });
        thread::sleep(Duration::from_millis(37 * round));
        let cancelled = Instant::now();
        is_cancelled.store(true, Ordering::Release);
        let (_, ended) = running.join().expect("a query does not panic");
        worst = worst.max(ended.saturating_duration_since(cancelled));
    }
    println!("worst time from cancellation to the end, on texts of 1 MB that must be folded: {worst:?}");
}

fn guard(is_cancelled: Arc<AtomicBool>) -> QueryGuard {
    let clock = Arc::new(RealClock(Instant::now()));
    QueryGuard::new(clock, Duration::from_secs(3_600), is_cancelled, MemoryBudget::new(1 << 30))
}

fn body(chance: &mut Chance) -> String {
    let what = chance.pick(&[
        "connection established to upstream",
        "request finished for user",
        "cache miss, loading key",
        "retrying after connection reset by peer",
        "worker took job from queue",
    ]);
    let rare = match chance.next() % 1_000 {
        0 => "read_timeout",
        1 => "disk full",
        _ => "ok",
    };
    let (id, port, peer) = (chance.next(), chance.next() % 65_536, chance.next() % 256);
    format!("{what} {id:08x} at 10.0.{peer}.7:{port} in {} ms, attempt {} of 5: {rare}", id % 5_000, peer % 5)
}

fn head(mut make: impl FnMut(&mut Chance) -> String) -> LogSnapshot {
    let store = LogStore::new();
    let mut chance = Chance(7);
    for position in 0..RECORDS / BATCH {
        let bodies = (0..BATCH).map(|record| (make(&mut chance), position * BATCH + record)).collect();
        let batch = batch_of(bodies, &mut chance);
        store.append(vec![new_logs(position + 1, batch)]);
    }
    store.snapshot(TENANT)
}

fn new_logs(position: u64, batch: LogBatch) -> NewLogs {
    NewLogs { tenant: TENANT, position, received: NOW, batch, ordinals: None, reservation: None }
}

fn batch_of(bodies: Vec<(String, u64)>, chance: &mut Chance) -> LogBatch {
    let text = |text: &str| Value::Str(text.into());
    let streams = ["checkout", "cart", "search", "gateway"].map(|service| Stream {
        resource: vec![("service.name".into(), text(service)), ("host.name".into(), text("node-7"))],
        scope_name: "app".into(),
        ..Stream::default()
    });
    let mut batch = LogBatch { streams: streams.into(), ..LogBatch::default() };
    for (body, number) in &bodies {
        batch.stream.push(u32::try_from(chance.next() % 4).unwrap_or(0));
        let time = NOW.0.unsigned_abs() + number * 1_000;
        batch.time_unix_nano.push(time);
        batch.observed_time_unix_nano.push(time);
        batch.severity.push([9, 9, 9, 9, 9, 9, 9, 13, 13, 17][usize::try_from(chance.next() % 10).unwrap_or(0)]);
        batch.severity_text.push("INFO");
        batch.body.push(body);
        batch.body_kind.push(ValueKind::Str);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&chance.next().to_le_bytes());
        batch.trace_id.push(id);
        batch.span_id.push(number.to_be_bytes());
        batch.flags.push(0);
        batch.event_name.push("");
        batch.dropped_attributes.push(0);
        attributes(&mut batch.attributes, chance);
    }
    batch
}

const ROUTES: &[&str] = &["/api/v1/carts", "/api/v1/users/{id}", "/healthz", "/api/v2/search", "/checkout"];

fn attributes(rows: &mut AttributeRows, chance: &mut Chance) {
    if rows.keys.is_empty() {
        rows.keys = ["http.route", "http.method", "status", "duration", "user.id", "peer"].map(Into::into).into();
        rows.text = TextColumn::default();
    }
    let mut push = |key: u32, kind: ValueKind, bits: u64, text: &str| {
        rows.key.push(key);
        rows.kind.push(kind);
        rows.bits.push(bits);
        rows.text.push(text);
    };
    push(0, ValueKind::Str, 0, chance.pick(ROUTES));
    push(1, ValueKind::Str, 0, chance.pick(&["GET", "POST"]));
    push(2, ValueKind::Int, [200, 200, 200, 404, 500][usize::try_from(chance.next() % 5).unwrap_or(0)], "");
    push(3, ValueKind::Double, (chance.next() as f64 / 1e6).to_bits(), "");
    push(4, ValueKind::Str, 0, &format!("u-{}", chance.next() % 100_000));
    push(5, ValueKind::Str, 0, &format!("10.1.{}.{}", chance.next() % 256, chance.next() % 256));
    rows.ends.push(u32::try_from(rows.key.len()).unwrap_or(0));
}
