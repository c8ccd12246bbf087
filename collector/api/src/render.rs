//! Records as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{Attributes, LogRecord, Value};
use query::Cell;
use serde_json::{Map, Value as Json, json};

/// A record as the API shows it. Times are RFC 3339 for people and nanoseconds as text for programs, because JSON
/// readers cut 64-bit numbers. Fields that were not sent are left out.
pub(crate) fn record(record: &LogRecord) -> Json {
    let mut out = Map::new();
    out.insert("time".into(), json!(record.position.time.to_string()));
    out.insert("time_unix_nano".into(), json!(record.position.time.0.to_string()));
    out.insert("observed_time".into(), json!(record.observed.to_string()));
    out.insert("sequence".into(), json!(record.position.sequence.to_string()));
    if let Some(level) = record.severity.level() {
        out.insert("level".into(), json!(level.name()));
        out.insert("severity_number".into(), json!(record.severity.0));
    }
    put_text(&mut out, "severity_text", &record.severity_text);
    put_text(&mut out, "service", record.stream.service().unwrap_or(""));
    out.insert("body".into(), value(&record.body));
    if let Some(id) = record.trace_id {
        out.insert("trace_id".into(), json!(id.to_string()));
    }
    if let Some(id) = record.span_id {
        out.insert("span_id".into(), json!(id.to_string()));
    }
    put_text(&mut out, "event_name", &record.event_name);
    put_number(&mut out, "flags", record.flags);
    put_number(&mut out, "dropped_attributes_count", record.dropped_attributes);
    put_attributes(&mut out, "attributes", &record.attributes);
    put_attributes(&mut out, "resource", &record.stream.resource);
    let scope = scope(record);
    if !scope.is_empty() {
        out.insert("scope".into(), Json::Object(scope));
    }
    Json::Object(out)
}

fn scope(record: &LogRecord) -> Map<String, Json> {
    let mut scope = Map::new();
    put_text(&mut scope, "name", &record.stream.scope_name);
    put_text(&mut scope, "version", &record.stream.scope_version);
    put_text(&mut scope, "schema_url", &record.stream.scope_schema_url);
    put_attributes(&mut scope, "attributes", &record.stream.scope);
    scope
}

fn put_text(out: &mut Map<String, Json>, key: &str, text: &str) {
    if !text.is_empty() {
        out.insert(key.into(), json!(text));
    }
}

fn put_number(out: &mut Map<String, Json>, key: &str, number: u32) {
    if number != 0 {
        out.insert(key.into(), json!(number));
    }
}

/// An object cannot hold a key twice; what a sender repeated stands beside it, in order.
fn put_attributes(out: &mut Map<String, Json>, name: &str, attributes: &Attributes) {
    if attributes.is_empty() {
        return;
    }
    let mut object = Map::new();
    let mut repeated = Vec::new();
    for (key, attribute) in attributes {
        if object.contains_key(&**key) {
            repeated.push(json!({ "key": key, "value": value(attribute) }));
        } else {
            object.insert(key.to_string(), value(attribute));
        }
    }
    out.insert(name.into(), Json::Object(object));
    if !repeated.is_empty() {
        out.insert(format!("{name}_repeated"), Json::Array(repeated));
    }
}

/// A cell of a table; null where the row has none.
pub(crate) fn cell(cell: &Cell) -> Json {
    match cell {
        Cell::Missing => Json::Null,
        Cell::Time(time) => json!(time.to_string()),
        Cell::Value(value_) => value(value_),
    }
}

/// A value in JSON's own types; bytes as base64, a double that JSON cannot name as its name.
fn value(value_: &Value) -> Json {
    match value_ {
        Value::Empty => Json::Null,
        Value::Str(text) => json!(text),
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Double(number) if number.is_finite() => json!(number),
        Value::Double(number) if number.is_nan() => json!("NaN"),
        Value::Double(number) => json!(if *number > 0.0 { "Infinity" } else { "-Infinity" }),
        Value::Bytes(bytes) => json!(STANDARD.encode(bytes)),
        Value::Array(values) => Json::Array(values.iter().map(value).collect()),
        Value::Map(entries) => {
            let mut object = Map::new();
            for (key, entry) in entries {
                object.entry(key.to_string()).or_insert_with(|| value(entry));
            }
            Json::Object(object)
        }
    }
}

#[cfg(test)]
mod tests;
