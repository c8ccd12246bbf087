use super::*;
use crate::tests::{needle_of, rich_text_and_term, word_keys_of};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

#[track_caller]
fn check(text: &str, want: &[&str]) {
    let folded = fold(text);
    let mut words = Vec::new();
    for_each_indexed_word(&folded, &mut |word| words.push(&folded[word.range]));
    assert_eq!(words, want, "input: {text:?}");
    let mut keys = Vec::new();
    for_each_word_key(text, &mut |key| keys.push(key));
    assert_eq!(keys, want.iter().map(|word| key_of(word)).collect::<Vec<_>>(), "input: {text:?}");
}

#[test]
fn runs_are_words_and_rows_of_syllables_are_pairs() {
    check("Read_TIMEOUT: node-23", &["read", "timeout", "node", "23"]);
    check("로그검색", &["로그", "그검", "검색"]);
    check("500번 timeout이 漢", &["500", "번", "timeout", "이", "漢"]);
    check("API鍵のキー", &["api", "鍵の", "のキ", "キー"]);
    check("", &[]);
    let long = "Ab1".repeat(100);
    check(&long, &[&long.to_lowercase()]);
}

#[track_caller]
fn check_required(text: &str, is_open_start: bool, is_open_end: bool, want: &[&str]) {
    let mut want: Vec<u64> = want.iter().map(|word| key_of(word)).collect();
    want.sort_unstable();
    assert_eq!(required_word_keys(Needle { text, is_open_start, is_open_end }), want, "input: {text:?}");
}

#[test]
fn only_words_that_are_whole_are_required() {
    check_required("GET /api", false, false, &["get", "api"]);
    check_required("GET /api", true, false, &["api"]);
    check_required("GET /api", false, true, &["get"]);
    check_required("timeout", true, true, &[]);
    check_required("/api/", true, true, &["api"]);
    check_required("검색", false, false, &["검색"]);
    check_required("검", false, false, &[]);
    check_required("x검y", true, true, &["검"]);
    check_required("x검", true, true, &[]);
}

/// Keys are in stored blooms, so they must stay what they are.
#[test]
fn keys_stay_as_they_are() {
    assert_eq!(key_of("timeout"), 1_158_555_873_321_760_021);
}

/// Texts of ASCII with words of all lengths, so that some go over the border of a block and some are longer than one.
fn ascii_text() -> impl Strategy<Value = String> {
    let length = prop_oneof![3 => 1..12usize, 1 => 55..75usize, 1 => 1..140usize];
    let word = (length, any::<u64>()).prop_map(|(length, seed)| {
        let places = (0u32..).take(length).map(|place| usize::try_from(seed.rotate_left(place) % 9).unwrap());
        places.map(|place| char::from(b"abcXYZ019"[place])).collect::<String>()
    });
    let pieces = prop::collection::vec((word, prop::sample::select(vec![" ", "-", "_", ": ", "\u{1a}", "..."])), 0..12);
    pieces.prop_map(|pieces| pieces.into_iter().map(|(word, separator)| word + separator).collect())
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn ascii_has_the_keys_of_its_words(text in ascii_text(), cut in any::<prop::sample::Index>()) {
        // Also with a word at its end.
        for text in [&text[..], &text[..cut.index(text.len() + 1)]] {
            let folded = fold(text);
            let mut want = Vec::new();
            for_each_indexed_word(&folded, &mut |word| want.push(key_of(&folded[word.range])));
            let mut keys = Vec::new();
            for_each_word_key(text, &mut |key| keys.push(key));
            prop_assert_eq!(keys, want, "{}", text);
        }
    }

    #[test]
    fn a_text_in_which_a_needle_occurs_holds_all_required_keys((text, term) in rich_text_and_term()) {
        if testkit::naive::term_matches(&term, &text) {
            let keys = word_keys_of(&text);
            for key in required_word_keys(needle_of(&term)) {
                prop_assert!(keys.contains(&key), "{:?} in {:?}", term, text);
            }
        }
    }

    #[test]
    fn texts_that_compare_as_equal_have_equal_keys(text in crate::tests::rich_text()) {
        let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
        prop_assert_eq!(word_keys_of(&composed), word_keys_of(&text));
        prop_assert_eq!(word_keys_of(&decomposed), word_keys_of(&text));
        prop_assert_eq!(word_keys_of(&fold(&text)), word_keys_of(&text));
    }
}
