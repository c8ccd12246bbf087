use super::*;
use serde_json::json;

fn plain(record: &Value, columns: Option<usize>) -> String {
    let mut out = String::new();
    View { palette: Palette::Plain, columns }.render(record, &mut out);
    out
}

#[test]
fn a_record_is_one_line_with_its_columns() {
    let record = json!({
        "time": "2026-11-24T10:30:00.5Z", "level": "warn", "service": "checkout", "body": "slow",
        "attributes": { "ms": 1200, "path": "/a b" }, "trace_id": "4bf9",
    });
    assert_eq!(
        plain(&record, None),
        "2026-11-24T10:30:00.500Z WARN  checkout slow ms=1200 path=\"/a b\" trace_id=4bf9\n"
    );
}

#[test]
fn a_long_text_is_wrapped_under_itself_and_nothing_is_lost() {
    let record = json!({ "time": "2026-11-24T10:30:00Z", "level": "info", "service": "s", "body": "검색".repeat(20) });
    let shown = plain(&record, Some(60));
    for line in shown.lines() {
        assert!(width(line) <= 60, "{line:?}");
    }
    let joined: String = shown.chars().filter(|character| "검색".contains(*character)).collect();
    assert_eq!(joined, "검색".repeat(20));
}

#[test]
fn no_character_of_a_record_reaches_the_terminal_with_power() {
    let hostile: String = (0..0x11_0000).filter_map(char::from_u32).collect();
    let record = json!({ "time": hostile, "level": hostile, "service": hostile, "body": hostile, "attributes": { hostile.clone(): hostile }, "trace_id": hostile });
    let lines = [plain(&record, None), json_line(&record, true)];
    for line in lines {
        let body = line.strip_suffix('\n').unwrap();
        assert!(!body.chars().any(is_harmful), "a harmful character is left");
        assert!(!body.contains(['\x1b', '\u{9b}', '\n', '\r', '\u{202e}']));
    }
}

#[test]
fn json_for_a_terminal_is_still_the_same_record() {
    let record = json!({ "body": "a\u{9b}31m\u{202e}b\u{e0041}" });
    let line = json_line(&record, true);
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), record);
}

#[test]
fn levels_have_colours_on_a_terminal_only() {
    let record = json!({ "time": "2026-11-24T10:30:00Z", "level": "error", "body": "x" });
    let mut out = String::new();
    View { palette: Palette::Ansi, columns: None }.render(&record, &mut out);
    assert!(out.contains("\x1b[31mERROR\x1b[0m"), "{out:?}");
    assert!(!plain(&record, None).contains('\x1b'));
}
