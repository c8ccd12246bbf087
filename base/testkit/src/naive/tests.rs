use super::*;
use basics::Timestamp;
use model::{RecordPosition, Severity, Stream};
use std::sync::Arc;

fn record() -> LogRecord {
    LogRecord {
        position: RecordPosition { time: Timestamp(1000), sequence: 7 },
        observed: Timestamp(1000),
        severity: Severity(13),
        severity_text: "Attention".into(),
        body: Value::Str("Disk FULL on node-23".into()),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().ok(),
        span_id: None,
        flags: 0,
        event_name: "".into(),
        dropped_attributes: 0,
        attributes: vec![
            ("code".into(), Value::Int(5)),
            ("ratio".into(), Value::Double(5.0)),
            ("text".into(), Value::Str("5".into())),
            ("flag".into(), Value::Bool(true)),
            ("list".into(), Value::Array(vec![Value::Str("alpha".into()), Value::Int(9)])),
            ("nothing".into(), Value::Empty),
            ("code".into(), Value::Int(6)),
        ],
        stream: Arc::new(Stream {
            resource: vec![
                ("service.name".into(), Value::Str("checkout".into())),
                ("text".into(), Value::Str("shadowed".into())),
                ("zone".into(), Value::Str("b".into())),
            ],
            scope: vec![("zone".into(), Value::Str("a".into()))],
            ..Stream::default()
        }),
    }
}

fn term(text: &str) -> Term {
    Term { text: text.into(), is_open_start: false, is_open_end: false }
}

fn attribute(key: &str) -> Field {
    Field::Attribute(key.into())
}

#[track_caller]
fn check(filter: Filter, want: bool) {
    assert_eq!(matches(&filter, &record()), want, "{filter:?}");
}

fn text(field: Field, what: &str) -> Filter {
    Filter::Text { target: TextTarget::Field(field), term: term(what) }
}

fn anywhere(what: &str) -> Filter {
    Filter::Text { target: TextTarget::Anywhere, term: term(what) }
}

fn equals(field: Field, value: &str) -> Filter {
    Filter::Equals { field, value: value.into() }
}

fn greater(field: Field, literal: Literal) -> Filter {
    Filter::Compare { field, comparison: Comparison::Greater, literal }
}

#[test]
fn anywhere_is_the_body_and_the_records_own_strings() {
    check(anywhere("disk full"), true);
    check(anywhere("alpha"), true);
    check(anywhere("5"), true);
    check(anywhere("9"), false);
    check(anywhere("checkout"), false);
    check(anywhere("list"), false);
}

#[test]
fn a_number_is_found_by_value_and_by_text() {
    for key in ["code", "ratio", "text"] {
        check(text(attribute(key), "5"), true);
        check(equals(attribute(key), "5"), true);
        check(greater(attribute(key), Literal::Number(4.5)), true);
        check(greater(attribute(key), Literal::Int(5)), false);
    }
    check(text(attribute("code"), "5.00"), true);
    check(equals(attribute("text"), "5.0"), false);
    check(text(attribute("code"), "6"), false);
    check(text(attribute("flag"), "TRUE"), true);
    check(equals(attribute("flag"), "TRUE"), false);
}

#[test]
fn the_nearest_attribute_answers() {
    check(text(attribute("text"), "shadowed"), false);
    check(equals(attribute("zone"), "a"), true);
    check(equals(attribute("zone"), "b"), false);
    check(equals(Field::Service, "checkout"), true);
}

#[test]
fn a_missing_field_matches_nothing_but_its_negation() {
    check(equals(attribute("missing"), "x"), false);
    check(Filter::Not(Box::new(equals(attribute("missing"), "x"))), true);
    check(Filter::Exists(attribute("missing")), false);
    check(Filter::Exists(attribute("nothing")), true);
    check(equals(attribute("nothing"), ""), false);
    check(Filter::Exists(Field::SpanId), false);
}

#[test]
fn a_level_has_a_name_a_text_and_an_order() {
    check(text(Field::Level, "warn"), true);
    check(equals(Field::Level, "Attention"), true);
    check(text(Field::Level, "attention"), true);
    check(greater(Field::Level, Literal::Level(Level::Info)), true);
    check(greater(Field::Level, Literal::Level(Level::Warn)), false);
}

#[test]
fn whole_numbers_beyond_a_double_are_compared_exactly() {
    let beyond = 9_007_199_254_740_993;
    assert_eq!(int_to_double(beyond, 9_007_199_254_740_992.0), Some(Ordering::Greater));
    assert_eq!(int_to_double(i64::MAX, 9_223_372_036_854_775_808.0), Some(Ordering::Less));
    assert_eq!(int_to_double(-1, -0.5), Some(Ordering::Less));
    assert_eq!(int_to_double(0, f64::NEG_INFINITY), Some(Ordering::Greater));
    assert_eq!(int_to_double(0, f64::NAN), None);
}
