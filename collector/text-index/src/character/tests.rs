use super::*;
use crate::fold::fold_character;
use unicode_normalization::UnicodeNormalization;

fn all_characters() -> impl Iterator<Item = char> {
    (0..=0x10_ffff).filter_map(char::from_u32)
}

#[track_caller]
fn check(text: &str, want: CharacterKind) {
    for character in text.chars() {
        assert_eq!(character_kind(character), want, "{character:?} U+{:04X}", u32::from(character));
    }
}

#[test]
fn letters_marks_and_numbers_of_alphabets_form_runs() {
    check("aZ09éßжЖאحक", CharacterKind::Run);
    check("\u{301}\u{20e3}५Ⅳ½②", CharacterKind::Run);
}

#[test]
fn each_character_of_han_kana_and_hangul_is_a_word() {
    check("검색漢字々〇ひカーヽﾊﾞ", CharacterKind::Single);
    check("\u{1100}\u{1161}\u{11a8}ㅎ", CharacterKind::Single);
}

#[test]
fn all_else_separates() {
    check(" _-.:/\\\"'“”。、・…€→😀\u{200b}\u{ad}\n\0", CharacterKind::Separator);
}

#[test]
fn no_character_changes_its_kind_when_it_is_folded_or_composed() {
    for character in all_characters() {
        let kind = character_kind(character);
        let folded = fold_character(character);
        assert_eq!(character_kind(folded), kind, "folding U+{:04X}", u32::from(character));
        let is_composed = character.nfc().eq([character]);
        let base = character.nfd().next().unwrap();
        if is_composed {
            assert_eq!(character_kind(base), kind, "composing U+{:04X}", u32::from(character));
        }
    }
}

#[test]
fn settled_characters_stay_settled_when_folded_and_calm_ones_are_settled() {
    for character in all_characters() {
        let folded = fold_character(character);
        if is_settled(character) {
            assert!(is_settled(folded), "folding U+{:04X}", u32::from(character));
        }
        if is_calm(character) {
            assert!(is_settled(character) && is_settled(folded), "U+{:04X}", u32::from(character));
        }
    }
}
