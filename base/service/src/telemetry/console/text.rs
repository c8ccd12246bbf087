//! A record as a line for people: `2026-11-24T10:30:00.125Z  WARN collector: records dropped tenant=acme dropped=3`.

use tracing::Level;

use super::Record;
use super::fields::Shown;
use crate::escape::push_escaped;

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// The line, with its end.
pub(super) fn line(record: &Record, has_colour: bool) -> String {
    let mut out = String::with_capacity(160);
    out.push_str(&record.time);
    out.push(' ');
    let (level, colour) = level(record.level);
    painted(&mut out, level, colour, has_colour);
    out.push(' ');
    let origin = record.target.split("::").next().unwrap_or_default();
    push_escaped(&mut out, origin);
    out.push_str(": ");
    push_escaped(&mut out, &record.fields.message);
    for (name, value) in &record.fields.others {
        out.push(' ');
        painted(&mut out, name, DIM, has_colour);
        out.push('=');
        match value {
            Shown::Bare(bare) => out.push_str(bare),
            Shown::Text(text) => push_value(&mut out, text),
        }
    }
    out.push('\n');
    out
}

fn level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::ERROR => ("ERROR", "\u{1b}[31m"),
        Level::WARN => (" WARN", "\u{1b}[33m"),
        Level::INFO => (" INFO", "\u{1b}[32m"),
        Level::DEBUG => ("DEBUG", "\u{1b}[34m"),
        Level::TRACE => ("TRACE", "\u{1b}[35m"),
    }
}

fn painted(out: &mut String, text: &str, colour: &str, has_colour: bool) {
    if !has_colour {
        return push_escaped(out, text);
    }
    out.push_str(colour);
    push_escaped(out, text);
    out.push_str(PLAIN);
}

/// A value in quotes where it could be read as more than one.
fn push_value(out: &mut String, text: &str) {
    let is_plain =
        !text.is_empty() && !text.contains(|sign: char| matches!(sign, ' ' | '"' | '=' | '\\') || sign.is_control());
    if is_plain {
        return push_escaped(out, text);
    }
    out.push('"');
    push_escaped(out, &text.replace('\\', "\\\\").replace('"', "\\\""));
    out.push('"');
}
