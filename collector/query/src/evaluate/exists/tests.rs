use crate::tests::world::{check, record, record_with, text};
use model::{LogRecord, Severity, Stream, TraceId, Value};
use std::sync::Arc;

#[test]
fn an_attribute_exists_wherever_it_is_and_whatever_it_holds() {
    let in_stream = LogRecord {
        stream: Arc::new(Stream { scope: vec![("key".into(), Value::Empty)], ..Stream::default() }),
        ..record("x")
    };
    let records = [
        record_with(&[("key", text(""))]),
        record_with(&[("key", Value::Empty)]),
        record_with(&[("key", Value::Array(vec![]))]),
        record_with(&[("other", text("key"))]),
        in_stream,
    ];
    check("key:*", &records, &[0, 1, 2, 4]);
    check("NOT key:*", &records, &[3]);
    check("key:[* TO *]", &records, &[0, 1, 2, 4]);
}

#[test]
fn a_field_that_is_empty_does_not_exist() {
    let bare = LogRecord { severity: Severity(0), body: Value::Empty, ..record("") };
    let full = LogRecord {
        severity_text: "Attention".into(),
        trace_id: TraceId::new([1; 16]),
        event_name: "login".into(),
        stream: Arc::new(Stream {
            resource: vec![("service.name".into(), text("shop"))],
            scope_name: "app".into(),
            ..Stream::default()
        }),
        body: text(""),
        ..bare.clone()
    };
    let records = [bare, full];
    for field in ["body", "level", "trace_id", "event_name", "service", "scope_name"] {
        check(&format!("{field}:*"), &records, &[1]);
    }
    check("span_id:*", &records, &[]);
    check("time:*", &records, &[0, 1]);
}
