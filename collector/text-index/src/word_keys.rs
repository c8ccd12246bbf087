//! Words as they are indexed: folded, as 64-bit keys (XXH3), or as texts in an index of words.
//!
//! An *indexed word* is a longest run of word characters, or, in a row of Han, Kana or Hangul, each pair of neighbours;
//! a character of these that stands alone is indexed by itself. Pairs, since single characters are in nearly every
//! text of their script.
//!
//! Always true: when a needle occurs in a text, each word of [`required_word_keys`] is a key of that text. So a set that
//! lacks one of them proves that the needle occurs nowhere.

use crate::character::{CharacterKind, character_kind};
use crate::fold::fold;
use crate::limits::ASCII_WORD_BYTES_IN_PLACE_MAX;
use crate::matcher::Needle;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// Calls `each` with the key of every indexed word of a text, as often as it occurs. Texts that compare as equal have
/// equal keys.
pub fn for_each_word_key(text: &str, each: &mut dyn FnMut(u64)) {
    if text.is_ascii() {
        for_each_ascii_key(text.as_bytes(), each);
        return;
    }
    let folded = fold(text);
    for_each_indexed_word(&folded, &mut |word| each(key_of(&folded[word.range])));
}

/// The keys that every text holds in which the needle occurs, sorted, each once. Empty when nothing can be said: a word
/// at an open end may go on in the text, as may a row of Han, Kana or Hangul at any end.
pub fn required_word_keys(needle: Needle<'_>) -> Vec<u64> {
    let folded = fold(needle.text);
    let mut keys = Vec::new();
    for_each_required_word(&folded, needle.open_ends(), &mut |range| keys.push(key_of(&folded[range])));
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The key of a folded word.
pub(crate) fn key_of(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

/// At which ends the words of a needle may go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenEnds {
    pub(crate) at_start: bool,
    pub(crate) at_end: bool,
}

/// Where the words are, in a folded needle, that are whole in every text in which it occurs.
pub(crate) fn for_each_required_word(needle: &str, open: OpenEnds, each: &mut dyn FnMut(Range<usize>)) {
    for_each_indexed_word(needle, &mut |word| {
        let (is_first, is_last) = (word.range.start == 0, word.range.end == needle.len());
        let is_whole = match word.form {
            Form::Run => !(is_first && open.at_start || is_last && open.at_end),
            Form::Alone => !is_first && !is_last,
            Form::Pair => true,
        };
        if is_whole {
            each(word.range);
        }
    });
}

pub(crate) struct IndexedWord {
    pub(crate) range: Range<usize>,
    pub(crate) form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Run,
    /// A character of Han, Kana or Hangul with none beside it.
    Alone,
    /// Two such characters side by side.
    Pair,
}

/// The indexed words of a folded text.
pub(crate) fn for_each_indexed_word(folded: &str, each: &mut dyn FnMut(IndexedWord)) {
    let mut run = None;
    // Where the last character of a row of singles begins, and whether it is in a pair already.
    let mut single: Option<(usize, bool)> = None;
    let end = (folded.len(), CharacterKind::Separator, 0);
    let characters = folded.char_indices().map(|(at, character)| (at, character_kind(character), character.len_utf8()));
    for (at, kind, length) in characters.chain([end]) {
        if kind != CharacterKind::Run
            && let Some(start) = run.take()
        {
            each(IndexedWord { range: start..at, form: Form::Run });
        }
        match (kind, single) {
            (CharacterKind::Single, Some((before, _))) => {
                each(IndexedWord { range: before..at + length, form: Form::Pair });
                single = Some((at, true));
            }
            (CharacterKind::Single, None) => single = Some((at, false)),
            (CharacterKind::Run | CharacterKind::Separator, Some((before, is_paired))) => {
                if !is_paired {
                    each(IndexedWord { range: before..at, form: Form::Alone });
                }
                single = None;
            }
            (CharacterKind::Run | CharacterKind::Separator, None) => {}
        }
        if kind == CharacterKind::Run && run.is_none() {
            run = Some(at);
        }
    }
}

fn for_each_ascii_key(text: &[u8], each: &mut dyn FnMut(u64)) {
    let mut folded = [0; ASCII_WORD_BYTES_IN_PLACE_MAX];
    let mut rest = text;
    while let Some(start) = rest.iter().position(|byte| FOLDED[usize::from(*byte)] != 0) {
        rest = &rest[start..];
        let mut length = 0;
        for byte in rest {
            let lower = FOLDED[usize::from(*byte)];
            if lower == 0 {
                break;
            }
            if let Some(place) = folded.get_mut(length) {
                *place = lower;
            }
            length += 1;
        }
        let word = &rest[..length];
        rest = &rest[length..];
        each(match folded.get(..length) {
            Some(folded) => xxh3_64(folded),
            None => xxh3_64(&word.to_ascii_lowercase()),
        });
    }
}

/// Each ASCII letter and digit as it is indexed; zero for all other bytes.
const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut byte = 0u8;
    loop {
        if byte.is_ascii_alphanumeric() {
            folded[byte as usize] = byte.to_ascii_lowercase();
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    folded
};

#[cfg(test)]
mod tests;
