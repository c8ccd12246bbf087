//! What a newcomer does first: start, send, find, stop, start again.

use crate::endings::{PATIENCE, balanced, kept_whole, stopped_cleanly};
use std::time::{Duration, Instant};
use testkit::api_client::search_all;
use testkit::http_client::{self, HttpConnection};
use testkit::log_load::LogLoad;
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess, ProcessPlan};
use tests::senders::{History, LoadPlan, Senders, start_time};

#[test]
fn a_record_can_be_searched_100_ms_after_the_yes() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    let mut load = LogLoad::new("first", 1, start_time());
    let mut connection = HttpConnection::connect(process.otlp_http, NETWORK_DEADLINE).unwrap();
    let mut delays = Vec::new();
    for _ in 0..20 {
        let request = load.request(100);
        let answer = connection
            .request("POST", "/v1/logs", &[("content-type", "application/x-protobuf")], &request.body)
            .unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{}", answer.text());
        let acknowledged = Instant::now();
        let query = format!("load.id=\"{}\"", load.record_id(request.first_record + 99));
        while search_all(process.web, &query).unwrap().records.len() != 1 {
            assert!(acknowledged.elapsed() < PATIENCE, "never found\n{}", process.printed());
        }
        delays.push(acknowledged.elapsed());
    }
    delays.sort();
    // The worst of 20 may have waited for a core that other tests used; the promise is held by the usual one.
    assert!(delays[delays.len() / 2] < Duration::from_millis(100), "{delays:?}");
    let account = balanced(&process);
    assert_eq!((account.received, account.stored), (2_000, 2_000));
    stopped_cleanly(process);
}

#[test]
fn a_json_request_is_taken_and_a_bad_record_is_rejected_alone() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    let now = start_time().0;
    let body = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
        "scopeLogs":[{{"logRecords":[
        {{"timeUnixNano":"{now}","severityNumber":17,"body":{{"stringValue":"payment failed"}},"traceId":"5b8efff798038103d269b633813fc60c"}},
        {{"timeUnixNano":"{now}","body":{{"stringValue":"short id"}},"traceId":"5b8e"}}]}}]}}]}}"#
    );
    let mut connection = HttpConnection::connect(process.otlp_http, NETWORK_DEADLINE).unwrap();
    let answer =
        connection.request("POST", "/v1/logs", &[("content-type", "application/json")], body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json().unwrap()["partialSuccess"]["rejectedLogRecords"], "1", "{}", answer.text());
    let account = balanced(&process);
    assert_eq!((account.received, account.stored, account.rejected), (2, 1, 1));
    let found = search_all(process.web, "service:shop level>=error trace_id:5b8efff798038103d269b633813fc60c").unwrap();
    assert_eq!(found.records.len(), 1);
    assert_eq!(found.records[0]["body"], "payment failed");
    stopped_cleanly(process);
}

#[test]
fn a_stop_under_load_loses_nothing_and_ends_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let plan = ProcessPlan::in_dir(dir.path());
    let history = History::default();
    let process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let load = LoadPlan {
        name: "stop".to_owned(),
        senders: 4,
        records_per_request: 50,
        requests_max: u64::MAX,
        pause: Duration::ZERO,
    };
    let senders = Senders::start(process.otlp_http, &load, &history);
    while history.acknowledged_count() < 200 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let asked = Instant::now();
    let status = process.terminate(PATIENCE).unwrap();
    assert!(asked.elapsed() < Duration::from_secs(15), "it took {:?} to stop", asked.elapsed());
    assert_eq!(status.code(), Some(0), "{status}");
    senders.stop();
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    kept_whole(&mut process, &history.so_far());
    stopped_cleanly(process);
}

#[test]
fn health_readiness_and_metrics_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    for path in ["/healthz", "/readyz", "/metrics", "/", "/api/v1/openapi.json"] {
        let answer = http_client::get(process.web, path, NETWORK_DEADLINE).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    stopped_cleanly(process);
}
