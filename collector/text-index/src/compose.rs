//! Canonical composition alone, for texts that are compared in the case in which they were written.

use crate::character::is_settled;
use crate::fold::fold_character;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The canonical composition (NFC) of a text.
pub fn compose(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

/// The part of a composed term that stands, folded, in the folded form of every text that holds the term as it is written.
///
/// A mark may join a letter that was folded where it joins none before: `J̌` is two characters and `ǰ` is one. So the last
/// letter is left out when a mark behind the term may join it then, and marks at the beginning are.
pub fn part_kept_by_folding(composed: &str) -> &str {
    let start = composed.find(is_settled).unwrap_or(composed.len());
    let kept = &composed[start..];
    let last = kept.char_indices().rfind(|(_, character)| is_settled(*character));
    match last {
        Some((place, letter)) if may_join_when_folded(letter) => &kept[..place],
        Some(_) | None => kept,
    }
}

/// Of letters beyond ASCII all that change are taken for such ones: few terms end with one.
fn may_join_when_folded(letter: char) -> bool {
    matches!(letter, 'H' | 'J' | 'T' | 'W' | 'Y') || !letter.is_ascii() && fold_character(letter) != letter
}

#[cfg(test)]
mod tests;
