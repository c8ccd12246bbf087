use super::*;

#[track_caller]
fn check(line: &str, want: Option<(&str, u64)>) {
    let words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
    let want = want.map(|(target, seconds)| Request { target: target.to_string(), seconds });
    assert_eq!(parse(&words).ok(), want, "line: {line}");
}

#[test]
fn a_target_and_its_time_are_read() {
    check("inflate", Some(("inflate", SECONDS)));
    check("inflate --seconds 5", Some(("inflate", 5)));
    check("inflate --seconds soon", None);
    check("inflate 5", None);
    check("", None);
}
