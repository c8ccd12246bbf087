use super::*;
use crate::tests::world::{check, record, record_with, text};
use model::{LogRecord, SpanId, Stream, TraceId, Value};
use std::sync::Arc;

#[test]
fn a_string_is_equal_character_by_character() {
    let records = [
        record_with(&[("user", text("anna"))]),
        record_with(&[("user", text("Anna"))]),
        record_with(&[("user", text("anna lee"))]),
        record_with(&[("user", text(""))]),
        record_with(&[]),
    ];
    check("user=anna", &records, &[0]);
    check(r#"user="""#, &records, &[3]);
    check("user!=anna", &records, &[1, 2, 3, 4]);
}

#[test]
fn a_number_is_equal_by_value_and_a_string_is_no_number() {
    let records = [
        record_with(&[("code", Value::Int(5))]),
        record_with(&[("code", Value::Double(5.0))]),
        record_with(&[("code", text("5"))]),
        record_with(&[("code", text("5.0"))]),
        record_with(&[("code", Value::Int(50))]),
        record_with(&[("code", Value::Double(f64::NAN))]),
    ];
    check("code=5", &records, &[0, 1, 2]);
    check("code=5.0", &records, &[0, 1, 3]);
    check("code=5e0", &records, &[0, 1]);
}

#[test]
fn what_is_neither_is_equal_by_its_text_form() {
    let records = [
        record_with(&[("x", Value::Bool(true))]),
        record_with(&[("x", Value::Array(vec![Value::Int(1), text("a")]))]),
        record_with(&[("x", Value::Bytes(Box::new([0])))]),
        record_with(&[("x", Value::Empty)]),
        LogRecord { body: Value::Bool(true), ..record("") },
    ];
    check("x=true", &records, &[0]);
    check("x=TRUE", &records, &[]);
    check(r#"x="[1,\"a\"]""#, &records, &[1]);
    check(r#"x="{\"$bytes\":\"AA==\"}""#, &records, &[2]);
    check("x=null", &records, &[]);
    check("body=true", &records, &[4]);
}

#[test]
fn the_nearest_attribute_answers_and_no_other() {
    let stream = Stream {
        resource: vec![("zone".into(), text("b")), ("service.name".into(), text("shop"))],
        scope: vec![("zone".into(), text("a"))],
        ..Stream::default()
    };
    let stream = Arc::new(stream);
    let records = [
        LogRecord { stream: stream.clone(), ..record_with(&[("zone", text("own")), ("zone", text("second"))]) },
        LogRecord { stream, ..record("x") },
        record("x"),
    ];
    check("zone=own", &records, &[0]);
    check("zone=second", &records, &[]);
    check("zone=a", &records, &[1]);
    check("zone=b", &records, &[]);
    check("service=shop", &records, &[0, 1]);
    check("service.name=shop", &records, &[0, 1]);
}

#[test]
fn an_id_is_equal_in_either_case() {
    let records =
        [LogRecord { trace_id: TraceId::new([0xab; 16]), span_id: SpanId::new([0xcd; 8]), ..record("x") }, record("x")];
    check(&format!("trace_id={}", "AB".repeat(16)), &records, &[0]);
    check(&format!("trace_id:{}", "ab".repeat(16)), &records, &[0]);
    check(&format!("span_id={}", "cd".repeat(8)), &records, &[0]);
    check(&format!("trace_id={}", "00".repeat(16)), &records, &[]);
    assert_eq!(bytes_of("0aF0"), None, "an id is shown in lower case");
    assert_eq!(bytes_of("abc"), None);
    assert_eq!(bytes_of("0aff"), Some(vec![10, 255]));
}

#[test]
fn a_level_is_equal_by_its_name_or_its_text() {
    let mut records = [record("a"), record("b"), record("c")];
    records[0].severity_text = "Attention".into();
    records[1].severity = model::Severity(18);
    check("level=info", &records, &[0, 2]);
    check("level=error", &records, &[1]);
    check(r#"level="Attention""#, &records, &[0]);
    check(r#"level="attention""#, &records, &[]);
}
