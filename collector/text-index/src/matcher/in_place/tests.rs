use super::*;
use crate::fold::fold;

#[test]
fn the_lookalikes_are_all_characters_that_fold_to_ascii_and_all_white_space() {
    for character in ('\u{80}'..=char::MAX).filter(|character| !character.is_whitespace()) {
        let mut buffer = [0; 4];
        let folded = fold(character.encode_utf8(&mut buffer));
        assert_eq!(is_lookalike(character), folded.is_ascii(), "U+{:04X}", u32::from(character));
        let is_counted = folded.bytes().all(|byte| matches!(byte, b'k' | b's' | b';' | b'`'));
        assert!(!folded.is_ascii() || is_counted, "U+{:04X} folds to {folded:?}", u32::from(character));
    }
    for byte in 0..128u8 {
        assert_eq!(is_white(byte), char::from(byte).is_whitespace(), "{byte:#x}");
    }
}

#[test]
fn only_what_normalisation_may_change_is_left_undecided() {
    let borders = Borders { at_start: true, at_end: true };
    let search = |text: &str| InPlace::new("task", borders).map(|in_place| in_place.search(text));
    assert_eq!(search("the TASK ended"), Some(Verdict::Found));
    assert_eq!(search("tasks"), Some(Verdict::Absent));
    assert_eq!(search("task이 “task”"), Some(Verdict::Found));
    assert_eq!(search("étask"), Some(Verdict::Absent));
    assert_eq!(search("task\u{301}"), Some(Verdict::Unsure));
    assert_eq!(search("\u{301}task"), Some(Verdict::Unsure));
    assert_eq!(search("tas\u{212a}"), Some(Verdict::Unsure));
    assert_eq!(search("작업 끝"), Some(Verdict::Absent));
}
