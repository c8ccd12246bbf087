use super::*;
use crate::fold::fold;
use crate::tests::{rich_text, word_keys_of};
use proptest::prelude::*;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// Shapes are written with `<_>` here, as people are shown them.
#[track_caller]
fn check(text: &str, shape: &str, variables: &[&str]) {
    let mut splitter = Splitter::new();
    let split = splitter.split(text).expect("has a shape");
    assert_eq!(split.shape.replace(PLACEHOLDER, "<_>"), shape, "input: {text:?}");
    assert_eq!(split.variables().collect::<Vec<_>>(), variables, "input: {text:?}");
}

#[test]
fn words_with_a_digit_are_variables() {
    check("Disk full on node-23", "Disk full on node-<_>", &["23"]);
    check("10.0.0.7:80 a1b2", "<_>.<_>.<_>.<_>:<_> <_>", &["10", "0", "0", "7", "80", "a1b2"]);
    check("user_id=42", "user_id=<_>", &["42"]);
    check("no digits at all", "no digits at all", &[]);
    check("", "", &[]);
    check("x２", "x２", &[]);
}

#[test]
fn a_uuid_is_one_variable() {
    let id = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
    check(&format!("id={id}!"), "id=<_>!", &[id]);
    check(&id.to_uppercase(), "<_>", &[&id.to_uppercase()]);
    check("deadbeef-dead-beef-cafe-abcdefabcdef", "<_>", &["deadbeef-dead-beef-cafe-abcdefabcdef"]);
    check("deadbeef-dead-beef-cafe-abcdefabcdefa", "deadbeef-dead-beef-cafe-abcdefabcdefa", &[]);
    check("deadbeef-dead-beef-cafe-abcdefabcdef이", "<_>이", &["deadbeef-dead-beef-cafe-abcdefabcdef"]);
    check("0deadbeef-dead-beef-cafe-abcdefabcdef", "<_>-dead-beef-cafe-abcdefabcdef", &["0deadbeef"]);
}

#[test]
fn words_of_other_scripts_may_be_variables_too() {
    check("500번 é5é “7”", "<_>번 <_> “<_>”", &["500", "é5é", "7"]);
    check("로그 검색", "로그 검색", &[]);
}

#[test]
fn a_placeholder_in_a_text_is_something_unknown() {
    check("a\u{1a}b", "a<_>b", &["\u{1a}"]);
    check("5\u{1a}6", "<_><_><_>", &["5", "\u{1a}", "6"]);
}

#[test]
fn a_text_is_not_cut_where_it_may_compose() {
    let mut splitter = Splitter::new();
    for text in [
        "e\u{323}\u{3099}5",
        "\u{fb2a}\u{3099}5",
        "=\u{338}5",
        "5\u{3099}",
        "\u{1a}\u{301}",
        "\u{301}5",
        "5\u{37e}",
        "\u{212a}5",
    ] {
        assert!(splitter.split(text).is_none(), "{text:?}");
    }
    for text in ["e\u{301}5 \u{1100}\u{1161}", "か\u{3099}5", "é\u{3099}5"] {
        assert!(splitter.split(text).is_some(), "{text:?}");
    }
}

#[test]
fn what_is_settled_stays_settled_when_it_is_composed() {
    for character in (0..=0x10_ffff).filter_map(char::from_u32).filter(|character| character.nfc().eq([*character])) {
        let first = character.nfd().next().unwrap();
        assert!(!is_settled(first) || is_settled(character), "U+{:04X}", u32::from(character));
    }
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_plain_text_is_split_the_same_eight_bytes_at_a_time(
        text in "([a-zA-Z0-9]{0,70}|[ -~]{1,3}|[\\x00-\\x7f]|deadbeef-dead-beef-cafe-abcdefabcdef|[0-9a-f-]{34,38}){0,12}",
    ) {
        let (mut splitter, mut slow) = (Splitter::new(), Splitter::new());
        let split = splitter.split(&text).expect("ASCII has a shape");
        let expected = slow.split_any(&text).expect("ASCII has a shape");
        prop_assert_eq!(split.shape, expected.shape);
        prop_assert_eq!(split.variables, expected.variables);
    }

    #[test]
    fn a_split_loses_nothing(text in rich_text()) {
        let mut splitter = Splitter::new();
        let Some(split) = splitter.split(&text) else { return Ok(()) };
        let mut whole = String::new();
        let mut folded = String::new();
        let mut keys: BTreeSet<u64> = word_keys_of(split.shape);
        let mut variables = split.variables();
        for piece in split.shape.split_inclusive(PLACEHOLDER) {
            let fixed = piece.trim_end_matches(PLACEHOLDER);
            whole.push_str(fixed);
            folded.push_str(&fold(fixed));
            if fixed.len() < piece.len() {
                let variable = variables.next().unwrap();
                whole.push_str(variable);
                folded.push_str(&fold(variable));
                keys.extend(word_keys_of(variable));
            }
        }
        prop_assert_eq!(variables.next(), None);
        prop_assert_eq!(&whole, &text);
        prop_assert_eq!(&folded, &fold(&text));
        prop_assert_eq!(keys, word_keys_of(&text));
        prop_assert!(!split.shape.bytes().any(|byte| byte.is_ascii_digit()));
    }
}
