use super::*;

#[track_caller]
fn check(text: &str, want: &str) {
    assert_eq!(fold(text), want, "input: {text:?}");
}

#[test]
fn case_is_folded_one_character_to_one() {
    check("Disk FULL", "disk full");
    check("Größe STRASSE ẞ", "größe strasse ß");
    check("ΣΊΣΥΦΟΣ ς", "σίσυφοσ σ");
    check("\u{212a}\u{17f}", "ks");
    check("Iİı", "iİı");
}

#[test]
fn composed_and_decomposed_forms_fold_to_one() {
    check("Cafe\u{301}", "café");
    check("\u{1100}\u{1165}\u{11b7}색", "검색");
    check("J\u{30c}", "ǰ");
    check("=\u{338}", "≠");
    check("か\u{3099}", "が");
}

#[test]
fn folding_twice_changes_nothing() {
    // Everything with a case or a composition, but Hangul syllables, which are alike.
    for character in (0..0x3400).chain(0xa000..0xac10).chain(0xf900..0x1_4000).filter_map(char::from_u32) {
        let text = format!("a{character}\u{301}\u{345}");
        let once = fold(&text).into_owned();
        assert_eq!(fold(&once), once, "U+{:04X}", u32::from(character));
    }
}

#[test]
fn characters_left_out_of_folding_have_no_fold() {
    for character in (0..=0x10_ffff).filter_map(char::from_u32) {
        let from_table = unicode_case_mapping::case_folded(character).and_then(|folded| char::from_u32(folded.get()));
        assert_eq!(fold_character(character), from_table.unwrap_or(character));
    }
}

#[test]
fn a_run_of_white_space_becomes_one_space() {
    let check = |text: &str, want: &str| assert_eq!(collapse_white_space(text), want, "input: {text:?}");
    check(" a\t\r\n b\u{3000}\u{a0}c\u{1f}d ", " a b c\u{1f}d ");
    check(" a b\u{1a} ", " a b\u{1a} ");
    for white in ["  ", "\t", "\u{b}", "\u{c}", "\u{85}", "\u{2028}"] {
        check(&format!("a{white}b"), "a b");
    }
    check("é b", "é b");
}
