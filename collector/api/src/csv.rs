//! Records as CSV (RFC 4180): a line each, fields in quotes where they need them, a header line first.

use crate::render;
use model::{Field, LogRecord, Value};
use query::Cell;
use serde_json::Value as Json;

/// The columns of whole records.
const COLUMNS: [&str; 9] =
    ["time", "sequence", "level", "service", "body", "trace_id", "span_id", "attributes", "resource"];

/// The line with the names of the columns.
pub(crate) fn header(columns: Option<&[Field]>) -> String {
    match columns {
        None => line(COLUMNS.map(str::to_owned).into_iter()),
        Some(columns) => line(columns.iter().map(plain_name)),
    }
}

/// A name without the quotes that a query needs.
fn plain_name(field: &Field) -> String {
    match field {
        Field::Attribute(key) => key.to_string(),
        Field::BodyPath(path) => format!("body.{}", path.as_str()),
        known => search_lang::field_name(known),
    }
}

/// A whole record; attributes and resource as the JSON objects that the search gives.
pub(crate) fn record(record: &LogRecord) -> String {
    let shown = render::record(record);
    line(COLUMNS.into_iter().map(|name| match (name, shown.get(name)) {
        ("body", _) => text_of(&record.body),
        (_, Some(Json::String(text))) => text.clone(),
        (_, Some(other)) => other.to_string(),
        (_, None) => String::new(),
    }))
}

/// Chosen fields of a record; empty where it has none.
pub(crate) fn cells(cells: &[Cell]) -> String {
    line(cells.iter().map(|cell| match cell {
        Cell::Missing => String::new(),
        Cell::Time(time) => time.to_string(),
        Cell::Value(value) => text_of(value),
    }))
}

fn text_of(value: &Value) -> String {
    let mut text = String::new();
    value.plain_text(&mut text);
    text
}

fn line(fields: impl Iterator<Item = String>) -> String {
    let mut out = String::new();
    for (place, field) in fields.enumerate() {
        if place > 0 {
            out.push(',');
        }
        // A line that begins with a hash could be taken for the one that says what is missing.
        let needs_quotes = field.contains([',', '"', '\n', '\r']) || place == 0 && field.starts_with('#');
        if needs_quotes {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests;
