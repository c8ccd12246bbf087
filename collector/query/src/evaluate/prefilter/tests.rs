use super::*;
use crate::tests::world::patient_guard;
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::{generate, naive};
use text_index::fold;

fn visited(term: &str, texts: &[String]) -> Vec<usize> {
    let column = StringArray::from_iter_values(texts);
    let mut found = Vec::new();
    let visit = |text, _| {
        found.push(text);
        Ok(())
    };
    Prefilter::new(term).visit(&column, 0..texts.len(), &patient_guard(), visit).unwrap();
    found
}

/// A character of each kind on its own: what folding and composition make of it.
fn all_characters() -> impl Iterator<Item = (char, String)> {
    ('\0'..=char::MAX).map(|character| (character, fold(character.encode_utf8(&mut [0; 4])).into_owned()))
}

#[test]
fn only_the_lookalikes_fold_to_ascii() {
    for (character, folded) in all_characters().filter(|(character, _)| !character.is_ascii()) {
        let ascii: Vec<u8> = folded.bytes().filter(u8::is_ascii).collect();
        let known = LOOKALIKES.iter().find(|(lookalike, _)| lookalike.starts_with(character));
        let want: Vec<u8> = known.map(|(_, ascii)| *ascii).into_iter().collect();
        assert_eq!(ascii, want, "U+{:04X} folds to {folded:?}", u32::from(character));
    }
}

#[test]
fn only_jamo_become_hangul_syllables() {
    let is_syllable = |character: char| matches!(character, '가'..='힣');
    for (character, folded) in all_characters() {
        if folded.chars().any(is_syllable) {
            assert_eq!(folded, character.to_string(), "U+{:04X}", u32::from(character));
        }
        // What joins a syllable before it, or makes one with a consonant before it.
        for before in ['가', '\u{1100}'] {
            let joined = fold(&format!("{before}{character}")).into_owned();
            let is_changed = joined != format!("{before}{folded}");
            let starts_with_lead = character.to_string().as_bytes()[0] == JAMO_LEAD;
            assert!(
                !is_changed || starts_with_lead || !joined.chars().any(is_syllable),
                "U+{:04X}",
                u32::from(character)
            );
        }
    }
}

#[test]
fn a_text_without_the_piece_is_not_visited() {
    let texts: Vec<String> =
        ["", "disk full", "dis", "", "Disk", "k", "the DISKS", "dısk", "DISK"].map(str::to_owned).into();
    assert_eq!(visited("disk", &texts), [1, 4, 6, 8]);
    assert_eq!(visited("disk full", &texts), [1, 4, 6, 8], "one piece is looked for");
    assert_eq!(visited("é", &texts), [0, 1, 2, 3, 4, 5, 6, 7, 8], "nothing is known of it");
    assert_eq!(visited("é", &texts[..3]), [0usize; 0], "but that no ASCII text has it");
    assert_eq!(visited("\u{a0}", &texts[..3]), [0, 1, 2], "white space finds ASCII's too");
    let texts: Vec<String> = ["로그검색이", "검사", "disk 검색"].map(str::to_owned).into();
    assert_eq!(visited("disk 검색", &texts), [0, 2]);
    assert_eq!(visited("검색", &[texts, vec!["\u{1100}".to_owned()]].concat()), [0, 1, 2, 3]);
}

#[test]
fn a_piece_that_stands_where_two_texts_meet_is_in_neither() {
    let texts: Vec<String> = ["a di", "sk", "", "di", "s", "k disk", "로그검", "색"].map(str::to_owned).into();
    assert_eq!(visited("disk", &texts[..6]), [5]);
    assert_eq!(visited("검색", &texts), [0usize; 0]);
}

#[test]
fn only_hangul_on_its_own_is_certain() {
    let sights = |term: &str, text: &str| {
        let column = StringArray::from_iter_values([text]);
        let mut sights = Vec::new();
        let visit = |_, sight| {
            sights.push(sight);
            Ok(())
        };
        Prefilter::new(term).visit(&column, 0..1, &patient_guard(), visit).unwrap();
        sights
    };
    assert_eq!(sights("검색", "로그검색이"), [Sight::Certain]);
    assert_eq!(sights("검색", "로그검색이 \u{1100}"), [Sight::Possible]);
    assert_eq!(sights("검색 a", "검색 a"), [Sight::Possible]);
    assert_eq!(sights("disk", "disks"), [Sight::Possible]);
}

#[test]
fn a_lookalike_makes_every_text_worth_a_look() {
    let texts: Vec<String> = ["dis\u{212a}", "x"].map(str::to_owned).into();
    assert_eq!(visited("disk", &texts), [0, 1]);
    assert_eq!(visited("dot", &texts), [0usize; 0], "k is none of its letters");
}

#[test]
fn long_texts_are_searched_to_their_ends() {
    for length in [0, 1, 62, 63, 64, 65, 127, 128, 1_000] {
        let texts = ["x".repeat(length) + "needle", "needl".to_owned(), "y".repeat(length), "Needle".to_owned()];
        assert_eq!(visited("needle", &texts), [0, 3], "{length}");
        assert_eq!(visited("needle", &texts[..1]), [0], "{length}");
    }
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(1024))]

    #[test]
    fn no_text_that_matches_is_passed_over(
        (text, term) in generate::text_and_term(), others in vec(generate::text(), 0..6), at in any::<prop::sample::Index>(),
    ) {
        let mut texts = others;
        texts.insert(at.index(texts.len() + 1), text);
        let found = visited(&term.text, &texts);
        for (index, text) in texts.iter().enumerate() {
            prop_assert!(found.contains(&index) || !naive::term_matches(&term, text), "{term:?} in {text:?}");
        }
        let column = StringArray::from_iter_values(&texts);
        let visit = |index: usize, sight| {
            let is_true = sight == Sight::Possible || naive::term_matches(&term, &texts[index]);
            assert!(is_true, "{term:?} in {:?}", texts[index]);
            Ok(())
        };
        Prefilter::new(&term.text).visit(&column, 0..texts.len(), &patient_guard(), visit).unwrap();
        prop_assert!(found.is_sorted() && found.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn no_list_whose_string_matches_is_passed_over((text, term) in generate::text_and_term()) {
        let form = model::Value::Array(vec![model::Value::Str(text.clone().into())]).to_string();
        prop_assert!(!naive::term_matches(&term, &text) || visited(&term.text, &[form]) == [0]);
    }
}
