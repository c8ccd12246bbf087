use super::*;

#[track_caller]
fn check(needle: &str, at_start: bool, at_end: bool, want: &[&str]) {
    let pieces: Vec<&str> =
        of(needle, OpenEnds { at_start, at_end }).iter().map(|span| &needle[span.start..span.end]).collect();
    assert_eq!(pieces, want, "needle: {needle:?}");
}

#[test]
fn a_piece_is_a_whole_word_with_a_digit_or_cut_at_an_open_end() {
    check("node-23 x", false, false, &["23"]);
    check("node-23 x", true, true, &["node", "23", "x"]);
    check("timeout", false, false, &[]);
    check("timeout", false, true, &["timeout"]);
    check("검색", true, true, &[]);
}

#[test]
fn a_piece_may_be_of_a_uuid() {
    check("beef", false, false, &["beef"]);
    check("bee", false, false, &[]);
    check("bee", true, false, &["bee"]);
    check("dead-beef x", false, false, &[]);
    check("cafe-abcdefabcdef x", false, false, &["cafe-abcdefabcdef"]);
    check("x deadbeef-dead", false, false, &["deadbeef-dead"]);
    check("x deadbeef-dea", false, false, &[]);
    check("deadbeef-dead-beef-cafe-abcdefabcdefé", false, false, &[]);
}
