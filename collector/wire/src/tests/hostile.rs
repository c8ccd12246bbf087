//! Requests made to hurt: they cost what they weigh, and no more.

use super::build::{self, RECEIVED};
use crate::inflate::{Coding, Inflater};
use crate::limits::{ENVELOPES_MAX, RECORDS_MAX, VALUE_DEPTH_MAX};
use crate::otlp::logs::{LogLimits, RejectReason, survey};
use crate::otlp_json::logs_to_protobuf;
use crate::{Malformed, WireError};
use basics::{ErrorClass, Timestamp};
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use std::io::Write;

/// A nested message: `tag` with the bytes of `content`.
pub(super) fn nest(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

/// A request with one resource and one scope around `records`.
pub(super) fn around(records: &[u8]) -> Vec<u8> {
    nest(0x0a, &nest(0x12, records))
}

#[track_caller]
fn check_reason(record: LogRecord, limits: &LogLimits, want: Option<RejectReason>) {
    let body = build::request(vec![build::record("before"), record, build::record("behind")]).encode_to_vec();
    let (survey, batch) = build::take(&body, limits).unwrap();
    let got: Vec<(u32, RejectReason)> = survey.rejected.iter().map(|r| (r.ordinal, r.reason)).collect();
    assert_eq!(got, want.map(|reason| (1, reason)).into_iter().collect::<Vec<_>>());
    assert_eq!(batch.len() + got.len(), 3, "the neighbours are kept");
}

fn nested_arrays(depth: u32) -> AnyValue {
    (1..depth).fold(build::string("x"), |value, _| build::array(vec![value]))
}

#[test]
fn two_million_empty_records_are_refused_before_anything_is_allocated() {
    let records = [0x12, 0x00].repeat(2_000_000);
    let body = around(&records);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&body).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 6_000, "{} bytes on the wire", packed.len());

    let mut plain = Vec::new();
    let mut inflater = Inflater::new(Coding::Gzip, 64 << 20);
    inflater.push(&packed, &mut plain).unwrap();
    inflater.finish(&mut plain).unwrap();
    assert_eq!(plain, body);
    let error = survey(&plain, &build::wide_limits(), RECEIVED).unwrap_err();
    assert_eq!(error, WireError::TooManyRecords { limit: RECORDS_MAX });
}

#[test]
fn empty_records_are_charged() {
    let body = around(&[0x12, 0x00].repeat(10_000));
    let survey = survey(&body, &build::wide_limits(), RECEIVED).unwrap();
    assert_eq!(survey.received, 10_000);
    assert!(survey.head_bytes >= 10_000 * 128);
}

#[test]
fn many_empty_envelopes_are_refused() {
    let just_allowed = [0x0a, 0x00].repeat(ENVELOPES_MAX as usize);
    assert_eq!(survey(&just_allowed, &build::wide_limits(), RECEIVED).unwrap().received, 0);
    let too_many = [0x0a, 0x00].repeat(ENVELOPES_MAX as usize + 1);
    let error = survey(&too_many, &build::wide_limits(), RECEIVED).unwrap_err();
    assert_eq!(error.class(), ErrorClass::TooLarge);
}

#[test]
fn one_big_resource_under_many_scopes_is_refused_for_its_memory() {
    let name = nest(0x0a, &[nest(0x0a, b"k"), nest(0x12, &nest(0x0a, &[b'v'; 100_000]))].concat());
    let scopes = nest(0x12, &[0x12, 0x00]).repeat(10_000);
    let body = nest(0x0a, &[nest(0x0a, &name), scopes].concat());
    assert!(body.len() < 200_000);
    let error = survey(&body, &build::wide_limits(), RECEIVED).unwrap_err();
    assert_eq!(error.class(), ErrorClass::TooLarge);
    assert!(matches!(error, WireError::TooMuchMemory { .. }));
}

#[test]
fn millions_of_empty_attributes_are_refused_for_their_memory() {
    let record = nest(0x12, &[0x32, 0x00].repeat(1_000));
    let error = survey(&around(&record.repeat(10_000)), &build::wide_limits(), RECEIVED).unwrap_err();
    assert_eq!(error.class(), ErrorClass::TooLarge);
}

#[test]
fn a_record_with_too_many_attributes_is_rejected_alone() {
    let limits = LogLimits { attributes_max: 3, ..build::wide_limits() };
    let with = |count| {
        let attributes = vec![build::attribute("k", build::string("v")); count];
        LogRecord { attributes, ..build::record("") }
    };
    check_reason(with(3), &limits, None);
    check_reason(with(4), &limits, Some(RejectReason::TooManyAttributes));
}

#[test]
fn a_record_that_is_too_large_is_rejected_alone() {
    let limits = LogLimits { record_bytes_max: 1_000, ..build::wide_limits() };
    check_reason(build::record(&"x".repeat(900)), &limits, None);
    check_reason(build::record(&"x".repeat(1_000)), &limits, Some(RejectReason::RecordTooLarge));
}

#[test]
fn a_record_nested_too_deeply_is_rejected_alone() {
    let record = |depth| LogRecord { body: Some(nested_arrays(depth)), ..build::record("") };
    check_reason(record(VALUE_DEPTH_MAX), &build::wide_limits(), None);
    check_reason(record(VALUE_DEPTH_MAX + 1), &build::wide_limits(), Some(RejectReason::TooDeep));
    let attribute = build::attribute("k", nested_arrays(5));
    let limits = LogLimits { depth_max: 4, ..build::wide_limits() };
    check_reason(LogRecord { attributes: vec![attribute], ..build::record("") }, &limits, Some(RejectReason::TooDeep));
}

#[test]
fn nesting_as_deep_as_a_body_is_long_costs_nothing() {
    let mut value = Vec::new();
    while value.len() < 100_000 {
        // AnyValue { array_value { values: [ ... ] } }
        value = nest(0x2a, &nest(0x0a, &value));
    }
    let body = around(&nest(0x12, &nest(0x2a, &value)));
    let survey = survey(&body, &build::wide_limits(), RECEIVED).unwrap();
    assert_eq!(survey.rejected[0].reason, RejectReason::TooDeep);
}

#[test]
fn a_resource_nested_too_deeply_refuses_the_request() {
    let mut request = build::request(vec![build::record("")]);
    let attribute = build::attribute("k", nested_arrays(VALUE_DEPTH_MAX + 1));
    request.resource_logs[0].resource.as_mut().unwrap().attributes.push(attribute);
    let error = survey(&request.encode_to_vec(), &build::wide_limits(), RECEIVED).unwrap_err();
    assert_eq!(error, WireError::StreamTooDeep { limit: VALUE_DEPTH_MAX });
}

#[test]
fn ids_of_wrong_length_reject_their_record_and_ids_of_zeroes_are_none() {
    for length in [1, 8, 15, 17, 100_000] {
        let record = LogRecord { trace_id: vec![7; length], ..build::record("") };
        check_reason(record, &build::wide_limits(), Some(RejectReason::BadTraceId));
    }
    for length in [1, 7, 9, 16, 100_000] {
        let record = LogRecord { span_id: vec![7; length], ..build::record("") };
        check_reason(record, &build::wide_limits(), Some(RejectReason::BadSpanId));
    }
    let zeroes = LogRecord { trace_id: vec![0; 16], span_id: vec![0; 8], ..build::record("") };
    check_reason(zeroes, &build::wide_limits(), None);
}

#[test]
fn times_outside_the_window_reject_their_record() {
    let at =
        |time, observed| LogRecord { time_unix_nano: time, observed_time_unix_nano: observed, ..build::record("") };
    let now = build::RECEIVED_NANOS;
    let limits =
        LogLimits { oldest: Timestamp(RECEIVED.0 - 10), newest: Timestamp(RECEIVED.0 + 10), ..build::wide_limits() };
    check_reason(at(now - 10, 0), &limits, None);
    check_reason(at(now - 11, 0), &limits, Some(RejectReason::TooOld));
    check_reason(at(now + 10, 0), &limits, None);
    check_reason(at(now + 11, 0), &limits, Some(RejectReason::ClockAhead));
    check_reason(at(0, now - 11), &limits, Some(RejectReason::TooOld));
    check_reason(at(now, now - 11), &limits, None);
    check_reason(at(0, 0), &limits, None);
    check_reason(at(u64::MAX, 0), &limits, Some(RejectReason::TimeUnreadable));
    check_reason(at(now, 1 << 63), &limits, Some(RejectReason::TimeUnreadable));
}

#[test]
fn lying_lengths_refuse_the_request_wherever_they_stand() {
    let mut huge = vec![0x0a];
    prost::encoding::encode_varint(u64::MAX, &mut huge);
    // Around it, from the inside: value, attribute, record, ScopeLogs, ResourceLogs.
    let around = [0x12, 0x32, 0x12, 0x12, 0x0a];
    for first in 0..=around.len() {
        let body = around[first..].iter().fold(huge.clone(), |body, tag| nest(*tag, &body));
        let error = survey(&body, &build::wide_limits(), RECEIVED).unwrap_err();
        assert!(matches!(error, WireError::Protobuf(Malformed::LyingLength { .. })), "from {first}: {error}");
        assert_eq!(error.class(), ErrorClass::Invalid);
    }
}

#[test]
fn a_sound_request_cut_anywhere_never_panics() {
    let record = LogRecord {
        trace_id: vec![1; 16],
        attributes: vec![build::attribute("k", build::map(vec![build::attribute("m", nested_arrays(3))]))],
        ..build::record("hello")
    };
    let body = build::request(vec![record]).encode_to_vec();
    for end in 0..body.len() {
        crate::fuzz::otlp_logs_protobuf(&body[..end]);
        assert!(survey(&body[..end], &build::wide_limits(), RECEIVED).is_err() || end == 0, "cut at {end}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_replaced_and_counted() {
    let record =
        [nest(0x1a, b"IN\xffFO"), nest(0x2a, &nest(0x0a, b"caf\xe9")), nest(0x32, &nest(0x0a, b"k\xc3"))].concat();
    let (survey, batch) = build::take(&around(&nest(0x12, &record)), &build::wide_limits()).unwrap();
    assert_eq!(survey.notes.replaced_texts, 3);
    assert_eq!((survey.received, survey.rejected.len()), (1, 0));
    assert_eq!(batch.severity_text.get(0), "IN\u{fffd}FO");
    assert_eq!(batch.body.get(0), "caf\u{fffd}");
    assert_eq!(&*batch.attributes.keys[0], "k\u{fffd}");
}

#[test]
fn severities_beyond_the_scale_are_not_given_and_noted() {
    for number in [25, -1, i32::MAX] {
        let record = LogRecord { severity_number: number, severity_text: "odd".to_owned(), ..build::record("") };
        let (survey, batch) =
            build::take(&build::request(vec![record]).encode_to_vec(), &build::wide_limits()).unwrap();
        assert_eq!(survey.notes.unknown_severities, 1);
        assert_eq!((batch.severity[0], batch.severity_text.get(0)), (0, "odd"));
    }
}

#[test]
fn a_resource_behind_its_records_and_in_pieces_is_whole() {
    let piece = |key: &str, value: &str| nest(0x0a, &build::attribute(key, build::string(value)).encode_to_vec());
    let resource_a = nest(0x0a, &piece("a", "1"));
    let resource_b = nest(0x0a, &piece("b", "2"));
    let scope = nest(0x0a, &nest(0x0a, b"logger"));
    let record = nest(0x12, &nest(0x2a, &build::string("x").encode_to_vec()));
    let scope_logs = nest(0x12, &[record, scope].concat());
    let body = nest(0x0a, &[scope_logs, resource_a, resource_b].concat());
    let (_, batch) = build::take(&body, &build::wide_limits()).unwrap();
    let stream = &batch.streams[0];
    let keys: Vec<&str> = stream.resource.iter().map(|(key, _)| &**key).collect();
    assert_eq!((keys, &*stream.scope_name), (vec!["a", "b"], "logger"));
}

#[test]
fn bodies_in_pieces_merge() {
    let list = |text: &str| nest(0x2a, &build::array(vec![build::string(text)]).encode_to_vec());
    let record = nest(0x12, &[list("a"), list("b")].concat());
    let (_, batch) = build::take(&around(&record), &build::wide_limits()).unwrap();
    assert_eq!(batch.body.get(0), r#"["a","b"]"#);
    let last = nest(0x2a, &build::any(any_value::Value::IntValue(4)).encode_to_vec());
    let record = nest(0x12, &[list("a"), last].concat());
    let (_, batch) = build::take(&around(&record), &build::wide_limits()).unwrap();
    assert_eq!(batch.body.get(0), "4");
}

#[test]
fn equal_resources_and_scopes_are_one_stream() {
    let one = build::request(vec![build::record("a")]);
    let mut request = one.clone();
    request.resource_logs.extend(one.resource_logs.clone());
    request.resource_logs[1].schema_url = "other".to_owned();
    request.resource_logs.extend(one.resource_logs);
    let (_, batch) = build::take(&request.encode_to_vec(), &build::wide_limits()).unwrap();
    assert_eq!(batch.streams.len(), 2);
    assert_eq!(batch.stream, [0, 1, 0]);
}

#[test]
fn json_nested_without_end_is_refused() {
    for opener in ["[", "{\"a\":", "{\"resourceLogs\":[", "[{\"x\":"] {
        let error = logs_to_protobuf(
            format!("{{\"a\":{}", opener.repeat(100_000)).as_bytes(),
            &build::wide_limits(),
            &mut Vec::new(),
        )
        .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Invalid, "{opener}");
    }
}

#[test]
fn a_json_record_nested_too_deeply_is_rejected_alone() {
    let value = |depth: u32| {
        (1..depth)
            .fold("{\"intValue\":1}".to_owned(), |value, _| format!("{{\"arrayValue\":{{\"values\":[{value}]}}}}"))
    };
    let json = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{}}},{{"body":{}}}]}}]}}]}}"#,
        value(VALUE_DEPTH_MAX),
        value(VALUE_DEPTH_MAX + 8)
    );
    let mut out = Vec::new();
    logs_to_protobuf(json.as_bytes(), &build::wide_limits(), &mut out).unwrap();
    let (survey, batch) = build::take(&out, &build::wide_limits()).unwrap();
    assert_eq!(batch.len(), 1);
    assert_eq!((survey.rejected[0].ordinal, survey.rejected[0].reason), (1, RejectReason::TooDeep));
}

#[test]
fn json_with_too_many_records_is_refused() {
    let records = vec!["{}"; RECORDS_MAX as usize + 1].join(",");
    let json = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#);
    let error = logs_to_protobuf(json.as_bytes(), &build::wide_limits(), &mut Vec::new()).unwrap_err();
    assert_eq!(error, WireError::TooManyRecords { limit: RECORDS_MAX });
}
