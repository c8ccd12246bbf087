//! Values of attributes and bodies: OTLP's AnyValue, and its one text form.
//!
//! The text form is what is searched, shown and stored for values that are not scalars: the syntax of JSON,
//! exact for every value. Where JSON has no word, an object with one key that starts with `$` stands in:
//! `{"$bytes":"<base64>"}`, `{"$double":"NaN"}`; a map key that itself starts with `$` gets another `$`.
//! A whole number with a fraction point or exponent is a double (`5.0`), one without is an integer (`5`).

mod parse;

use std::fmt::{self, Write};

/// A value as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Sent without a value.
    Empty,
    /// Text.
    Str(Box<str>),
    /// True or false.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A double, NaN and infinities included.
    Double(f64),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// A list of values.
    Array(Vec<Value>),
    /// Keys and values in the order sent; a key may occur twice.
    Map(Vec<(Box<str>, Value)>),
}

/// Which kind a value is, as one byte of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ValueKind {
    /// See [`Value::Empty`].
    Empty = 0,
    /// See [`Value::Str`].
    Str = 1,
    /// See [`Value::Bool`].
    Bool = 2,
    /// See [`Value::Int`].
    Int = 3,
    /// See [`Value::Double`].
    Double = 4,
    /// See [`Value::Bytes`].
    Bytes = 5,
    /// See [`Value::Array`].
    Array = 6,
    /// See [`Value::Map`].
    Map = 7,
}

impl ValueKind {
    /// The kind of a column's byte, or `None` for a byte no version has written.
    pub fn from_byte(byte: u8) -> Option<ValueKind> {
        [
            ValueKind::Empty,
            ValueKind::Str,
            ValueKind::Bool,
            ValueKind::Int,
            ValueKind::Double,
            ValueKind::Bytes,
            ValueKind::Array,
            ValueKind::Map,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

impl Value {
    /// The kind of this value.
    pub fn kind(&self) -> ValueKind {
        match self {
            Value::Empty => ValueKind::Empty,
            Value::Str(_) => ValueKind::Str,
            Value::Bool(_) => ValueKind::Bool,
            Value::Int(_) => ValueKind::Int,
            Value::Double(_) => ValueKind::Double,
            Value::Bytes(_) => ValueKind::Bytes,
            Value::Array(_) => ValueKind::Array,
            Value::Map(_) => ValueKind::Map,
        }
    }

    /// The text that is searched and shown: the plain text of a string, else the text form of the module.
    pub fn plain_text(&self, out: &mut String) {
        match self {
            Value::Str(text) => out.push_str(text),
            Value::Empty => {}
            Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => {
                self.write_text_form(out);
            }
        }
    }

    /// Appends the text form of the module: exact, and readable as JSON.
    pub fn write_text_form(&self, out: &mut String) {
        match self {
            Value::Empty => out.push_str("null"),
            Value::Str(text) => write_quoted(text, out),
            Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) => push(out, format_args!("{number}")),
            Value::Double(number) => write_double(*number, out),
            Value::Bytes(bytes) => {
                out.push_str("{\"$bytes\":\"");
                write_base64(bytes, out);
                out.push_str("\"}");
            }
            Value::Array(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    value.write_text_form(out);
                }
                out.push(']');
            }
            Value::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_key(key, out);
                    out.push(':');
                    value.write_text_form(out);
                }
                out.push('}');
            }
        }
    }
}

/// The text form.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_text_form(&mut text);
        out.write_str(&text)
    }
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String does not fail");
}

fn write_key(key: &str, out: &mut String) {
    if key.starts_with('$') {
        out.push_str("\"$");
        write_escaped(key, out);
        out.push('"');
    } else {
        write_quoted(key, out);
    }
}

fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    write_escaped(text, out);
    out.push('"');
}

fn write_escaped(text: &str, out: &mut String) {
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain_from..index]);
        plain_from = index + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => push(out, format_args!("\\u{other:04x}")),
        }
    }
    out.push_str(&text[plain_from..]);
}

/// The shortest text that reads back as the same double, always with a point or an exponent.
fn write_double(number: f64, out: &mut String) {
    if number.is_nan() {
        out.push_str("{\"$double\":\"NaN\"}");
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 { "{\"$double\":\"Infinity\"}" } else { "{\"$double\":\"-Infinity\"}" });
    } else {
        push(out, format_args!("{number:?}"));
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 section 4, padded.
fn write_base64(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(3) {
        let mut word = 0u32;
        for index in 0..3 {
            word = word << 8 | u32::from(chunk.get(index).copied().unwrap_or(0));
        }
        for index in 0..4 {
            let sextet = (word >> (18 - 6 * index)) & 63;
            out.push(if index <= chunk.len() { char::from(BASE64[sextet as usize]) } else { '=' });
        }
    }
}

#[cfg(test)]
mod tests;
