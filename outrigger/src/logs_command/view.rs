//! How a record looks in a terminal: time, level, service, text; one record a line, longer ones wrapped under
//! their text so that nothing is hidden.
//!
//! Everything a sender wrote is made harmless first: no byte of a record can move the cursor, change colours,
//! reorder text or forge a line.

use serde_json::Value;
use std::fmt::Write;
use unicode_width::UnicodeWidthChar;

/// Widest service name shown before it is cut in the middle of nowhere; the JSON form has it whole.
const SERVICE_COLUMNS_MAX: usize = 20;
/// `2026-11-24T10:30:00.123Z`
const TIME_COLUMNS: usize = 24;
const LEVEL_COLUMNS: usize = 5;
/// The text column is never squeezed below this.
const TEXT_COLUMNS_MIN: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Palette {
    Plain,
    Ansi,
}

/// A way to show records.
pub(crate) struct View {
    pub(crate) palette: Palette,
    /// Columns of the terminal; `None` when the output is no terminal: then a record is one line.
    pub(crate) columns: Option<usize>,
}

impl View {
    /// Appends a record with its line end.
    pub(crate) fn render(&self, record: &Value, out: &mut String) {
        let time = fitted(&milliseconds(text_of(record, "time")), TIME_COLUMNS);
        let level = text_of(record, "level");
        let service = text_of(record, "service");
        self.painted(out, "2", &time);
        out.push(' ');
        self.painted(out, level_color(level), &fitted(&level.to_uppercase(), LEVEL_COLUMNS));
        out.push(' ');
        let service_columns = if service.is_empty() { 1 } else { width(&escaped(service)).min(SERVICE_COLUMNS_MAX) };
        self.painted(out, "36", &fitted(if service.is_empty() { "-" } else { service }, service_columns));
        out.push(' ');
        let indent = TIME_COLUMNS + LEVEL_COLUMNS + service_columns + 3;
        self.wrapped(&message(record), indent, out);
        out.push('\n');
    }

    fn painted(&self, out: &mut String, color: &str, text: &str) {
        match self.palette {
            Palette::Ansi if !color.is_empty() => push(out, format_args!("\x1b[{color}m{text}\x1b[0m")),
            Palette::Ansi | Palette::Plain => out.push_str(text),
        }
    }

    fn wrapped(&self, text: &str, indent: usize, out: &mut String) {
        let Some(columns) = self.columns else {
            out.push_str(text);
            return;
        };
        let room = columns.saturating_sub(indent).max(TEXT_COLUMNS_MIN);
        let mut used = 0;
        for character in text.chars() {
            let character_columns = character.width().unwrap_or(0);
            if used + character_columns > room {
                push(out, format_args!("\n{:indent$}", ""));
                used = 0;
            }
            used += character_columns;
            out.push(character);
        }
    }
}

/// The body, then what is worth a glance: the trace and the record's own attributes.
fn message(record: &Value) -> String {
    let mut text = match &record["body"] {
        Value::String(body) => escaped(body),
        Value::Null => String::new(),
        other => escaped(&other.to_string()),
    };
    if let Some(Value::Object(attributes)) = record.get("attributes") {
        for (key, value) in attributes {
            let shown = match value {
                Value::String(value) => value.clone(),
                other => other.to_string(),
            };
            push(&mut text, format_args!(" {}={}", escaped(key), escaped(&quoted(&shown))));
        }
    }
    let trace = text_of(record, "trace_id");
    if !trace.is_empty() {
        push(&mut text, format_args!(" trace_id={}", escaped(trace)));
    }
    text
}

/// Quotes a value that would otherwise read as several words.
fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([' ', '"', '=']) { format!("{text:?}") } else { text.to_owned() }
}

/// A record as one line of JSON.
pub(crate) fn json_line(record: &Value, is_for_terminal: bool) -> String {
    let mut line = record.to_string();
    if is_for_terminal {
        line = escaped_for_json(&line);
    }
    line.push('\n');
    line
}

/// Text that is safe to print: control, bidirectional and line-separating characters as `\u{..}`.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_harmful(character) => push(&mut out, format_args!("\\u{{{:x}}}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out
}

/// The same in JSON's own escapes. Harmful characters only stand inside strings: JSON's syntax has none.
fn escaped_for_json(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for character in line.chars() {
        if is_harmful(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                push(&mut out, format_args!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out
}

/// C0, DEL, C1; bidirectional marks, embeddings, overrides and isolates; line and paragraph separators; the
/// byte-order mark and the tag characters, which hide text.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2066}'..='\u{2069}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// Cuts or pads escaped text to exactly so many columns; a cut shows as `…`.
pub(crate) fn fitted(text: &str, columns: usize) -> String {
    let text = escaped(text);
    let total = width(&text);
    if total <= columns {
        return text + &" ".repeat(columns - total);
    }
    let mut out = String::new();
    let mut used = 0;
    for character in text.chars() {
        let character_columns = character.width().unwrap_or(0);
        if used + character_columns + 1 > columns {
            break;
        }
        used += character_columns;
        out.push(character);
    }
    out.push('…');
    out.push_str(&" ".repeat(columns - used - 1));
    out
}

pub(crate) fn columns_of(text: &str) -> usize {
    width(text)
}

fn width(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// Cuts an RFC 3339 time in UTC to milliseconds, and fills up to them.
fn milliseconds(time: &str) -> String {
    let Some(time) = time.strip_suffix('Z') else { return time.to_owned() };
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    format!("{seconds}.{fraction}Z")
}

fn level_color(level: &str) -> &'static str {
    match level {
        "fatal" => "1;31",
        "error" => "31",
        "warn" => "33",
        "info" => "32",
        "debug" | "trace" => "2",
        _ => "",
    }
}

fn text_of<'a>(record: &'a Value, key: &str) -> &'a str {
    record.get(key).and_then(Value::as_str).unwrap_or("")
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests;
