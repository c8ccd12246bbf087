use crate::tests::world::{check, record, record_with, text};
use model::{LogRecord, Stream, TraceId, Value};
use std::sync::Arc;

fn list(values: &[&str]) -> Value {
    Value::Array(values.iter().map(|value| text(value)).collect())
}

#[test]
fn a_bare_term_looks_at_the_body_and_at_every_string_of_the_record() {
    let stream = Arc::new(Stream { resource: vec![("a".into(), text("disk"))], ..Stream::default() });
    let records = [
        record("the DISK is full"),
        record_with(&[("a", text("on disk"))]),
        record_with(&[("a", Value::Int(1)), ("a", text("a second disk"))]),
        record_with(&[("a", list(&["x", "disk"]))]),
        record_with(&[("a", Value::Map(vec![("disk".into(), text("x"))]))]),
        record_with(&[("disk", text("x"))]),
        LogRecord { stream, event_name: "disk".into(), severity_text: "disk".into(), ..record("x") },
        LogRecord { body: list(&["disk"]), ..record("") },
        record("disks"),
    ];
    check("disk", &records, &[0, 1, 2, 3, 7]);
    check("disk*", &records, &[0, 1, 2, 3, 7, 8]);
    check("NOT disk", &records, &[4, 5, 6, 8]);
}

#[test]
fn a_term_of_a_field_looks_at_its_value_only() {
    let records = [
        record("timeout"),
        record_with(&[("path", text("/api/timeout"))]),
        record_with(&[("path", list(&["timeout"]))]),
        record_with(&[("path", text("x")), ("path", text("timeout"))]),
    ];
    check("body:timeout", &records, &[0]);
    check("path:timeout", &records, &[1, 2]);
    check("timeout", &records, &[0, 1, 2, 3]);
}

#[test]
fn a_number_is_found_by_its_text_and_by_its_value() {
    let records = [
        record_with(&[("code", Value::Int(500))]),
        record_with(&[("code", Value::Double(500.0))]),
        record_with(&[("code", text("HTTP 500"))]),
        record_with(&[("code", Value::Int(5000))]),
        record_with(&[("code", Value::Int(-500))]),
        LogRecord { body: Value::Int(500), ..record("") },
        LogRecord { body: Value::Bool(true), ..record("") },
    ];
    check("code:500", &records, &[0, 1, 2, 4]);
    check("code:500.00", &records, &[0, 1]);
    check("code:500*", &records, &[0, 1, 2, 3, 4]);
    check("body:5e2", &records, &[5]);
    check("500", &records, &[2, 5]);
    check("TRUE", &records, &[6]);
}

#[test]
fn a_word_is_found_where_no_run_of_word_characters_goes_on_beyond_it() {
    let records = [
        record("read_timeout: 5"),
        record("“timeout”"),
        record("timeout이 났다"),
        record("timeouts"),
        record("로그검색이"),
        record("\u{1105}\u{1169}\u{1100}\u{1173}\u{1100}\u{1165}\u{11b7}\u{1109}\u{1162}\u{11a8}이"),
        record("GET /api/v1/users"),
        record("500번"),
        record("CAFE\u{301}"),
    ];
    check("timeout", &records, &[0, 1, 2]);
    check("검색", &records, &[4, 5]);
    check("/api/v1", &records, &[6]);
    check("500", &records, &[7]);
    check("café", &records, &[8]);
    check("*afé", &records, &[8]);
    check("cafe", &records, &[]);
}

#[test]
fn a_trace_is_found_by_the_beginning_of_its_id() {
    let records = [LogRecord { trace_id: TraceId::new([0x4b; 16]), ..record("x") }, record("x")];
    check("trace_id:4b4b*", &records, &[0]);
    check("trace_id:b4b*", &records, &[]);
    check("trace_id:*b4b", &records, &[0]);
}

#[test]
fn a_term_that_stands_where_two_values_meet_is_in_neither() {
    let records = [record("time"), record("out"), record_with(&[("a", text("dis"))]), record_with(&[("a", text("k"))])];
    check("timeout", &records, &[]);
    check("*timeout*", &records, &[]);
    check("*disk*", &records, &[]);
}

#[test]
fn escaped_characters_are_searched_as_they_were_sent() {
    let records = [record_with(&[("a", list(&["say \"hi\"\nC:\\temp"]))])];
    check(r#"a:"\"hi\"""#, &records, &[0]);
    check(r#"a:"hi C""#, &records, &[]);
    check(r#"a:"\" C:\\temp""#, &records, &[0]);
    check("a:ntemp", &records, &[]);
    check("nC", &records, &[]);
}

#[test]
fn white_space_of_any_kind_finds_any_other() {
    let said = |state: &str| record_with(&[("state", text(state))]);
    let plain = [said("disk full"), said("disk-full"), record("disk\tfull")];
    let any = [said("disk full"), said("disk\u{3000}full"), said("disk-full"), record("disk\tfull")];
    for query in ["\"disk full\"", "\"disk\u{a0}full\"", "\"disk\u{3000}full\"", "'disk\u{a0}full'"] {
        // A column of ASCII alone is known to be one.
        check(query, &plain, &[0, 2]);
        check(query, &any, &[0, 1, 3]);
    }
}
