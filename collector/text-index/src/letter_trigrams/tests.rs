use super::*;
use crate::matcher::Matcher;
use proptest::prelude::*;

fn of(variables: &[&str]) -> LetterTrigrams {
    let mut trigrams = LetterTrigrams::new();
    variables.iter().for_each(|variable| trigrams.insert(variable));
    trigrams
}

#[test]
fn letters_in_a_row_are_found_in_any_case() {
    let trigrams = of(&["x1TIMEout7", "4ab", "9\u{212a}elvin"]);
    for word in ["time", "timeout", "eou", "ab", "1ti", "kelvin"] {
        assert!(trigrams.may_hold_all(&trigrams_of(word)), "{word}");
    }
    for word in ["times", "xti", "tab", "out7out"] {
        let is_held = trigrams.may_hold_all(&trigrams_of(word));
        assert_eq!(is_held, word == "out7out", "{word}");
    }
}

#[test]
fn they_are_read_as_they_were_written_and_each_flipped_bit_is_found() {
    let trigrams = of(&["abc1", "zzz2", "aaa3"]);
    let mut bytes = Vec::new();
    trigrams.write_to(&mut bytes);
    assert_eq!(bytes.len(), LetterTrigrams::STORED_BYTES);
    assert_eq!(LetterTrigrams::read(&bytes).unwrap(), trigrams);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(LetterTrigrams::read(&damaged).is_err(), "bit {bit}");
    }
    assert!(LetterTrigrams::read(&bytes[..bytes.len() - 1]).is_err());
    assert!(LetterTrigrams::read(&[]).is_err());
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_short_text_has_the_same_trigrams_in_a_block_and_byte_by_byte(text in "[a-dX-Z019 _-]{0,64}") {
        let (mut block, mut bytes) = (Vec::new(), Vec::new());
        for_each_trigram_of_block(text.as_bytes(), &mut |trigram| block.push(trigram));
        for_each_trigram(text.as_bytes(), &mut |trigram| bytes.push(trigram));
        prop_assert_eq!(block, bytes);
    }

    /// A text in which a needle occurs holds the needle's letters, whatever composes or folds in either.
    #[test]
    fn a_text_that_holds_a_needle_holds_its_letters(
        before in "[a-zA-Z é\u{301}ǅß]{0,4}", needle in "[a-dA-D é\u{301}ǅß]{1,7}", after in "[a-zA-Z é\u{301}ǅß]{0,4}",
    ) {
        let text = format!("{before}{needle}{after}");
        let needle = Needle { text: &needle, is_open_start: true, is_open_end: true };
        let mut letters = LetterTrigrams::new();
        letters.insert(&text);
        if Matcher::new(needle).is_match(&text) {
            prop_assert!(letters.may_hold_all(&required_trigrams(needle)));
        }
    }
}
