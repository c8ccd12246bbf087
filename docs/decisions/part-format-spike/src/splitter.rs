//! Splits a message into its shape and its variables, by rules that can be switched one by one.
//!
//! Always true: every word of the message is in the shape text or in a variable handed to `variable`, never in neither.

use crate::words::is_word_byte;

pub const SLOT: &str = "<_>";

/// What becomes of the values in a JSON object or a logfmt line.
#[derive(Clone, Copy, PartialEq)]
pub enum Values {
    /// Like any other text: only words with a digit are variables.
    Text,
    /// Each value is one variable.
    Variable,
    /// The value of a message key is text, all others are variables.
    MessageIsText,
}

#[derive(Clone, Copy)]
pub struct Rules {
    pub uuid_is_one: bool,
    pub values: Values,
    pub quoted_is_variable: bool,
    pub path_is_variable: bool,
    pub behind_equals_is_variable: bool,
    pub dotted_is_variable: bool,
    pub letters_hex_is_variable: bool,
    pub long_word_is_variable: bool,
    pub join_slots: bool,
}

impl Rules {
    /// What the decision page settles on.
    pub const CHOSEN: Rules = Rules {
        uuid_is_one: true,
        values: Values::Text,
        quoted_is_variable: false,
        path_is_variable: false,
        behind_equals_is_variable: false,
        dotted_is_variable: false,
        letters_hex_is_variable: false,
        long_word_is_variable: false,
        join_slots: false,
    };
}

const MESSAGE_KEYS: [&str; 6] = ["msg", "message", "log", "event", "error", "err"];

pub struct Splitter {
    pub rules: Rules,
}

impl Splitter {
    /// Writes the shape of `text` into `shape` (cleared first) and hands each variable to `variable`.
    pub fn split(&self, text: &str, shape: &mut String, variable: &mut dyn FnMut(&str)) {
        shape.clear();
        if self.rules.values != Values::Text {
            if let Some(open) = json_start(text) {
                if self.json(text, open, shape, variable) {
                    return;
                }
                shape.clear();
            }
            if is_logfmt(text) {
                self.logfmt(text, shape, variable);
                return;
            }
        }
        self.plain(text, shape, variable);
    }

    fn slot(&self, shape: &mut String) {
        if self.rules.join_slots && shape.len() > SLOT.len() {
            // A run of slots with one separating character between is one slot: `<_>.<_>.<_>` is `<_>`.
            let last = shape.chars().next_back().expect("not empty");
            let without = shape.len() - last.len_utf8();
            if !is_word_byte(shape.as_bytes()[without])
                && !matches!(last, '<' | '>' | '"' | ')' | '(')
                && shape[..without].ends_with(SLOT)
            {
                shape.truncate(without);
                return;
            }
        }
        shape.push_str(SLOT);
    }

    fn plain(&self, text: &str, shape: &mut String, variable: &mut dyn FnMut(&str)) {
        let bytes = text.as_bytes();
        let rules = &self.rules;
        let mut i = 0;
        let mut copied = 0;
        macro_rules! take {
            ($end:expr) => {{
                let end = $end;
                shape.push_str(&text[copied..i]);
                self.slot(shape);
                variable(&text[i..end]);
                i = end;
                copied = end;
            }};
        }
        while i < bytes.len() {
            let byte = bytes[i];
            let fresh = i == 0 || !is_word_byte(bytes[i - 1]);
            if rules.quoted_is_variable
                && fresh
                && matches!(byte, b'"' | b'\'' | b'`')
                && let Some(end) = quoted_end(bytes, i)
                && end > i + 2
            {
                i += 1;
                take!(end - 1);
                i += 1;
                continue;
            }
            if rules.path_is_variable
                && fresh
                && byte == b'/'
                && let Some(end) = path_end(bytes, i)
            {
                take!(end);
                continue;
            }
            if rules.behind_equals_is_variable && byte == b'=' && !fresh {
                let end = value_end(bytes, i + 1);
                if end > i + 1 {
                    i += 1;
                    take!(end);
                    continue;
                }
            }
            if !is_word_byte(byte) {
                i += 1;
                continue;
            }
            if rules.uuid_is_one && is_uuid(bytes, i) {
                take!(i + 36);
                continue;
            }
            if rules.dotted_is_variable
                && fresh
                && let Some(end) = dotted_end(bytes, i)
            {
                take!(end);
                continue;
            }
            let (end, has_digit) = word_end(bytes, i);
            let word = &bytes[i..end];
            let hex = rules.letters_hex_is_variable && word.len() >= 8 && word.iter().all(u8::is_ascii_hexdigit);
            let long = rules.long_word_is_variable && word.len() > 32 && word.is_ascii();
            if has_digit || hex || long {
                take!(end);
            } else {
                i = end;
            }
        }
        shape.push_str(&text[copied..]);
    }

    fn value(&self, key: &str, value: &str, shape: &mut String, variable: &mut dyn FnMut(&str)) {
        if self.rules.values == Values::MessageIsText && MESSAGE_KEYS.contains(&key) {
            self.plain(value, shape, variable);
        } else if !value.is_empty() {
            shape.push_str(SLOT);
            variable(value);
        }
    }

    fn logfmt(&self, text: &str, shape: &mut String, variable: &mut dyn FnMut(&str)) {
        for (i, token) in LogfmtTokens(text).enumerate() {
            if i > 0 {
                shape.push(' ');
            }
            match token.split_once('=') {
                Some((key, value)) => {
                    self.plain(key, shape, variable);
                    shape.push('=');
                    self.value(key, value, shape, variable);
                }
                None => self.plain(token, shape, variable),
            }
        }
    }

    /// A forgiving walk: strings, and everything between separators. False when the brackets do not fit.
    fn json(&self, text: &str, open: usize, shape: &mut String, variable: &mut dyn FnMut(&str)) -> bool {
        let bytes = text.as_bytes();
        self.plain(&text[..open], shape, variable);
        let mut i = open;
        let mut depth = 0usize;
        let mut key = "";
        let mut in_object = [false; 64];
        let mut wants_key = false;
        while i < bytes.len() {
            match bytes[i] {
                b'{' | b'[' => {
                    if depth == 64 {
                        return false;
                    }
                    in_object[depth] = bytes[i] == b'{';
                    wants_key = in_object[depth];
                    depth += 1;
                    shape.push(char::from(bytes[i]));
                    i += 1;
                }
                b'}' | b']' => {
                    if depth == 0 {
                        return false;
                    }
                    depth -= 1;
                    shape.push(char::from(bytes[i]));
                    i += 1;
                    wants_key = false;
                    if depth == 0 && i < bytes.len() {
                        return false;
                    }
                }
                b',' => {
                    wants_key = depth > 0 && in_object[depth - 1];
                    shape.push(',');
                    i += 1;
                }
                b'"' => {
                    let Some(end) = quoted_end(bytes, i) else { return false };
                    let inner = &text[i + 1..end - 1];
                    shape.push('"');
                    if wants_key {
                        key = inner;
                        self.plain(inner, shape, variable);
                        wants_key = false;
                    } else {
                        self.value(key, inner, shape, variable);
                    }
                    shape.push('"');
                    i = end;
                }
                b':' | b' ' | b'\t' | b'\n' => {
                    shape.push(char::from(bytes[i]));
                    i += 1;
                }
                _ => {
                    let start = i;
                    while i < bytes.len() && !matches!(bytes[i], b',' | b'}' | b']' | b' ' | b'\n') {
                        i += 1;
                    }
                    shape.push_str(SLOT);
                    variable(&text[start..i]);
                }
            }
        }
        depth == 0
    }
}

/// Where a JSON object begins when the rest of the text is one.
fn json_start(text: &str) -> Option<usize> {
    let start = text.len() - text.trim_start().len();
    (text[start..].starts_with('{') && text.ends_with('}') && text[start..].contains("\":")).then_some(start)
}

pub fn is_json(text: &str) -> bool {
    json_start(text).is_some()
}

/// A line of at least two pairs that begins with one, and of which at least half the tokens are pairs.
pub fn is_logfmt(text: &str) -> bool {
    let mut pairs = 0;
    let mut tokens = 0;
    for token in LogfmtTokens(text) {
        tokens += 1;
        let is_pair = token.split_once('=').is_some_and(|(key, _)| {
            !key.is_empty()
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
                && key.as_bytes()[0].is_ascii_alphabetic()
        });
        if is_pair {
            pairs += 1;
        } else if tokens == 1 {
            return false;
        }
    }
    pairs >= 2 && pairs * 2 >= tokens
}

pub struct LogfmtTokens<'a>(pub &'a str);

impl<'a> Iterator for LogfmtTokens<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.trim_start_matches(' ');
        if rest.is_empty() {
            return None;
        }
        let bytes = rest.as_bytes();
        let mut i = 0;
        while i < bytes.len() && bytes[i] != b' ' {
            if bytes[i] == b'"' && i > 0 && bytes[i - 1] == b'=' {
                i = quoted_end(bytes, i).unwrap_or(bytes.len());
            } else {
                i += 1;
            }
        }
        self.0 = &rest[i..];
        Some(&rest[..i])
    }
}

fn word_end(bytes: &[u8], start: usize) -> (usize, bool) {
    let mut end = start;
    let mut has_digit = false;
    while end < bytes.len() && is_word_byte(bytes[end]) {
        has_digit |= bytes[end].is_ascii_digit();
        end += 1;
    }
    (end, has_digit)
}

fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes[start];
    let mut i = start + 1;
    while i < bytes.len() {
        if bytes[i] == b'\\' {
            i += 2;
            continue;
        }
        if bytes[i] == quote {
            return Some(i + 1);
        }
        i += 1;
    }
    None
}

fn path_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    while end < bytes.len()
        && (is_word_byte(bytes[end])
            || matches!(bytes[end], b'/' | b'.' | b'-' | b'_' | b'+' | b'~' | b'%' | b'@' | b'$'))
    {
        end += 1;
    }
    (end - start > 2).then_some(end)
}

fn value_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start) == Some(&b'"') {
        return quoted_end(bytes, start).unwrap_or(bytes.len());
    }
    let mut end = start;
    while end < bytes.len() && !matches!(bytes[end], b' ' | b',' | b';' | b')' | b']' | b'}' | b'\t') {
        end += 1;
    }
    end
}

/// A name of at least three words joined by dots (`java.util.List`).
fn dotted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    let mut dots = 0;
    while end < bytes.len() {
        if is_word_byte(bytes[end]) || matches!(bytes[end], b'_' | b'$') {
            end += 1;
        } else if bytes[end] == b'.' && bytes.get(end + 1).is_some_and(|&b| is_word_byte(b)) {
            dots += 1;
            end += 1;
        } else {
            break;
        }
    }
    (dots >= 2).then_some(end)
}

fn is_uuid(bytes: &[u8], start: usize) -> bool {
    let Some(text) = bytes.get(start..start + 36) else { return false };
    if start > 0 && is_word_byte(bytes[start - 1]) || bytes.get(start + 36).is_some_and(|&b| is_word_byte(b)) {
        return false;
    }
    text.iter().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}
