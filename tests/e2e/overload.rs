//! Requests made to hurt: each gets the right no, costs little memory, and others are served meanwhile.

use crate::endings::{PATIENCE, balanced, stopped_cleanly};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};
use testkit::http_client::{HttpAnswer, HttpConnection};
use testkit::log_load::LogLoad;
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess, ProcessPlan};
use tests::senders::start_time;

/// Resident memory may grow by this much under any of these.
const GROWTH_KIB_MAX: u64 = 64 * 1024;
/// What one body may be after decompression. It has to lie somewhere, and the allocator may still hold the place of the one
/// before when the next one comes.
const BODY_KIB_MAX: u64 = 64 * 1024;
/// Pause of a sender of good requests between two of them.
const GOOD_PAUSE: Duration = Duration::from_millis(5);
/// Memory that has changed so little in so long is at rest.
const REST: Duration = Duration::from_millis(300);
const REST_KIB: u64 = 256;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
    out
}

/// A field of wire type 2 with `content`.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [vec![number << 3 | 2], varint(content.len()), content.to_vec()].concat()
}

/// One request with `count` records that hold nothing.
fn empty_records(count: usize) -> Vec<u8> {
    field(1, &field(2, &[0x12, 0x00].repeat(count)))
}

/// One record whose body is nested `depth` deep.
fn nested_record(depth: usize) -> Vec<u8> {
    let mut value = vec![0x0a, 0x01, b'x'];
    for _ in 0..depth {
        value = field(5, &field(1, &value));
    }
    field(1, &field(2, &field(2, &field(5, &value))))
}

/// A line of the process's status in KiB, such as `VmRSS:` (resident now) or `VmHWM:` (resident at its peak).
fn status_kib(process: &OutriggerProcess, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Makes the peak begin at what is resident now (proc(5), `clear_refs`).
fn begin_peak(process: &OutriggerProcess) -> u64 {
    fs::write(format!("/proc/{}/clear_refs", process.id()), "5").unwrap();
    status_kib(process, "VmRSS:")
}

/// The same once what is resident has come to rest: what was just stored leaves memory behind that is given back a little
/// later.
fn begin_peak_at_rest(process: &OutriggerProcess) -> u64 {
    let begun = Instant::now();
    let mut before = status_kib(process, "VmRSS:");
    loop {
        std::thread::sleep(REST);
        let now = status_kib(process, "VmRSS:");
        if now.abs_diff(std::mem::replace(&mut before, now)) <= REST_KIB {
            return begin_peak(process);
        }
        assert!(begun.elapsed() < PATIENCE, "resident memory does not come to rest: {now} KiB");
    }
}

fn send(process: &OutriggerProcess, headers: &[(&str, &str)], body: &[u8]) -> HttpAnswer {
    let mut all = vec![("content-type", "application/x-protobuf")];
    all.extend_from_slice(headers);
    let mut connection = HttpConnection::connect(process.otlp_http, NETWORK_DEADLINE).unwrap();
    connection.request("POST", "/v1/logs", &all, body).unwrap()
}

#[track_caller]
fn check_hurtful(status_wanted: u16, headers: &[(&str, &str)], body: &[u8], growth_kib_max: u64) {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    let before = begin_peak(&process);
    let (address, stop) = (process.otlp_http, std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        let served = scope.spawn(|| {
            let mut load = LogLoad::new("good", 1, start_time());
            let mut connection = HttpConnection::connect(address, NETWORK_DEADLINE).unwrap();
            let mut sent = 0u64;
            while sent == 0 || !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let body = load.request(1).body;
                let headers = [("content-type", "application/x-protobuf")];
                let answer = connection.request("POST", "/v1/logs", &headers, &body).unwrap();
                assert_eq!(answer.status, 200, "a good request was not served: {}", answer.text());
                sent += 1;
                // What is measured is the memory of the hurtful requests, not of the records that this one stores.
                std::thread::sleep(GOOD_PAUSE);
            }
        });
        for _ in 0..10 {
            let answer = send(&process, headers, body);
            assert_eq!(answer.status, status_wanted, "{}", answer.text());
            assert_eq!(answer.header("retry-after"), None, "what can never be taken must not be sent again");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        served.join().unwrap();
    });
    let peak = status_kib(&process, "VmHWM:");
    assert!(peak.saturating_sub(before) <= growth_kib_max, "resident memory went from {before} to {peak} KiB");
    balanced(&process);
    stopped_cleanly(process);
}

#[test]
fn a_small_gzip_body_of_two_million_empty_records_is_too_large() {
    let body = gzip(&empty_records(2_000_000));
    assert!(body.len() < 8 * 1024, "{} bytes", body.len());
    check_hurtful(413, &[("content-encoding", "gzip")], &body, GROWTH_KIB_MAX);
}

#[test]
fn a_gzip_bomb_is_too_large() {
    let body = gzip(&vec![0; 256 << 20]);
    check_hurtful(413, &[("content-encoding", "gzip")], &body, 2 * BODY_KIB_MAX + GROWTH_KIB_MAX);
}

#[test]
fn lying_lengths_are_invalid() {
    check_hurtful(400, &[], &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x07, 0x12], GROWTH_KIB_MAX);
    check_hurtful(400, &[("content-encoding", "gzip")], b"this is not gzip", GROWTH_KIB_MAX);
}

/// One record whose trace id is `length` bytes long, where 16 are meant.
fn long_id_record(length: usize) -> Vec<u8> {
    field(1, &field(2, &field(2, &field(9, &vec![7; length]))))
}

/// Records each of which has an id of its own.
fn records_with_ids(numbers: std::ops::Range<usize>) -> Vec<u8> {
    let records = numbers.flat_map(|number| {
        let id = format!("{number:0>80}");
        field(2, &field(6, &[field(1, b"id"), field(2, &field(1, id.as_bytes()))].concat()))
    });
    field(1, &field(2, &records.collect::<Vec<u8>>()))
}

/// All of them counted would take several times of what queries may have.
#[test]
fn a_question_about_very_many_values_takes_no_more_than_the_memory_of_queries() {
    const VALUES: usize = 200_000;
    const QUERY_KIB_MAX: u64 = 8 * 1024;
    let dir = tempfile::tempdir().unwrap();
    let mut plan = ProcessPlan::in_dir(dir.path()).without_sealing();
    plan.collector_yaml.push_str(&format!("  query: {{ memory: {}MiB, concurrency: 1 }}\n", QUERY_KIB_MAX / 1024));
    let process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    for first in (0..VALUES).step_by(50_000) {
        let answer = send(&process, &[], &records_with_ids(first..first + 50_000));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(balanced(&process).stored, VALUES as u64);
    let ask = |query: &str| {
        let body = format!(r#"{{"q":"{query}","since":"1h","limit":10000}}"#);
        let mut connection = HttpConnection::connect(process.web, NETWORK_DEADLINE).unwrap();
        let headers = [("content-type", "application/json")];
        let answer = connection.request("POST", "/api/v1/logs/query", &headers, body.as_bytes()).unwrap();
        answer.json().unwrap()
    };
    // What the first question ever takes, such as pages of the program, is no question's own.
    assert_eq!(ask("| stats count()")["rows"][0][0], VALUES as u64);
    let before = begin_peak_at_rest(&process);
    for query in [
        "| stats count() by id",
        "| stats count(), max(id) by id | sort by id",
        "| top 10000 by id",
        "| stats count_distinct(id)",
    ] {
        let answer = ask(query);
        assert_eq!(answer["cut_short"], "memory", "{query}: a part is never given as the whole");
        // The first column is the id, where rows are groups.
        let rows = answer["rows"].as_array().unwrap();
        let is_once = |row: &serde_json::Value| row.as_array().unwrap()[1] == 1;
        assert!(query.contains("distinct") || rows.iter().all(is_once), "{query}: each value is there once");
        assert!(rows.len() < VALUES, "{query}");
    }
    let peak = status_kib(&process, "VmHWM:");
    assert!(peak.saturating_sub(before) <= 2 * QUERY_KIB_MAX, "resident memory went from {before} to {peak} KiB");
    stopped_cleanly(process);
}

#[test]
fn a_deeply_nested_record_and_an_over_long_id_are_rejected_alone() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    let before = begin_peak(&process);
    let hurtful = [
        nested_record(100),
        nested_record(1_000),
        nested_record(10_000),
        long_id_record(17),
        long_id_record(1 << 20),
        long_id_record(4 << 20),
    ];
    for (index, body) in hurtful.iter().enumerate() {
        let answer = send(&process, &[], body);
        assert_eq!(answer.status, 200, "body {index}: {}", answer.text());
    }
    let peak = status_kib(&process, "VmHWM:");
    assert!(peak.saturating_sub(before) <= GROWTH_KIB_MAX, "resident memory went from {before} to {peak} KiB");
    let account = balanced(&process);
    assert_eq!((account.received, account.rejected, account.stored), (6, 6, 0));
    stopped_cleanly(process);
}

#[test]
fn a_full_log_refuses_with_a_hint_and_stays_searchable() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = ProcessPlan::in_dir(dir.path());
    plan.collector_yaml = "  wal: { segment_size: 1MiB, budget: 16MiB }\n".to_owned();
    let process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let mut load = LogLoad::new("full", 1, start_time());
    let mut acknowledged = 0;
    let refusal = loop {
        let answer = send(&process, &[], &load.request(500).body);
        if answer.status != 200 {
            break answer;
        }
        acknowledged += 500;
        assert!(acknowledged < 100_000, "a log of 16 MiB took {acknowledged} records of 340 bytes");
    };
    assert_eq!(refusal.status, 503, "{}", refusal.text());
    let seconds: u64 = refusal.header("retry-after").expect("a hint when to come again").parse().unwrap();
    assert!(seconds > 0);
    let account = balanced(&process);
    assert_eq!((account.received, account.stored), (acknowledged, acknowledged));
    assert!(account.refused_requests >= 1);
    let last = format!("load.id=\"full-{}\"", acknowledged - 1);
    assert_eq!(testkit::api_client::search_all(process.web, &last).unwrap().records.len(), 1);
    stopped_cleanly(process);
}
