//! A store that version 1 of the formats of parts, index and manifest left behind, which must open and answer for ever.
//!
//! It lies in tests/formats/part-1: the store's directory as it was written, and `answers.txt`, what it answers.
//! `UPDATE_EXPECT=1` writes them when the directory is not there, which only a new version of a format is a reason for;
//! that version then gets a directory of its own, and this one stays as it is.

use super::world::{NOW, TENANT, patient_guard, request_of};
use crate::{Cell, PipelineRequest, PipelineRows, SearchRequest, pipeline, search};
use basics::{Disk, TenantId, Timestamp};
use log_store::{LogSnapshot, LogStore, NewLogs, PartSettings};
use model::{LogRecord, RecordPosition, Severity, SpanId, Stream, TimeRange, TraceId, Value};
use parts::MergeOutcome;
use parts::merge_plan::MergeSettings;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use testkit::faulty_disk::{FaultyDisk, Unsynced};
use testkit::log_batch::log_batch_of;

const DIR: &str = "/data/logs";
/// Another tenant, with a part of its own.
const OTHER: TenantId = TenantId(17);
const DAY: Duration = Duration::from_secs(86_400);

/// What is asked of the tenant; each reads something else of the format.
const QUESTIONS: [&str; 22] = [
    "",
    "timeout",
    "\"disk full\"",
    "node-3",
    "10.0.0.7",
    "검색",
    "*imeou*",
    "body:/took \\d+ ms/",
    "service:shop level>=warn",
    "trace_id:05050505050505050505050505050505",
    "span_id:0606060606060606",
    "user=\"u 1\"",
    "took>30",
    "done:true share<0.3",
    "rare.list:x",
    "body.level=\"warn\"",
    "event_name:step.done NOT timeout",
    "scope.name:app.logger",
    "| stats count() as n, sum(took) as took, max(share) as share by service",
    "| top 3 user",
    "| patterns",
    "timeout | stats count() as n by level",
];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/part-1"))
}

fn text(text: impl Into<Box<str>>) -> Value {
    Value::Str(text.into())
}

/// Something of everything that a record may hold.
fn sample_record(number: i64, day_before: bool) -> LogRecord {
    let at = |of: i64| usize::try_from(number % of).unwrap();
    let byte = u8::try_from(number % 250).unwrap();
    let service = ["shop", "cart", ""][at(3)];
    let resource = match service {
        "" => vec![("host.name".into(), text("bare"))],
        _ => vec![("service.name".into(), text(service)), ("replicas".into(), Value::Int(3))],
    };
    let scope = vec![("lib".into(), Value::Bool(true))];
    let stream = Stream {
        resource,
        scope,
        scope_name: ["app.logger", ""][at(2)].into(),
        scope_version: "1.2".into(),
        ..Stream::default()
    };
    let body = match number % 8 {
        0 => text(format!("request {number} to /api/v1/carts took {} ms", number * 7 % 90)),
        1 => text(format!("timeout after {number} ms on node-{}", number % 7)),
        2 => text(format!(r#"{{"level":"warn","took":{number},"user":"u{}"}}"#, number % 5)),
        3 => text("disk full"),
        4 => text(format!("로그검색이 {number} 10.0.0.7")),
        5 => text(format!("level=info took={number} path=/healthz")),
        6 => Value::Map(vec![("kind".into(), text("map")), ("n".into(), Value::Int(number))]),
        _ => Value::Empty,
    };
    let mut attributes: model::Attributes = vec![
        ("user".into(), text(format!("u {}", number % 3))),
        ("took".into(), Value::Int(number)),
        ("share".into(), Value::Double(f64::from(byte) / 8.0 % 1.0)),
        ("done".into(), Value::Bool(number % 2 == 0)),
    ];
    if number % 9 == 4 {
        attributes.push(("rare.list".into(), Value::Array(vec![text("x"), Value::Int(1)])));
        attributes.push(("rare.map".into(), Value::Map(vec![("k".into(), text("v"))])));
        attributes.push(("rare.bytes".into(), Value::Bytes(vec![0, 255].into())));
        attributes.push(("rare.empty".into(), Value::Empty));
        attributes.push(("user".into(), text("given twice")));
        attributes.push(("took".into(), text("as text")));
    }
    let earlier = if day_before { DAY } else { Duration::ZERO };
    LogRecord {
        position: RecordPosition {
            time: Timestamp(NOW.0 + number / 2 * 1_000_001).saturating_sub(earlier),
            sequence: 0,
        },
        observed: Timestamp(NOW.0 + number * 3),
        severity: Severity([9, 17, 13, 0][at(4)]),
        severity_text: ["INFO", "", "Attention", ""][at(4)].into(),
        body,
        trace_id: TraceId::new([byte; 16]),
        span_id: SpanId::new([byte + 1; 8]),
        flags: u32::from(byte),
        event_name: ["step.done", "", ""][at(3)].into(),
        dropped_attributes: u32::from(byte % 2),
        attributes,
        stream: Arc::new(stream),
    }
}

/// Parts of two days and two tenants: one that was merged of nine, of several row groups, and some that were sealed.
fn make() -> FaultyDisk {
    let disk = FaultyDisk::new(0);
    let settings = PartSettings { group_records: 24, ..PartSettings::SEALED };
    let store = LogStore::open_with(Arc::new(disk.clone()), Path::new(DIR), settings).unwrap();
    for position in 1..=10_i64 {
        let records: Vec<LogRecord> =
            (0..6).map(|ordinal| sample_record(position * 6 + ordinal, position == 10)).collect();
        let tenant = if position == 5 { OTHER } else { TENANT };
        let batch = log_batch_of(&records);
        let position = u64::try_from(position).unwrap();
        store.append(vec![NewLogs { tenant, position, received: NOW, batch, ordinals: None, reservation: None }]);
        assert!(store.freeze());
        store.seal().unwrap();
        if position == 9 {
            let now = NOW.saturating_add(DAY);
            let merged = store.parts().merge(MergeSettings::default(), now, &|| false).unwrap();
            assert!(matches!(merged, MergeOutcome::Merged(report) if report.parts == 8), "{merged:?}");
        }
    }
    drop(store);
    disk.cut_power(Unsynced::Kept);
    disk
}

/// Reads the directory in.
pub(super) fn load() -> FaultyDisk {
    let disk = FaultyDisk::new(0);
    let mut folders = vec![PathBuf::from("store")];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(folder().join(&inner)).unwrap() {
            let entry = entry.unwrap();
            let inner = inner.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(inner);
            } else {
                let bytes = fs::read(entry.path()).unwrap();
                disk.put(&Path::new(DIR).join(inner.strip_prefix("store").unwrap()), &bytes);
            }
        }
    }
    disk
}

fn store(disk: &FaultyDisk) {
    for path in disk.paths() {
        let place = folder().join("store").join(path.strip_prefix(DIR.trim_start_matches('/')).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, disk.bytes_of(&path)).unwrap();
    }
    fs::write(folder().join("answers.txt"), answers(&open(disk))).unwrap();
}

fn open(disk: &FaultyDisk) -> LogStore {
    LogStore::open(Arc::new(disk.clone()), Path::new(DIR)).unwrap()
}

/// Every answer as text, questions above them.
fn answers(store: &LogStore) -> String {
    let mut out = String::new();
    for tenant in [TENANT, OTHER] {
        let snapshot = store.snapshot(tenant);
        for question in QUESTIONS.iter().filter(|question| tenant == TENANT || question.is_empty()) {
            out.push_str(&format!("\n## tenant {}: {question}\n", tenant.0));
            out.push_str(&answer(&snapshot, question));
        }
    }
    out
}

fn answer(snapshot: &LogSnapshot, question: &str) -> String {
    let parsed = search_lang::parse_pipeline(question, NOW);
    let (filter, pipes) = parsed.unwrap_or_else(|mistake| panic!("{question}: {mistake}"));
    if pipes.is_empty() {
        let request = SearchRequest { limit: 1_000, ..request_of(filter) };
        let answer = search(snapshot, &request, &patient_guard()).unwrap();
        assert_eq!(answer.cut_short, None, "{question}");
        // All of each record once; then what tells records apart.
        let line = |record: &LogRecord| match question.is_empty() {
            true => whole(record),
            false => format!("{} {} {}\n", record.position.time.0, record.position.sequence, record.body),
        };
        return answer.records.iter().map(line).collect();
    }
    let request = PipelineRequest { filter, pipes, range: TimeRange::ALL, rows_max: 1_000, now: NOW };
    let answer = pipeline(snapshot, &request, &patient_guard()).unwrap();
    assert_eq!(answer.cut_short, None, "{question}");
    let PipelineRows::Table { columns, rows } = answer.rows else { panic!("{question} makes a table") };
    let shown = |cell: &Cell| match cell {
        Cell::Missing => "missing".to_owned(),
        Cell::Time(time) => time.0.to_string(),
        Cell::Value(value) => value.to_string(),
    };
    let head = format!("{}\n", columns.join(" | "));
    let lines = rows.iter().map(|row| format!("{}\n", row.iter().map(shown).collect::<Vec<_>>().join(" | ")));
    std::iter::once(head).chain(lines).collect()
}

/// A record in one line, all of it.
fn whole(record: &LogRecord) -> String {
    let entries = |entries: &model::Attributes| {
        entries.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    };
    let stream = &record.stream;
    format!(
        "{} {} observed {} severity {} {:?} body {} trace {} span {} flags {} event {:?} dropped {} | {} | {:?} {:?} {} | {}\n",
        record.position.time.0,
        record.position.sequence,
        record.observed.0,
        record.severity.0,
        record.severity_text,
        record.body,
        record.trace_id.map_or("none".to_owned(), |id| id.to_string()),
        record.span_id.map_or("none".to_owned(), |id| id.to_string()),
        record.flags,
        record.event_name,
        record.dropped_attributes,
        entries(&record.attributes),
        stream.scope_name,
        stream.scope_version,
        entries(&stream.scope),
        entries(&stream.resource),
    )
}

#[test]
fn a_store_of_version_1_answers_as_it_did_and_is_gone_on_with() {
    if std::env::var_os("UPDATE_EXPECT").is_some() && !folder().exists() {
        store(&make());
    }
    let disk = load();
    let want = fs::read_to_string(folder().join("answers.txt")).unwrap();
    let store = open(&disk);
    let found = answers(&store);
    for (found, want) in found.split("\n## ").zip(want.split("\n## ")) {
        assert_eq!(found, want, "the answer has changed");
    }
    assert_eq!(found.len(), want.len());
    assert_eq!((store.sealed(), store.part_stats().parts, store.part_stats().records), (11, 3, 60));
    // What was stored then is merged and sealed on by the present program.
    let records: Vec<LogRecord> = (60..66).map(|number| sample_record(number + 6, false)).collect();
    let batch = log_batch_of(&records);
    store.append(vec![NewLogs {
        tenant: TENANT,
        position: 11,
        received: NOW,
        batch,
        ordinals: None,
        reservation: None,
    }]);
    assert!(store.freeze());
    store.seal().unwrap();
    drop(store);
    let found = answers(&open(&disk));
    assert_eq!(open(&disk).part_stats().records, 66);
    // All earlier records are among those of today's answer, as they were.
    let first = |text: &str| text.split("\n## ").nth(1).unwrap().lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let (found, want) = (first(&found), first(&want));
    assert!(found.len() == 60 && want.len() == 54 && want.iter().all(|line| found.contains(line)));
}

/// The sample stays what it is for: each file says the version that it is of, and nothing in it is damaged.
#[test]
fn the_sample_is_sound_and_small() {
    let disk = load();
    let bytes: usize = disk.paths().iter().map(|path| disk.bytes_of(path).len()).sum();
    assert!(bytes < 200 * 1024, "{bytes} bytes are more than a sample");
    let check = LogStore::check(&(Arc::new(disk.clone()) as Arc<dyn Disk>), Path::new(DIR)).unwrap().unwrap();
    assert!(check.is_sound() && check.orphans.is_empty(), "{check:?}");
    for path in disk.paths().iter().filter(|path| path.ends_with("index")) {
        let bytes = disk.bytes_of(path);
        assert_eq!((&bytes[..8], bytes[8]), (&b"OTRINDEX"[..], 1), "{}", path.display());
    }
}
