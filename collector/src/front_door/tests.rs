//! The house with its sockets: started, used, stopped half way.

mod closing;
mod one_connection;
mod pages;
mod quotas;

use super::*;
use basics::{Clock, ErrorClass, GIB, OsDisk};
use service::auth::Auth;
use service::config::ListenAddress;
use service::{Guard, Registry, SystemClock};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use testkit::http_client::{HttpAnswer, HttpConnection, get};
use tokio::task::spawn_blocking;

/// Longest wait for anything here; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(20);
const ONE_RECORD: &str = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"front door"}}]}]}]}"#;

fn surroundings(dir: &Path) -> Surroundings {
    Surroundings {
        disk: Arc::new(OsDisk),
        clock: Arc::new(SystemClock::new()),
        budget: MemoryBudget::new(GIB),
        salt_seed: 7,
        data_dir: dir.to_owned(),
        auth: Arc::new(Auth::new(None, Vec::new())),
        guard: Guard::default(),
        tls: None,
        health: Health::new(),
        registry: Registry::new(),
    }
}

/// The smallest log, on ports that the system chooses.
fn config() -> CollectorConfig {
    let mut config = CollectorConfig::default();
    let any_port = || ListenAddress::new("127.0.0.1", 0);
    config.otlp.grpc.listen = any_port();
    config.otlp.http.listen = any_port();
    config.http.listen = any_port();
    config.wal.segment_size.0 = basics::MIB;
    config
}

async fn started(dir: &Path) -> Collector {
    Collector::start(&config(), surroundings(dir)).await.unwrap()
}

async fn send(address: SocketAddr) -> std::io::Result<HttpAnswer> {
    let post = move || {
        let headers = [("content-type", "application/json")];
        HttpConnection::connect(address, PATIENCE)?.request("POST", "/v1/logs", &headers, ONE_RECORD.as_bytes())
    };
    spawn_blocking(post).await.unwrap()
}

async fn ask(address: SocketAddr, path: &'static str) -> HttpAnswer {
    spawn_blocking(move || get(address, path, PATIENCE)).await.unwrap().unwrap()
}

/// How many records a search of everything finds, once the replay is done.
async fn found(address: SocketAddr) -> usize {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let answer = ask(address, "/api/v1/logs/search?q=front&limit=5000").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.json().unwrap();
        if page["cut_short"].is_null() {
            return page["records"].as_array().unwrap().len();
        }
        assert!(Instant::now() < give_up, "{page}");
    }
}

async fn stopped_whole(collector: Collector) {
    let late = collector.stop(PATIENCE).await;
    assert_eq!(late, Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_stop_and_a_start() {
    let dir = tempfile::tempdir().unwrap();
    for life in 1..=3 {
        let collector = started(dir.path()).await;
        let answer = send(collector.addresses().otlp_http).await.unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
        let give_up = Instant::now() + PATIENCE;
        while found(collector.addresses().web).await != life {
            assert!(Instant::now() < give_up, "life {life}");
        }
        stopped_whole(collector).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_otlp_ports_and_the_pages_for_operators_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let collector = started(dir.path()).await;
    let Addresses { otlp_grpc, otlp_http, web } = collector.addresses();
    for port in [otlp_grpc, otlp_http] {
        assert_eq!(send(port).await.unwrap().status, 200);
    }
    let ready = ask(web, "/readyz").await;
    assert_eq!((ready.status, ready.json().unwrap()["status"].as_str()), (200, Some("ready")));
    for path in ["/healthz", "/", "/api/v1/openapi.json", "/api/v1/ingest"] {
        assert_eq!(ask(web, path).await.status, 200, "{path}");
    }
    let page = ask(web, "/").await.text();
    for address in [otlp_grpc, otlp_http, web] {
        assert!(page.contains(&format!("http://{address}")), "{page}");
    }
    let nowhere = ask(web, "/api/v1/nothing").await;
    assert_eq!(nowhere.status, 404, "{}", nowhere.text());
    assert_eq!(nowhere.json().unwrap()["error"]["class"], "not_found");
    let metrics = ask(web, "/metrics").await.text();
    for line in [
        "outrigger_received_records_total{tenant=\"default\",signal=\"logs\"} 2",
        "outrigger_wal_condition_info{signal=\"logs\",condition=\"ok\"} 1",
        "outrigger_parts{signal=\"logs\"} 0",
        "outrigger_quarantined_parts{signal=\"logs\"} 0",
        "outrigger_memory_limit_bytes 1073741824",
        "outrigger_requests_total{listener=\"otlp_http\",status=\"2xx\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    stopped_whole(collector).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_of_requests_ends_in_time_and_keeps_every_yes() {
    let dir = tempfile::tempdir().unwrap();
    let collector = started(dir.path()).await;
    let address = collector.addresses().otlp_http;
    // A request whose body never ends must not hold up the stop, and gets no yes.
    let stuck = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(
        &mut &stuck,
        b"POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    )
    .unwrap();
    let sender = async {
        let mut acknowledged = 0;
        // Once nobody listens any more, connecting fails.
        while let Ok(answer) = send(address).await {
            acknowledged += usize::from(answer.status == 200);
        }
        acknowledged
    };
    let stop = async {
        while ask(collector.addresses().web, "/api/v1/ingest").await.json().unwrap()["accounts"]
            .as_array()
            .is_none_or(Vec::is_empty)
        {}
        let begun = Instant::now();
        (collector.stop(Duration::from_secs(2)).await, begun.elapsed())
    };
    let (acknowledged, (late, took)) = tokio::join!(sender, stop);
    assert!(acknowledged > 0);
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(!late.contains(&"logs wal writer") && !late.contains(&"logs store"), "{late:?}");
    drop(stuck);

    let collector = started(dir.path()).await;
    let kept = found(collector.addresses().web).await;
    // The last one may have been durable without its yes being heard.
    assert!((acknowledged..=acknowledged + 1).contains(&kept), "{kept} of {acknowledged}");
    stopped_whole(collector).await;
}

/// More of these than a replay reads in the time that a start takes.
const LONG_REQUESTS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_of_a_replay_ends_at_once_and_costs_nothing_however_often() {
    let dir = tempfile::tempdir().unwrap();
    let collector = started(dir.path()).await;
    let body = Arc::new(long_request());
    for _ in 0..LONG_REQUESTS {
        let (address, body) = (collector.addresses().otlp_http, body.clone());
        let post = move || {
            let headers = [("content-type", "application/json")];
            HttpConnection::connect(address, PATIENCE).unwrap().request("POST", "/v1/logs", &headers, body.as_bytes())
        };
        assert_eq!(spawn_blocking(post).await.unwrap().unwrap().status, 200);
    }
    stopped_whole(collector).await;
    let mut interrupted = 0;
    // More often than a replay may fail before its segment is passed over as poisonous.
    for _ in 0..5 {
        let collector = started(dir.path()).await;
        let (ingest, store) = (collector.rooms.ingest.clone(), collector.rooms.store.clone());
        stopped_whole(collector).await;
        let (position, end) = ingest.replay_progress();
        interrupted += usize::from(position < end);
        let is_replaying = store.snapshot(basics::TenantId::DEFAULT).is_replaying();
        assert_eq!(is_replaying, position < end, "a search says that it is not whole exactly as long as it is not");
    }
    assert!(interrupted >= 4, "{interrupted} of 5 stops came in the middle of a replay");
    let collector = started(dir.path()).await;
    let page = |path| ask(collector.addresses().web, path);
    assert_eq!(found(collector.addresses().web).await, 0, "no record holds the word");
    let ledger = page("/api/v1/ingest").await.json().unwrap();
    assert_eq!(ledger["accounts"][0]["stored"], LONG_REQUESTS * LONG_RECORDS, "{ledger}");
    assert_eq!(ledger["log"]["lost_entries"], 0, "{ledger}");
    stopped_whole(collector).await;
}

/// Records of a long request.
const LONG_RECORDS: usize = 20_000;

/// A request of some six megabytes: a replay stops between steps, and three of these make one.
fn long_request() -> String {
    let text = "order 1017 paid ".repeat(15);
    let record =
        format!(r#"{{"body":{{"stringValue":"{text}"}},"attributes":[{{"key":"a","value":{{"intValue":"7"}}}}]}}"#);
    let records = vec![record.as_str(); LONG_RECORDS].join(",");
    format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_and_nothing_is_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let squatter = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config();
    config.http.listen = ListenAddress::new("127.0.0.1", squatter.local_addr().unwrap().port());
    let error = Collector::start(&config, surroundings(dir.path())).await.err().unwrap();
    assert_eq!(error.class(), ErrorClass::Unavailable);
    let text = error.to_string();
    let owner = format!("process {}", std::process::id());
    assert!(text.contains("collector.http.listen") && text.contains(&owner), "{text}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "no file was made for a start that cannot be");
    drop(squatter);
    stopped_whole(Collector::start(&config, surroundings(dir.path())).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_says_no_while_the_house_stops() {
    let dir = tempfile::tempdir().unwrap();
    let collector = started(dir.path()).await;
    let (web, health) = (collector.addresses().web, collector.health.clone());
    health.wait_for("collector", "stopping");
    let answer = ask(web, "/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json().unwrap()["waiting_for"]["collector"], "stopping");
    assert_eq!(ask(web, "/healthz").await.status, 200, "a process that stops is alive");
    stopped_whole(collector).await;
    assert!(!health.is_ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threads_failure_is_told_and_a_house_without_one_waits() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = started(dir.path()).await;
    let waited = tokio::time::timeout(Duration::from_millis(20), collector.failed()).await;
    assert!(waited.is_err(), "nothing failed");
    stopped_whole(collector).await;
    assert!(SystemClock::new().monotonic() < PATIENCE);
}
