use super::*;

#[track_caller]
fn check(answer: Value, columns: Option<usize>, want: &[&str]) {
    let text = shown(&answer, columns);
    assert_eq!(text.lines().collect::<Vec<_>>(), want);
}

#[test]
fn a_table_is_aligned_with_numbers_at_the_right() {
    let answer = json!({ "columns": ["service", "n"], "rows": [["shop", 12], [null, 3]] });
    check(answer, None, &["service   n", "shop     12", "-         3"]);
}

#[test]
fn a_table_without_values_is_followed_by_the_reason() {
    let unknown = json!([{ "name": "usr", "near": ["user"] }]);
    let line = "no record in this range has the field usr (near to it: user)";
    assert_eq!(why_nothing(&json!({ "conditions": [], "unknown_fields": unknown })), format!("note: {line}\n"));
    let of_query = json!({ "conditions": [{ "q": "usr:x", "matched": 0 }], "unknown_fields": unknown });
    assert_eq!(
        why_nothing(&of_query),
        format!(
            "no records found\n  nothing in this range matches usr:x\n  no record in this range has the field usr\n"
        )
    );
    assert!(why_nothing(&json!({ "conditions": [], "unknown_fields": [] })).contains("widen --since"));
}

#[test]
fn a_table_fits_the_terminal() {
    let answer = json!({ "columns": ["pattern", "count"], "rows": [["x".repeat(50), 1]] });
    check(answer.clone(), Some(20), &["pattern        count", "xxxxxxxxxxxx…      1"]);
    assert_eq!(shown(&answer, None).lines().nth(1).map(str::len), Some(57), "elsewhere nothing is cut");
}

#[test]
fn a_cell_of_any_length_is_shown_whole_or_fits() {
    let long = "x".repeat(400_000);
    let answer = json!({ "columns": ["body", "n"], "rows": [[long, 1], ["short", 2]] });
    let text = shown(&answer, None);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1] == format!("{long}  1") && lines[2].len() < 300, "{} {}", lines[1].len(), lines[2].len());
    assert!(shown(&answer, Some(80)).lines().all(|line| line.chars().count() <= 80));
    assert_eq!(fitted("a", 100_000).len(), 100_000);
}

#[test]
fn what_a_sender_wrote_cannot_command_the_terminal_in_a_table() {
    let answer = json!({ "columns": ["a\u{1b}[2J"], "rows": [["\u{202e}x\ny"]] });
    check(answer.clone(), None, &["a\\u{1b}[2J", "\\u{202e}x\\ny"]);
    let lines = json_lines(&answer, true);
    assert!(lines.lines().count() == 1 && !lines.contains(['\u{1b}', '\u{202e}']), "{lines:?}");
}

#[test]
fn records_show_what_pipes_made_of_them() {
    let record = json!({ "time": "2026-11-24T10:30:00Z", "body": "x", "attributes": { "a": 1 }, "fields": { "b": 2 } });
    let text = shown(&json!({ "records": [record] }), None);
    assert!(text.ends_with("x a=1 b=2\n"), "{text}");
}
