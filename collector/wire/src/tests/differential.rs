//! Against prost, which reads the same messages by generated code.

use super::build::{self, RECEIVED_NANOS};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{self as common, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

fn any_value() -> impl Strategy<Value = common::AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        ".{0,12}".prop_map(|text| Some(any_value::Value::StringValue(text))),
        any::<bool>().prop_map(|flag| Some(any_value::Value::BoolValue(flag))),
        any::<i64>().prop_map(|number| Some(any_value::Value::IntValue(number))),
        any::<f64>().prop_map(|number| Some(any_value::Value::DoubleValue(number))),
        vec(any::<u8>(), 0..10).prop_map(|bytes| Some(any_value::Value::BytesValue(bytes))),
    ]
    .prop_map(|value| common::AnyValue { value });
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(build::array),
            vec(("[a-z$\"]{0,4}", inner), 0..4)
                .prop_map(|entries| build::map(entries.iter().map(|(k, v)| build::attribute(k, v.clone())).collect())),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Vec<common::KeyValue>> {
    let key = prop_oneof![Just("http.method".to_owned()), Just("user.id".to_owned()), "[a-zé]{0,9}"];
    let entry = (key, proptest::option::of(any_value())).prop_map(|(key, value)| common::KeyValue {
        key,
        value,
        key_strindex: 0,
    });
    vec(entry, 0..5)
}

prop_compose! {
    fn log_record()(
        time_unix_nano in prop_oneof![Just(0), Just(RECEIVED_NANOS), any::<u64>()],
        observed_time_unix_nano in prop_oneof![Just(0), Just(RECEIVED_NANOS)],
        severity_number in prop_oneof![0..25i32, any::<i32>()],
        severity_text in prop_oneof![Just("INFO".to_owned()), ".{0,5}"],
        body in proptest::option::of(any_value()),
        attributes in attributes(),
        dropped_attributes_count in prop_oneof![Just(0), any::<u32>()],
        flags in any::<u32>(),
        trace_id in prop_oneof![Just(vec![]), vec(any::<u8>(), 16), Just(vec![1; 5])],
        span_id in prop_oneof![Just(vec![]), vec(any::<u8>(), 8)],
        event_name in prop_oneof![Just(String::new()), ".{0,5}"],
    ) -> LogRecord {
        LogRecord {
            time_unix_nano, observed_time_unix_nano, severity_number, severity_text, body, attributes,
            dropped_attributes_count, flags, trace_id, span_id, event_name,
        }
    }
}

prop_compose! {
    fn scope_logs()(
        scope in proptest::option::of(("[a-z]{0,6}", "[0-9.]{0,4}", attributes(), any::<u32>())),
        log_records in vec(log_record(), 0..4),
        schema_url in "[a-z:/]{0,8}",
    ) -> ScopeLogs {
        let scope = scope.map(|(name, version, attributes, dropped_attributes_count)|
            common::InstrumentationScope { name, version, attributes, dropped_attributes_count });
        ScopeLogs { scope, log_records, schema_url }
    }
}

prop_compose! {
    fn resource()(
        attributes in attributes(),
        dropped_attributes_count in prop_oneof![Just(0), any::<u32>()],
        entities in vec(("[a-z]{0,4}", vec("[a-z.]{0,6}", 0..3), vec("[a-z.]{0,6}", 0..3)), 0..2),
    ) -> Resource {
        let entity_refs = entities.into_iter().map(|(name, id_keys, description_keys)|
            common::EntityRef { schema_url: name.clone(), r#type: name, id_keys, description_keys }).collect();
        Resource { attributes, dropped_attributes_count, entity_refs }
    }
}

prop_compose! {
    fn request()(
        parts in vec((proptest::option::of(resource()), vec(scope_logs(), 0..3), "[a-z:/]{0,8}"), 0..3)
    ) -> ExportLogsServiceRequest {
        let resource_logs = parts.into_iter()
            .map(|(resource, scope_logs, schema_url)| ResourceLogs { resource, scope_logs, schema_url }).collect();
        ExportLogsServiceRequest { resource_logs }
    }
}

/// What is done to sound bytes.
#[derive(Debug, Clone)]
enum Damage {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Truncate(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        place().prop_map(Damage::Remove),
        place().prop_map(Damage::Truncate),
        (place(), place()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    match damage {
        Damage::Set(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Damage::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
        Damage::Remove(at) => {
            bytes.remove(at.index(bytes.len()));
        }
        Damage::Truncate(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Repeat(from, to) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let piece = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.splice(to..to, piece);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..testkit::random_cases::cases(400) })]

    #[test]
    fn a_request_is_read_as_it_was_written(request in request()) {
        let body = request.encode_to_vec();
        let (survey, batch) = build::take(&body, &build::wide_limits()).unwrap();
        let rejected: Vec<u32> = survey.rejected.iter().map(|rejection| rejection.ordinal).collect();
        prop_assert_eq!(survey.notes.replaced_texts, 0);
        prop_assert_eq!(build::seen(&batch), build::expected(&request, &rejected));
        crate::fuzz::otlp_logs_protobuf(&body);
    }

    #[test]
    fn damaged_bytes_never_panic_and_what_prost_takes_is_read_alike(
        request in request(), damages in vec(damage(), 1..4)
    ) {
        let mut body = request.encode_to_vec();
        for damage in &damages {
            apply(&mut body, damage);
        }
        crate::fuzz::otlp_logs_protobuf(&body);
        if let Ok(sent) = ExportLogsServiceRequest::decode(&*body) {
            let (survey, batch) = build::take(&body, &build::wide_limits()).unwrap();
            let rejected: Vec<u32> = survey.rejected.iter().map(|rejection| rejection.ordinal).collect();
            // As text, because damage makes NaNs, which do not equal themselves.
            let (seen, expected) = (build::seen(&batch), build::expected(&sent, &rejected));
            prop_assert_eq!(format!("{seen:?}"), format!("{expected:?}"));
        }
    }

    #[test]
    fn a_request_sent_twice_in_one_body_is_two_requests_in_one(request in request()) {
        let mut body = request.encode_to_vec();
        body.extend(request.encode_to_vec());
        let (survey, batch) = build::take(&body, &build::wide_limits()).unwrap();
        let rejected: Vec<u32> = survey.rejected.iter().map(|rejection| rejection.ordinal).collect();
        let mut twice = request.clone();
        twice.resource_logs.extend(request.resource_logs);
        prop_assert_eq!(build::seen(&batch), build::expected(&twice, &rejected));
    }
}
