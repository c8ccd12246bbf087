//! The load is what it claims to be: repeatable, numbered, of a realistic size, and valid OTLP.

use super::LogLoad;
use basics::Timestamp;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;

fn load() -> LogLoad {
    LogLoad::new("a", 7, Timestamp::from_seconds(1_800_000_000))
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    assert_eq!(load().request(50), load().request(50));
    assert_ne!(load().request(50), LogLoad::new("a", 8, Timestamp::from_seconds(1_800_000_000)).request(50));
}

#[test]
fn a_record_is_about_340_bytes_with_six_attributes() {
    let request = load().request(1_000);
    assert!((300_000..400_000).contains(&request.body.len()), "{} bytes", request.body.len());
    let decoded = ExportLogsServiceRequest::decode(request.body.as_slice()).unwrap();
    let records = &decoded.resource_logs[0].scope_logs[0].log_records;
    assert_eq!(records.len(), 1_000);
    assert!(records.iter().all(|record| record.attributes.len() == 6 && record.body.is_some()));
}

#[test]
fn records_are_numbered_on_from_request_to_request() {
    let mut load = load();
    assert_eq!(load.request(3).first_record, 0);
    let second = load.request(2);
    assert_eq!((second.first_record, second.record_count), (3, 2));
    let decoded = ExportLogsServiceRequest::decode(second.body.as_slice()).unwrap();
    let ids: Vec<_> = decoded.resource_logs[0].scope_logs[0]
        .log_records
        .iter()
        .map(|record| match record.attributes[0].value.as_ref().unwrap().value.as_ref().unwrap() {
            Value::StringValue(id) => id.clone(),
            other => panic!("load.id is {other:?}"),
        })
        .collect();
    assert_eq!(ids, ["a-3", "a-4"]);
}
