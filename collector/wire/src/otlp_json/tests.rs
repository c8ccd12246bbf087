#![allow(clippy::indexing_slicing)]

use super::{JsonNotes, logs_to_protobuf};
use crate::WireError;
use crate::limits::{ATTRIBUTES_MAX, RECORD_BYTES_MAX, RECORDS_MAX, VALUE_DEPTH_MAX};
use crate::otlp::logs::{LogLimits, RejectReason, Rejection};
use basics::{ErrorClass, Timestamp};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValueList, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs};
use prost::Message;

const LIMITS: LogLimits = LogLimits {
    records_max: RECORDS_MAX,
    record_bytes_max: RECORD_BYTES_MAX,
    attributes_max: ATTRIBUTES_MAX,
    depth_max: VALUE_DEPTH_MAX,
    oldest: Timestamp::MIN,
    newest: Timestamp::MAX,
};

fn transcode(json: &str) -> Result<(ExportLogsServiceRequest, JsonNotes), WireError> {
    let mut out = Vec::new();
    let notes = logs_to_protobuf(json.as_bytes(), &LIMITS, &mut out)?;
    assert!(out.len() <= json.len() * super::GROWTH_MAX);
    Ok((ExportLogsServiceRequest::decode(&*out).expect("what is written is sound protobuf"), notes))
}

/// The one ResourceLogs whose fields are `fields`.
#[track_caller]
fn resource_logs(fields: &str) -> ResourceLogs {
    let (request, _) = transcode(&format!("{{\"resourceLogs\":[{{{fields}}}]}}")).unwrap();
    request.resource_logs[0].clone()
}

fn around(record_fields: &str) -> String {
    format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{{record_fields}}}]}}]}}]}}")
}

/// The one record whose fields are `fields`.
#[track_caller]
fn record(fields: &str) -> LogRecord {
    let (request, _) = transcode(&around(fields)).unwrap_or_else(|error| panic!("{fields}: {error}"));
    request.resource_logs[0].scope_logs[0].log_records[0].clone()
}

/// The value of a body.
#[track_caller]
fn body(json: &str) -> Option<Value> {
    record(&format!("\"body\":{json}")).body.expect("a body").value
}

#[track_caller]
fn check_refused(record_fields: &str, field: &str, problem: &str) {
    let error = transcode(&around(record_fields)).expect_err(record_fields);
    assert_eq!(error.class(), ErrorClass::Invalid);
    assert_eq!(error.field(), field, "{error}");
    assert!(error.to_string().contains(problem), "{record_fields}: {error}");
}

#[test]
fn every_field_of_a_record_is_translated() {
    let record = record(
        r#""timeUnixNano":"1","observedTimeUnixNano":2,"severityNumber":9,"severityText":"INFO",
           "body":{"stringValue":"hi"},"attributes":[{"key":"k","value":{"intValue":"5"}}],"droppedAttributesCount":3,
           "flags":257,"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","eventName":"e""#,
    );
    assert_eq!((record.time_unix_nano, record.observed_time_unix_nano), (1, 2));
    assert_eq!((record.severity_number, &*record.severity_text), (9, "INFO"));
    assert_eq!(record.body.unwrap().value, Some(Value::StringValue("hi".to_owned())));
    assert_eq!(record.attributes[0].key, "k");
    assert_eq!(record.attributes[0].value.clone().unwrap().value, Some(Value::IntValue(5)));
    assert_eq!((record.dropped_attributes_count, record.flags, &*record.event_name), (3, 257, "e"));
    assert_eq!(record.trace_id, 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c_u128.to_be_bytes());
    assert_eq!(record.span_id, 0xeee1_9b7e_c3c1_b174_u64.to_be_bytes());
}

#[test]
fn every_field_of_a_resource_and_scope_is_translated() {
    let logs = resource_logs(
        r#""scopeLogs":[{"logRecords":[],"schemaUrl":"s","scope":{"name":"n","version":"v",
           "attributes":[{"key":"k"}],"droppedAttributesCount":1}}],"schemaUrl":"r",
           "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}],"droppedAttributesCount":"2",
           "entityRefs":[{"schemaUrl":"u","type":"service","idKeys":["a","b"],"descriptionKeys":["c"]}]}"#,
    );
    let scope_logs = &logs.scope_logs[0];
    let scope = scope_logs.scope.as_ref().unwrap();
    assert_eq!((&*scope_logs.schema_url, &*logs.schema_url), ("s", "r"));
    assert_eq!((&*scope.name, &*scope.version, scope.dropped_attributes_count), ("n", "v", 1));
    assert_eq!(scope.attributes[0].key, "k");
    let resource = logs.resource.unwrap();
    assert_eq!((resource.attributes.len(), resource.dropped_attributes_count), (1, 2));
    let entity = &resource.entity_refs[0];
    assert_eq!((&*entity.schema_url, &*entity.r#type), ("u", "service"));
    assert_eq!((entity.id_keys.join(","), entity.description_keys.join(",")), ("a,b".to_owned(), "c".to_owned()));
}

#[test]
fn values_of_every_kind_are_translated() {
    assert_eq!(body("{}"), None);
    assert_eq!(body(r#"{"stringValue":""}"#), Some(Value::StringValue(String::new())));
    assert_eq!(body(r#"{"boolValue":false}"#), Some(Value::BoolValue(false)));
    assert_eq!(body(r#"{"intValue":"-9223372036854775808"}"#), Some(Value::IntValue(i64::MIN)));
    assert_eq!(body(r#"{"doubleValue":-1.5e-3}"#), Some(Value::DoubleValue(-0.0015)));
    assert_eq!(body(r#"{"doubleValue":5}"#), Some(Value::DoubleValue(5.0)));
    assert_eq!(body(r#"{"arrayValue":{}}"#), Some(Value::ArrayValue(ArrayValue::default())));
    assert_eq!(body(r#"{"kvlistValue":{"values":null}}"#), Some(Value::KvlistValue(KeyValueList::default())));
    let nested =
        body(r#"{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}}]}},{}]}}"#);
    let Some(Value::ArrayValue(array)) = nested else { panic!("no array: {nested:?}") };
    assert_eq!(array.values.len(), 2);
    assert_eq!(array.values[1].value, None);
}

#[test]
fn doubles_that_numbers_cannot_say_come_as_words() {
    let Some(Value::DoubleValue(nan)) = body(r#"{"doubleValue":"NaN"}"#) else { panic!("no double") };
    assert!(nan.is_nan());
    assert_eq!(body(r#"{"doubleValue":"Infinity"}"#), Some(Value::DoubleValue(f64::INFINITY)));
    assert_eq!(body(r#"{"doubleValue":"-Infinity"}"#), Some(Value::DoubleValue(f64::NEG_INFINITY)));
    assert_eq!(body(r#"{"doubleValue":"2.5"}"#), Some(Value::DoubleValue(2.5)));
    check_refused(r#""body":{"doubleValue":"inf"}"#, "doubleValue", "doubles");
    check_refused(r#""body":{"doubleValue":1e999}"#, "doubleValue", "doubles");
}

#[test]
fn integers_come_as_numbers_or_strings_and_never_lose_a_digit() {
    for text in ["1800000000123456789", "\"1800000000123456789\"", "1800000000123456789.0", "1.800000000123456789e18"] {
        assert_eq!(record(&format!("\"timeUnixNano\":{text}")).time_unix_nano, 1_800_000_000_123_456_789, "{text}");
    }
    assert_eq!(record(r#""timeUnixNano":18446744073709551615"#).time_unix_nano, u64::MAX);
    assert_eq!(record(r#""flags":"1","severityNumber":"17""#).flags, 1);
    assert_eq!(record(r#""droppedAttributesCount":"1e3""#).dropped_attributes_count, 1_000);
    check_refused(r#""timeUnixNano":18446744073709551616"#, "timeUnixNano", "64 bits");
    check_refused(r#""timeUnixNano":-1"#, "timeUnixNano", "sign");
    check_refused(r#""timeUnixNano":1.5"#, "timeUnixNano", "whole number");
    check_refused(r#""timeUnixNano":"""#, "timeUnixNano", "whole number");
    check_refused(r#""flags":4294967296"#, "flags", "32 bits");
    check_refused(r#""body":{"intValue":true}"#, "intValue", "number");
}

#[test]
fn null_is_the_default_everywhere() {
    let fields = [
        "timeUnixNano",
        "observedTimeUnixNano",
        "severityNumber",
        "severityText",
        "body",
        "attributes",
        "flags",
        "droppedAttributesCount",
        "traceId",
        "spanId",
        "eventName",
    ];
    for field in fields {
        let record = record(&format!("\"{field}\":null"));
        assert_eq!(LogRecord { body: None, ..record }, LogRecord::default(), "{field}");
    }
    assert_eq!(body(r#"{"stringValue":null}"#), None);
    assert_eq!(resource_logs(r#""resource":null,"scopeLogs":null,"schemaUrl":null"#).scope_logs.len(), 0);
    assert_eq!(record(r#""attributes":[{"key":"k","value":null}]"#).attributes[0].key, "k");
}

#[test]
fn bytes_come_in_any_base64() {
    for text in ["+/8=", "+/8", "-_8=", "-_8"] {
        assert_eq!(
            body(&format!("{{\"bytesValue\":\"{text}\"}}")),
            Some(Value::BytesValue(vec![0xfb, 0xff])),
            "{text}"
        );
    }
    assert_eq!(body(r#"{"bytesValue":""}"#), Some(Value::BytesValue(vec![])));
    check_refused(r#""body":{"bytesValue":"a"}"#, "bytesValue", "base64");
    check_refused(r#""body":{"bytesValue":"!!"}"#, "bytesValue", "base64");
}

#[test]
fn ids_that_are_no_ids_reject_their_record_alone() {
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}},{"traceId":"xyz"}]},
        {"logRecords":[{"traceId":"","spanId":"00f067aa0ba902b7"},{"spanId":"00f067aa0ba902"},
        {"spanId":"00f067aa0ba902bg","traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}]}]}]}"#;
    let (request, notes) = transcode(json).unwrap();
    let records: usize = request.resource_logs[0].scope_logs.iter().map(|logs| logs.log_records.len()).sum();
    assert_eq!(records, 5, "rejected ones keep their ordinals");
    let rejections = [(1, RejectReason::BadTraceId), (3, RejectReason::BadSpanId), (4, RejectReason::BadSpanId)]
        .map(|(ordinal, reason)| Rejection { ordinal, reason });
    assert_eq!(notes.rejections, rejections);
    check_refused(r#""traceId":5"#, "traceId", "expected a string");
}

#[test]
fn enums_by_name_are_refused_with_the_field() {
    check_refused(r#""severityNumber":"SEVERITY_NUMBER_INFO""#, "severityNumber", "numbers, not as names");
}

#[test]
fn the_last_of_several_scalars_counts() {
    assert_eq!(record(r#""severityText":"a","severityText":"b""#).severity_text, "b");
    assert_eq!(record(r#""timeUnixNano":5,"timeUnixNano":null"#).time_unix_nano, 0);
    assert_eq!(record(r#""traceId":"4bf92f3577b34da6a3ce929d0e0e4736","traceId":"""#).trace_id, b"");
    assert_eq!(body(r#"{"stringValue":"a","intValue":1}"#), Some(Value::IntValue(1)));
}

#[test]
fn keys_may_be_written_with_escapes() {
    assert_eq!(record(r#""severity\u0054ext":"a""#).severity_text, "a");
}

#[test]
fn names_in_snake_case_are_warned_about() {
    let (request, notes) = transcode(r#"{"resource_logs":[{"scope_logs":[]}]}"#).unwrap();
    assert!(request.resource_logs.is_empty());
    let warning = notes.warning.unwrap();
    assert!(warning.contains("resource_logs") && warning.contains("resourceLogs"), "{warning}");
    let (_, notes) = transcode(&around(r#""trace_id":"00""#)).unwrap();
    assert!(notes.warning.unwrap().contains("traceId"));
    let (_, notes) = transcode(&around(r#""my_own_field":1"#)).unwrap();
    assert_eq!(notes.warning, None);
}

#[test]
fn broken_text_is_refused() {
    for (json, problem) in [
        ("", "expected an object"),
        ("null", "expected an object"),
        ("[]", "expected an object"),
        ("{}{}", "behind the end"),
        ("{} \u{0}", "behind the end"),
        (r#"{"resourceLogs":{}}"#, "expected an array"),
        (r#"{"resourceLogs":[1]}"#, "expected an object"),
        (r#"{"resourceLogs":[{}"#, "expected a comma"),
    ] {
        let error = transcode(json).expect_err(json);
        assert_eq!(error.class(), ErrorClass::Invalid);
        assert!(error.to_string().contains(problem), "{json}: {error}");
    }
}

#[test]
fn half_surrogates_are_counted() {
    let (_, notes) = transcode(&around(r#""severityText":"\ud800","eventName":"\udc00\udc00""#)).unwrap();
    assert_eq!(notes.replaced_texts, 2);
}
