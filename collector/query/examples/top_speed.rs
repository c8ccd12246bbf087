//! Measures how fast the most frequent values of a field with a million distinct ones are found.
//!
//! `cargo run --release -p query --example top_speed -- [RECORDS [DIRECTORY]]`: ten million records, unless another number
//! is named, each with one of a million users, in parts; two hands. The parts are written first, which takes a minute; in
//! a directory that is named they stay, and are read again the next time. Prints `name=value` lines: times of the best and
//! of the middle one of seven rounds, and the least processor time that a record took in one of them.
#![allow(clippy::print_stdout)]

use basics::{Clock, MemoryBudget, OsDisk, TenantId, Timestamp};
use log_store::{LogSnapshot, LogStore, NewLogs};
use model::{LogBatch, Stream, TimeRange, Value, ValueKind};
use query::{Crew, Piece, PipelineRequest, PipelineRows, QueryGuard, pipeline};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const RECORDS: u64 = 10_000_000;
const USERS: f64 = 1e6;
const BATCH: u64 = 1_000;
const RECORDS_PER_SEAL: u64 = 500_000;
const ROUNDS: usize = 7;
const MEMORY_BYTES: u64 = 1 << 30;
const TENANT: TenantId = TenantId(16);
const NOW: Timestamp = Timestamp(1_795_516_200_000_000_000);
/// Of `/proc/self/stat`, on every Linux of today.
const TICKS_PER_SECOND: f64 = 100.0;

struct RealClock(Instant);

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

#[derive(Debug)]
struct TwoHands;

impl Crew for TwoHands {
    fn take(&self, most: usize) -> usize {
        most.min(2)
    }

    fn give_back(&self, _hands: usize) {}

    fn run<'a>(&self, pieces: Vec<Piece<'a>>) {
        thread::scope(|scope| pieces.into_iter().for_each(|piece| drop(scope.spawn(piece))));
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let records = arguments.next().map_or(RECORDS, |count| count.parse().expect("a number of records"));
    let named = arguments.next().map(PathBuf::from);
    let dir = named.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("top-speed-{}", std::process::id())));
    let snapshot = written(&dir, records);
    for (name, query) in [("top_user", "| top 10 by user.id"), ("top_route", "| top 10 by route")] {
        measure(name, query, records, &snapshot);
    }
    drop(snapshot);
    if named.is_none() {
        std::fs::remove_dir_all(dir).expect("the directory was made here");
    }
}

fn measure(name: &str, query: &str, records: u64, snapshot: &LogSnapshot) {
    let (filter, pipes) = search_lang::parse_pipeline(query, NOW).expect("a query");
    let request = PipelineRequest { filter, pipes, range: TimeRange::ALL, rows_max: 10, now: NOW };
    let mut times = Vec::new();
    let mut processor = f64::INFINITY;
    let mut most = String::new();
    for _ in 0..ROUNDS {
        let (start, before) = (Instant::now(), processor_seconds());
        let memory = MemoryBudget::new(MEMORY_BYTES);
        let guard = QueryGuard::new(Arc::new(RealClock(start)), Duration::MAX, Arc::default(), memory);
        let answer = pipeline(snapshot, &request, &guard.with_crew(Arc::new(TwoHands))).expect("an answer");
        times.push(start.elapsed());
        processor = processor.min(processor_seconds() - before);
        assert_eq!((answer.matched, answer.cut_short), (records, None));
        let PipelineRows::Table { rows, .. } = answer.rows else { unreachable!("top makes a table") };
        most = format!("{:?}", rows.first());
    }
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!("{name}_best_ms={:.1}", milliseconds(times[0]));
    println!("{name}_middle_ms={:.1}", milliseconds(times[ROUNDS / 2]));
    println!("{name}_processor_ns_per_record={:.1}", processor * 1e9 / records as f64);
    println!("{name}_first={most}");
}

/// The processor time of the process so far.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells it");
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

fn written(dir: &Path, records: u64) -> LogSnapshot {
    let store = LogStore::open(Arc::new(OsDisk), dir).expect("a directory");
    // What is there from an earlier time is told from its sequences.
    let first = store.sealed();
    let mut chance = Chance(7);
    for position in first.max(1)..=records / BATCH {
        let batch = batch_of(position, &mut chance);
        store.append(vec![NewLogs {
            tenant: TENANT,
            position,
            received: NOW,
            batch,
            ordinals: None,
            reservation: None,
        }]);
        if (position * BATCH).is_multiple_of(RECORDS_PER_SEAL) {
            store.seal_all().expect("room on the disk");
        }
    }
    store.seal_all().expect("room on the disk");
    store.snapshot(TENANT)
}

/// A small generator of numbers that look like chance.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// Low users are met more often.
    fn user(&mut self) -> u64 {
        let fraction = self.next() as f64 / (1_u64 << 31) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the number of users")]
        let user = (fraction * fraction * USERS) as u64;
        user
    }
}

fn batch_of(position: u64, chance: &mut Chance) -> LogBatch {
    let service = ("service.name".into(), Value::Str("checkout".into()));
    let stream = Stream { resource: vec![service], ..Stream::default() };
    let mut batch = LogBatch { streams: vec![stream], ..LogBatch::default() };
    batch.attributes.keys = ["user.id", "route"].map(Into::into).into();
    for number in 0..BATCH {
        let time = NOW.0.unsigned_abs() + (position * BATCH + number) * 1_000;
        batch.stream.push(0);
        batch.time_unix_nano.push(time);
        batch.observed_time_unix_nano.push(time);
        batch.severity.push(9);
        batch.severity_text.push("INFO");
        batch.body.push("request finished");
        batch.body_kind.push(ValueKind::Str);
        batch.trace_id.push([0; 16]);
        batch.span_id.push([0; 8]);
        batch.flags.push(0);
        batch.event_name.push("");
        batch.dropped_attributes.push(0);
        let texts = [format!("user-{:06}", chance.user()), format!("/api/v1/things/{}", chance.next() % 50)];
        let rows = &mut batch.attributes;
        for (key, text) in (0..).zip(&texts) {
            rows.key.push(key);
            rows.kind.push(ValueKind::Str);
            rows.bits.push(0);
            rows.text.push(text);
        }
        rows.ends.push(u32::try_from(rows.key.len()).expect("few"));
    }
    batch
}
