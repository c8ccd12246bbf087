//! Whether a term occurs in a text.
//!
//! A term matches where its folded characters appear and no run of word characters that begins or ends the term goes
//! on beyond it. White space in a term matches any run of white space.
//!
//! Two roads lead to one answer. A short ASCII needle is compared in place, and only characters beside it that could
//! change under normalisation make that undecided ([`in_place`]). Everything else is decided on the folded text.
//! Both are linear in the text: in place by the needle's bounded length, folded by [`overlapping`].

mod in_place;
mod overlapping;

use crate::character::{CharacterKind, character_kind};
use crate::fold::{collapse_white_space, fold, fold_into};
use crate::word_keys::OpenEnds;
use in_place::{InPlace, Verdict};
use memchr::memmem;
use overlapping::Overlapping;

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needle<'a> {
    /// The characters as written.
    pub text: &'a str,
    /// A run of word characters may go on before the needle.
    pub is_open_start: bool,
    /// A run of word characters may go on behind the needle.
    pub is_open_end: bool,
}

impl Needle<'_> {
    pub(crate) fn open_ends(&self) -> OpenEnds {
        OpenEnds { at_start: self.is_open_start, at_end: self.is_open_end }
    }
}

/// A needle made ready to be looked for in many texts.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// Folded, each run of white space as one space.
    needle: String,
    finder: memmem::Finder<'static>,
    overlapping: Overlapping,
    borders: Borders,
    has_white_space: bool,
    in_place: Option<InPlace>,
}

/// At which sides of an occurrence no word character may stand.
#[derive(Debug, Clone, Copy)]
struct Borders {
    at_start: bool,
    at_end: bool,
}

impl Matcher {
    /// Readies a needle. An empty one occurs in every text.
    pub fn new(needle: Needle<'_>) -> Matcher {
        let text = collapse_white_space(&fold(needle.text)).into_owned();
        let is_run = |character: Option<char>| character.is_some_and(is_word_character);
        let borders = Borders {
            at_start: !needle.is_open_start && is_run(text.chars().next()),
            at_end: !needle.is_open_end && is_run(text.chars().next_back()),
        };
        Matcher {
            finder: memmem::Finder::new(text.as_bytes()).into_owned(),
            overlapping: Overlapping::new(text.as_bytes()),
            in_place: InPlace::new(&text, borders),
            has_white_space: text.contains(' '),
            borders,
            needle: text,
        }
    }

    /// True when the needle occurs in the text.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.in_place {
            Some(in_place) => match in_place.search(text) {
                Verdict::Found => true,
                Verdict::Absent => false,
                Verdict::Unsure => self.is_match_folded(text),
            },
            // An ASCII text folds to ASCII, in which nothing else occurs.
            None if !self.needle.is_ascii() && text.is_ascii() => false,
            None => self.is_match_folded(text),
        }
    }

    fn is_match_folded(&self, text: &str) -> bool {
        let mut folded = String::with_capacity(text.len());
        fold_into(text, &mut folded);
        match self.has_white_space {
            true => self.occurs_in(&collapse_white_space(&folded)),
            false => self.occurs_in(&folded),
        }
    }

    fn occurs_in(&self, folded: &str) -> bool {
        let bytes = folded.as_bytes();
        let mut from = 0;
        for _ in 0..crate::limits::RESTARTS_MAX {
            let Some(found) = self.finder.find(&bytes[from..]) else { return false };
            let start = from + found;
            if self.has_borders(folded, start) {
                return true;
            }
            // Occurrences may overlap, so the next one may begin at the next byte.
            from = start + 1;
        }
        self.overlapping.any(self.needle.as_bytes(), &bytes[from..], |start| self.has_borders(folded, from + start))
    }

    /// True when the words at the ends of the occurrence at `start` end there, as far as they must.
    fn has_borders(&self, folded: &str, start: usize) -> bool {
        let (before, behind) = (&folded[..start], &folded[start + self.needle.len()..]);
        let goes_on_before = self.borders.at_start && before.chars().next_back().is_some_and(is_word_character);
        let goes_on_behind = self.borders.at_end && behind.chars().next().is_some_and(is_word_character);
        !goes_on_before && !goes_on_behind
    }
}

fn is_word_character(character: char) -> bool {
    character_kind(character) == CharacterKind::Run
}

#[cfg(test)]
mod tests;
