use super::*;
use crate::generate;
use proptest::prelude::*;

fn shape_of(value: &serde_json::Value) -> String {
    value.to_string()
}

proptest! {
    /// Another reader agrees on what is an object at all, and on what it holds where keys do not repeat.
    #[test]
    fn a_json_object_is_one_for_another_reader_too(text in generate::json_body()) {
        let other: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let other = other.filter(serde_json::Value::is_object);
        let own = json(&text).filter(|own| matches!(own, Value::Map(_)));
        prop_assert_eq!(own.is_some(), other.is_some(), "{} {:?}", text, other.as_ref().map(shape_of));
    }
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
