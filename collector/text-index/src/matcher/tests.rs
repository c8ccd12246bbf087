use super::*;

/// A needle is written with `*` at its open sides.
#[track_caller]
fn check(needle: &str, text: &str, want: bool) {
    let inner = needle.strip_prefix('*').unwrap_or(needle);
    let is_open_end = inner.ends_with('*');
    let inner = inner.strip_suffix('*').unwrap_or(inner);
    let matcher = Matcher::new(Needle { text: inner, is_open_start: needle.starts_with('*'), is_open_end });
    assert_eq!(matcher.is_match(text), want, "{needle:?} in {text:?}");
    assert_eq!(matcher.is_match_folded(text), want, "folded, {needle:?} in {text:?}");
}

#[test]
fn a_word_is_found_between_anything_but_its_own_kind() {
    check("timeout", "read_timeout: 5", true);
    check("timeout", "“timeout”", true);
    check("timeout", "timeout이 났다", true);
    check("timeout", "Timeouts", false);
    check("timeout", "xtimeout timeout", true);
    check("TIMEOUT", "timeout", true);
    check("timeout", "", false);
}

#[test]
fn terms_may_hold_separators() {
    check("/api/v1", "GET /api/v1/users", true);
    check("/api/v1", "GET /api/v10", false);
    check("/api/v1", "x/api/v1", true);
    check("500", "500번", true);
    check("500", "1500", false);
    check("node-23", "on node-23.", true);
    check("node-23", "node-231", false);
    check("user_id", "user_id=7", true);
    check("10.0.0.7", "from 10.0.0.7:80", true);
    check("10.0.0.7", "110.0.0.7", false);
    check("=", "a=b", true);
}

#[test]
fn han_kana_and_hangul_need_no_border() {
    check("검색", "로그검색이", true);
    check("검색", "검사", false);
    check("東京", "東京都", true);
    check("キー", "APIキーが", true);
}

#[test]
fn composed_and_decomposed_forms_find_each_other() {
    let decomposed = "\u{1105}\u{1169}\u{1100}\u{1173}\u{1100}\u{1165}\u{11b7}\u{1109}\u{1162}\u{11a8}이";
    check("검색", decomposed, true);
    check("\u{1100}\u{1165}\u{11b7}\u{1109}\u{1162}\u{11a8}", "로그검색이", true);
    check("café", "CAFE\u{301}!", true);
    check("cafe", "cafe\u{301}", false);
    check("cafe*", "cafe\u{301}", false);
    check("caf*", "cafe\u{301}", true);
    check("q*", "q\u{301}", true);
    check("q", "q\u{301}", false);
    check("a=", "a=\u{338}", false);
}

#[test]
fn characters_that_fold_to_ascii_are_found_by_ascii() {
    check("disk", "DIS\u{212a}", true);
    check("disk", "di\u{17f}k", true);
    check("a;b", "a\u{37e}b", true);
    check("straße", "STRAẞE", true);
    check("i", "İ", false);
}

#[test]
fn stars_drop_the_border_at_their_side() {
    check("time*", "timeouts", true);
    check("time*", "runtime", false);
    check("*time", "runtime", true);
    check("*time", "runtimes", false);
    check("*tim*", "runtimes", true);
}

#[test]
fn white_space_matches_any_white_space() {
    check("disk full", "disk \t\n full", true);
    check("disk  full", "disk\u{3000}\u{a0}full", true);
    check("disk full", "diskfull", false);
    check("disk full", "disk_full", false);
    check(" full", "disk\u{b}full", true);
    check(" full", "full", false);
    check(" ", "a b", true);
    check(" ", "ab", false);
}

#[test]
fn an_occurrence_inside_a_failed_one_is_found() {
    check("a.a", "xa.a.a", true);
    check("a.a", "xa.a.ax", false);
    let text = format!("{}ab", "abc".repeat(200));
    check("ab", &text, false);
    check("*ab", &text, true);
    check("ab", &text.replace("cab", " ab"), true);
    check("a.a", &format!("{}x {}", "xa.a".repeat(100), "a.a"), true);
}

#[test]
fn the_worst_texts_cost_linear_time() {
    // Quadratic work would be 10^10 steps here: minutes in a debug build.
    let text = "a".repeat(1 << 20);
    check(&"a".repeat(16 << 10), &text, false);
    let text = "a.b".repeat(1 << 18);
    check(&"a.b".repeat(5000), &text, false);
    check(&"a b".repeat(5000), &text.replace('.', "  "), false);
}

#[test]
fn an_empty_needle_is_in_every_text() {
    check("", "", true);
    check("", "x", true);
}

proptest::proptest! {
    #![proptest_config(testkit::random_cases::cases(1024))]

    #[test]
    fn any_term_in_any_text_is_judged_like_the_reference((text, term) in testkit::generate::text_and_term()) {
        let matcher = matcher_of(&term);
        let want = testkit::naive::term_matches(&term, &text);
        proptest::prop_assert_eq!(matcher.is_match(&text), want, "{:?} in {:?}", term, text);
        proptest::prop_assert_eq!(matcher.is_match_folded(&text), want, "folded, {:?} in {:?}", term, text);
    }

    /// Many failed occurrences in one text lead to the road of last resort.
    #[test]
    fn a_text_that_repeats_is_judged_like_the_reference((text, term) in testkit::generate::text_and_term(), times in 1..120usize) {
        let long = format!("{}{text}", format!("{text}x").repeat(times));
        let matcher = matcher_of(&term);
        proptest::prop_assert_eq!(matcher.is_match(&long), testkit::naive::term_matches(&term, &long));
    }
}

fn matcher_of(term: &model::Term) -> Matcher {
    Matcher::new(Needle { text: &term.text, is_open_start: term.is_open_start, is_open_end: term.is_open_end })
}
