//! Lays a needle over a shape so that it overlaps at least one placeholder.
//!
//! One pass over the shape's placeholders. At each it is known from where in the needle an overlap may begin: where the
//! needle's part before stands in the shape right before, or where an overlap with the placeholder before, and all text
//! between the two, have brought it. Time is bounded by placeholders times spans times the length of what is compared,
//! whatever the needle repeats.

use super::spans::Span;
use crate::character::{CharacterKind, character_kind};
use crate::fold::collapse_white_space;
use crate::splitter::PLACEHOLDER_BYTE;
use crate::variable_form::{CharacterSet, VariableForm};
use crate::word_keys::OpenEnds;
use memchr::memchr;

/// A folded needle and the sides at which its words end.
#[derive(Debug, Clone)]
pub(super) struct Aligned {
    /// Each run of white space as one space.
    text: String,
    must_end_at_start: bool,
    must_end_at_end: bool,
}

impl Aligned {
    pub(super) fn new(text: String, open: OpenEnds) -> Aligned {
        let is_run = |character: Option<char>| character.is_some_and(is_word_character);
        Aligned {
            must_end_at_start: !open.at_start && is_run(text.chars().next()),
            must_end_at_end: !open.at_end && is_run(text.chars().next_back()),
            text,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// True when a text of the folded shape may hold the needle with help of a variable. `spans` are the needle's, sorted, with their characters;
    /// `forms` those of the shape's variables, one for each placeholder.
    pub(super) fn fits(&self, folded: &str, spans: &[(Span, CharacterSet)], forms: Option<&[VariableForm]>) -> bool {
        let shape = collapse_white_space(folded);
        let mut carried: Vec<usize> = Vec::new();
        let mut next: Vec<usize> = Vec::new();
        let mut from = 0;
        let mut number = 0;
        while let Some(found) = memchr(PLACEHOLDER_BYTE, &shape.as_bytes()[from..]) {
            let at = from + found;
            from = at + 1;
            let behind = &shape[from..];
            let end = memchr(PLACEHOLDER_BYTE, behind.as_bytes());
            let fixed = &behind[..end.unwrap_or(behind.len())];
            next.clear();
            let own = forms.and_then(|forms| forms.get(number)).map(VariableForm::characters);
            number += 1;
            for (span, piece) in spans {
                if own.is_some_and(|own| !own.may_fold_to(*piece)) {
                    continue;
                }
                if !carried.contains(&span.start) && !self.stands_before(span.start, &shape[..at]) {
                    continue;
                }
                let rest = &self.text[span.end..];
                if rest.len() <= fixed.len() {
                    if self.ends_in(rest, fixed) {
                        return true;
                    }
                } else if end.is_some() && rest.starts_with(fixed) {
                    next.push(span.end + fixed.len());
                }
            }
            next.sort_unstable();
            next.dedup();
            std::mem::swap(&mut carried, &mut next);
        }
        false
    }

    /// True when the needle's first `length` bytes stand at the end of `before`, with no word going on before them.
    fn stands_before(&self, length: usize, before: &str) -> bool {
        before.strip_suffix(&self.text[..length]).is_some_and(|rest| {
            length == 0 || !self.must_end_at_start || !rest.chars().next_back().is_some_and(is_word_character)
        })
    }

    /// True when `fixed` begins with what is left of the needle, with no word going on behind it.
    fn ends_in(&self, rest: &str, fixed: &str) -> bool {
        fixed.strip_prefix(rest).is_some_and(|behind| {
            rest.is_empty() || !self.must_end_at_end || !behind.chars().next().is_some_and(is_word_character)
        })
    }
}

fn is_word_character(character: char) -> bool {
    character_kind(character) == CharacterKind::Run
}
