//! Which pieces of a needle may be what it shares with one variable.
//!
//! A variable is one of three: a longest run of word characters with an ASCII digit in it; a UUID with no word
//! character beside it; the placeholder itself. An occurrence shares a piece with it that is the variable whole, but
//! for the needle's ends: the first piece may be a variable's end, the last its beginning, and a needle that is one
//! piece may be cut out of its middle. Where an end is closed, a piece of word characters there must not be cut.

use crate::character::{CharacterKind, character_kind};
use crate::splitter::{PLACEHOLDER, UUID_BYTES, UUID_GROUP_ENDS, is_of_uuid};
use crate::word_keys::OpenEnds;

/// A piece of a needle, in bytes. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All such pieces of a folded needle, sorted.
pub(super) fn of(needle: &str, open: OpenEnds) -> Vec<Span> {
    let runs = runs(needle);
    let mut spans: Vec<Span> =
        needle.match_indices(PLACEHOLDER).map(|(start, text)| Span { start, end: start + text.len() }).collect();
    for run in &runs {
        let is_cut = run.start == 0 && open.at_start || run.end == needle.len() && open.at_end;
        if is_cut || needle[run.start..run.end].bytes().any(|byte| byte.is_ascii_digit()) {
            spans.push(*run);
        }
    }
    let starts = runs.iter().map(|run| run.start).filter(|start| *start > 0);
    spans.extend(starts.filter_map(|start| in_uuid(needle, start, 0, open)));
    let is_cut_free = |offset: &usize| {
        open.at_start || *offset == 0 || UUID_GROUP_ENDS.contains(offset) || UUID_GROUP_ENDS.contains(&(offset - 1))
    };
    spans.extend((0..UUID_BYTES).filter(is_cut_free).filter_map(|offset| in_uuid(needle, 0, offset, open)));
    spans.sort_unstable();
    spans.dedup();
    spans
}

/// The longest runs of word characters with an ASCII digit in them.
pub(super) fn runs_with_digits(needle: &str) -> impl Iterator<Item = &str> {
    let runs = runs(needle).into_iter().map(|run| &needle[run.start..run.end]);
    runs.filter(|run| run.bytes().any(|byte| byte.is_ascii_digit()))
}

/// The longest runs of word characters.
fn runs(needle: &str) -> Vec<Span> {
    let mut runs: Vec<Span> = Vec::new();
    for (at, character) in needle.char_indices() {
        if character_kind(character) != CharacterKind::Run {
            continue;
        }
        let end = at + character.len_utf8();
        match runs.last_mut() {
            Some(run) if run.end == at => run.end = end,
            _ => runs.push(Span { start: at, end }),
        }
    }
    runs
}

/// The piece from `start` on that a UUID holds from its byte `offset` on: up to the end of either.
fn in_uuid(needle: &str, start: usize, offset: usize, open: OpenEnds) -> Option<Span> {
    let end = needle.len().min(start + UUID_BYTES - offset);
    let piece = needle.as_bytes().get(start..end).filter(|piece| !piece.is_empty() && is_of_uuid(piece, offset))?;
    let end_in_uuid = offset + piece.len();
    let is_whole_behind = match end_in_uuid == UUID_BYTES {
        // No word character stands behind a UUID.
        true => needle[end..].chars().next().is_none_or(|behind| character_kind(behind) != CharacterKind::Run),
        // The needle ends within the UUID: behind a hyphen, or where a group ends, unless its last word may go on.
        false => open.at_end || UUID_GROUP_ENDS.contains(&end_in_uuid) || UUID_GROUP_ENDS.contains(&(end_in_uuid - 1)),
    };
    is_whole_behind.then_some(Span { start, end })
}

#[cfg(test)]
mod tests;
