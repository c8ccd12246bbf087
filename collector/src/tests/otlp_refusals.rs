//! What each sender must hear: the columns of OTLP over gRPC and HTTP in docs/operations/otlp.md, cell by cell.

use super::harness::{
    Answer, EXPORT, Harness, JSON, PROTOBUF, Setup, caller, encoded_request, grpc_frame, gzip, post, record,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use basics::{MIB, TenantName};
use ingest::{Allowance, IngestSettings, Quota, QuotaSettings};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use service::{Caller, Proof, Scope, Scopes};
use std::num::NonZeroU64;
use std::time::Duration;
use testkit::faulty_disk::{Fault, FaultyDisk};
use wire::otlp::response::{Detail, Status};

const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const GOOD_JSON: &str = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"good"}}]}]}]}"#;

/// The same request over HTTP in both formats.
async fn by_http(house: &Harness, protobuf: Vec<u8>, json: &str) -> [Answer; 2] {
    [
        house.post(&[("content-type", PROTOBUF)], protobuf).await,
        house.post(&[("content-type", JSON)], json.to_owned()).await,
    ]
}

/// A refusal over HTTP: its status, a Status in the format of the request, a hint exactly when one is due.
#[track_caller]
fn check_http(answer: &Answer, status: u16, code: i32, has_hint: bool) -> Status {
    assert_eq!(answer.status.as_u16(), status);
    let body = match answer.header("content-type") {
        PROTOBUF => Status::from_protobuf(&answer.body).unwrap(),
        JSON => {
            let json = answer.json();
            Status {
                code: i32::try_from(json["code"].as_i64().unwrap()).unwrap(),
                message: json["message"].as_str().unwrap().to_owned(),
                details: Vec::new(),
            }
        }
        other => panic!("content type {other:?}"),
    };
    assert_eq!(body.code, code, "{body:?}");
    assert!(!body.message.is_empty());
    let hint = answer.headers.get("retry-after").map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
    assert_eq!(hint.is_some(), has_hint, "Retry-After");
    assert!(hint.is_none_or(|seconds| (1..=5).contains(&seconds)), "{hint:?} seconds");
    body
}

/// A refusal over gRPC: its code, and RetryInfo of at least a second exactly when a retry helps.
#[track_caller]
fn check_grpc(answer: &Answer, code: i32, has_hint: bool) -> Option<Status> {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/grpc"));
    assert_eq!(answer.grpc_status(), code.to_string());
    assert!(!answer.header("grpc-message").is_empty());
    let details = answer.headers.get("grpc-status-details-bin").map(|value| {
        let bytes = STANDARD_NO_PAD.decode(value.to_str().unwrap()).unwrap();
        Status::from_protobuf(&bytes).unwrap()
    });
    let hint = details.iter().flat_map(|status| &status.details).find_map(|detail| match detail {
        Detail::RetryInfo(delay) => Some(*delay),
        Detail::BadRequest(_) => None,
    });
    assert_eq!(hint.is_some(), has_hint, "RetryInfo");
    assert!(hint.is_none_or(|delay| (Duration::from_secs(1)..=Duration::from_secs(5)).contains(&delay)), "{hint:?}");
    details
}

/// How often requests were refused for this reason.
async fn refused(house: &Harness, reason: &str) -> u64 {
    house.account().await["refused"][reason]["requests"].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn durable_is_ok_and_200_without_a_word_more() {
    let house = Harness::start();
    let message = encoded_request(vec![record("durable")]);
    let grpc = house.export(&message, None).await;
    assert_eq!((grpc.grpc_status(), &grpc.body[..]), ("0", &[0; 5][..]));
    let [protobuf, json] = by_http(&house, message, GOOD_JSON).await;
    assert_eq!((protobuf.status.as_u16(), protobuf.body.len()), (200, 0));
    assert_eq!((json.status.as_u16(), &json.body[..]), (200, &b"{}"[..]));
    assert_eq!(house.found("durable OR good").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn some_records_bad_is_a_success_that_names_them() {
    let house = Harness::start();
    let bad = LogRecord { span_id: vec![1; 9], ..record("bad") };
    let message = encoded_request(vec![record("good"), bad]);
    let grpc = house.export(&message, None).await;
    assert_eq!(grpc.grpc_status(), "0");
    let response: opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse =
        prost::Message::decode(&grpc.body[5..]).unwrap();
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"good"}},{"spanId":"ff"}]}]}]}"#;
    let [protobuf, json] = by_http(&house, message, json).await;
    assert_eq!((protobuf.status.as_u16(), json.status.as_u16()), (200, 200));
    for partial in [response.partial_success.unwrap(), protobuf.protobuf().partial_success.unwrap()] {
        assert_eq!(partial.rejected_log_records, 1);
        assert!(partial.error_message.contains("span id") && partial.error_message.contains("record 1"), "{partial:?}");
    }
    assert_eq!(json.json()["partialSuccess"]["rejectedLogRecords"], "1");
    assert_eq!(house.found("good OR bad").await, ["good", "good", "good"]);
    assert_eq!(house.account().await["rejected"]["bad_span_id"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_decodable_is_invalid_and_final_and_names_what_is_wrong() {
    let house = Harness::start();
    let details = check_grpc(&house.export(&[0x0a, 0x7f], None).await, 3, false).unwrap();
    assert!(matches!(&details.details[..], [Detail::BadRequest(violations)] if !violations.is_empty()), "{details:?}");
    let [protobuf, json] = by_http(&house, vec![0x0a, 0x7f], r#"{"resourceLogs":[{"scopeLogs":7}]}"#).await;
    let status = check_http(&protobuf, 400, 3, false);
    assert!(matches!(&status.details[..], [Detail::BadRequest(_)]), "{status:?}");
    check_http(&json, 400, 3, false);
    assert!(json.json()["details"][0]["fieldViolations"][0]["field"].as_str().unwrap().contains("scopeLogs"));
    assert_eq!(refused(&house, "malformed").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_in_a_known_coding_is_invalid() {
    let house = Harness::start();
    for coding in ["gzip", "zstd"] {
        check_grpc(&house.export(b"no such thing", Some(coding)).await, 3, false);
        let headers = [("content-type", PROTOBUF), ("content-encoding", coding)];
        check_http(&house.post(&headers, "no such thing").await, 400, 3, false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_on_the_wire_is_final() {
    // A quarter of what is left to requests is the limit: 3 MiB.
    let house = Harness::with_memory(16 * MIB);
    let long = encoded_request((0..6).map(|_| record(&"x".repeat(900_000))).collect());
    check_grpc(&house.export(&long, None).await, 8, false);
    let json = format!(r#"{{"x":"{}"}}"#, "x".repeat(5 << 20));
    for answer in by_http(&house, long, &json).await {
        check_http(&answer, 413, 8, false);
    }
    assert_eq!(refused(&house, "too_large").await, 3);
    assert_eq!(house.used_memory(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_after_decompression_is_final() {
    let house = Harness::with_memory(16 * MIB);
    let long = encoded_request((0..6).map(|_| record(&"x".repeat(900_000))).collect());
    let json = format!(r#"{{"x":"{}"}}"#, "x".repeat(5 << 20));
    for (coding, message, json) in [
        ("gzip", gzip(&long), gzip(json.as_bytes())),
        ("zstd", zstd::encode_all(&long[..], 3).unwrap(), zstd::encode_all(json.as_bytes(), 3).unwrap()),
    ] {
        assert!(message.len() < 100_000);
        check_grpc(&house.export(&message, Some(coding)).await, 8, false);
        for (kind, body) in [(PROTOBUF, message), (JSON, json)] {
            let answer = house.post(&[("content-type", kind), ("content-encoding", coding)], body).await;
            check_http(&answer, 413, 8, false);
        }
    }
    assert_eq!((refused(&house, "too_large").await, house.used_memory()), (6, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_records_than_a_request_may_hold_are_too_large_and_final() {
    let house = Harness::start();
    let message = encoded_request(vec![LogRecord::default(); 262_145]);
    check_grpc(&house.export(&message, None).await, 8, false);
    let json =
        format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#, vec!["{}"; 262_145].join(","));
    for answer in by_http(&house, message, &json).await {
        assert!(check_http(&answer, 413, 8, false).message.contains("262144 records"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_content_type_is_415_in_json() {
    let house = Harness::start();
    for kind in ["text/plain", "application/xml", "application/x-protobuf2", ""] {
        let answer = house.post(&[("content-type", kind)], GOOD_JSON).await;
        check_http(&answer, 415, 3, false);
        assert_eq!(answer.header("content-type"), JSON, "{kind:?}");
    }
    check_http(&house.post(&[], GOOD_JSON).await, 415, 3, false);
    assert_eq!(refused(&house, "unsupported").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_coding_is_unimplemented_with_the_known_ones_and_415() {
    let house = Harness::start();
    let answer = house.export(b"", Some("snappy")).await;
    check_grpc(&answer, 12, false);
    assert_eq!(answer.header("grpc-accept-encoding"), "identity,gzip,zstd");
    for (kind, coding) in [(PROTOBUF, "br"), (JSON, "snappy"), (JSON, "gzip, gzip")] {
        let answer = house.post(&[("content-type", kind), ("content-encoding", coding)], GOOD_JSON).await;
        check_http(&answer, 415, 3, false);
        assert_eq!(answer.header("content-type"), kind);
    }
    assert_eq!(refused(&house, "unsupported").await, 4);
}

/// Sends until nothing more is taken although everything taken is stored, which gives some memory back.
async fn fill(house: &Harness) {
    let filler = encoded_request((0..8).map(|_| record(&"filler ".repeat(10_000))).collect());
    let small = encoded_request(vec![record(&"pressing ".repeat(8_000))]);
    for message in [filler, small] {
        let mut taken = 0;
        loop {
            if house.export(&message, None).await.grpc_status() == "0" {
                taken += 1;
                assert!(taken < 500, "there is a ceiling");
                continue;
            }
            house.wait_until_stored().await;
            if house.export(&message, None).await.grpc_status() != "0" {
                break;
            }
        }
    }
}

/// Senders must come back later, over both transports and in both formats.
async fn check_overloaded(house: &Harness, reason: &str) {
    let before = refused(house, reason).await;
    let message = encoded_request(vec![record(&"pressing ".repeat(8_000))]);
    check_grpc(&house.export(&message, None).await, 14, true);
    let json = GOOD_JSON.replace("good", &"pressing ".repeat(8_000));
    for answer in by_http(house, message, &json).await {
        check_http(&answer, 503, 14, true);
    }
    assert_eq!(refused(house, reason).await, before + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_log_is_unavailable_with_a_hint_and_searches_go_on() {
    let house = Harness::with_wal_budget(4 * MIB);
    fill(&house).await;
    check_overloaded(&house, "log_full").await;
    let found = house.found("filler").await;
    assert!(found.len() > 8, "{}", found.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_is_unavailable_with_a_hint_and_searches_go_on() {
    let house = Harness::with_memory(24 * MIB);
    fill(&house).await;
    check_overloaded(&house, "memory").await;
    let (status, answer) = house.get("/api/v1/logs/search?q=filler&limit=10&start=0").await;
    assert_eq!((status.as_u16(), &answer["cut_short"]), (200, &serde_json::Value::Null), "{}", answer["cut_short"]);
    assert_eq!(answer["records"].as_array().unwrap().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_or_full_disk_is_unavailable_with_a_hint() {
    for (fault, reason) in [(Fault::Eio, "read_only"), (Fault::Enospc, "log_full")] {
        let disk = FaultyDisk::new(11);
        let house = Harness::open(Setup::on(&disk));
        assert_eq!(house.export(&encoded_request(vec![record("before")]), None).await.grpc_status(), "0");
        house.wait_until_stored().await;
        disk.fail_from(disk.call_count(), fault);
        check_overloaded(&house, reason).await;
        assert_eq!(house.found("before").await, ["before"], "searches go on");
        let (_, page) = house.get("/api/v1/ingest").await;
        assert_ne!(page["log"]["state"], "ok");
        disk.fail_no_more();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_stops_is_unavailable_with_a_hint() {
    let house = Harness::start();
    house.stop_admission();
    check_overloaded(&house, "stopping").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_over_its_quota_is_exhausted_with_a_hint_and_another_is_served() {
    let allowance = Allowance { per_second: NonZeroU64::new(1_000).unwrap(), burst: 1_000 };
    let each_tenant = Quota { bytes: Some(allowance), records: None };
    let quotas = QuotaSettings { each_tenant, ..QuotaSettings::default() };
    let ingest = IngestSettings { quotas, ..IngestSettings::default() };
    let house = Harness::open(Setup { ingest, ..Setup::default() });
    // More than the burst passes once, and leaves a debt of about two seconds.
    let message = encoded_request(vec![record(&"x".repeat(3_000))]);
    assert_eq!(house.export(&message, None).await.grpc_status(), "0");
    check_grpc(&house.export(&message, None).await, 8, true);
    for answer in by_http(&house, message.clone(), GOOD_JSON).await {
        let status = check_http(&answer, 429, 8, true);
        assert!(status.message.contains("quota of 1000 bytes a second"), "{}", status.message);
    }
    let other = Caller { tenant: "other".parse().unwrap(), ..caller() };
    let answer = house.otlp_as(Some(other), post("/v1/logs", &[("content-type", PROTOBUF)], message)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(refused(&house, "quota").await, 3);
    assert_eq!(house.account().await["received"], 1);
}

fn with_scopes(scopes: &[Scope]) -> Caller {
    Caller { scopes: scopes.iter().copied().collect::<Scopes>(), proof: Proof::Token, ..caller() }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_send_is_told_so_and_gets_nothing_in() {
    let house = Harness::start();
    let message = encoded_request(vec![record("forbidden")]);
    let own = Caller { tenant: TenantName::self_tenant(), ..with_scopes(&[Scope::Ingest]) };
    for caller in [Some(with_scopes(&[Scope::Query])), Some(own), None] {
        let headers = [("content-type", "application/grpc")];
        let grpc = house.otlp_as(caller.clone(), post(EXPORT, &headers, grpc_frame(&message, false))).await;
        check_grpc(&grpc, 7, false);
        for (kind, body) in [(PROTOBUF, message.clone()), (JSON, GOOD_JSON.into())] {
            let answer = house.otlp_as(caller.clone(), post("/v1/logs", &[("content-type", kind)], body)).await;
            check_http(&answer, 403, 7, false);
        }
    }
    assert_eq!(house.found("forbidden OR good").await, [""; 0]);
    assert_eq!(refused(&house, "forbidden").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_unknown_hears_unauthenticated_and_401() {
    for (refusal, http_status, code) in [
        (service::Refusal::NoCredential, 401, 16),
        (service::Refusal::UnknownCredential, 401, 16),
        (service::Refusal::Tenant, 403, 7),
    ] {
        for (kind, path) in [(PROTOBUF, "/v1/logs"), (JSON, "/v1/logs"), ("application/grpc", EXPORT)] {
            let (parts, _) = post(path, &[("content-type", kind)], "").into_parts();
            let answer = super::harness::read(receivers::refuse(&refusal, &parts)).await;
            if path == EXPORT {
                check_grpc(&answer, code, false);
            } else {
                check_http(&answer, http_status, code, false);
                assert_eq!(answer.header("content-type"), kind);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_and_metrics_hear_that_they_are_not_taken() {
    let house = Harness::start();
    for call in [TRACES, METRICS] {
        let headers = [("content-type", "application/grpc")];
        let answer = house.otlp(post(call, &headers, grpc_frame(&[], false))).await;
        check_grpc(&answer, 12, false);
        assert!(answer.header("grpc-message").contains("does not take"), "{}", answer.header("grpc-message"));
    }
    for path in ["/v1/traces", "/v1/metrics", "/v1development/profiles"] {
        for kind in [PROTOBUF, JSON] {
            let answer = house.otlp(post(path, &[("content-type", kind)], "")).await;
            let status = check_http(&answer, 404, 12, false);
            assert_eq!(answer.header("content-type"), kind);
            assert!(status.message.contains("does not take"), "{}", status.message);
        }
    }
    check_grpc(&house.otlp(post("/x.Y/Z", &[("content-type", "application/grpc")], "")).await, 12, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing_about_files_from_a_refusal() {
    let disk = FaultyDisk::new(5);
    let house = Harness::open(Setup::on(&disk));
    house.export(&encoded_request(vec![record("x")]), None).await;
    house.wait_until_stored().await;
    disk.fail_from(disk.call_count(), Fault::Eio);
    let answer = house.post(&[("content-type", JSON)], GOOD_JSON).await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(!text.contains("/data") && !text.contains(".wal"), "{text}");
    disk.fail_no_more();
}
