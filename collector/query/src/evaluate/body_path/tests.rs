use super::*;
use crate::tests::world::{check, record, record_with, text};
use model::{LogRecord, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::{generate, naive};

/// What a path names, as the engine reads it.
fn read(body: &Value, path: &str) -> Option<Value> {
    let mut text = String::new();
    body.plain_text(&mut text);
    let parsed = Path::new(path);
    let (found, syntax) = match body {
        Value::Map(_) => (json::find(&text, &parsed, Syntax::TextForm), Syntax::TextForm),
        Value::Str(_) if text.trim_start_matches(json::WHITE).starts_with('{') => {
            (json::find(text.trim_start_matches(json::WHITE), &parsed, Syntax::Json), Syntax::Json)
        }
        Value::Str(_) => {
            return logfmt::find(&text, path).map(|word| match word {
                Word::Bare => Value::Bool(true),
                Word::Quoted(text) => Value::Str(text.into()),
                Word::Plain(text) => Value::Str(text.into()),
            });
        }
        _ => return None,
    };
    // What was seen must have stood in a body that could be told by its last name.
    found.inspect(|_| assert!(parsed.may_be_in(&text), "{text}")).map(|found| match found {
        Found::Null => Value::Empty,
        Found::Bool(flag) => Value::Bool(flag),
        Found::Str(text) => Value::Str(text.into()),
        Found::Number(text) => text.parse().map(Value::Int).unwrap_or_else(|_| Value::Double(text.parse().unwrap())),
        Found::Nested(text) => {
            let text = if syntax == Syntax::Json { json::text_form(text) } else { text.to_owned() };
            Value::parse_text_form(&text).unwrap()
        }
    })
}

const PATHS: &[&str] =
    &["a", "b", "c", "a.b", "b.c", "a.b.c", "a.b.c.a", "", "$y", "x", "x.$y", "\u{e9}", "5", "timeout", "a..b"];

fn show(value: Option<Value>) -> Option<String> {
    value.map(|value| value.to_string())
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(4096))]

    #[test]
    fn fields_of_json_and_of_maps_are_read_as_the_reference_reads_them(text in generate::json_body(), body in generate::body()) {
        for body in [Value::Str(text.into()), body] {
            let is_line = matches!(&body, Value::Str(text) if !text.contains('{'));
            for path in PATHS.iter().filter(|_| !is_line) {
                prop_assert_eq!(show(read(&body, path)), show(naive::body_field(&body, path)), "{} of {}", path, body);
            }
        }
    }

    #[test]
    fn keys_of_logfmt_lines_are_found_where_the_reference_finds_them(line in generate::logfmt_body()) {
        let body = Value::Str(line.into());
        for path in PATHS {
            let (found, want) = (read(&body, path), naive::body_field(&body, path));
            prop_assert_eq!(found.is_some(), want.is_some(), "{} of {}", path, body);
            if let (Some(Value::Str(found)), Some(Value::Str(want))) = (found, want) {
                prop_assert_eq!(found, want);
            }
        }
    }

    #[test]
    fn any_text_is_survived(text in "[{}\\[\\]\":,\\\\ua0-9eE+.= \ntn-]{0,24}", path in "[a0.$]{0,6}", tokens in vec("(\\{|\\}|\"a\"|:|,|\\[|\\]|1|null|\"\\\\ud83d\\\\ude00\"|\"\\\\ud83d\"| )", 0..16)) {
        for text in [text, tokens.concat(), format!("{{\"a\":{}}}", tokens.concat())] {
            let body = Value::Str(text.into());
            let is_line = matches!(&body, Value::Str(text) if !text.trim_start_matches(json::WHITE).starts_with('{'));
            let (found, want) = (read(&body, &path), naive::body_field(&body, &path));
            prop_assert!(is_line && found.is_some() == want.is_some() || show(found) == show(want), "{} of {}", path, body);
        }
    }
}

fn body(text: &str) -> LogRecord {
    record(text)
}

#[test]
fn fields_of_a_body_are_asked_for_like_attributes() {
    let records = [
        body(r#"{"user":"anna lee","code":503,"took":1.5,"ok":true,"tags":["a","disk full"],"ip":"10.1.2.3"}"#),
        body(r#"user="anna lee" code=503 took=1.5 ok tags=a,b ip=10.1.2.3"#),
        LogRecord {
            body: Value::Map(vec![
                ("user".into(), text("anna lee")),
                ("code".into(), Value::Int(503)),
                ("took".into(), Value::Double(1.5)),
                ("ok".into(), Value::Bool(true)),
                ("tags".into(), Value::Array(vec![text("disk full")])),
                ("ip".into(), text("10.1.2.3")),
            ]),
            ..record("")
        },
        body("user anna lee has code 503"),
        record_with(&[("user", text("anna lee")), ("body.user", text("anna lee"))]),
        body(r#"{"user":"anna lee""#),
    ];
    let all = &[0, 1, 2];
    check("body.user:anna", &records, all);
    check("body.user:'anna'", &records, all);
    check("body.user:ann*lee", &records, &[]);
    check("body.user:/^anna/", &records, all);
    check("body.user=\"anna lee\"", &records, all);
    check("body.user in (x, \"anna lee\")", &records, all);
    check("body.code>=500", &records, all);
    check("body.code:503", &records, all);
    check("body.code:[500 TO 504}", &records, all);
    check("body.took<2", &records, all);
    check("body.ok:true", &records, all);
    check("body.tags:\"disk full\"", &records, &[0, 2]);
    check("body.tags=\"[\\\"a\\\",\\\"disk full\\\"]\"", &records, &[0]);
    check("body.ip:10.0.0.0/8", &records, all);
    check("body.*", &records, &[]);
    check("body.user:*", &records, all);
    check("NOT body.user:*", &records, &[3, 4, 5]);
    check("\"body.user\":anna", &records, &[4]);
}

#[test]
fn a_path_goes_through_nested_objects_and_through_keys_with_dots() {
    let records = [
        body(r#"{"http":{"request":{"id":7}}}"#),
        body(r#"{"http.request":{"id":7}}"#),
        body(r#" { "http" : 5 , "http.request.id" : 7 } "#),
        body(r#"{"http.request":5,"http":{"request.id":7}}"#),
        body(r#"{"http":{"request":{"id":8}},"http.request.id":7}"#),
        body("http.request.id=7"),
        body(r#"{"http":{"request":[{"id":7}]}}"#),
        body(r#"{"http":{"\u0072equest":{"id":7}}}"#),
    ];
    check("body.http.request.id=7", &records, &[0, 1, 2, 3, 4, 5, 7]);
    check("body.http.request.id=8", &records, &[]);
    check("body.\"http.request\":*", &records, &[0, 1, 3, 4, 6, 7]);
}

#[test]
fn a_body_that_is_too_long_or_too_deep_has_no_fields() {
    let long = |length: usize| body(&format!("{{\"a\":1,\"b\":\"{}\"}}", "x".repeat(length)));
    let deep = |depth: usize| body(&format!("{{\"a\":1,\"b\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)));
    let around = "{\"a\":1,\"b\":\"\"}".len();
    let records = [long(256 * 1024 - around), long(256 * 1024 - around + 1), deep(63), deep(64), deep(100_000)];
    check("body.a=1", &records, &[0, 2]);
}
