use super::*;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let text = || {
        proptest::collection::vec(
            proptest::sample::select(&["a", "\"", "\\", "\n", "\u{1}", "é", "$", "검", "n"][..]),
            0..6,
        )
    };
    let leaf = prop_oneof![
        text().prop_map(|pieces| Value::Str(pieces.concat().into())),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_filter("NaN equals nothing", |number| !number.is_nan()).prop_map(Value::Double),
        any::<bool>().prop_map(Value::Bool),
        proptest::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| Value::Bytes(bytes.into())),
        Just(Value::Empty),
        Just(Value::Double(f64::NEG_INFINITY)),
    ];
    let key = proptest::sample::select(&["", "a", "$", "$bytes", "$$double", "\"", "검"][..]);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|entries| Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_reads_back_from_its_text(value in value()) {
        let text = value.to_string();
        let back = Value::parse_text_form(&text);
        prop_assert_eq!(back.as_ref(), Some(&value), "{}", text);
        // Equality takes -0.0 for 0.0; the text does not.
        prop_assert_eq!(back.unwrap().to_string(), text);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[\\[\\]{}\",:$a0.e\\\\nul-]{0,24}") {
        if let Some(value) = Value::parse_text_form(&text) {
            prop_assert!(Value::parse_text_form(&value.to_string()).is_some());
        }
    }
}

#[test]
fn not_a_number_reads_back() {
    assert!(matches!(Value::parse_text_form(r#"{"$double":"NaN"}"#), Some(Value::Double(number)) if number.is_nan()));
}

#[test]
fn what_the_writer_never_writes_is_refused() {
    for text in [
        "",
        " 1",
        "1 ",
        "[1,]",
        "{\"a\":1",
        "{\"$a\":1}",
        "\"\\x\"",
        "\"\\u00\"",
        "nul",
        "{\"$bytes\":\"A\"}",
        "99999999999999999999",
    ] {
        assert_eq!(Value::parse_text_form(text), None, "{text}");
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Value::parse_text_form(&nested(VALUE_DEPTH_MAX + 1)).is_some());
    assert_eq!(Value::parse_text_form(&nested(VALUE_DEPTH_MAX + 2)), None);
    assert_eq!(Value::parse_text_form(&nested(1_000_000)), None);
}
