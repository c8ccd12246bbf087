//! Splits a message into its shape and its variables.
//!
//! A *variable* is a word with an ASCII digit, or a UUID as one; all else is the *shape's* text, in which each variable
//! leaves [`PLACEHOLDER`]. Which words are variables is a matter of taste, with a version; what matters is what always
//! holds, because searches reason with it:
//! - the folded text is the folded shape with the folded variables put in: a variable is only cut out where nothing
//!   composes or changes places across the cut, and a text that would need another cut has no shape;
//! - a variable is a longest run of word characters, or a UUID with no word character beside it, or the placeholder
//!   itself where a text holds one. So a text with the placeholder in it is not mistaken for another: the placeholder
//!   says "something unknown" there too, and the text itself must be asked;
//! - a shape holds no ASCII digit.
//!
//! A shape never leaves the text's words out: each is a word of the shape or of a variable.
//!
//! Most texts are plain ASCII. Their words are found eight bytes at a time ([`word_masks`]), with the same outcome.

mod word_masks;

use crate::character::{CharacterKind, character_kind, is_settled};
use memchr::memchr_iter;
use std::ops::Range;
use unicode_normalization::char::canonical_combining_class;
use word_masks::WordMasks;

/// What the rules here, of words and of folding are called on disk. It changes when any text is split differently.
pub const SPLITTER_VERSION: u32 = 1;

/// Stands in a shape where a variable was: U+001A, which Unicode names SUBSTITUTE. One byte, ASCII, neither white space
/// nor a word character, and next to never in a log. People are shown `<_>`.
pub const PLACEHOLDER: char = '\u{1a}';
pub(crate) const PLACEHOLDER_BYTE: u8 = 0x1a;

/// Splits texts, one after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub struct Splitter {
    shape: String,
    variables: Vec<Range<usize>>,
    masks: WordMasks,
}

/// A text and its two sides.
#[derive(Debug, Clone, Copy)]
pub struct Split<'a> {
    text: &'a str,
    variables: &'a [Range<usize>],
    /// The text with [`PLACEHOLDER`] for each variable.
    pub shape: &'a str,
}

impl<'a> Split<'a> {
    /// The variables in their order.
    pub fn variables(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let text = self.text;
        self.variables.iter().map(move |range| &text[range.clone()])
    }
}

impl Splitter {
    /// A splitter with nothing split yet.
    pub fn new() -> Splitter {
        Splitter::default()
    }

    /// Splits a text. `None` when a variable is bordered by a character that may compose or change places with its
    /// neighbours: such a text is kept without a shape. A text of ASCII always has one.
    pub fn split<'a>(&'a mut self, text: &'a str) -> Option<Split<'a>> {
        self.shape.clear();
        self.variables.clear();
        if !self.masks.read(text.as_bytes()) {
            return self.split_any(text);
        }
        // Without four hyphens there is no UUID, and all variables have a digit.
        match memchr_iter(b'-', text.as_bytes()).nth(3).is_some() {
            true => self.split_plain(text),
            false => self.split_at_digits(text),
        }
        Some(Split { text, variables: &self.variables, shape: &self.shape })
    }

    fn split_any<'a>(&'a mut self, text: &'a str) -> Option<Split<'a>> {
        let bytes = text.as_bytes();
        let (mut at, mut copied) = (0, 0);
        while let Some(byte) = bytes.get(at) {
            let found = match CLASSES[usize::from(*byte)] {
                Class::Separator => {
                    at += 1;
                    continue;
                }
                Class::Placeholder => Found { end: at + 1, is_variable: true },
                Class::Letter | Class::Digit => run_or_uuid(text, at),
                Class::Beyond => match beyond(text, at) {
                    (CharacterKind::Run, _) => run_or_uuid(text, at),
                    (CharacterKind::Single | CharacterKind::Separator, end) => {
                        at = end;
                        continue;
                    }
                },
            };
            if found.is_variable {
                let is_free = is_ordered_before(text, at) && is_settled_at(text, at) && is_settled_at(text, found.end);
                if !is_free {
                    return None;
                }
                self.take(text, copied, at..found.end);
                copied = found.end;
            }
            at = found.end;
        }
        self.shape.push_str(&text[copied..]);
        Some(Split { text, variables: &self.variables, shape: &self.shape })
    }

    /// Splits a text of ASCII without the placeholder, whose words the masks know.
    fn split_plain(&mut self, text: &str) {
        let (mut at, mut copied) = (0, 0);
        while let Some(start) = self.masks.next_word(at) {
            let mut end = self.masks.end_of_word(start);
            let is_variable = match is_uuid_at(text, start) {
                true => {
                    end = start + UUID_BYTES;
                    true
                }
                false => self.masks.has_digit(start..end),
            };
            if is_variable {
                self.take(text, copied, start..end);
                copied = end;
            }
            at = end;
        }
        self.shape.push_str(&text[copied..]);
    }

    /// The same of a text without UUIDs: its words without digits need not be looked at.
    fn split_at_digits(&mut self, text: &str) {
        let mut copied = 0;
        while let Some(digit) = self.masks.next_digit(copied) {
            let word = self.masks.start_of_word(digit)..self.masks.end_of_word(digit);
            self.take(text, copied, word.clone());
            copied = word.end;
        }
        self.shape.push_str(&text[copied..]);
    }

    /// Takes a variable out of a text, all of which before `copied` is in the shape.
    #[inline]
    fn take(&mut self, text: &str, copied: usize, variable: Range<usize>) {
        self.shape.push_str(&text[copied..variable.start]);
        self.shape.push(PLACEHOLDER);
        self.variables.push(variable);
    }
}

/// A word, or a UUID, that begins where a word may begin.
struct Found {
    end: usize,
    is_variable: bool,
}

fn run_or_uuid(text: &str, start: usize) -> Found {
    if is_uuid_at(text, start) {
        return Found { end: start + UUID_BYTES, is_variable: true };
    }
    let bytes = text.as_bytes();
    let mut found = Found { end: start, is_variable: false };
    while let Some(byte) = bytes.get(found.end) {
        match CLASSES[usize::from(*byte)] {
            Class::Letter => found.end += 1,
            Class::Digit => {
                found.end += 1;
                found.is_variable = true;
            }
            Class::Beyond => match beyond(text, found.end) {
                (CharacterKind::Run, end) => found.end = end,
                (CharacterKind::Single | CharacterKind::Separator, _) => break,
            },
            Class::Separator | Class::Placeholder => break,
        }
    }
    found
}

fn is_uuid_at(text: &str, start: usize) -> bool {
    let bytes = text.as_bytes();
    bytes.get(start + UUID_GROUP_ENDS[0]) == Some(&b'-')
        && bytes.get(start..start + UUID_BYTES).is_some_and(|piece| is_of_uuid(piece, 0))
        && !is_word_at(text, start + UUID_BYTES)
}

/// The kind of a character outside ASCII, and where it ends.
fn beyond(text: &str, at: usize) -> (CharacterKind, usize) {
    match text[at..].chars().next() {
        Some(character) => (character_kind(character), at + character.len_utf8()),
        None => (CharacterKind::Separator, at + 1),
    }
}

fn is_word_at(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_some_and(|character| character_kind(character) == CharacterKind::Run)
}

/// True at the end of the text, and before a character that never joins what precedes it.
fn is_settled_at(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        None | Some(..128) => true,
        Some(_) => text[at..].chars().next().is_none_or(is_settled),
    }
}

/// True when the character before `at` stays there: a mark of Kana or Hangul may change places with marks before it,
/// which are of a word, and the variable would then not be a longest run in the folded text.
fn is_ordered_before(text: &str, at: usize) -> bool {
    if at == 0 || text.as_bytes()[at - 1].is_ascii() {
        return true;
    }
    let mut before = text[..at].chars().rev();
    let is_mark = before.next().is_some_and(|character| canonical_combining_class(character) != 0);
    !is_mark || before.next().is_none_or(is_settled)
}

pub(crate) const UUID_BYTES: usize = 36;
/// Where the five groups of a UUID end.
pub(crate) const UUID_GROUP_ENDS: [usize; 5] = [8, 13, 18, 23, UUID_BYTES];

/// True when `piece` could stand in a UUID from its byte `offset` on.
pub(crate) fn is_of_uuid(piece: &[u8], offset: usize) -> bool {
    offset + piece.len() <= UUID_BYTES
        && piece.iter().zip(offset..).all(|(byte, at)| match UUID_GROUP_ENDS.contains(&at) {
            true => *byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}

#[derive(Clone, Copy)]
enum Class {
    Separator,
    Letter,
    Digit,
    Placeholder,
    /// A byte of a character outside ASCII.
    Beyond,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Separator; 256];
    let mut byte = 0u8;
    loop {
        classes[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            PLACEHOLDER_BYTE => Class::Placeholder,
            128.. => Class::Beyond,
            _ => Class::Separator,
        };
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    classes
};

#[cfg(test)]
mod tests;
