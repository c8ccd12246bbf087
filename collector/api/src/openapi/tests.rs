use super::*;
use crate::render;
use basics::Timestamp;
use model::{LogRecord, RecordPosition, Severity, Stream, Value};
use serde_json::Value as Json;
use std::sync::Arc;

fn document() -> Json {
    serde_json::from_str(DOCUMENT).unwrap()
}

#[test]
fn every_question_that_needs_a_credential_may_be_answered_with_401() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let is_open = path == "/api/v1/openapi.json";
            assert_eq!(responses.contains_key("401"), !is_open, "{method} {path}");
            assert_eq!(responses.contains_key("403"), !is_open, "{method} {path}");
            // A query text may be too long wherever there is one.
            assert_eq!(responses.contains_key("413"), path.contains("/logs/"), "{method} {path}");
        }
    }
}

/// Every name in `shown` is a property of the schema, and everything the schema requires is shown.
fn check(shown: &Json, schema: &Json) {
    let properties = schema["properties"].as_object().unwrap();
    for name in shown.as_object().unwrap().keys() {
        assert!(properties.contains_key(name), "{name} is shown and not described");
    }
    for name in schema["required"].as_array().unwrap_or(&Vec::new()) {
        assert!(shown.get(name.as_str().unwrap()).is_some(), "{name} is promised and not shown");
    }
}

#[test]
fn a_record_with_everything_is_described() {
    let twice = || vec![("k".into(), Value::Int(1)), ("k".into(), Value::Int(2))];
    let record = LogRecord {
        position: RecordPosition { time: Timestamp::from_seconds(1), sequence: 1 },
        observed: Timestamp::from_seconds(2),
        severity: Severity(17),
        severity_text: "Error".into(),
        body: Value::Str("disk full".into()),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().ok(),
        span_id: "00f067aa0ba902b7".parse().ok(),
        flags: 1,
        event_name: "e".into(),
        dropped_attributes: 1,
        attributes: twice(),
        stream: Arc::new(Stream {
            resource: [twice(), vec![("service.name".into(), Value::Str("shop".into()))]].concat(),
            scope_name: "s".into(),
            scope_version: "1".into(),
            scope: twice(),
            ..Stream::default()
        }),
    };
    let shown = render::record(&record);
    let schema = &document()["components"]["schemas"]["Record"];
    check(&shown, schema);
    check(&shown["scope"], &schema["properties"]["scope"]);
    let described = schema["properties"].as_object().unwrap().len();
    assert_eq!(shown.as_object().unwrap().len(), described, "this record has all that is described");
}

#[test]
fn an_answer_about_a_delete_is_described() {
    let shown = crate::logs_delete::render_nothing();
    check(&shown, &document()["components"]["schemas"]["DeleteAnswer"]);
}
