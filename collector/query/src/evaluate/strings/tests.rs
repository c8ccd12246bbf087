use super::*;
use model::Value;
use proptest::prelude::*;
use testkit::generate;

/// All strings in order, by another road.
fn strings_of(value: &Value) -> Vec<String> {
    match value {
        Value::Str(text) => vec![text.to_string()],
        Value::Array(values) => values.iter().flat_map(strings_of).collect(),
        Value::Map(entries) => entries.iter().flat_map(|(_, value)| strings_of(value)).collect(),
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) => vec![],
    }
}

fn strings_in(text_form: &str) -> Vec<String> {
    let mut found = Vec::new();
    assert!(!any_string(text_form, |text| {
        found.push(text.to_owned());
        false
    }));
    found
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(2048))]

    #[test]
    fn the_strings_of_a_value_are_found_in_its_text_form(value in generate::value()) {
        prop_assert_eq!(strings_in(&value.to_string()), strings_of(&value));
    }

    #[test]
    fn any_text_is_survived(text in "[\"\\\\u:,$a-f0-9\\[{é\u{0}]{0,24}") {
        strings_in(&text);
    }
}

#[test]
fn keys_and_values_that_json_has_no_word_for_are_no_strings() {
    assert_eq!(
        strings_in(r#"{"key":"a","$$bytes":"b","n":[{"$bytes":"QQ=="},{"$double":"NaN"},"c\"\u0001\\"]}"#),
        ["a", "b", "c\"\u{1}\\"]
    );
}

#[test]
fn the_walk_ends_at_the_first_string_that_is_taken() {
    let mut seen = 0;
    assert!(any_string(r#"["a","b","c"]"#, |text| {
        seen += 1;
        text == "b"
    }));
    assert_eq!(seen, 2);
}
