//! A record as a JSON object on a line, for programs that collect them.

use super::Record;
use super::fields::Shown;
use crate::escape::is_dangerous;

/// The line, with its end. The order of keys is fixed; fields lie below `fields`, so that none hides another.
pub(super) fn line(record: &Record) -> String {
    let mut out = String::with_capacity(192);
    out.push_str("{\"time\":");
    push_text(&mut out, &record.time);
    out.push_str(",\"level\":");
    push_text(&mut out, &record.level.as_str().to_lowercase());
    out.push_str(",\"target\":");
    push_text(&mut out, record.target);
    out.push_str(",\"message\":");
    push_text(&mut out, &record.fields.message);
    if !record.fields.others.is_empty() {
        out.push_str(",\"fields\":");
        let mut opening = '{';
        for (name, value) in &record.fields.others {
            out.push(opening);
            opening = ',';
            push_text(&mut out, name);
            out.push(':');
            match value {
                Shown::Bare(bare) => out.push_str(bare),
                Shown::Text(text) => push_text(&mut out, text),
            }
        }
        out.push('}');
    }
    out.push_str("}\n");
    out
}

/// JSON asks for escapes below U+0020 only; terminals and viewers obey more.
fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // All of them lie below U+10000, so four digits are enough.
            sign if is_dangerous(sign) => out.push_str(&format!("\\u{:04x}", u32::from(sign))),
            sign => out.push(sign),
        }
    }
    out.push('"');
}
