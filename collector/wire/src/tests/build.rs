//! Requests to test with, and what they must turn into.

use crate::otlp::logs::LogLimits;
use crate::{limits, otlp};
use basics::Timestamp;
use model::{Attributes, EntityRef, LogBatch, Stream, Value, ValueKind};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{self as common, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;

pub(super) const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000_000);
pub(super) const RECEIVED_NANOS: u64 = 1_800_000_000_000_000_000;

/// The ceilings of the crate, and any time.
pub(super) fn wide_limits() -> LogLimits {
    LogLimits {
        records_max: limits::RECORDS_MAX,
        record_bytes_max: limits::RECORD_BYTES_MAX,
        attributes_max: limits::ATTRIBUTES_MAX,
        depth_max: limits::VALUE_DEPTH_MAX,
        oldest: Timestamp(0),
        newest: Timestamp::MAX,
    }
}

pub(super) fn string(text: &str) -> common::AnyValue {
    any(any_value::Value::StringValue(text.to_owned()))
}

pub(super) fn any(value: any_value::Value) -> common::AnyValue {
    common::AnyValue { value: Some(value) }
}

pub(super) fn array(values: Vec<common::AnyValue>) -> common::AnyValue {
    any(any_value::Value::ArrayValue(common::ArrayValue { values }))
}

pub(super) fn map(values: Vec<common::KeyValue>) -> common::AnyValue {
    any(any_value::Value::KvlistValue(common::KeyValueList { values }))
}

pub(super) fn attribute(key: &str, value: common::AnyValue) -> common::KeyValue {
    common::KeyValue { key: key.to_owned(), value: Some(value), key_strindex: 0 }
}

pub(super) fn record(body: &str) -> LogRecord {
    LogRecord { time_unix_nano: RECEIVED_NANOS, body: Some(string(body)), ..LogRecord::default() }
}

/// One resource with one scope that holds `log_records`.
pub(super) fn request(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let resource = Resource { attributes: vec![attribute("service.name", string("shop"))], ..Resource::default() };
    let scope = common::InstrumentationScope { name: "cart".to_owned(), ..common::InstrumentationScope::default() };
    let scope_logs = ScopeLogs { scope: Some(scope), log_records, ..ScopeLogs::default() };
    let resource_logs =
        ResourceLogs { resource: Some(resource), scope_logs: vec![scope_logs], ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![resource_logs] }
}

/// A record with everything that belongs to it, as read or as expected.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    stream: Stream,
    times: (u64, u64),
    severity: (u8, String),
    body: (ValueKind, String),
    ids: ([u8; 16], [u8; 8]),
    flags: u32,
    event_name: String,
    dropped_attributes: u32,
    attributes: Vec<(String, ValueKind, u64, String)>,
}

/// The records of a batch.
pub(super) fn seen(batch: &LogBatch) -> Vec<Seen> {
    (0..batch.len())
        .map(|row| Seen {
            stream: batch.streams[batch.stream[row] as usize].clone(),
            times: (batch.time_unix_nano[row], batch.observed_time_unix_nano[row]),
            severity: (batch.severity[row], batch.severity_text.get(row).to_owned()),
            body: (batch.body_kind[row], batch.body.get(row).to_owned()),
            ids: (batch.trace_id[row], batch.span_id[row]),
            flags: batch.flags[row],
            event_name: batch.event_name.get(row).to_owned(),
            dropped_attributes: batch.dropped_attributes[row],
            attributes: batch
                .attributes
                .entries(row)
                .map(|entry| {
                    let rows = &batch.attributes;
                    let key = rows.keys[rows.key[entry] as usize].to_string();
                    (key, rows.kind[entry], rows.bits[entry], rows.text.get(entry).to_owned())
                })
                .collect(),
        })
        .collect()
}

/// The records of a request as prost reads it, with those left out whose ordinal is in `rejected`.
pub(super) fn expected(request: &ExportLogsServiceRequest, rejected: &[u32]) -> Vec<Seen> {
    let mut records = Vec::new();
    let mut ordinal = 0;
    for resource_logs in &request.resource_logs {
        for scope_logs in &resource_logs.scope_logs {
            let stream = expected_stream(resource_logs, scope_logs);
            for record in &scope_logs.log_records {
                if !rejected.contains(&ordinal) {
                    records.push(expected_record(record, stream.clone()));
                }
                ordinal += 1;
            }
        }
    }
    records
}

fn expected_record(record: &LogRecord, stream: Stream) -> Seen {
    let body = expected_value(record.body.as_ref());
    let mut body_text = String::new();
    body.plain_text(&mut body_text);
    Seen {
        stream,
        times: (record.time_unix_nano, record.observed_time_unix_nano),
        severity: (
            u8::try_from(record.severity_number).ok().filter(|n| *n <= 24).unwrap_or(0),
            record.severity_text.clone(),
        ),
        body: (body.kind(), body_text),
        ids: (
            record.trace_id.as_slice().try_into().unwrap_or_default(),
            record.span_id.as_slice().try_into().unwrap_or_default(),
        ),
        flags: record.flags,
        event_name: record.event_name.clone(),
        dropped_attributes: record.dropped_attributes_count,
        attributes: record.attributes.iter().map(expected_attribute).collect(),
    }
}

fn expected_attribute(attribute: &common::KeyValue) -> (String, ValueKind, u64, String) {
    let value = expected_value(attribute.value.as_ref());
    let (bits, text) = match &value {
        Value::Empty => (0, String::new()),
        Value::Str(text) => (0, text.to_string()),
        Value::Bool(flag) => (u64::from(*flag), String::new()),
        Value::Int(number) => (number.cast_unsigned(), String::new()),
        Value::Double(number) => (number.to_bits(), String::new()),
        Value::Bytes(_) | Value::Array(_) | Value::Map(_) => (0, value.to_string()),
    };
    (attribute.key.clone(), value.kind(), bits, text)
}

fn expected_stream(resource_logs: &ResourceLogs, scope_logs: &ScopeLogs) -> Stream {
    let resource = resource_logs.resource.clone().unwrap_or_default();
    let scope = scope_logs.scope.clone().unwrap_or_default();
    let boxes = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
    Stream {
        resource: expected_attributes(&resource.attributes),
        resource_dropped_attributes: resource.dropped_attributes_count,
        resource_schema_url: resource_logs.schema_url.as_str().into(),
        entity_refs: resource
            .entity_refs
            .iter()
            .map(|entity| EntityRef {
                schema_url: entity.schema_url.as_str().into(),
                entity_type: entity.r#type.as_str().into(),
                id_keys: boxes(&entity.id_keys),
                description_keys: boxes(&entity.description_keys),
            })
            .collect(),
        scope_name: scope.name.as_str().into(),
        scope_version: scope.version.as_str().into(),
        scope: expected_attributes(&scope.attributes),
        scope_dropped_attributes: scope.dropped_attributes_count,
        scope_schema_url: scope_logs.schema_url.as_str().into(),
    }
}

fn expected_attributes(attributes: &[common::KeyValue]) -> Attributes {
    attributes.iter().map(|entry| (entry.key.as_str().into(), expected_value(entry.value.as_ref()))).collect()
}

fn expected_value(value: Option<&common::AnyValue>) -> Value {
    use any_value::Value as Sent;
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(Sent::StringValueStrindex(_)) => Value::Empty,
        Some(Sent::StringValue(text)) => Value::Str(text.as_str().into()),
        Some(Sent::BoolValue(flag)) => Value::Bool(*flag),
        Some(Sent::IntValue(number)) => Value::Int(*number),
        Some(Sent::DoubleValue(number)) => Value::Double(*number),
        Some(Sent::BytesValue(bytes)) => Value::Bytes(bytes.as_slice().into()),
        Some(Sent::ArrayValue(array)) => {
            Value::Array(array.values.iter().map(|value| expected_value(Some(value))).collect())
        }
        Some(Sent::KvlistValue(list)) => Value::Map(expected_attributes(&list.values)),
    }
}

/// Surveys and decodes, leaving out what the survey rejected.
pub(super) fn take(body: &[u8], limits: &LogLimits) -> Result<(otlp::logs::Survey, LogBatch), crate::WireError> {
    let survey = otlp::logs::survey(body, limits, RECEIVED)?;
    let rejected: Vec<u32> = survey.rejected.iter().map(|rejection| rejection.ordinal).collect();
    let batch = otlp::logs::decode(body, &rejected).expect("what was surveyed is decoded");
    assert_eq!(batch.len() + rejected.len(), survey.received as usize);
    Ok((survey, batch))
}
