//! The strings of an array or map, read from its text form.
//!
//! The text form is JSON without white space (see [`model::Value`]): every string stands in quotes, a quoted text behind
//! which a colon stands is a key, and an object with the single key `$bytes` or `$double` is no map. So one walk over
//! the quotes finds the strings at any depth, without recursion and without building the value.

use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// True when `test` takes any string of the value. Keys of maps are no strings of it. Any text is survived.
pub(crate) fn any_string(text_form: &str, mut test: impl FnMut(&str) -> bool) -> bool {
    let mut rest = text_form;
    let mut is_inside_word = false;
    while let Some((quoted, behind)) = next_quoted(rest) {
        rest = behind;
        if behind.starts_with(':') {
            // A key that was sent so has one more `$`.
            is_inside_word = matches!(quoted, "$bytes" | "$double");
        } else if std::mem::take(&mut is_inside_word) {
            continue;
        } else if test(&unescaped(quoted)) {
            return true;
        }
    }
    false
}

/// The next quoted text, without its quotes and with its escapes, and what stands behind it.
fn next_quoted(text: &str) -> Option<(&str, &str)> {
    let start = memchr(b'"', text.as_bytes())? + 1;
    let mut at = start;
    loop {
        at += memchr2(b'"', b'\\', text.as_bytes().get(at..)?)?;
        if text.as_bytes()[at] == b'"' {
            return Some((&text[start..at], &text[at + 1..]));
        }
        at += 2;
    }
}

/// A string as it was sent.
fn unescaped(quoted: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'\\', quoted.as_bytes()) else { return Cow::Borrowed(quoted) };
    let (plain, mut rest) = quoted.split_at(first);
    let mut out = String::with_capacity(quoted.len());
    out.push_str(plain);
    while let Some(escape) = rest.strip_prefix('\\') {
        let (character, behind) = escaped(escape);
        out.push(character);
        let (plain, next) = behind.split_at(memchr(b'\\', behind.as_bytes()).unwrap_or(behind.len()));
        out.push_str(plain);
        rest = next;
    }
    Cow::Owned(out)
}

/// The character of an escape, and what stands behind it. What is none stands for a backslash.
fn escaped(escape: &str) -> (char, &str) {
    let simple = [('"', '"'), ('\\', '\\'), ('n', '\n'), ('r', '\r'), ('t', '\t')];
    for (written, meant) in simple {
        if let Some(behind) = escape.strip_prefix(written) {
            return (meant, behind);
        }
    }
    let code = escape.strip_prefix('u').and_then(|escape| escape.split_at_checked(4));
    let meant = code.and_then(|(digits, behind)| {
        let code = u32::from_str_radix(digits, 16).ok()?;
        Some((char::from_u32(code)?, behind))
    });
    meant.unwrap_or(('\\', escape))
}

#[cfg(test)]
mod tests;
