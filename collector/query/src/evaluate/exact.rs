//! `'Timeout'`: a term whose case counts.
//!
//! Text and term are compared after canonical composition (NFC) and without folding; where words must end and what white
//! space matches is as for terms that are folded.

use super::occurrences::Occurrences;
use model::Term;
use std::borrow::Cow;
use text_index::{CharacterKind, character_kind, compose};

/// A term, ready to be looked for.
#[derive(Debug, Clone)]
pub(crate) struct ExactMatcher {
    /// Composed, each run of white space as one space.
    needle: Occurrences,
    has_white_space: bool,
    is_bound_at_start: bool,
    is_bound_at_end: bool,
}

impl ExactMatcher {
    pub(crate) fn new(term: &Term) -> ExactMatcher {
        let text = one_space(&compose(&term.text)).into_owned();
        ExactMatcher {
            has_white_space: text.contains(' '),
            is_bound_at_start: !term.is_open_start && text.chars().next().is_some_and(is_word),
            is_bound_at_end: !term.is_open_end && text.chars().next_back().is_some_and(is_word),
            needle: Occurrences::new(&text),
        }
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        let mut text = compose(text);
        if self.has_white_space {
            text = Cow::Owned(one_space(&text).into_owned());
        }
        self.needle.any(&text, |found| {
            let goes_on_before = self.is_bound_at_start && text[..found.start].chars().next_back().is_some_and(is_word);
            let goes_on_behind = self.is_bound_at_end && text[found.end..].chars().next().is_some_and(is_word);
            !goes_on_before && !goes_on_behind
        })
    }
}

pub(super) fn is_word(character: char) -> bool {
    character_kind(character) == CharacterKind::Run
}

/// Each run of white space as one space.
pub(super) fn one_space(text: &str) -> Cow<'_, str> {
    let mut was_white = false;
    let is_plain = text.chars().all(|character| {
        let is_second = was_white && character.is_whitespace();
        was_white = character.is_whitespace();
        !is_second && (!was_white || character == ' ')
    });
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if !character.is_whitespace() {
            out.push(character);
        } else if !was_white || out.is_empty() {
            out.push(' ');
        }
        was_white = character.is_whitespace();
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
