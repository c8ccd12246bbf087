//! Finds a key in a logfmt line, or all of them.

use memchr::memchr;
use std::borrow::Cow;

/// What a key has.
#[derive(Debug, PartialEq)]
pub(super) enum Word<'t> {
    /// No value.
    Bare,
    /// A value in quotes, as it was meant.
    Quoted(Cow<'t, str>),
    /// A value without quotes.
    Plain(&'t str),
}

/// What the key has; `None` when it is not there, or when the text is no logfmt line. A text that is prose is left at its
/// first word that neither a key nor a pair can be, or at its end.
pub(super) fn find<'t>(text: &'t str, wanted: &str) -> Option<Word<'t>> {
    let mut found = None;
    walk(text, &mut |key, value| {
        if found.is_none() && key == wanted {
            found = Some(value);
        }
    })?;
    found.map(Written::read)
}

/// Shows each key of a logfmt line and what it has, in the order written; `None` when the text turns out to be none.
pub(super) fn walk<'t>(text: &'t str, show: &mut dyn FnMut(&'t str, Written<'t>)) -> Option<()> {
    let line = text.trim();
    // Every line has a pair, and what looks like JSON is none.
    memchr(b'=', line.as_bytes()).filter(|_| !line.starts_with('{'))?;
    let mut rest = line;
    let (mut pairs, mut bare_keys) = (0usize, 0usize);
    while !rest.is_empty() {
        let (key, behind) = rest.split_at(key_length(rest)?);
        let (value, behind) = match behind.strip_prefix('=') {
            None => (Written::Nothing, behind),
            Some(value) => match value.strip_prefix('"') {
                Some(quoted) => {
                    let length = quoted_length(quoted)?;
                    (Written::Quoted(&quoted[..length]), &quoted[length + 1..])
                }
                None => {
                    let (value, behind) = value.split_at(value.find([' ', '\t']).unwrap_or(value.len()));
                    if value.contains(['\n', '\r']) {
                        return None;
                    }
                    (Written::Plain(value), behind)
                }
            },
        };
        if let Written::Nothing = value {
            bare_keys += 1;
        } else {
            pairs += 1;
        }
        show(key, value);
        rest = behind.trim_start_matches([' ', '\t']);
        if rest.len() == behind.len() && !rest.is_empty() {
            return None;
        }
    }
    (pairs > bare_keys).then_some(())
}

/// What stands behind a key, as it is written.
pub(super) enum Written<'t> {
    Nothing,
    Quoted(&'t str),
    Plain(&'t str),
}

impl<'t> Written<'t> {
    pub(super) fn read(self) -> Word<'t> {
        match self {
            Written::Nothing => Word::Bare,
            Written::Plain(value) => Word::Plain(value),
            Written::Quoted(value) => Word::Quoted(unescaped(value)),
        }
    }
}

fn key_length(text: &str) -> Option<usize> {
    let ends = |next: char| next.is_whitespace() || next.is_control() || matches!(next, '=' | '"');
    let length = text.find(ends).unwrap_or(text.len());
    (length > 0).then_some(length)
}

/// Up to the closing quote. A line break is none of a line's.
fn quoted_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' | b'\r' => return None,
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(place),
            _ => {}
        }
    }
    None
}

fn unescaped(written: &str) -> Cow<'_, str> {
    if !written.contains('\\') {
        return Cow::Borrowed(written);
    }
    let mut out = String::with_capacity(written.len());
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        let meant = if character == '\\' { characters.next() } else { Some(character) };
        out.extend(match (character, meant) {
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('t')) => Some('\t'),
            (_, meant) => meant,
        });
    }
    Cow::Owned(out)
}
