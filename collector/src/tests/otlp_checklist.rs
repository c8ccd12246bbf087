//! The OTLP specification, point by point, as far as it touches logs. Numbers are those of the checklist in
//! docs/operations/otlp.md. Those that need a connection (21, 24) stand with the front door's tests.

use super::harness::{EXPORT, Harness, JSON, PROTOBUF, attribute, encoded_request, gzip, post, record, request, text};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValueList, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use serde_json::json;

const ONE_JSON: &str = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn point_1_logs_are_exported_by_a_unary_grpc_call() {
    let house = Harness::start();
    let answer = house.export(&encoded_request(vec![record("by grpc")]), None).await;
    assert_eq!((answer.status.as_u16(), answer.grpc_status()), (200, "0"));
    assert_eq!(answer.header("content-type"), "application/grpc");
    assert_eq!(answer.body, Bytes::from_static(&[0, 0, 0, 0, 0]), "an empty message in its frame");
    assert_eq!(house.found("by grpc").await, ["by grpc"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn point_2_logs_are_posted_to_v1_logs_and_its_aliases() {
    let house = Harness::start();
    for path in ["/v1/logs", "/otlp/v1/logs"] {
        let answer = house.otlp(post(path, &[("content-type", JSON)], ONE_JSON)).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    assert_eq!(house.found("hello").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn point_3_bodies_are_taken_plain_gzipped_and_zstd_compressed_on_both_transports() {
    let house = Harness::start();
    let message = encoded_request(vec![record("packed")]);
    let zstd = zstd::encode_all(message.as_slice(), 3).unwrap();
    for (coding, body) in
        [("identity", message.clone()), ("gzip", gzip(&message)), ("zstd", zstd.clone()), ("GZIP", gzip(&message))]
    {
        let answer = house.post(&[("content-type", PROTOBUF), ("content-encoding", coding)], body).await;
        assert_eq!(answer.status, 200, "{coding}");
    }
    for (coding, body) in [("gzip", gzip(&message)), ("zstd", zstd)] {
        assert_eq!(house.export(&body, Some(coding)).await.grpc_status(), "0", "{coding}");
    }
    assert_eq!(house.found("packed").await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn point_4_the_content_type_is_parsed_not_compared() {
    let house = Harness::start();
    for kind in [JSON, "application/json; charset=utf-8", "APPLICATION/JSON", "application/json;charset=UTF-8 "] {
        let answer = house.post(&[("content-type", kind)], ONE_JSON).await;
        assert_eq!(answer.status, 200, "{kind}");
        assert_eq!(answer.header("content-type"), JSON);
    }
    let answer = house.post(&[("content-type", "Application/X-Protobuf")], encoded_request(vec![record("x")])).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, PROTOBUF));
}

#[tokio::test(flavor = "multi_thread")]
async fn point_5_grpc_and_http_share_a_port_by_content_type() {
    let house = Harness::start();
    assert_eq!(house.post(&[("content-type", JSON)], ONE_JSON).await.status, 200);
    assert_eq!(house.export(&encoded_request(vec![record("x")]), None).await.grpc_status(), "0");
    let with_suffix =
        post(EXPORT, &[("content-type", "application/grpc+proto")], super::harness::grpc_frame(&[], false));
    assert_eq!(house.otlp(with_suffix).await.grpc_status(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn point_6_an_answer_has_the_type_of_its_request_and_json_when_there_is_none() {
    let house = Harness::start();
    let bad = house.post(&[("content-type", PROTOBUF)], "not protobuf at all").await;
    assert_eq!((bad.status.as_u16(), bad.header("content-type")), (400, PROTOBUF));
    let bad = house.post(&[("content-type", JSON)], "{").await;
    assert_eq!((bad.status.as_u16(), bad.header("content-type")), (400, JSON));
    let bad = house.post(&[], "{").await;
    assert_eq!((bad.status.as_u16(), bad.header("content-type")), (415, JSON));
}

#[tokio::test(flavor = "multi_thread")]
async fn point_7_full_success_has_no_partial_success() {
    let house = Harness::start();
    let answer = house.post(&[("content-type", PROTOBUF)], encoded_request(vec![record("x")])).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    let answer = house.post(&[("content-type", JSON)], ONE_JSON).await;
    assert_eq!(answer.json(), json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn point_8_one_bad_record_is_rejected_alone_with_its_reason() {
    let house = Harness::start();
    let bad = LogRecord { trace_id: vec![1; 7], ..record("bad") };
    let message = encoded_request(vec![record("first"), bad, record("third")]);
    let partial = house.post(&[("content-type", PROTOBUF)], message.clone()).await.protobuf().partial_success.unwrap();
    assert_eq!(partial.rejected_log_records, 1);
    assert!(partial.error_message.contains("trace id") && partial.error_message.contains("record 1"), "{partial:?}");
    let by_grpc = house.export(&message, None).await;
    assert_eq!(by_grpc.grpc_status(), "0");
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"good"}},{"spanId":"zz"}]}]}]}"#;
    let answer = house.post(&[("content-type", JSON)], json).await;
    assert_eq!(answer.json()["partialSuccess"]["rejectedLogRecords"], "1");
    assert_eq!(house.found("first OR third OR bad OR good").await, ["good", "third", "first", "third", "first"]);
    let account = house.account().await;
    assert_eq!(account["rejected"], json!({ "bad_span_id": 1, "bad_trace_id": 2 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn point_9_an_empty_request_succeeds() {
    let house = Harness::start();
    assert_eq!(house.post(&[("content-type", PROTOBUF)], "").await.status, 200);
    for empty in ["{}", r#"{"resourceLogs":[]}"#, r#"{"resourceLogs":[{"scopeLogs":[{}]}]}"#] {
        assert_eq!(house.post(&[("content-type", JSON)], empty).await.json(), json!({}), "{empty}");
    }
    assert_eq!(house.export(&[], None).await.grpc_status(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn point_10_a_request_over_the_limit_is_too_large_and_not_retried() {
    // A quarter of what is left to requests is the limit: 3 MiB.
    let house = Harness::with_memory(16 << 20);
    let long = encoded_request((0..6).map(|_| record(&"x".repeat(900_000))).collect());
    let plain = house.post(&[("content-type", PROTOBUF)], long.clone()).await;
    let packed = house.post(&[("content-type", PROTOBUF), ("content-encoding", "gzip")], gzip(&long)).await;
    for answer in [plain, packed] {
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (413, ""));
    }
    for answer in [house.export(&long, None).await, house.export(&gzip(&long), Some("gzip")).await] {
        assert_eq!((answer.grpc_status(), answer.header("grpc-status-details-bin")), ("8", ""));
    }
    assert_eq!(house.account().await["refused"]["too_large"]["requests"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn point_11_an_answer_stays_small_however_much_is_rejected() {
    let house = Harness::start();
    let bad = |index: usize| LogRecord { trace_id: vec![1; 1 + index % 7], ..record("") };
    let answer = house.post(&[("content-type", PROTOBUF)], encoded_request((0..50_000).map(bad).collect())).await;
    assert_eq!(answer.protobuf().partial_success.unwrap().rejected_log_records, 50_000);
    assert!(answer.body.len() < 5_000, "{} bytes", answer.body.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn point_12_every_error_carries_a_status_in_the_format_of_the_request() {
    let house = Harness::start();
    let get = Request::get("/v1/logs").header("content-type", JSON).body(Full::default()).unwrap();
    let cases = [
        (house.otlp(post("/v1/nothing", &[("content-type", JSON)], "{}")).await, 404),
        (house.otlp(post("/v1/traces", &[("content-type", JSON)], "{}")).await, 404),
        (house.otlp(post("/v1/metrics", &[("content-type", JSON)], "{}")).await, 404),
        (house.otlp(get).await, 405),
        (house.post(&[("content-type", "text/plain")], "{}").await, 415),
        (house.post(&[("content-type", JSON), ("content-encoding", "br")], "{}").await, 415),
        (house.post(&[("content-type", JSON)], "[").await, 400),
        (house.post(&[("content-type", JSON)], vec![b' '; 65 << 20]).await, 413),
        (house.otlp_as(None, post("/v1/logs", &[("content-type", JSON)], "{}")).await, 403),
    ];
    for (answer, want) in cases {
        assert_eq!(answer.status.as_u16(), want);
        assert!(answer.json()["message"].as_str().is_some_and(|message| !message.is_empty()), "{:?}", answer.json());
    }
    let bad = house.post(&[("content-type", PROTOBUF)], vec![0xFF; 20]).await;
    let status = wire::otlp::response::Status::from_protobuf(&bad.body).unwrap();
    assert!(status.code == 3 && !status.message.is_empty(), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn point_13_data_that_cannot_be_decoded_is_invalid_and_says_what_is_wrong() {
    let house = Harness::start();
    let http = house.post(&[("content-type", JSON)], r#"{"resourceLogs": 5}"#).await;
    assert_eq!(http.status, 400);
    assert!(http.json()["details"][0]["@type"].as_str().unwrap().ends_with("BadRequest"), "{}", http.json());
    let grpc = house.export(&[0x0A, 0x7F], None).await;
    assert_eq!(grpc.grpc_status(), "3");
    assert!(!grpc.header("grpc-status-details-bin").is_empty());
    let trailing = house.post(&[("content-type", JSON)], "{} {}").await;
    assert_eq!(trailing.status, 400);
}

/// Requests that no repetition makes better.
fn hopeless() -> Vec<(&'static str, Vec<u8>)> {
    let bad = encoded_request(vec![LogRecord { trace_id: vec![1; 7], ..record("bad") }]);
    vec![
        ("undecodable", vec![0x0A, 0x7F]),
        ("too many records", encoded_request(vec![LogRecord::default(); 262_145])),
        ("too long", vec![0; 65 << 20]),
        ("one bad record", bad),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn point_14_no_http_status_asks_for_a_retry_that_cannot_help() {
    let house = Harness::start();
    let mut answers = Vec::new();
    for (what, body) in hopeless() {
        answers.push((what, house.post(&[("content-type", PROTOBUF)], body).await));
    }
    let json = [("content-type", JSON)];
    answers.push(("no such path", house.otlp(post("/v1/nothing", &json, "{}")).await));
    answers.push(("a signal not taken", house.otlp(post("/v1/traces", &json, "{}")).await));
    answers.push(("no content type", house.post(&[], "{}").await));
    answers.push(("an unknown coding", house.post(&[("content-type", JSON), ("content-encoding", "br")], "{}").await));
    answers.push(("no caller", house.otlp_as(None, post("/v1/logs", &json, "{}")).await));
    for (what, answer) in answers {
        assert!(!matches!(answer.status.as_u16(), 429 | 502 | 503 | 504), "{what}: {}", answer.status);
        assert_eq!(answer.header("retry-after"), "", "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn point_15_no_grpc_code_asks_for_a_retry_that_cannot_help() {
    let house = Harness::start();
    let mut answers = Vec::new();
    for (what, body) in hopeless() {
        answers.push((what, house.export(&body, None).await));
    }
    let grpc = [("content-type", "application/grpc")];
    answers.push(("no such call", house.otlp(post("/x.Y/Z", &grpc, "")).await));
    answers.push(("no message", house.otlp(post(EXPORT, &grpc, "")).await));
    answers.push(("an unknown coding", house.export(b"", Some("snappy")).await));
    answers.push(("no caller", house.otlp_as(None, post(EXPORT, &grpc, "")).await));
    for (what, answer) in answers {
        assert!(!matches!(answer.grpc_status(), "1" | "4" | "10" | "11" | "14" | "15" | "none"), "{what}");
        if answer.grpc_status() == "8" {
            assert_eq!(answer.header("grpc-status-details-bin"), "", "{what}: RetryInfo would make it retryable");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn point_16_overload_is_retryable_with_a_hint_of_whole_seconds() {
    let house = Harness::with_wal_budget(4 << 20);
    let big = encoded_request((0..8).map(|_| record(&"filler ".repeat(10_000))).collect());
    let mut refused = None;
    for _ in 0..40 {
        let answer = house.post(&[("content-type", PROTOBUF)], big.clone()).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the log has a budget");
    assert_eq!(refused.status, 503);
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&seconds));
    let grpc = house.export(&big, None).await;
    assert_eq!(grpc.grpc_status(), "14");
    assert!(!grpc.header("grpc-status-details-bin").is_empty(), "RetryInfo");
    assert_eq!(house.get("/api/v1/logs/search?q=filler&limit=1").await.0, 200, "searches go on");
    assert!(house.account().await["refused"]["log_full"]["requests"].as_u64() >= Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn point_17_unknown_fields_are_ignored() {
    let house = Harness::start();
    let mut message = encoded_request(vec![record("known")]);
    message.extend_from_slice(&[0xA2, 0x06, 3, b'n', b'e', b'w']);
    assert_eq!(house.post(&[("content-type", PROTOBUF)], message).await.status, 200);
    let json = r#"{"new":{"deep":[1,{"a":null}]},"resourceLogs":[{"later":1,"scopeLogs":[{"logRecords":[{"body":{"stringValue":"known"},"newer":[[]]}]}]}]}"#;
    assert_eq!(house.post(&[("content-type", JSON)], json).await.json(), json!({}));
    assert_eq!(house.found("known").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn point_18_json_follows_the_mapping_of_otlp() {
    let house = Harness::start();
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{
        "timeUnixNano":"REPLACED","severityNumber":17,"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174",
        "body":{"stringValue":"mapped"},"flags":"1","attributes":null,
        "attributes":[{"key":"big","value":{"intValue":"9007199254740993"}},{"key":"small","value":{"intValue":7}},
                      {"key":"odd","value":{"doubleValue":"NaN"}},{"key":"raw","value":{"bytesValue":"AQI"}}]}]}]}]}"#;
    let now = basics::Clock::now(&service::SystemClock::new()).0.to_string();
    let answer = house.post(&[("content-type", JSON)], json.replace("REPLACED", &now)).await;
    assert_eq!(answer.json(), json!({}));
    let record = house.record("trace_id:5b8efff798038103d269b633813fc60c").await;
    assert_eq!(record["time_unix_nano"], json!(now));
    assert_eq!((&record["level"], &record["flags"]), (&json!("error"), &json!(1)));
    assert_eq!(
        record["attributes"],
        json!({ "big": 9_007_199_254_740_993i64, "small": 7, "odd": "NaN", "raw": "AQI=" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn point_19_every_kind_of_value_is_kept_as_sent() {
    let house = Harness::start();
    let any = |value| Some(AnyValue { value: Some(value) });
    let list = Value::ArrayValue(ArrayValue {
        values: vec![any(Value::IntValue(1)).unwrap(), text("a").unwrap(), AnyValue::default()],
    });
    let map = Value::KvlistValue(KeyValueList { values: vec![attribute("k", any(Value::BoolValue(true)))] });
    let attributes = vec![
        attribute("empty", None),
        attribute("bytes", any(Value::BytesValue(vec![0, 255]))),
        attribute("list", any(list)),
        attribute("map", any(map)),
        attribute("twice", text("one")),
        attribute("twice", text("two")),
    ];
    let sent = LogRecord { attributes, ..record("kinds") };
    house.post(&[("content-type", PROTOBUF)], encoded_request(vec![sent])).await;
    let record = house.record("kinds").await;
    let want = json!({ "empty": null, "bytes": "AP8=", "list": [1, "a", null], "map": { "k": true }, "twice": "one" });
    assert_eq!(record["attributes"], want);
    assert_eq!(record["attributes_repeated"], json!([{ "key": "twice", "value": "two" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn point_20_string_indexes_outside_of_profiles_are_absent_and_warned_of() {
    let house = Harness::start();
    // LogRecord { body: AnyValue { string_value_strindex (8): 3 } }
    let any_value = [0x40, 3];
    let record = [&[0x2A, 2][..], &any_value].concat();
    let scope_logs = [&[0x12, 4][..], &record].concat();
    let resource_logs = [&[0x12, 6][..], &scope_logs].concat();
    let message = [&[0x0A, 8][..], &resource_logs].concat();
    let partial = house.post(&[("content-type", PROTOBUF)], message).await.protobuf().partial_success.unwrap();
    assert_eq!(partial.rejected_log_records, 0);
    assert!(partial.error_message.contains("string index"), "{partial:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn point_22_a_request_repeated_after_a_lost_answer_is_taken_again() {
    let house = Harness::start();
    let message = encoded_request(vec![record("repeated")]);
    for _ in 0..2 {
        assert_eq!(house.export(&message, None).await.grpc_status(), "0");
    }
    assert_eq!(house.found("repeated").await.len(), 2, "nothing tells a repetition from two equal records");
}

#[tokio::test(flavor = "multi_thread")]
async fn point_23_an_answer_is_plain_for_clients_that_would_take_it_compressed() {
    let house = Harness::start();
    let answer = house.post(&[("content-type", JSON), ("accept-encoding", "gzip")], ONE_JSON).await;
    assert_eq!((answer.header("content-encoding"), answer.json()), ("", json!({})));
    let headers = [("content-type", "application/grpc"), ("grpc-accept-encoding", "gzip")];
    let message = encoded_request(vec![record("x")]);
    let answer = house.otlp(post(EXPORT, &headers, super::harness::grpc_frame(&message, false))).await;
    assert_eq!((answer.header("grpc-encoding"), answer.body[0]), ("", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_in_snake_case_is_not_lost_in_silence() {
    let house = Harness::start();
    let json = r#"{"resource_logs":[{"scope_logs":[{"log_records":[{"body":{"string_value":"lost?"}}]}]}]}"#;
    let answer = house.post(&[("content-type", JSON)], json).await;
    let warning = answer.json()["partialSuccess"]["errorMessage"].as_str().unwrap_or_default().to_owned();
    assert!(warning.contains("resource_logs") || warning.contains("resourceLogs"), "{warning:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_fields_of_a_record_are_kept() {
    let house = Harness::start();
    let sent = LogRecord {
        event_name: "order.paid".to_owned(),
        flags: 1,
        dropped_attributes_count: 4,
        severity_text: "WARN".to_owned(),
        ..record("new fields")
    };
    let mut message = request(vec![sent]);
    message.resource_logs[0].scope_logs[0].schema_url = "https://opentelemetry.io/schemas/1.30.0".to_owned();
    house.post(&[("content-type", PROTOBUF)], message.encode_to_vec()).await;
    let record = house.record("\"new fields\"").await;
    assert_eq!(record["event_name"], "order.paid");
    assert_eq!((&record["flags"], &record["dropped_attributes_count"]), (&json!(1), &json!(4)));
    assert_eq!((&record["level"], &record["severity_text"]), (&json!("warn"), &json!("WARN")));
    assert_eq!(record["scope"]["schema_url"], "https://opentelemetry.io/schemas/1.30.0");
}
