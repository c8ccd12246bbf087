//! Measures what a log record costs on its way through this crate.
//!
//! `cargo run --release -p wire --example decode_speed`: records of about 342 bytes with five attributes and a body of
//! 110 bytes, in batches of 1,000, one thread; the best of twenty rounds.
#![allow(clippy::print_stdout)]

use basics::Timestamp;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use std::hint::black_box;
use std::time::{Duration, Instant};
use wire::otlp::logs::{LogLimits, decode, survey};

const RECORDS: u32 = 1_000;
const ROUNDS: u32 = 20;
const REPEATS: u32 = 50;
const NOW: u64 = 1_800_000_000_000_000_000;

fn main() {
    let request = request();
    let body = request.encode_to_vec();
    let json = json(&request);
    println!("{} bytes a record in protobuf, {} in JSON", body.len() / RECORDS as usize, json.len() / RECORDS as usize);
    let limits = LogLimits {
        records_max: wire::limits::RECORDS_MAX,
        record_bytes_max: wire::limits::RECORD_BYTES_MAX,
        attributes_max: wire::limits::ATTRIBUTES_MAX,
        depth_max: wire::limits::VALUE_DEPTH_MAX,
        oldest: Timestamp::MIN,
        newest: Timestamp::MAX,
    };
    let received = Timestamp(i64::try_from(NOW).expect("it fits"));
    let found = survey(&body, &limits, received).expect("the request is sound");
    println!("charged {} bytes a record", found.head_bytes / u64::from(RECORDS));
    report("survey", || survey(&body, &limits, received).is_ok());
    report("decode", || decode(&body, &[]).is_ok());
    report("JSON to protobuf", || wire::otlp_json::logs_to_protobuf(&json, &limits, &mut Vec::new()).is_ok());
    report("prost decode, for comparison", || ExportLogsServiceRequest::decode(&*body).is_ok());
}

fn report(name: &str, mut work: impl FnMut() -> bool) {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..REPEATS {
            assert!(black_box(work()));
        }
        best = best.min(start.elapsed());
    }
    println!("{name}: {} ns a record", best.as_nanos() / u128::from(RECORDS * REPEATS));
}

fn text(value: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) })
}

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn record(number: u32) -> LogRecord {
    let string = |value: String| any_value::Value::StringValue(value);
    LogRecord {
        time_unix_nano: NOW + u64::from(number),
        observed_time_unix_nano: NOW + u64::from(number) + 1_000,
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        body: text(&format!(
            "request {number:08} for /api/v1/orders/{:06} finished with status 200 after 00017 ms, 4 items, cache=miss ....",
            number * 7
        )),
        attributes: vec![
            attribute("http.request.method", string("GET".to_owned())),
            attribute("http.response.status_code", any_value::Value::IntValue(200)),
            attribute("url.path", string(format!("/api/v1/orders/{number:06}"))),
            attribute("client.address", string("10.20.30.40".to_owned())),
            attribute("duration_ms", any_value::Value::DoubleValue(17.25)),
        ],
        flags: 1,
        trace_id: (0..16).map(|byte| byte + 1).collect(),
        span_id: (0..8).map(|byte| byte + 1).collect(),
        ..LogRecord::default()
    }
}

fn request() -> ExportLogsServiceRequest {
    let resource = Resource {
        attributes: vec![attribute("service.name", any_value::Value::StringValue("checkout".to_owned()))],
        ..Resource::default()
    };
    let scope_logs = ScopeLogs {
        scope: Some(InstrumentationScope { name: "orders".to_owned(), ..InstrumentationScope::default() }),
        log_records: (0..RECORDS).map(record).collect(),
        ..ScopeLogs::default()
    };
    let resource_logs =
        ResourceLogs { resource: Some(resource), scope_logs: vec![scope_logs], ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![resource_logs] }
}

/// The same records as an SDK writes them in JSON.
fn json(request: &ExportLogsServiceRequest) -> Vec<u8> {
    let records: Vec<String> = request
        .resource_logs
        .iter()
        .flat_map(|logs| &logs.scope_logs)
        .flat_map(|logs| &logs.log_records)
        .map(record_json)
        .collect();
    format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"checkout"}}}}]}},"scopeLogs":[{{"scope":{{"name":"orders"}},"logRecords":[{}]}}]}}]}}"#,
        records.join(",")
    )
    .into_bytes()
}

fn record_json(record: &LogRecord) -> String {
    let value = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => format!("{{\"stringValue\":\"{text}\"}}"),
        Some(any_value::Value::IntValue(number)) => format!("{{\"intValue\":\"{number}\"}}"),
        Some(any_value::Value::DoubleValue(number)) => format!("{{\"doubleValue\":{number}}}"),
        _ => "{}".to_owned(),
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let attributes: Vec<String> = record
        .attributes
        .iter()
        .map(|attribute| format!("{{\"key\":\"{}\",\"value\":{}}}", attribute.key, value(&attribute.value)))
        .collect();
    format!(
        r#"{{"timeUnixNano":"{}","observedTimeUnixNano":"{}","severityNumber":{},"severityText":"{}","body":{},"attributes":[{}],"flags":{},"traceId":"{}","spanId":"{}"}}"#,
        record.time_unix_nano,
        record.observed_time_unix_nano,
        record.severity_number,
        record.severity_text,
        value(&record.body),
        attributes.join(","),
        record.flags,
        hex(&record.trace_id),
        hex(&record.span_id),
    )
}
