//! The obligations of an OTLP receiver that are decided in this crate, numbered as in the project's checklist.

use super::build::{self, RECEIVED, RECEIVED_NANOS};
use crate::inflate::{Coding, Inflater};
use crate::limits::{INFLATE_STEP_BYTES, MESSAGE_BYTES_MAX};
use crate::otlp::logs::{LogLimits, RejectReason, survey};
use crate::otlp::response::{Detail, FieldViolation, PartialSuccess, Status, logs_success_json, logs_success_protobuf};
use crate::otlp_json::logs_to_protobuf;
use basics::ErrorClass;
use model::ValueKind;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use std::io::Write;
use std::time::Duration;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn inflate(coding: Coding, bytes: &[u8], limit: u64) -> Result<Vec<u8>, crate::WireError> {
    let mut out = Vec::new();
    let mut inflater = Inflater::new(coding, limit);
    inflater.push(bytes, &mut out)?;
    inflater.finish(&mut out)?;
    Ok(out)
}

#[test]
fn point_3_bodies_come_plain_or_in_gzip_or_zstd() {
    let body = build::request(vec![build::record("hello")]).encode_to_vec();
    assert_eq!(inflate(Coding::Identity, &body, 1000).unwrap(), body);
    assert_eq!(inflate(Coding::Gzip, &gzip(&body), 1000).unwrap(), body);
    assert_eq!(inflate(Coding::Zstd, &zstd::encode_all(&*body, 3).unwrap(), 1000).unwrap(), body);
    for (text, coding) in [
        ("", Some(Coding::Identity)),
        ("identity", Some(Coding::Identity)),
        ("GZIP", Some(Coding::Gzip)),
        ("x-gzip", Some(Coding::Gzip)),
        (" zstd ", Some(Coding::Zstd)),
        ("snappy", None),
        ("gzip, zstd", None),
    ] {
        assert_eq!(Coding::parse(text), coding, "coding {text:?}");
    }
}

#[test]
fn point_7_full_success_says_nothing() {
    let nothing = PartialSuccess::default();
    assert!(logs_success_protobuf(&nothing).is_empty());
    assert_eq!(logs_success_json(&nothing), "{}");
}

#[test]
fn point_8_partly_rejected_requests_are_answered_with_count_and_reason() {
    let bad = LogRecord { trace_id: vec![1; 15], ..build::record("bad") };
    let body = build::request(vec![build::record("good"), bad, build::record("good")]).encode_to_vec();
    let (survey, batch) = build::take(&body, &build::wide_limits()).unwrap();
    assert_eq!(batch.len(), 2);
    assert_eq!(survey.rejected.len(), 1);
    assert_eq!(survey.rejected[0].ordinal, 1);
    assert_eq!(survey.rejected[0].reason, RejectReason::BadTraceId);

    let message = survey.rejected[0].reason.message().to_owned();
    let partial = PartialSuccess { rejected: 1, message: message.clone() };
    let answer = ExportLogsServiceResponse::decode(&*logs_success_protobuf(&partial)).unwrap();
    let expected = ExportLogsPartialSuccess { rejected_log_records: 1, error_message: message.clone() };
    assert_eq!(answer.partial_success, Some(expected));
    let json: serde_json::Value = serde_json::from_str(&logs_success_json(&partial)).unwrap();
    assert_eq!(json["partialSuccess"]["rejectedLogRecords"], "1");
    assert_eq!(json["partialSuccess"]["errorMessage"], message);
}

#[test]
fn point_8_a_warning_is_a_message_with_nothing_rejected() {
    let warning = PartialSuccess { rejected: 0, message: "odd".to_owned() };
    let answer = ExportLogsServiceResponse::decode(&*logs_success_protobuf(&warning)).unwrap();
    let expected = ExportLogsPartialSuccess { rejected_log_records: 0, error_message: "odd".to_owned() };
    assert_eq!(answer.partial_success, Some(expected));
    assert_eq!(logs_success_json(&warning), r#"{"partialSuccess":{"errorMessage":"odd"}}"#);
}

#[test]
fn point_9_an_empty_request_is_a_success() {
    let (survey, batch) = build::take(&[], &build::wide_limits()).unwrap();
    assert_eq!((survey.received, survey.head_bytes, batch.len()), (0, 0, 0));
    let (survey, batch) = build::take(&build::request(vec![]).encode_to_vec(), &build::wide_limits()).unwrap();
    assert_eq!((survey.received, batch.len(), batch.streams.len()), (0, 0, 0));
    let mut out = Vec::new();
    for json in ["{}", r#"{"resourceLogs":[]}"#, r#"{"resourceLogs":null}"#] {
        logs_to_protobuf(json.as_bytes(), &build::wide_limits(), &mut out).unwrap();
        assert!(out.is_empty(), "{json}");
    }
}

#[test]
fn point_10_the_size_limit_holds_after_decompression() {
    let plain = vec![0u8; 1_000_000];
    for (coding, packed) in [
        (Coding::Identity, plain.clone()),
        (Coding::Gzip, gzip(&plain)),
        (Coding::Zstd, zstd::encode_all(&*plain, 3).unwrap()),
    ] {
        assert_eq!(inflate(coding, &packed, 1_000_000).unwrap().len(), 1_000_000, "{coding:?}");
        let error = inflate(coding, &packed, 999_999).unwrap_err();
        assert_eq!(error.class(), ErrorClass::TooLarge, "{coding:?}");
        let mut input = &*packed;
        let mut out = Vec::new();
        Inflater::new(coding, u64::MAX).step(&mut input, &mut out).unwrap();
        assert!(out.len() <= INFLATE_STEP_BYTES, "{coding:?} appended {}", out.len());
    }
}

#[test]
fn point_10_too_many_records_are_too_large() {
    let limits = LogLimits { records_max: 2, ..build::wide_limits() };
    let two = build::request(vec![LogRecord::default(); 2]).encode_to_vec();
    assert_eq!(survey(&two, &limits, RECEIVED).unwrap().received, 2);
    let three = build::request(vec![LogRecord::default(); 3]).encode_to_vec();
    assert_eq!(survey(&three, &limits, RECEIVED).unwrap_err().class(), ErrorClass::TooLarge);
}

#[test]
fn point_11_no_answer_is_longer_than_its_limit() {
    let endless = "é".repeat(1_000_000);
    let partial = PartialSuccess { rejected: 1, message: endless.clone() };
    assert!(logs_success_protobuf(&partial).len() < MESSAGE_BYTES_MAX + 32);
    assert!(logs_success_json(&partial).len() < MESSAGE_BYTES_MAX + 128);
    let answer = ExportLogsServiceResponse::decode(&*logs_success_protobuf(&partial)).unwrap();
    assert_eq!(answer.partial_success.unwrap().error_message, "é".repeat(MESSAGE_BYTES_MAX / 2));
    let violations = vec![FieldViolation { field: endless.clone(), description: endless.clone() }; 20];
    let status = Status { code: 3, message: endless, details: vec![Detail::BadRequest(violations)] };
    assert!(status.to_protobuf().len() < 200_000);
    assert!(status.to_json().len() < 200_000);
}

#[test]
fn point_12_errors_are_a_status_in_the_format_of_the_request() {
    let violation = FieldViolation { field: "severityNumber".to_owned(), description: "a \"name\"\n".to_owned() };
    let status = Status {
        code: 3,
        message: "cannot read".to_owned(),
        details: vec![Detail::RetryInfo(Duration::from_millis(1500)), Detail::BadRequest(vec![violation])],
    };
    assert_eq!(Status::from_protobuf(&status.to_protobuf()).unwrap(), status);
    let json: serde_json::Value = serde_json::from_str(&status.to_json()).unwrap();
    let expected = serde_json::json!({
        "code": 3,
        "message": "cannot read",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.500s"},
            {"@type": "type.googleapis.com/google.rpc.BadRequest",
             "fieldViolations": [{"field": "severityNumber", "description": "a \"name\"\n"}]},
        ],
    });
    assert_eq!(json, expected);
}

#[test]
fn point_13_undecodable_bodies_are_invalid() {
    let limits = build::wide_limits();
    assert_eq!(survey(b"\x0a\x05ab", &limits, RECEIVED).unwrap_err().class(), ErrorClass::Invalid);
    let error = logs_to_protobuf(b"{\"resourceLogs\":[{]}", &limits, &mut Vec::new()).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Invalid);
    assert_eq!(error.field(), "resourceLogs");
    for coding in [Coding::Gzip, Coding::Zstd] {
        assert_eq!(inflate(coding, b"no such thing", 100).unwrap_err().class(), ErrorClass::Invalid);
    }
}

#[test]
fn point_17_unknown_fields_are_ignored() {
    let sent = build::request(vec![build::record("hello")]);
    let mut body = sent.encode_to_vec();
    // Field 99: a varint, eight bytes, a string, a group with a group in it, four bytes.
    for unknown in ["98 06 07", "99 06 0102030405060708", "9a 06 02 6869", "9b 06 0b 08 01 0c 9c 06", "9d 06 01020304"]
    {
        let digits: Vec<u32> = unknown.chars().filter_map(|digit| digit.to_digit(16)).collect();
        body.extend(digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8));
    }
    let (survey, batch) = build::take(&body, &build::wide_limits()).unwrap();
    assert_eq!(survey.received, 1);
    assert_eq!(build::seen(&batch), build::expected(&sent, &[]));

    let json = r#"{"resourceLogs":[{"new":[1,{"a":[null,true,"x"]}],"scopeLogs":[{"logRecords":
        [{"body":{"stringValue":"hello","later":{"deep":[[[]]]}},"more":-1.5e3}]}]}],"x":{}}"#;
    let mut out = Vec::new();
    let notes = logs_to_protobuf(json.as_bytes(), &build::wide_limits(), &mut out).unwrap();
    assert_eq!(notes.warning, None);
    let (_, batch) = build::take(&out, &build::wide_limits()).unwrap();
    assert_eq!(batch.body.get(0), "hello");
}

#[test]
fn point_19_any_value_may_stand_in_any_attribute_and_in_the_body() {
    let values = [
        (build::any(any_value::Value::BytesValue(vec![1, 2, 3])), ValueKind::Bytes, r#"{"$bytes":"AQID"}"#),
        (
            build::array(vec![build::string("a"), build::any(any_value::Value::IntValue(5))]),
            ValueKind::Array,
            r#"["a",5]"#,
        ),
        (build::map(vec![build::attribute("k", build::array(vec![]))]), ValueKind::Map, r#"{"k":[]}"#),
        (Default::default(), ValueKind::Empty, ""),
    ];
    for (value, kind, text) in values {
        let twice = vec![build::attribute("key", value.clone()), build::attribute("key", value.clone())];
        let record = LogRecord { body: Some(value), attributes: twice, ..build::record("") };
        let (_, batch) = build::take(&build::request(vec![record]).encode_to_vec(), &build::wide_limits()).unwrap();
        assert_eq!((batch.body_kind[0], batch.body.get(0)), (kind, text));
        assert_eq!(batch.attributes.kind, [kind, kind]);
        assert_eq!(batch.attributes.text.get(1), text);
    }
}

#[test]
fn point_20_references_into_a_string_table_are_noted_and_treated_as_absent() {
    let mut record = build::record("");
    record.body = Some(build::any(any_value::Value::StringValueStrindex(7)));
    let mut attribute = build::attribute("", build::string("value"));
    attribute.key_strindex = 3;
    record.attributes.push(attribute);
    let (survey, batch) = build::take(&build::request(vec![record]).encode_to_vec(), &build::wide_limits()).unwrap();
    assert_eq!(survey.notes.string_indexes, 2);
    assert_eq!((survey.received, survey.rejected.len()), (1, 0));
    assert_eq!(batch.body_kind[0], ValueKind::Empty);
    assert_eq!(&*batch.attributes.keys[0], "");
}

#[test]
fn newer_fields_of_a_log_record_are_kept() {
    let record = LogRecord {
        event_name: "checkout.paid".to_owned(),
        observed_time_unix_nano: RECEIVED_NANOS,
        flags: 0x101,
        dropped_attributes_count: 9,
        ..build::record("")
    };
    let (_, batch) = build::take(&build::request(vec![record]).encode_to_vec(), &build::wide_limits()).unwrap();
    assert_eq!(batch.event_name.get(0), "checkout.paid");
    assert_eq!(batch.observed_time_unix_nano, [RECEIVED_NANOS]);
    assert_eq!((batch.flags[0], batch.dropped_attributes[0]), (0x101, 9));
}
