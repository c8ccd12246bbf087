use super::*;

#[track_caller]
fn check(value: Value, want: &str) {
    assert_eq!(value.to_string(), want);
}

#[test]
fn every_value_has_one_exact_text() {
    check(Value::Empty, "null");
    check(Value::Int(5), "5");
    check(Value::Double(5.0), "5.0");
    check(Value::Double(1e300), "1e300");
    check(Value::Double(f64::NEG_INFINITY), r#"{"$double":"-Infinity"}"#);
    check(Value::Str("a\"b\\c\n\u{1}é".into()), "\"a\\\"b\\\\c\\n\\u0001é\"");
    check(Value::Bytes(Box::new([0, 255, 16, 7])), r#"{"$bytes":"AP8QBw=="}"#);
    check(Value::Bytes(Box::new([1, 2])), r#"{"$bytes":"AQI="}"#);
    check(Value::Bytes(Box::new([])), r#"{"$bytes":""}"#);
    check(
        Value::Map(vec![
            ("a".into(), Value::Array(vec![Value::Bool(true), Value::Empty])),
            ("$bytes".into(), Value::Int(1)),
        ]),
        r#"{"a":[true,null],"$$bytes":1}"#,
    );
}

#[test]
fn plain_text_is_a_string_as_sent() {
    let mut text = String::new();
    Value::Str("disk \"full\"".into()).plain_text(&mut text);
    Value::Empty.plain_text(&mut text);
    assert_eq!(text, "disk \"full\"");
}

#[test]
fn a_kind_survives_its_byte() {
    for byte in 0..=255u8 {
        if let Some(kind) = ValueKind::from_byte(byte) {
            assert_eq!(kind as u8, byte);
        }
    }
    assert_eq!(ValueKind::from_byte(8), None);
}
