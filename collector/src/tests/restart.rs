//! What a restart finds: the same records, the same verdicts, the same sequences.

use super::harness::{Harness, JSON, PROTOBUF, Setup, caller, encoded, encoded_request, gzip, post, record, request};
use basics::Clock;
use ingest::IngestSettings;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use serde_json::Value;
use service::{Caller, SystemClock};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::faulty_disk::{FaultyDisk, Unsynced};

const DAY: Duration = Duration::from_secs(86_400);

fn days_ago(days: u32) -> u64 {
    SystemClock::new().now().saturating_sub(days * DAY).0.cast_unsigned()
}

async fn send(
    house: &Harness,
    records: Vec<LogRecord>,
) -> opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse {
    let answer = house.post(&[("content-type", PROTOBUF)], encoded_request(records)).await;
    assert_eq!(answer.status, 200);
    answer.protobuf()
}

/// Every record as the API shows it, newest first.
async fn everything(house: &Harness) -> Vec<Value> {
    house.wait_until_stored().await;
    let (status, mut answer) = house.get("/api/v1/logs/search?start=0&limit=5000").await;
    assert_eq!((status.as_u16(), &answer["next"]), (200, &Value::Null));
    answer["records"].as_array_mut().map(std::mem::take).unwrap()
}

/// Requests of every format and coding, with bad records among the good ones.
async fn send_variously(house: &Harness) {
    let bad = LogRecord { trace_id: vec![1; 3], ..record("bad") };
    send(house, vec![record("first"), bad.clone(), record("third")]).await;
    let protobuf = encoded_request(vec![bad, record("compressed")]);
    let json = br#"{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"s"},"logRecords":[
        {"spanId":"zz"},{"body":{"kvlistValue":{"values":[{"key":"as","value":{"stringValue":"json"}}]}},"severityNumber":13}]}]}]}"#;
    for (kind, body) in [(PROTOBUF, &protobuf[..]), (JSON, &json[..])] {
        for (coding, packed) in
            [("identity", body.to_vec()), ("gzip", gzip(body)), ("zstd", zstd::encode_all(body, 3).unwrap())]
        {
            let answer = house.post(&[("content-type", kind), ("content-encoding", coding)], packed).await;
            assert_eq!(answer.status, 200, "{kind} {coding}");
        }
    }
    let mut message = request(vec![LogRecord { time_unix_nano: days_ago(1), ..record("other scope") }]);
    message.resource_logs[0].scope_logs[0].schema_url = "https://example.com/1".to_owned();
    assert_eq!(house.export(&message.encode_to_vec(), None).await.grpc_status(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_collector_finds_everything_again_as_it_was() {
    let house = Harness::start();
    send_variously(&house).await;
    let (before, account) = (everything(&house).await, house.account().await);
    assert_eq!((before.len(), &account["stored"], &account["received"]), (9, &9.into(), &16.into()));
    let house = Harness::open(house.stop());
    assert_eq!(everything(&house).await, before, "times, sequences, streams and values");
    assert_eq!(house.account().await, account, "rejected records stay rejected");
    send(&house, vec![record("afterwards")]).await;
    let house = Harness::open(house.stop());
    assert_eq!(everything(&house).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_collector_finds_everything_again() {
    let house = Harness::start();
    send_variously(&house).await;
    let before = everything(&house).await;
    // What the process would leave if it were killed now; it goes on beside it.
    let copy = house.setup().copied();
    send(&house, vec![record("not in the copy")]).await;
    let other = Harness::open(copy);
    assert_eq!(everything(&other).await, before);
}

/// Sends until told to end, and notes what was acknowledged before it was noted.
async fn send_until(house: &Harness, name: &str, is_over: &AtomicBool, acknowledged: &Mutex<Vec<String>>) {
    let mut number = 0;
    while !is_over.load(Ordering::Acquire) {
        let body = format!("{name} {number}");
        send(house, vec![record(&body)]).await;
        acknowledged.lock().unwrap().push(body);
        number += 1;
    }
}

fn times_found(found: &[Value]) -> BTreeMap<String, u32> {
    let mut times = BTreeMap::new();
    for record in found {
        *times.entry(record["body"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    times
}

/// Under load, takes what a crash would leave at some moments, and opens each: all that was acknowledged before the
/// moment is there once, nothing is there twice.
async fn check_crashes(house: &Harness, moments: u32, leave: impl Fn(u32) -> Setup) {
    let (is_over, acknowledged) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let senders = async {
        tokio::join!(
            send_until(house, "a", &is_over, &acknowledged),
            send_until(house, "b", &is_over, &acknowledged),
            send_until(house, "c", &is_over, &acknowledged),
        )
    };
    let crashes = async {
        let mut left = Vec::new();
        for moment in 0..moments {
            let goal = usize::try_from(moment + 1).unwrap() * 30;
            while acknowledged.lock().unwrap().len() < goal {
                tokio::task::yield_now().await;
            }
            let before = acknowledged.lock().unwrap().clone();
            left.push((before, leave(moment)));
        }
        is_over.store(true, Ordering::Release);
        left
    };
    let (_, left) = tokio::join!(senders, crashes);
    for (before, setup) in left {
        let other = Harness::open(setup);
        let times = times_found(&everything(&other).await);
        for body in &before {
            assert_eq!(times.get(body), Some(&1), "{body}, acknowledged before the crash");
        }
        assert!(times.values().all(|count| *count == 1), "{times:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_requests_loses_and_doubles_nothing() {
    let house = Harness::start();
    let setup = house.setup();
    check_crashes(&house, 4, |_| setup.copied()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_in_the_middle_of_requests_loses_and_doubles_nothing() {
    let disk = FaultyDisk::new(3);
    let house = Harness::open(Setup::on(&disk));
    check_crashes(&house, 9, |moment| {
        let copy = disk.copy();
        copy.cut_power([Unsynced::Lost, Unsynced::Kept, Unsynced::ByLot][moment as usize % 3]);
        Setup::on(&copy)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_retention_does_not_change_a_verdict() {
    let old = || LogRecord { time_unix_nano: days_ago(10), ..record("ten days old") };
    let house = Harness::start();
    assert_eq!(send(&house, vec![old(), record("new")]).await.partial_success, None);
    let too_old = LogRecord { time_unix_nano: days_ago(60), ..record("two months old") };
    assert_eq!(
        send(&house, vec![too_old.clone(), record("new")]).await.partial_success.unwrap().rejected_log_records,
        1
    );
    house.wait_until_stored().await;
    let setup = house.stop();
    let shorter = IngestSettings { retention: DAY, ..IngestSettings::default() };
    let house = Harness::open(Setup { ingest: shorter, ..setup });
    assert_eq!(house.found("old").await, ["ten days old"], "what was taken is kept");
    assert_eq!(send(&house, vec![old(), record("new")]).await.partial_success.unwrap().rejected_log_records, 1);
    house.wait_until_stored().await;
    let setup = house.stop();
    let longer = IngestSettings { retention: 100 * DAY, ..IngestSettings::default() };
    let house = Harness::open(Setup { ingest: longer, ..setup });
    assert_eq!(house.found("old").await, ["ten days old"], "what was rejected stays rejected");
    assert_eq!(house.account().await["rejected"], serde_json::json!({ "too_old": 2 }));
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir.join("wal/logs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_entry_is_counted_and_the_others_are_served() {
    let house = Harness::start();
    for number in 0..40 {
        send(&house, vec![record(&format!("entry {number:02}"))]).await;
    }
    house.wait_until_stored().await;
    let setup = house.stop();
    let mut is_damaged = false;
    for path in segments(setup.dir()) {
        let mut bytes = std::fs::read(&path).unwrap_or_default();
        if let Some(place) = bytes.windows(8).position(|bytes| bytes == b"entry 17") {
            bytes[place + 7] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            is_damaged = true;
        }
    }
    assert!(is_damaged);
    let house = Harness::open(setup);
    let times = times_found(&everything(&house).await);
    assert_eq!(times.len(), 39);
    assert!(!times.contains_key("entry 17") && !times.contains_key("entry 16 "), "{times:?}");
    let (_, page) = house.get("/api/v1/ingest").await;
    assert_eq!(page["log"]["lost_entries"], 1, "{page}");
    assert!(page["log"]["quarantined_bytes"].as_u64().unwrap() > 0, "{page}");
    send(&house, vec![record("goes on")]).await;
    let house = Harness::open(house.stop());
    assert_eq!(everything(&house).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_was_interrupted_begins_anew() {
    let house = Harness::start();
    send_variously(&house).await;
    let before = everything(&house).await;
    let house = Harness::open_held(house.stop());
    send(&house, vec![record("taken before the replay")]).await;
    let house = Harness::open(house.stop());
    let after = everything(&house).await;
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after.iter().filter(|record| before.contains(record)).count(), before.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_find_their_own_again() {
    let house = Harness::start();
    let names = ["shop", "team-a", "zoo"];
    let tenant = |name: &str| Caller { tenant: name.parse().unwrap(), ..caller() };
    for name in names {
        let body = encoded_request(vec![record(&format!("of {name}"))]);
        let sent = house.otlp_as(Some(tenant(name)), post("/v1/logs", &[("content-type", PROTOBUF)], body)).await;
        assert_eq!(sent.status, 200);
    }
    house.wait_until_stored().await;
    let house = Harness::open(house.stop());
    house.wait_until_stored().await;
    for name in names {
        let (_, answer) = house.get_as(tenant(name), &format!("/api/v1/logs/search?q={}", encoded("of"))).await;
        assert_eq!(answer["records"].as_array().unwrap().len(), 1);
        assert_eq!(answer["records"][0]["body"], format!("of {name}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_filled_the_memory_is_found_again() {
    let house = Harness::with_memory(16 * basics::MIB);
    let taken = AtomicU64::new(0);
    loop {
        // Small requests, whose estimate is the furthest from what they take.
        let body = format!("number {}", taken.load(Ordering::Relaxed));
        let filler = LogRecord { severity_text: "x".repeat(20_000), ..record(&body) };
        let answer = house.post(&[("content-type", PROTOBUF)], encoded_request(vec![filler])).await;
        if answer.status != 200 {
            break;
        }
        taken.fetch_add(1, Ordering::Relaxed);
    }
    let taken = taken.into_inner();
    assert!(taken > 100, "{taken}");
    let house = Harness::open(house.stop());
    house.wait_until_stored().await;
    assert_eq!(house.account().await["stored"], taken);
}
