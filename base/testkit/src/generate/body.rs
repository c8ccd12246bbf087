//! Bodies: values of any kind, JSON and logfmt among them, and what nearly is one of these.

use super::{double, int, string, value};
use model::Value;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Paths into bodies.
pub(super) const PATHS: &[&str] = &["a", "b", "a.b", "a.b.c", "b.a", "x", "$y", "5", "timeout", "missing", "a..b"];

const KEYS: &[&str] = &["a", "b", "c", "a.b", "b.c", "a.b.c", "", "$y", "x", "\u{e9}"];

/// A body.
pub fn body() -> impl Strategy<Value = Value> {
    prop_oneof![
        5 => value(),
        1 => object().prop_map(|value| value),
        3 => json_body().prop_map(|text| Value::Str(text.into())),
        2 => logfmt_body().prop_map(|text| Value::Str(text.into())),
    ]
}

/// A map whose keys are often asked for.
fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => string().prop_map(|text| Value::Str(text.into())),
        2 => int().prop_map(Value::Int),
        1 => double().prop_map(Value::Double),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Empty),
    ];
    let tree = leaf.prop_recursive(
        3,
        16,
        4,
        |inner| prop_oneof![1 => vec(inner.clone(), 0..3).prop_map(Value::Array), 3 => entries(inner)],
    );
    entries(tree)
}

fn entries(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    vec((select(KEYS), inner), 0..4)
        .prop_map(|entries| Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect()))
}

/// A JSON object as others write it: with white space, escapes and numbers of all forms; one in five is broken.
pub fn json_body() -> impl Strategy<Value = String> {
    let style = (vec(0..6u8, 1..12), proptest::option::weighted(0.2, (any::<Index>(), select(BREAKS))));
    (object(), style).prop_map(|(object, (dice, damage))| {
        let mut dice = dice.into_iter().cycle();
        let mut out = String::new();
        write_json(&object, &mut out, &mut || dice.next().unwrap_or(0));
        if let Some((at, put)) = damage {
            let mut characters: Vec<char> = out.chars().collect();
            let at = at.index(characters.len());
            characters.splice(at..=at, put.chars());
            out = characters.into_iter().collect();
        }
        out
    })
}

const BREAKS: &[&str] = &["", "", "\"", "\\", "{", "}", ",", "[", "]", ":", "0", "-", " ", "\n", "\u{1}", "x", "null"];

fn write_json(value: &Value, out: &mut String, dice: &mut dyn FnMut() -> u8) {
    let white = |out: &mut String, dice: &mut dyn FnMut() -> u8| {
        out.push_str(["", "", "", " ", "\n", "\t "][usize::from(dice())])
    };
    white(out, dice);
    match value {
        Value::Empty | Value::Bytes(_) => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Double(number) if number.is_finite() => {
            let forms = [format!("{number:?}"), format!("{number:e}"), format!("{number:E}")];
            out.push_str(&forms[usize::from(dice()) % 3]);
        }
        Value::Double(_) => {
            out.push_str(["123456789012345678901234567890", "-0", "1.50", "2E+2", "0.0", "-1e-2"][usize::from(dice())])
        }
        Value::Str(text) => write_json_string(text, out, dice),
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_json(value, out, dice);
            }
            white(out, dice);
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                white(out, dice);
                write_json_string(key, out, dice);
                white(out, dice);
                out.push(':');
                write_json(value, out, dice);
            }
            white(out, dice);
            out.push('}');
        }
    }
    white(out, dice);
}

fn write_json_string(text: &str, out: &mut String, dice: &mut dyn FnMut() -> u8) {
    out.push('"');
    for character in text.chars() {
        let is_escaped = dice() == 0;
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '/' if is_escaped => out.push_str("\\/"),
            control if control < ' ' || is_escaped => {
                let mut units = [0; 2];
                for unit in control.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04X}"));
                }
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

/// A logfmt line, or one that nearly is.
pub fn logfmt_body() -> impl Strategy<Value = String> {
    let quoted = string().prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    let plain = select(
        &[
            "5",
            "5.0",
            "true",
            "x",
            "timeout",
            "",
            "10.0.0.7",
            "12345678901234567890",
            "007",
            "1e3",
            "a=b",
            "\"",
            "ab\"c",
        ][..],
    );
    let piece = prop_oneof![
        4 => (select(PATHS), plain).prop_map(|(key, value)| format!("{key}={value}")),
        3 => (select(PATHS), quoted).prop_map(|(key, value)| format!("{key}={value}")),
        2 => select(PATHS).prop_map(str::to_owned),
        1 => select(&["=", "\"", "=x", "a=\"x\"y", "a=\"\\n\\t\\q\""][..]).prop_map(str::to_owned),
    ];
    let between = select(&[" ", " ", " ", "  ", "\t", "\n", "", "\u{a0}", " \n"][..]);
    vec((piece, between), 0..5)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, between)| [piece, between.to_owned()]).collect())
}
