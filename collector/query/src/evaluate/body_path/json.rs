//! Finds what a path names in a JSON object, without building it.
//!
//! The text is walked once to see that the whole of it is one object, and notes on the way where the values of the keys
//! begin that may lead on. Then the walk goes on within such a value. Nesting costs a bit each, no stack.
//!
//! The text form of a map (see [`model::Value`]) is read by the same walk: its keys have one more `$` before a `$`.

use super::Path;
use memchr::memchr2;
use model::Value;
use model::limits::{BODY_PATH_NAMES_MAX, STRUCTURED_BODY_DEPTH_MAX};
use std::borrow::Cow;

/// White space of JSON.
pub(super) const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whose JSON it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// A sender's.
    Json,
    /// Our own.
    TextForm,
}

/// A value.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'t> {
    Null,
    Bool(bool),
    Str(Cow<'t, str>),
    /// A number as it is written.
    Number(&'t str),
    /// An array or object as it is written.
    Nested(&'t str),
}

/// What the path names; `None` when nothing, or when the text is not one JSON object.
pub(super) fn find<'t>(text: &'t str, path: &Path<'_>, syntax: Syntax) -> Option<Found<'t>> {
    found(within(text, path, 0, syntax)?)
}

/// The value as it is written. `from` is the first name of the path that is looked for here.
fn within<'t>(object: &'t str, path: &Path<'_>, from: usize, syntax: Syntax) -> Option<&'t str> {
    let start = if from == 0 { 0 } else { path.ends[from - 1] + 1 };
    let wanted = &path.text[start..];
    let mut values: [Option<&'t str>; BODY_PATH_NAMES_MAX] = [None; BODY_PATH_NAMES_MAX];
    let mut walk = Walk { text: object, at: 0 };
    walk.object(&mut |key, value| {
        if let Some(length) = key_length(key, wanted, syntax)
            && let Some(index) = path.ends[from..path.name_count].iter().position(|end| end - start == length)
        {
            values[from + index].get_or_insert(value);
        }
    })?;
    walk.white();
    if walk.at < object.len() {
        return None;
    }
    let last = path.name_count - 1;
    if let Some(value) = values[last] {
        return Some(value);
    }
    let nested = (from..last).rev().filter_map(|index| Some((index, values[index]?)));
    let mut nested = nested.filter(|(_, value)| value.starts_with('{'));
    nested.find_map(|(index, value)| within(value, path, index + 1, syntax))
}

/// The length of a key, without its quotes and escapes, when the path begins with it.
fn key_length(key: &str, wanted: &str, syntax: Syntax) -> Option<usize> {
    let key = unescaped(key);
    let key = match (syntax, key.strip_prefix('$')) {
        (Syntax::Json, _) | (_, None) => &*key,
        (Syntax::TextForm, Some(sent)) if sent.starts_with('$') => sent,
        // Bytes, or a double: no map.
        (Syntax::TextForm, Some(_)) => return None,
    };
    wanted.starts_with(key).then_some(key.len())
}

fn found(value: &str) -> Option<Found<'_>> {
    Some(match value.as_bytes().first()? {
        b'n' => Found::Null,
        b't' => Found::Bool(true),
        b'f' => Found::Bool(false),
        b'"' => Found::Str(unescaped(value.get(1..value.len() - 1)?)),
        b'{' | b'[' => Found::Nested(value),
        _ => Found::Number(value),
    })
}

/// A place in a text that may be JSON.
struct Walk<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Walk<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn white(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    /// Reads an object, and shows the keys (as they are written, without quotes) and values that stand in itself.
    fn object(&mut self, show: &mut dyn FnMut(&'t str, &'t str)) -> Option<()> {
        self.take(b'{')?;
        self.white();
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.key()?;
            let start = self.at;
            self.value()?;
            show(key, &self.text[start..self.at]);
            self.white();
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
            self.white();
        }
    }

    /// Reads a key and the colon behind it, up to the value.
    fn key(&mut self) -> Option<&'t str> {
        let key = self.string()?;
        self.white();
        self.take(b':')?;
        self.white();
        Some(key)
    }

    /// Reads a value of any kind.
    fn value(&mut self) -> Option<()> {
        // One bit for each array or object around: set for an object. The object that is walked is one around already.
        let (mut kinds, mut depth) = (0u128, 0usize);
        loop {
            match self.peek()? {
                b'{' | b'[' => {
                    let is_object = self.peek() == Some(b'{');
                    self.at += 1;
                    depth += 1;
                    if depth >= STRUCTURED_BODY_DEPTH_MAX {
                        return None;
                    }
                    kinds = kinds << 1 | u128::from(is_object);
                    self.white();
                    if self.take(if is_object { b'}' } else { b']' }).is_some() {
                        kinds >>= 1;
                        depth -= 1;
                    } else {
                        if is_object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => {
                    self.string()?;
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => self.number()?,
            }
            // A value has ended: so may those around it.
            loop {
                if depth == 0 {
                    return Some(());
                }
                self.white();
                let is_object = kinds & 1 == 1;
                if self.take(b',').is_some() {
                    self.white();
                    if is_object {
                        self.key()?;
                    }
                    break;
                }
                self.take(if is_object { b'}' } else { b']' })?;
                kinds >>= 1;
                depth -= 1;
            }
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Reads a string; what stands between its quotes.
    fn string(&mut self) -> Option<&'t str> {
        self.take(b'"')?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            let plain = memchr2(b'"', b'\\', &bytes[self.at..])?;
            if bytes[self.at..self.at + plain].iter().any(|byte| *byte < b' ') {
                return None;
            }
            self.at += plain + 1;
            if bytes[self.at - 1] == b'"' {
                return Some(&self.text[start..self.at - 1]);
            }
            match self.peek()? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                b'u' => {
                    let digits = bytes.get(self.at + 1..self.at + 5)?;
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    self.at += 5;
                }
                _ => return None,
            }
        }
    }
}

/// A string as it was meant. It has been walked over, so its escapes are whole.
fn unescaped(written: &str) -> Cow<'_, str> {
    if !written.contains('\\') {
        return Cow::Borrowed(written);
    }
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut characters = escape.chars();
        match characters.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let (character, behind) = code_point(characters.as_str());
                out.push(character);
                characters = behind.chars();
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character of `XXXX`, or of `XXXX\uXXXX` where these are a pair, and what stands behind.
fn code_point(text: &str) -> (char, &str) {
    let unit = |text: &str| text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let behind = text.get(4..).unwrap_or("");
    let Some(first) = unit(text) else { return (char::REPLACEMENT_CHARACTER, behind) };
    let second = behind.strip_prefix("\\u").and_then(unit);
    if let (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) = (first, second) {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), behind.get(6..).unwrap_or(""));
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), behind)
}

/// All of a text that is one JSON object.
pub(super) fn whole(text: &str) -> Option<Value> {
    let mut walk = Walk { text, at: 0 };
    walk.object(&mut |_, _| ())?;
    walk.white();
    if walk.at < text.len() {
        return None;
    }
    Walk { text, at: 0 }.build()
}

/// An array or object in the text form of values. It has been walked over, so its nesting is bounded.
pub(super) fn text_form(nested: &str) -> String {
    let mut walk = Walk { text: nested, at: 0 };
    walk.build().map(|value| value.to_string()).unwrap_or_default()
}

impl Walk<'_> {
    fn build(&mut self) -> Option<Value> {
        self.white();
        let start = self.at;
        let value = match self.peek()? {
            b'[' => {
                self.at += 1;
                let mut values = Vec::new();
                self.white();
                while self.take(b']').is_none() {
                    values.push(self.build()?);
                    self.white();
                    self.at += usize::from(self.peek() == Some(b','));
                }
                Value::Array(values)
            }
            b'{' => {
                self.at += 1;
                let mut entries = Vec::new();
                self.white();
                while self.take(b'}').is_none() {
                    let key = unescaped(self.key()?).into();
                    entries.push((key, self.build()?));
                    self.white();
                    self.at += usize::from(self.peek() == Some(b','));
                    self.white();
                }
                Value::Map(entries)
            }
            _ => {
                self.value()?;
                match found(&self.text[start..self.at])? {
                    Found::Null | Found::Nested(_) => Value::Empty,
                    Found::Bool(flag) => Value::Bool(flag),
                    Found::Str(text) => Value::Str(text.into()),
                    Found::Number(text) => match text.parse() {
                        Ok(whole) => Value::Int(whole),
                        Err(_) => text.parse().map(Value::Double).ok()?,
                    },
                }
            }
        };
        Some(value)
    }
}
