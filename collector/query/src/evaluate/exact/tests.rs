use super::*;
use crate::tests::world::{check, record, record_with, text};
use model::{LogRecord, Severity, Value};
use proptest::prelude::*;
use testkit::{generate, naive};

#[test]
fn each_character_is_composed_as_another_implementation_does_it() {
    for character in '\0'..=char::MAX {
        for text in [format!("{character}"), format!("e{character}\u{301}"), format!("\u{1100}{character}\u{327}")] {
            let want: String = naive::composed(&text).into_iter().collect();
            assert_eq!(compose(&text), want, "{text:?}");
        }
    }
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(2048))]

    #[test]
    fn texts_are_composed_as_another_implementation_does_it(
        text in generate::text(), marks in "[a-eA-E\u{300}-\u{345}\u{5b0}-\u{5c2}\u{1100}-\u{11ff}각ẛΐ\u{f71}-\u{f84}]{0,12}",
    ) {
        for text in [text.clone(), marks.clone(), text + &marks] {
            let want: String = naive::composed(&text).into_iter().collect();
            prop_assert_eq!(&*compose(&text), &want);
            prop_assert!(!one_space(&text).contains("  "));
        }
    }
}

#[test]
fn the_case_of_a_term_in_single_quotes_counts() {
    let records = [
        record("Timeout in read_Timeout"),
        record("TIMEOUT"),
        record("timeout"),
        record("Timeouts"),
        record_with(&[("a", text("Timeout"))]),
        record_with(&[("a", Value::Array(vec![text("x"), text("Timeout")]))]),
        record_with(&[("a", text("timeout"))]),
    ];
    check("'Timeout'", &records, &[0, 4, 5]);
    check("'Timeout'*", &records, &[0, 3, 4, 5]);
    check("a:'Timeout'", &records, &[4, 5]);
    check("NOT 'Timeout' a:*", &records, &[6]);
}

#[test]
fn composed_and_decomposed_characters_are_the_same_in_a_text_whose_case_counts() {
    let records =
        [record("CAFE\u{301}"), record("CAFÉ"), record("café"), record("Straße"), record("\u{212a}elvin 검색")];
    check("'CAFÉ'", &records, &[0, 1]);
    check("'CAFE\u{301}'", &records, &[0, 1]);
    check("'CAFE'", &records, &[]);
    check("'Straße'", &records, &[3]);
    check("'Kelvin'", &records, &[4]);
    check("'kelvin'", &records, &[]);
    check("'색'", &records, &[4]);
}

#[test]
fn a_letter_is_found_before_a_mark_that_joins_it_only_in_lower_case() {
    // Kana marks change places with others, and are no part of a word of letters.
    let records = [record("J\u{30c}"), record("READY\u{30a}"), record("J\u{30c}\u{3099}"), record("ǰ"), record("x J")];
    check("'J'*", &records, &[0, 2, 4]);
    check("'READY'*", &records, &[1]);
    check("'J'", &records, &[2, 4]);
    check("'j'*", &records, &[]);
}

#[test]
fn white_space_numbers_and_levels_are_as_in_phrases() {
    let records = [
        record("Disk \t full"),
        record("disk full"),
        record_with(&[("code", Value::Double(5.0))]),
        LogRecord { severity: Severity(13), severity_text: "Warning".into(), ..record("x") },
    ];
    check("'Disk full'", &records, &[0]);
    check("code:'5'", &records, &[2]);
    check("level:'Warning'", &records, &[3]);
    check("level:'warn'", &records, &[3]);
    check("level:'WARN'", &records, &[]);
}
