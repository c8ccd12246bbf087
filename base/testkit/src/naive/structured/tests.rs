use super::*;
use crate::generate;
use proptest::prelude::*;

proptest! {
    #![proptest_config(crate::random_cases::cases(256))]

    /// Another reader agrees on what is an object at all. It reads the text unbuilt, since as values it refuses what
    /// has no place in them: half a surrogate pair, a number beyond a double.
    #[test]
    fn a_json_object_is_one_for_another_reader_too(text in generate::json_body()) {
        let is_sound = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
        let is_object = is_sound && text.trim_start_matches(JSON_WHITE).starts_with('{');
        prop_assert_eq!(matches!(json(&text), Some(Value::Map(_))), is_object, "{}", text);
    }
}

#[test]
fn half_a_pair_and_a_number_beyond_a_double_are_no_reason_to_refuse_an_object() {
    let entries = json(r#"{"a":"\uDE00 \uD83D","b":-1e999}"#);
    let expected = [("a", Value::Str("\u{fffd} \u{fffd}".into())), ("b", Value::Double(f64::NEG_INFINITY))];
    assert_eq!(entries, Some(Value::Map(expected.map(|(key, value)| (key.into(), value)).into())));
}

#[test]
fn a_line_is_logfmt_when_it_is_mostly_pairs() {
    let keys = |line: &str| match logfmt(line) {
        Some(Value::Map(entries)) => entries.len(),
        _ => 0,
    };
    assert_eq!(keys("level=info msg=\"a \\\"b\\\"\" retry"), 3);
    assert_eq!(keys("user anna logged in from=10.0.0.7"), 0);
    assert_eq!(keys("a=b c"), 0);
    assert_eq!(keys("a=b"), 1);
    assert_eq!(keys("a=\"b\"c"), 0);
    assert_eq!(keys("=b"), 0);
    assert_eq!(keys("a=1\nb=2"), 0);
    assert_eq!(keys(" a=1 \n"), 1);
}
