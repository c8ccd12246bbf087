use super::*;
use serde_json::json;

#[test]
fn why_nothing_was_found_is_told_in_sentences() {
    let nothing = json!({
        "conditions": [
            { "q": "timeuot", "matched": 0, "is_more": false },
            { "q": "user:anna", "matched": 1_000, "is_more": true },
            { "q": "level>=error", "matched": 1, "is_more": false },
        ],
        "without": [],
        "near": [{ "condition": "timeuot", "asked": "timeuot", "found": "timeout", "q": "timeout user:anna" }],
        "last_before": "2026-11-24T10:30:00Z",
        "first_after": null,
        "cut_short": "deadline",
    });
    let text = told(Some(&nothing));
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "no records found",
            "  nothing in this range matches timeuot",
            "  more than 1000 records match user:anna",
            "  1 record matches level>=error",
            "  timeout is near to timeuot; try: timeout user:anna",
            "  the last match before this range was at 2026-11-24T10:30:00Z; widen --since, or give --start",
            "  not all of this was looked through in time",
        ]
    );
}

#[test]
fn fields_that_no_record_has_are_named_in_one_line() {
    let nothing = json!({
        "conditions": [{ "q": "usr:anna", "matched": 0 }],
        "unknown_fields": [{ "name": "usr", "near": ["user", "usr_id"] }, { "name": "x\u{1b}", "near": [] }],
    });
    let line = "no record in this range has the field usr (near to it: user, usr_id), or x\\u{1b}";
    assert_eq!(unknown_fields(&nothing).as_deref(), Some(line));
    let line = "no record in this range has the field usr, or x\\u{1b}";
    assert_eq!(told(Some(&nothing)), format!("no records found\n  nothing in this range matches usr:anna\n  {line}\n"));
    assert_eq!(unknown_fields(&json!({ "unknown_fields": [] })), None);
    assert_eq!(unknown_fields(&json!({})), None);
}

#[test]
fn what_stands_in_the_store_cannot_command_the_terminal() {
    let nothing = json!({ "conditions": [], "near": [{ "asked": "a", "found": "\u{1b}[2J", "q": null }] });
    assert!(!told(Some(&nothing)).contains('\u{1b}'));
}

#[test]
fn without_an_answer_to_that_there_is_advice() {
    assert!(told(None).contains("widen --since"));
    assert!(told(Some(&json!({ "conditions": [] }))).contains("widen --since"));
}
