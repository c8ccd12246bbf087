use super::{compose, part_kept_by_folding};
use crate::fold;
use crate::fold::fold_character;
use proptest::prelude::*;
use std::borrow::Cow;

#[test]
fn what_is_composed_is_given_back_and_the_case_stays() {
    assert!(matches!(compose("Café 검색"), Cow::Borrowed("Café 검색")));
    assert_eq!(compose("Cafe\u{301}"), "Café");
    assert_eq!(compose("\u{212a}"), "K", "a singleton is replaced");
}

#[test]
fn a_letter_that_a_mark_may_join_once_it_is_folded_is_left_out() {
    let marks: Vec<char> =
        ('\0'..=char::MAX).filter(|mark| unicode_normalization::char::canonical_combining_class(*mark) > 0).collect();
    let letters = ('\0'..=char::MAX).filter(|letter| fold_character(*letter) != *letter);
    let mut left_out = 0;
    for letter in letters {
        let alone = letter.to_string();
        if part_kept_by_folding(&alone).is_empty() {
            left_out += 1;
            continue;
        }
        let folded = fold(&alone).into_owned();
        for mark in &marks {
            let text = format!("{letter}{mark}");
            let is_joined_before = !compose(&text).starts_with(letter);
            assert!(is_joined_before || fold(&text).starts_with(&folded), "{text:?}");
        }
    }
    assert!(left_out > 1_000, "letters beyond ASCII: {left_out}");
    assert_eq!(["ERRO", "Disk", "KAFKA", "é"].map(part_kept_by_folding), ["ERRO", "Disk", "KAFKA", "é"]);
    assert_eq!(["TIMEOUT", "READY", "\u{30c}a", "J\u{323}"].map(part_kept_by_folding), ["TIMEOU", "READ", "a", ""]);
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_composed_text_is_the_reference_s(text in testkit::generate::text()) {
        let want: String = testkit::naive::composed(&text).into_iter().collect();
        prop_assert_eq!(&compose(&text), &want);
        prop_assert_eq!(compose(&want), want.as_str());
    }

    #[test]
    fn what_folding_keeps_of_a_part_stands_in_the_folded_text(
        text in "[aJHTWYjtwyΑΙΥΩΫᾼῼẛſÄ \u{300}-\u{345}\u{3099}\u{309a}か\u{1100}\u{1161}]{0,10}", from: proptest::sample::Index, to: proptest::sample::Index,
    ) {
        let composed: Vec<char> = compose(&text).chars().collect();
        let (from, to) = (from.index(composed.len() + 1), to.index(composed.len() + 1));
        let term: String = composed[from.min(to)..from.max(to)].iter().collect();
        let part = fold(part_kept_by_folding(&compose(&term))).into_owned();
        prop_assert!(fold(&text).contains(&part), "{:?} in {:?}", part, text);
    }
}
