//! Looks for a short ASCII needle in a text as it is, without folding the text first.
//!
//! ASCII characters fold within ASCII and never join the character before them, so an occurrence whose neighbours
//! are ASCII is decided here. Three things are not:
//! - a character behind the occurrence may join its last one (`e` and U+0301 are `é`);
//! - a character before it may itself be changed by what precedes it, and with it the question whether a word goes on;
//! - a few other characters fold to ASCII ([`is_lookalike`]), so that "not found" may be wrong.

use super::{Borders, is_word_character};
use crate::character::is_settled;
use crate::limits::IN_PLACE_NEEDLE_BYTES_MAX;
use memchr::{memchr, memchr2};

/// An ASCII needle, folded, each run of white space as one space.
#[derive(Debug, Clone)]
pub(super) struct InPlace {
    needle: Box<[u8]>,
    borders: Borders,
    /// The rarest byte before the needle's first white space, where it stands, and its other case if it has one.
    rare: u8,
    rare_at: usize,
    rare_upper: Option<u8>,
    /// Another character than the needle's own may fold to one of its characters.
    has_lookalikes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Found,
    Absent,
    /// Only the folded text can tell.
    Unsure,
}

impl InPlace {
    /// `None` for a needle that cannot be looked for in place.
    pub(super) fn new(needle: &str, borders: Borders) -> Option<InPlace> {
        let bytes = needle.as_bytes();
        if !needle.is_ascii() || bytes.len() > IN_PLACE_NEEDLE_BYTES_MAX {
            return None;
        }
        // Behind white space the distance to the needle's start varies.
        let fixed = bytes.split(|byte| *byte == b' ').next()?;
        let (rare_at, rare) = fixed.iter().copied().enumerate().max_by_key(|(_, byte)| rarity(*byte))?;
        Some(InPlace {
            needle: bytes.into(),
            borders,
            rare,
            rare_at,
            rare_upper: rare.is_ascii_lowercase().then(|| rare.to_ascii_uppercase()),
            has_lookalikes: bytes.iter().any(|byte| matches!(byte, b'k' | b's' | b';' | b'`' | b' ')),
        })
    }

    pub(super) fn search(&self, text: &str) -> Verdict {
        let mut is_unsure = false;
        let mut from = self.rare_at;
        while let Some(found) = text.as_bytes().get(from..).and_then(|rest| self.find_rare(rest)) {
            let start = from + found - self.rare_at;
            match self.verdict_at(text, start) {
                Verdict::Found => return Verdict::Found,
                Verdict::Absent => {}
                Verdict::Unsure => is_unsure = true,
            }
            from += found + 1;
        }
        if is_unsure || self.has_lookalikes && text.chars().any(is_lookalike) {
            Verdict::Unsure
        } else {
            Verdict::Absent
        }
    }

    fn find_rare(&self, bytes: &[u8]) -> Option<usize> {
        match self.rare_upper {
            Some(upper) => memchr2(self.rare, upper, bytes),
            None => memchr(self.rare, bytes),
        }
    }

    fn verdict_at(&self, text: &str, start: usize) -> Verdict {
        let bytes = text.as_bytes();
        let Some(end) = self.end_of_match(bytes, start) else { return Verdict::Absent };
        let before = if self.borders.at_start { before(text, start) } else { Neighbour::Nothing };
        let behind = behind(text, end);
        match (before, behind) {
            (Neighbour::Unsettled, _) | (_, Neighbour::Unsettled) => Verdict::Unsure,
            (Neighbour::Word, _) => Verdict::Absent,
            (_, Neighbour::Word) if self.borders.at_end => Verdict::Absent,
            _ => Verdict::Found,
        }
    }

    /// Where the occurrence that begins at `start` ends.
    fn end_of_match(&self, text: &[u8], start: usize) -> Option<usize> {
        let mut at = start;
        for want in &self.needle {
            let byte = *text.get(at)?;
            if *want == b' ' {
                if !is_white(byte) {
                    return None;
                }
                at += text[at..].iter().take_while(|byte| is_white(**byte)).count();
            } else if byte.to_ascii_lowercase() == *want {
                at += 1;
            } else {
                return None;
            }
        }
        Some(at)
    }
}

/// What stands beside an occurrence.
enum Neighbour {
    /// Nothing, or a character that ends every run.
    Nothing,
    /// A character of a run.
    Word,
    /// A character that the folded text may not have.
    Unsettled,
}

fn before(text: &str, start: usize) -> Neighbour {
    match text.as_bytes()[..start].last() {
        None => Neighbour::Nothing,
        Some(byte) if byte.is_ascii_alphanumeric() => Neighbour::Word,
        Some(byte) if byte.is_ascii() => Neighbour::Nothing,
        Some(_) => neighbour(text[..start].chars().next_back()),
    }
}

fn behind(text: &str, end: usize) -> Neighbour {
    match text.as_bytes().get(end) {
        None => Neighbour::Nothing,
        Some(byte) if byte.is_ascii_alphanumeric() => Neighbour::Word,
        Some(byte) if byte.is_ascii() => Neighbour::Nothing,
        Some(_) => neighbour(text[end..].chars().next()),
    }
}

/// A settled character may still be joined by marks behind it or folded; neither changes whether it is of a word.
fn neighbour(character: Option<char>) -> Neighbour {
    match character {
        None => Neighbour::Nothing,
        Some('가'..='힣' | '一'..='\u{9fff}') => Neighbour::Nothing,
        Some(character) if !is_settled(character) => Neighbour::Unsettled,
        Some(character) if is_word_character(character) => Neighbour::Word,
        Some(_) => Neighbour::Nothing,
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// True for the characters outside ASCII that fold to ASCII, and for white space outside ASCII.
fn is_lookalike(character: char) -> bool {
    match character {
        '\0'..='\u{7f}' => false,
        '\u{17f}' | '\u{37e}' | '\u{1fef}' | '\u{212a}' => true,
        _ => character.is_whitespace(),
    }
}

/// The commonest bytes of log lines, commonest first, by rough count; all others are rarer.
const COMMON: &[u8] = b"eotairnsl0 c1d2upm-/.=:hf3gb54_6978vy,\"kwx";

fn rarity(byte: u8) -> usize {
    COMMON.iter().position(|common| *common == byte).unwrap_or(COMMON.len())
}

#[cfg(test)]
mod tests;
