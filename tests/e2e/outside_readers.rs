//! Parts as others read them: DuckDB and pyarrow open the files of several parts together, by the names of their columns,
//! and count what our own searches count.

use crate::endings::{PATIENCE, balanced, stopped_cleanly};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::api_client::search_all;
use testkit::http_client::{self, HttpConnection};
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess, ProcessPlan};
use tests::senders::start_time;
use tests::surroundings::{real_input_dir, repository};

/// The word that is counted in messages.
const WORD: &str = "timeout";
/// Records of each request: enough that a key which one of them has is rare, that columns have several pages, and that strings
/// which all differ are stored one by one.
const RECORDS: i64 = 4_500;

fn string(text: &str) -> Value {
    json!({ "stringValue": text })
}

fn attribute(key: &str, value: Value) -> Value {
    json!({ "key": key, "value": value })
}

/// What a record has beside what all have. The keys, and the types of one of them, differ from request to request.
fn own_attributes(request: i64, number: i64) -> Vec<Value> {
    let took = number % 50;
    let mut attributes = match request {
        0 => vec![attribute("took", json!({ "intValue": took.to_string() }))],
        1 => vec![attribute("took", string(&format!("{took} ms"))), attribute("done", json!({ "boolValue": true }))],
        _ => vec![
            attribute("took", json!({ "intValue": took.to_string() })),
            attribute("share", json!({ "doubleValue": 0.25 })),
        ],
    };
    attributes.push(attribute("request.id", string(&request_id(request, number))));
    if number % 3 == 0 {
        attributes.push(attribute("part", json!({ "doubleValue": part(number) })));
    }
    if number == 7 {
        attributes.push(attribute("rare.text", string("only once")));
        attributes.push(attribute("rare.number", json!({ "intValue": "-5" })));
        attributes
            .push(attribute("rare.list", json!({ "arrayValue": { "values": [string("a"), { "intValue": "1" }] } })));
    }
    attributes
}

fn request_id(request: i64, number: i64) -> String {
    format!("{request}-{:x}", number * 7_919)
}

/// A number that is exact in binary.
fn part(number: i64) -> f64 {
    number as f64 / 8.0
}

fn body(number: i64) -> String {
    match number % 5 {
        0 => format!("timeout after {number} ms"),
        1 => format!("two timeouts on node-{number}"),
        2 => format!("read_timeout: {number}"),
        _ => format!("request {number} took its time"),
    }
}

fn request(request: i64, time: &dyn Fn(i64) -> i64) -> Value {
    let service = ["shop", "cart", "shop"][usize::try_from(request).unwrap()];
    let records: Vec<Value> = (0..RECORDS)
        .map(|number| {
            let level = [("INFO", 9), ("WARN", 13), ("ERROR", 17)][usize::try_from(number % 3).unwrap()];
            json!({
                "timeUnixNano": time(number).to_string(),
                "severityText": level.0,
                "severityNumber": level.1,
                "body": string(&body(number)),
                "traceId": format!("{:032x}", request * 100_000 + number / 2 + 1),
                "attributes": own_attributes(request, number),
            })
        })
        .collect();
    let resource = [
        attribute("service.name", string(service)),
        attribute("replicas", json!({ "intValue": (request + 1).to_string() })),
    ];
    json!({ "resourceLogs": [{ "resource": { "attributes": resource }, "scopeLogs": [{ "logRecords": records }] }] })
}

fn send(process: &OutriggerProcess, request: &Value) {
    let mut connection = HttpConnection::connect(process.otlp_http, NETWORK_DEADLINE).unwrap();
    let headers = [("content-type", "application/json")];
    let answer = connection.request("POST", "/v1/logs", &headers, request.to_string().as_bytes()).unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
}

/// The value of a gauge of the logs' store.
fn gauge(process: &OutriggerProcess, name: &str) -> u64 {
    let page = http_client::get(process.web, "/metrics", NETWORK_DEADLINE).unwrap().text();
    let line = page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} is not in\n{page}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn records_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            records_files(&path, found);
        } else if path.ends_with("records.parquet") {
            found.push(path);
        }
    }
}

/// What another program finds in the files.
fn read_with(reader: &str, files: &[PathBuf]) -> Value {
    let python = real_input_dir().join("venv/bin/python");
    let mut command = Command::new(&python);
    command.arg(repository().join("tests/real-input/outside-readers/read_parts.py")).args([reader, WORD, "shop,cart"]);
    command.args(files);
    let output = command.output().unwrap_or_else(|error| panic!("cannot start {} ({error})", python.display()));
    assert!(output.status.success(), "{reader}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn other_programs_read_several_parts_together_and_count_the_same() {
    assert!(real_input_dir().join("prepared").is_file(), "the real readers are not installed; run `cargo xtask ready`");
    let dir = tempfile::tempdir().unwrap();
    let plan = ProcessPlan::in_dir(dir.path()).with_small_heads();
    let process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let first = start_time().0;
    let mut times = Vec::new();
    for number in 0..3 {
        // Nanoseconds that no coarser clock could tell.
        let time = |record: i64| first + number * 1_000_000_000 + record * 1_000_001;
        times.extend((0..RECORDS).map(time));
        send(&process, &request(number, &time));
        // Each request becomes a part of its own.
        let begun = Instant::now();
        while gauge(&process, "outrigger_part_records{signal=\"logs\"}")
            < u64::try_from((number + 1) * RECORDS).unwrap()
        {
            assert!(begun.elapsed() < PATIENCE, "the head is not sealed\n{}", process.printed());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    times.sort_unstable();
    balanced(&process);
    let count = |query: &str| search_all(process.web, query).unwrap().records.len();
    let ours = json!({
        "total": count(""),
        "by_level": { "INFO": count("level=info"), "WARN": count("level=warn"), "ERROR": count("level=error") },
        "by_service": { "shop": count("service=\"shop\""), "cart": count("service=\"cart\"") },
        "with_word": count(&format!("body:{WORD}")),
        "times_ns": times,
    });
    assert_eq!((&ours["total"], &ours["with_word"]), (&json!(3 * RECORDS), &json!(3 * RECORDS * 2 / 5)));

    let mut files = Vec::new();
    records_files(&dir.path().join("data"), &mut files);
    assert!(files.len() >= 3, "{files:?}");
    for reader in ["duckdb", "pyarrow"] {
        let theirs = read_with(reader, &files);
        for (what, value) in ours.as_object().unwrap() {
            assert_eq!(theirs[what], *value, "{what} as {reader} finds it");
        }
        let numbers: i64 = (0..RECORDS).map(|number| number % 50).sum();
        assert_eq!(theirs["sum_took"], json!(2 * numbers), "{reader}");
        let texts = theirs["texts_took"].as_array().unwrap();
        assert!(texts.len() == usize::try_from(RECORDS).unwrap() && texts[0] == "0 ms", "{reader}: {texts:?}");
        let rare = |key: &str, kind: u8, bits: u64, text: &str| json!([key, kind, bits, text]);
        let of_one = [
            rare("rare.list", 6, 0, r#"["a",1]"#),
            rare("rare.number", 3, 5_u64.wrapping_neg(), ""),
            rare("rare.text", 1, 0, "only once"),
        ];
        let want: Vec<Value> = of_one.iter().flat_map(|entry| std::iter::repeat_n(entry.clone(), 3)).collect();
        assert_eq!(theirs["rest"], json!(want), "{reader}");
        assert_eq!(theirs["trace_ids"], json!(3 * RECORDS / 2), "{reader}");
        let ids = (0..3).flat_map(|request| (0..RECORDS).map(move |number| request_id(request, number)));
        let mut ids: Vec<String> = ids.collect();
        ids.sort_unstable();
        assert_eq!(theirs["request_ids"], json!(ids), "{reader}");
        let mut parts: Vec<f64> = (0..RECORDS).step_by(3).flat_map(|number| [part(number); 3]).collect();
        parts.sort_by(f64::total_cmp);
        assert_eq!(theirs["parts"], json!(parts), "{reader}");
        assert_eq!(theirs["resource"], json!([1, 2, 3]), "{reader}");
        let columns = theirs["columns"].as_object().unwrap();
        for name in ["time", "sequence", "service", "body", "int:took", "str:took", "bool:done", "double:share"] {
            assert!(columns.contains_key(name), "{reader} finds no {name} in {columns:?}");
        }
    }
    stopped_cleanly(process);
}
