//! Hostile texts.

use super::*;

#[test]
fn nothing_a_terminal_obeys_passes() {
    for code in 0..=0x2_ffff_u32 {
        let Some(sign) = char::from_u32(code) else { continue };
        let out = escaped(&sign.to_string()).into_owned();
        let is_kept = out == sign.to_string();
        assert_eq!(is_kept, !is_dangerous(sign), "U+{code:04X}");
        assert!(sign.is_control() <= is_dangerous(sign), "control characters are dangerous: U+{code:04X}");
        assert!(!out.chars().any(is_dangerous), "U+{code:04X}");
    }
}

#[test]
fn escapes_are_readable_and_other_text_is_left_alone() {
    assert_eq!(escaped("a\nb\r\tc\u{1b}[31m\u{202e}"), "a\\nb\\r\\tc\\u{1b}[31m\\u{202e}");
    assert_eq!(escaped("검색 für “alle” 🚀"), "검색 für “alle” 🚀");
    assert!(matches!(escaped("plain"), Cow::Borrowed(_)));
}
