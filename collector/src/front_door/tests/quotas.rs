//! Quotas of tenants, over real sockets, on a clock that is moved by hand: hints are then exact.

use super::*;
use crate::config::QuotaConfig;
use crate::tests::harness;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use basics::Timestamp;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use prost::Message;
use service::Scope;
use service::auth::{NewToken, TokenFile, TokenRequest, new_token};
use service::config::ConfigSize;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::otlp::response::{Detail, Status};

/// Time passes when a test says so; records are of the real day.
struct HeldClock {
    wall: SystemClock,
    passed_seconds: AtomicU64,
}

impl HeldClock {
    fn new() -> Arc<HeldClock> {
        Arc::new(HeldClock { wall: SystemClock::new(), passed_seconds: AtomicU64::new(0) })
    }

    fn pass(&self, seconds: u64) {
        self.passed_seconds.fetch_add(seconds, Ordering::AcqRel);
    }
}

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        self.wall.now()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.passed_seconds.load(Ordering::Acquire))
    }
}

/// So many bytes a second, and as many at once.
fn quota(bytes_per_second: usize, burst_bytes: usize) -> QuotaConfig {
    let size = |bytes| Some(ConfigSize(u64::try_from(bytes).unwrap()));
    QuotaConfig { bytes_per_second: size(bytes_per_second), burst_bytes: size(burst_bytes), ..QuotaConfig::default() }
}

/// A credential for one tenant, and the authentication that knows all of these.
pub(super) fn credentials<const N: usize>(dir: &Path, tenants: [&str; N]) -> (Arc<Auth>, [String; N]) {
    let made: [NewToken; N] = tenants.map(|tenant| {
        let scopes = vec![Scope::Ingest, Scope::Query];
        new_token(&TokenRequest { name: tenant.to_owned(), scopes, tenants: vec![tenant.to_owned()] })
    });
    let entries: String = made.iter().map(|token| token.entry.as_str()).collect();
    let path = dir.join("tokens.yaml");
    std::fs::write(&path, format!("tokens:\n{entries}")).unwrap();
    let auth = Auth::new(Some(Arc::new(TokenFile::open(&path).unwrap())), Vec::new());
    (Arc::new(auth), made.map(|token| format!("Bearer {}", token.token.expose())))
}

async fn request(
    address: SocketAddr,
    target: (&'static str, &'static str),
    kind: &'static str,
    authorization: &str,
    body: Vec<u8>,
) -> HttpAnswer {
    let authorization = authorization.to_owned();
    let (method, path) = target;
    let ask = move || {
        let headers = [("content-type", kind), ("authorization", authorization.as_str())];
        HttpConnection::connect(address, PATIENCE).unwrap().request(method, path, &headers, &body).unwrap()
    };
    spawn_blocking(ask).await.unwrap()
}

/// The account of the caller's tenant, once nothing of it is in flight.
async fn account(collector: &Collector, authorization: &str) -> serde_json::Value {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let web = collector.addresses().web;
        let answer = request(web, ("GET", "/api/v1/ingest"), harness::JSON, authorization, Vec::new()).await;
        let mut page = answer.json().unwrap();
        assert_eq!(page["accounts"].as_array().map(Vec::len), Some(1), "{page}");
        let account = page["accounts"][0].take();
        assert_eq!(account["is_balanced"], true, "{account}");
        if account["in_flight"] == 0 {
            return account;
        }
        assert!(Instant::now() < give_up, "{account}");
    }
}

/// One record, as JSON of exactly this length.
fn json_of_length(bytes: usize) -> Vec<u8> {
    let around = ONE_RECORD.len();
    ONE_RECORD.replace("front door", &format!("front door{}", "!".repeat(bytes - around))).into_bytes()
}

/// One record, as a protobuf message of exactly this length.
fn protobuf_of_length(bytes: usize) -> Vec<u8> {
    let of = |length: usize| harness::encoded_request(vec![harness::record(&format!("front {}", "x".repeat(length)))]);
    (1..bytes).map(of).find(|message| message.len() == bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_over_its_quota_hears_429_until_the_time_it_was_told_and_others_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let clock = HeldClock::new();
    let (auth, [shop, bank]) = credentials(dir.path(), ["shop", "bank"]);
    let mut config = config();
    config.quotas.each_tenant = quota(1_000, 1_000);
    let surroundings = Surroundings { clock: clock.clone(), auth, ..surroundings(dir.path()) };
    let collector = Collector::start(&config, surroundings).await.unwrap();
    let post = |token: &str| {
        let address = collector.addresses().otlp_http;
        let token = token.to_owned();
        async move { request(address, ("POST", "/v1/logs"), harness::JSON, &token, json_of_length(1_500)).await }
    };
    let check_refused = |answer: HttpAnswer, seconds: &str| {
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some(seconds)), "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(harness::JSON));
        let status = answer.json().unwrap();
        assert_eq!(status["code"], 8);
        assert!(status["message"].as_str().unwrap().contains("quota of 1000 bytes a second"), "{status}");
    };

    // More than the burst is taken by a full bucket: 500 bytes of debt, so that it is full again after 1.5 s.
    assert_eq!(post(&shop).await.status, 200);
    check_refused(post(&shop).await, "2");
    assert_eq!(post(&bank).await.status, 200, "another tenant has a quota of its own");
    clock.pass(1);
    check_refused(post(&shop).await, "1");
    clock.pass(1);
    assert_eq!(post(&shop).await.status, 200, "two seconds after it was told two seconds");
    assert_eq!(post(&bank).await.status, 200);

    let account_of_shop = account(&collector, &shop).await;
    assert_eq!((&account_of_shop["received"], &account_of_shop["stored"]), (&2.into(), &2.into()));
    assert_eq!(account_of_shop["refused"], serde_json::json!({ "quota": { "requests": 2, "bytes": 3_000 } }));
    let account_of_bank = account(&collector, &bank).await;
    assert_eq!((&account_of_bank["stored"], &account_of_bank["refused"]), (&2.into(), &serde_json::json!({})));
    stopped_whole(collector).await;

    // A restart reads back what was acknowledged, whatever the quota is by then.
    config.quotas.each_tenant = quota(1, 1);
    let (auth, [shop]) = credentials(dir.path(), ["shop"]);
    let surroundings = Surroundings { auth, ..super::surroundings(dir.path()) };
    let collector = Collector::start(&config, surroundings).await.unwrap();
    let give_up = Instant::now() + PATIENCE;
    while collector.rooms.ingest.ledger().view().values().map(|account| account.stored).sum::<u64>() < 4 {
        assert!(Instant::now() < give_up);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(account(&collector, &shop).await["refused"], serde_json::json!({}));
    stopped_whole(collector).await;
}

/// The status of a refused call, from the header that carries it whole.
fn grpc_status(details: &[u8]) -> Status {
    let status = Status::from_protobuf(details).unwrap();
    assert!(status.message.contains("quota of "), "{status:?}");
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn over_grpc_each_tenant_hears_resource_exhausted_with_its_own_retry_info() {
    let dir = tempfile::tempdir().unwrap();
    let clock = HeldClock::new();
    let (auth, [shop, bank, vip]) = credentials(dir.path(), ["shop", "bank", "vip"]);
    let mut config = config();
    config.quotas.each_tenant = quota(100, 400);
    config.quotas.tenants = [("bank".to_owned(), quota(10, 400)), ("vip".to_owned(), QuotaConfig::default())].into();
    let surroundings = Surroundings { clock: clock.clone(), auth, ..surroundings(dir.path()) };
    let collector = Collector::start(&config, surroundings).await.unwrap();
    let frame = harness::grpc_frame(&protobuf_of_length(400), false).to_vec();
    // The face asks for no version of HTTP, and a refusal is nothing but headers: the small client can read it.
    let export = |token: &str| {
        let (address, token, frame) = (collector.addresses().otlp_grpc, token.to_owned(), frame.clone());
        async move {
            let answer = request(address, ("POST", harness::EXPORT), "application/grpc", &token, frame).await;
            assert_eq!((answer.status, answer.header("retry-after")), (200, None));
            match answer.header("grpc-status") {
                None => {
                    assert_eq!(answer.body, [0; 5], "an empty message");
                    Ok(())
                }
                Some(code) => {
                    let details = answer.header("grpc-status-details-bin").unwrap();
                    Err((code.to_owned(), grpc_status(&STANDARD_NO_PAD.decode(details).unwrap()).details))
                }
            }
        }
    };
    let exhausted = |seconds| Err(("8".to_owned(), vec![Detail::RetryInfo(Duration::from_secs(seconds))]));

    for token in [&shop, &bank, &vip] {
        assert_eq!(export(token).await, Ok(()), "each begins with a full bucket");
    }
    assert_eq!(export(&shop).await, exhausted(4));
    assert_eq!(export(&bank).await, exhausted(40), "a slower tenant");
    assert_eq!(export(&vip).await, Ok(()), "a tenant without a quota");
    clock.pass(3);
    assert_eq!(export(&shop).await, exhausted(1));
    clock.pass(1);
    assert_eq!(export(&shop).await, Ok(()));
    assert_eq!(export(&bank).await, exhausted(36));
    for (token, stored, refused) in [(&shop, 2, 2), (&bank, 1, 2), (&vip, 2, 0)] {
        let account = account(&collector, token).await;
        assert_eq!((&account["received"], &account["stored"]), (&stored.into(), &stored.into()));
        assert_eq!(account["refused"]["quota"]["requests"].as_u64().unwrap_or(0), refused);
    }
    stopped_whole(collector).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_grpc_client_hears_when_to_come_back_and_our_own_telemetry_is_taken_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let clock = HeldClock::new();
    let message = harness::request(vec![harness::record("front door")]);
    let length = message.encoded_len();
    let mut config = config();
    config.quotas.tenants = [("default".to_owned(), quota(length, 2 * length))].into();
    let surroundings = Surroundings { clock: clock.clone(), ..surroundings(dir.path()) };
    let own = format!("Bearer {}", surroundings.auth.own_token().expose());
    let collector = Collector::start(&config, surroundings).await.unwrap();
    let Addresses { otlp_grpc, otlp_http, .. } = collector.addresses();
    let mut client = LogsServiceClient::connect(format!("http://{otlp_grpc}")).await.unwrap();
    for _ in 0..2 {
        client.export(message.clone()).await.unwrap();
    }
    let refused = client.export(message.clone()).await.unwrap_err();
    assert_eq!(i32::from(refused.code()), 8, "{refused:?}");
    assert_eq!(grpc_status(refused.details()).details, [Detail::RetryInfo(Duration::from_secs(1))]);
    let by_http = || request(otlp_http, ("POST", "/v1/logs"), harness::JSON, "", ONE_RECORD.into());
    assert_eq!(by_http().await.status, 429, "it is one quota, by whatever door");
    for _ in 0..5 {
        let answer = request(otlp_http, ("POST", "/v1/logs"), harness::JSON, &own, ONE_RECORD.into()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    clock.pass(1);
    client.export(message).await.unwrap();
    assert_eq!(found(collector.addresses().web).await, 3);
    let metrics = ask(collector.addresses().web, "/metrics").await.text();
    let line = "outrigger_refused_requests_total{tenant=\"default\",signal=\"logs\",reason=\"quota\"} 2";
    assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    stopped_whole(collector).await;
}
