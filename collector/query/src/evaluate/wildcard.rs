//! `conn*refused`: pieces of a text with anything but white space between them.
//!
//! Each piece is followed from all places where the piece before it may have ended. Of these only the last one before an
//! occurrence counts: what is free of white space from further back is so from there too. So a piece takes one pass over
//! the text, however often pieces occur.

use super::exact::{is_word, one_space};
use super::occurrences::Occurrences;
use model::Wildcard;
use std::borrow::Cow;
use text_index::fold;

/// A wildcard, ready to be looked for.
#[derive(Debug, Clone)]
pub(crate) struct WildcardMatcher {
    /// Folded, each run of white space as one space.
    pieces: Vec<Occurrences>,
    has_white_space: bool,
    needs_more_than_ascii: bool,
    is_bound_at_start: bool,
    is_bound_at_end: bool,
}

impl WildcardMatcher {
    pub(crate) fn new(wildcard: &Wildcard) -> WildcardMatcher {
        let pieces: Vec<String> = wildcard.pieces.iter().map(|piece| one_space(&fold(piece)).into_owned()).collect();
        let first = pieces.first().and_then(|piece| piece.chars().next());
        let last = pieces.last().and_then(|piece| piece.chars().next_back());
        WildcardMatcher {
            has_white_space: pieces.iter().any(|piece| piece.contains(' ')),
            needs_more_than_ascii: pieces.iter().any(|piece| !piece.is_ascii()),
            is_bound_at_start: !wildcard.is_open_start && first.is_some_and(is_word),
            is_bound_at_end: !wildcard.is_open_end && last.is_some_and(is_word),
            pieces: pieces.iter().map(|piece| Occurrences::new(piece)).collect(),
        }
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        // An ASCII text folds to ASCII, in which nothing else occurs.
        if self.needs_more_than_ascii && text.is_ascii() {
            return false;
        }
        let mut folded = fold(text);
        if self.has_white_space {
            folded = Cow::Owned(one_space(&folded).into_owned());
        }
        let Some((first, others)) = self.pieces.split_first() else { return true };
        let mut ends = Vec::new();
        first.any(&folded, |found| {
            let before = folded[..found.start].chars().next_back();
            if !self.is_bound_at_start || !before.is_some_and(is_word) {
                ends.push(found.end);
            }
            false
        });
        for piece in others {
            if ends.is_empty() {
                return false;
            }
            ends = follow(piece, &folded, &ends);
        }
        let goes_on = |end: &usize| folded[*end..].chars().next().is_some_and(is_word);
        ends.iter().any(|end| !self.is_bound_at_end || !goes_on(end))
    }
}

/// Where the piece ends when it begins behind one of these ends, without white space between.
fn follow(piece: &Occurrences, text: &str, ends: &[usize]) -> Vec<usize> {
    let mut reached = Vec::new();
    let mut ends = ends.iter().copied().peekable();
    let mut nearest = None;
    let (mut looked_to, mut white_end) = (0, 0);
    piece.any(text, |found| {
        while let Some(end) = ends.next_if(|end| *end <= found.start) {
            nearest = Some(end);
        }
        for (place, character) in text[looked_to..found.start].char_indices() {
            if character.is_whitespace() {
                white_end = looked_to + place + character.len_utf8();
            }
        }
        looked_to = found.start;
        if nearest.is_some_and(|end| end >= white_end) {
            reached.push(found.end);
        }
        false
    });
    reached
}

#[cfg(test)]
mod tests;
