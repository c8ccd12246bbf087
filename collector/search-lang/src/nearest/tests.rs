use super::*;

#[track_caller]
fn check(typed: &str, want: Option<&str>) {
    assert_eq!(nearest(typed, &["trace", "debug", "info", "warn", "error", "fatal"]), want, "typed: {typed:?}");
}

#[test]
fn a_slip_is_recognised() {
    check("wran", Some("warn"));
    check("eror", Some("error"));
    check("ERRRO", Some("error"));
    check("warrn", Some("warn"));
    check("inof", Some("info"));
}

#[test]
fn another_word_is_left_alone() {
    check("loud", None);
    check("x", None);
    check("", None);
    check(&"warn".repeat(1000), None);
}
