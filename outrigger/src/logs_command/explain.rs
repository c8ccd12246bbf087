//! `--explain`: what was passed over and what was read, in words.

use serde_json::Value;
use std::fmt::Write;

/// Of two answers together.
pub(super) fn sum(left: Option<Value>, right: Option<Value>) -> Option<Value> {
    match (left, right) {
        (Some(left), Some(right)) => Some(added(&left, &right)),
        (left, right) => left.or(right),
    }
}

fn added(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let sums = left.iter().map(|(key, value)| {
                let other = right.get(key).unwrap_or(&Value::Null);
                (key.clone(), added(value, other))
            });
            Value::Object(sums.collect())
        }
        (left, right) => Value::from(left.as_u64().unwrap_or(0) + right.as_u64().unwrap_or(0)),
    }
}

/// The explanation as lines.
pub(crate) fn told(explained: &Value, scanned: u64, took_ms: f64) -> String {
    let parts = |key: &str| explained["parts"][key].as_u64().unwrap_or(0);
    let groups = |key: &str| explained["row_groups"][key].as_u64().unwrap_or(0);
    let bytes = |key: &str| size(explained["bytes_read"][key].as_u64().unwrap_or(0));
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        out.write_fmt(format_args!("explain: {text}\n")).expect("writing to a String does not fail");
    };
    line(format_args!("{scanned} records were tested in {took_ms:.1} ms"));
    line(format_args!("in memory: {} batches, all looked at", explained["batches_in_memory"].as_u64().unwrap_or(0)));
    line(format_args!(
        "on disk: {} parts, {} passed over by their times, {} by their words",
        parts("all"),
        parts("skipped_by_time"),
        parts("skipped_by_words")
    ));
    line(format_args!(
        "row groups of the others: {}, {} passed over by their times, {} by their words, {} not reached",
        groups("all"),
        groups("skipped_by_time"),
        groups("skipped_by_words"),
        groups("not_reached")
    ));
    line(format_args!(
        "read: {} row groups, {} of them without their texts",
        groups("read"),
        groups("read_without_texts")
    ));
    line(format_args!("read from files: {} of indexes, {} of records", bytes("index"), bytes("records")));
    out
}

fn size(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    // A size for people needs no more digits than a double has.
    let bytes_shown = bytes as f64;
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", bytes_shown / KIB),
        _ => format!("{:.1} MiB", bytes_shown / KIB / KIB),
    }
}

#[cfg(test)]
mod tests;
