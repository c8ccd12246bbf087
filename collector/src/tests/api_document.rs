//! openapi.json: each of its examples is asked, and each answer is as the example and its schema say.
//!
//! An example has `x-target`, and `x-body` where it is posted. What differs from run to run (times, sequences, durations,
//! bytes) is compared by its kind only.

use super::harness::{Harness, PROTOBUF, attribute, encoded_request, record, text};
use basics::Clock;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Map, Value, json};
use service::SystemClock;
use std::fmt::Write;

const DOCUMENT: &str = include_str!("../../api/src/openapi.json");

/// What varies, by its key.
const VARIABLE: [&str; 14] = [
    "time",
    "time_unix_nano",
    "observed_time",
    "sequence",
    "newest_sequence",
    "next",
    "start",
    "bucket_starts",
    "trend",
    "last_before",
    "first_after",
    "took_ms",
    "scanned",
    "buckets",
];

/// Four records of the last hour, two of them in a part.
async fn stored() -> Harness {
    let house = Harness::start();
    let second = 1_000_000_000;
    let base = (SystemClock::new().now().0.cast_unsigned() / second - 1_800) * second;
    let at = |seconds: u64, severity: i32, body: &str, user: &str| LogRecord {
        time_unix_nano: base + seconds * second,
        severity_number: severity,
        attributes: vec![attribute("user", text(user))],
        ..record(body)
    };
    let halves = [
        vec![at(1, 13, "payment timeout, took 900ms", "anna"), at(2, 9, "order shipped", "bob")],
        vec![at(3, 17, "disk full on node-3", "bob"), at(4, 13, "payment timeout, took 1200ms", "anna")],
    ];
    for records in halves {
        assert_eq!(house.post(&[("content-type", PROTOBUF)], encoded_request(records)).await.status, 200);
        house.wait_until_stored().await;
        if house.account().await["stored"] == 2 {
            house.seal_head();
        }
    }
    house
}

/// The value with what varies replaced by its kind.
fn steady(key: &str, value: &Value) -> Value {
    match value {
        Value::Object(entries) if key == "bytes_read" => {
            Value::Object(entries.keys().map(|key| (key.clone(), json!("number"))).collect())
        }
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), steady(key, value))).collect::<Map<_, _>>())
        }
        Value::Array(values) if VARIABLE.contains(&key) => json!(if values.is_empty() { "nothing" } else { "list" }),
        Value::Array(values) => Value::Array(values.iter().map(|value| steady("", value)).collect()),
        Value::Null => Value::Null,
        Value::Number(_) if VARIABLE.contains(&key) => json!("number"),
        Value::String(_) if VARIABLE.contains(&key) => json!("text"),
        other => other.clone(),
    }
}

/// A stream or lines, line by line.
fn steady_lines(text: &str) -> Vec<Value> {
    let line = |line: &str| match line.strip_prefix("data: ").unwrap_or(line) {
        json if json.starts_with('{') => steady("", &serde_json::from_str(json).unwrap()),
        id if id.starts_with("id: ") => json!("id"),
        other => json!(other),
    };
    text.lines().map(line).collect()
}

/// What is wrong with a value by a schema, as far as this document uses schemas.
fn mistakes(document: &Value, schema: &Value, value: &Value, place: &str, out: &mut String) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return mistakes(document, document.pointer(pointer).expect("what is referred to is there"), value, place, out);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let mut found = String::new();
        mistakes(document, part, value, place, &mut found);
        // What one part does not describe another one does.
        found
            .lines()
            .filter(|line| !line.ends_with("is not described"))
            .for_each(|line| writeln!(out, "{line}").unwrap());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &&Value| {
            let mut found = String::new();
            mistakes(document, choice, value, place, &mut found);
            found.is_empty()
        };
        if choices.iter().filter(fits).count() == 0 {
            writeln!(out, "{place} is none of its choices").unwrap();
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_of = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("a type that this test does not know: {other}"),
    };
    if !types.is_empty() && !types.iter().any(is_of) {
        writeln!(out, "{place} is no {types:?}: {value}").unwrap();
    }
    if let Some(known) = schema["enum"].as_array().filter(|known| !known.contains(value)) {
        writeln!(out, "{place} is none of {known:?}: {value}").unwrap();
    }
    if let Value::Object(entries) = value {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !entries.contains_key(name) {
                writeln!(out, "{place} lacks {name}").unwrap();
            }
        }
        for (name, entry) in entries {
            let of =
                schema["properties"].get(name).or(schema.get("additionalProperties").filter(|rest| rest.is_object()));
            match of {
                Some(of) => mistakes(document, of, entry, &format!("{place}.{name}"), out),
                None if schema["properties"].is_object() => writeln!(out, "{place}.{name} is not described").unwrap(),
                None => {}
            }
        }
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            mistakes(document, &schema["items"], item, &format!("{place}[{number}]"), out);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_answered_as_it_says() {
    let house = stored().await;
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let disk = house.record("disk").await;
    let position = format!("{}_{}", disk["time_unix_nano"].as_str().unwrap(), disk["sequence"].as_str().unwrap());
    let (mut asked, mut wrong) = (0, String::new());
    let mut seen_paths = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let mut ok = &operation["responses"]["200"];
            if let Some(reference) = ok["$ref"].as_str() {
                ok = document.pointer(reference.trim_start_matches('#')).unwrap();
            }
            for (kind, content) in ok["content"].as_object().unwrap() {
                for (name, example) in content["examples"].as_object().into_iter().flatten() {
                    asked += 1;
                    seen_paths.insert(path.clone());
                    let target = example["x-target"].as_str().unwrap().replace("{position of disk}", &position);
                    let label = format!("{path} {name}");
                    assert!(target.starts_with(path.as_str()), "{label} is an example of another path");
                    match kind.as_str() {
                        "application/json" => {
                            let (status, answer) = match example.get("x-body") {
                                Some(body) => house.ask_by_post(&target, body).await,
                                None => house.get(&target).await,
                            };
                            assert_eq!(status, 200, "{label}: {answer}");
                            mistakes(&document, &content["schema"], &answer, &label, &mut wrong);
                            if steady("", &answer) != steady("", &example["value"]) {
                                writeln!(wrong, "EXAMPLE\t{path}\t{name}\t{answer}").unwrap();
                            }
                        }
                        "text/event-stream" => {
                            let text = house.first_frames(&target, 2).await;
                            if steady_lines(&text) != steady_lines(example["value"].as_str().unwrap_or_default()) {
                                writeln!(wrong, "EXAMPLE\t{path}\t{name}\t{}", json!(text)).unwrap();
                            }
                        }
                        _ => {
                            let text = house.get_text(&target).await;
                            if steady_lines(&text) != steady_lines(example["value"].as_str().unwrap_or_default()) {
                                writeln!(wrong, "EXAMPLE\t{path}\t{name}\t{}", json!(text)).unwrap();
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the document does not say what is answered:\n{wrong}");
    let without: Vec<&String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        // What changes something is asked by tests of its own.
        .filter(|(path, item)| path.contains("/logs/") && item["get"].is_object() && !seen_paths.contains(*path))
        .map(|(path, _)| path)
        .collect();
    assert!(asked >= 14 && without.is_empty(), "{asked} examples, none of {without:?}");
}
