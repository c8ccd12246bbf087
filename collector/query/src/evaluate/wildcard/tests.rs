use super::*;
use crate::tests::world::{check, record, record_with, text};
use model::{LogRecord, TraceId, Value};
use proptest::prelude::*;
use testkit::{generate, naive};

proptest! {
    #![proptest_config(testkit::random_cases::cases(4096))]

    #[test]
    fn wildcards_are_found_as_the_reference_finds_them(
        (text, own) in generate::text_and_wildcard(), other in generate::wildcard(), times in 1..40usize,
    ) {
        for (wildcard, text) in [(&own, text.clone()), (&other, text.clone()), (&other, text.repeat(times))] {
            let want = naive::wildcard_matches(wildcard, &text);
            prop_assert_eq!(WildcardMatcher::new(wildcard).is_match(&text), want, "{:?} in {:?}", wildcard, text);
        }
    }

    #[test]
    fn pieces_that_occur_often_are_followed_too(text in "[ab ]{0,200}", pieces in proptest::collection::vec("[ab]{1,3}", 2..5)) {
        let pieces = pieces.into_iter().map(Into::into).collect();
        let wildcard = Wildcard { pieces, is_open_start: false, is_open_end: true };
        prop_assert_eq!(WildcardMatcher::new(&wildcard).is_match(&text), naive::wildcard_matches(&wildcard, &text));
    }
}

#[test]
fn a_star_inside_stands_for_anything_but_white_space() {
    let records = [
        record("connection refused"),
        record("connect/refused"),
        record("connrefused"),
        record("CONN-timed-out-REFUSED!"),
        record("reconn/refused"),
        record("conn/refuseds"),
        record_with(&[("a", text("conn:refused"))]),
        record_with(&[("a", Value::Array(vec![text("conn"), text("refused")]))]),
    ];
    check("conn*refused", &records, &[1, 2, 3, 6]);
    check("*conn*refused*", &records, &[1, 2, 3, 4, 5, 6]);
    check("c*n*f*d", &records, &[1, 2, 3, 6]);
    check("a:c**d", &records, &[6]);
    check("refused*conn", &records, &[]);
}

#[test]
fn numbers_and_ids_are_searched_by_their_text() {
    let records = [
        record_with(&[("code", Value::Int(50_123))]),
        record_with(&[("code", text("5-3"))]),
        LogRecord { trace_id: TraceId::new([0x4b; 16]), ..record("x") },
        LogRecord { body: Value::Bool(true), ..record("") },
    ];
    check("code:5*3", &records, &[0, 1]);
    check("trace_id:4b*b4b", &records, &[2]);
    check("t*e", &records, &[3]);
}

#[test]
fn many_pieces_in_a_long_text_of_the_same_character_take_no_time() {
    let pieces = "aaaaaaaaaaaaaaaba".chars().map(|piece| piece.to_string().into()).collect();
    let matcher = WildcardMatcher::new(&Wildcard { pieces, is_open_start: true, is_open_end: false });
    assert!(!matcher.is_match(&"a".repeat(300_000)));
    assert!(!matcher.is_match(&"a b".repeat(100_000)));
    assert!(matcher.is_match(&("a".repeat(300_000) + "ba")));
}
