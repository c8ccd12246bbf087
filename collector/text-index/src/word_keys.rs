//! Words as they are indexed: folded, as 64-bit keys (XXH3), or as texts in an index of words.
//!
//! An *indexed word* is a longest run of word characters, or, in a row of Han, Kana or Hangul, each pair of neighbours;
//! a character of these that stands alone is indexed by itself. Pairs, since single characters are in nearly every
//! text of their script.
//!
//! Always true: when a needle occurs in a text, each word of [`required_word_keys`] is a key of that text. So a set that
//! lacks one of them proves that the needle occurs nowhere.

use crate::ascii_block::{AsciiBlock, BLOCK_BYTES, bits_from, first_run};
use crate::character::{CharacterKind, character_kind};
use crate::fold::fold;
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

/// The key of a word of small ASCII letters and digits.
pub fn key_of_plain_word(word: &[u8]) -> u64 {
    debug_assert!(word.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9')), "such a word is folded as it is");
    xxh3_64(word)
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
    let mut rest = text;
    while !rest.is_empty() {
        let (bytes, behind) = rest.split_at(rest.len().min(BLOCK_BYTES));
        let block = AsciiBlock::of(bytes);
        let (mut words, mut taken) = (block.words, bytes.len());
        while let Some(word) = first_run(words) {
            if word.end == BLOCK_BYTES && !behind.is_empty() {
                taken = match word.start {
                    0 => long_word(rest, each),
                    // It may go on: it is read once more, from its beginning.
                    start => start,
                };
                break;
            }
            words = bits_from(words, word.end);
            each(match block.capitals != 0 {
                true => xxh3_64(folded(&bytes[word], &mut [0; BLOCK_BYTES])),
                false => xxh3_64(&bytes[word]),
            });
        }
        rest = &rest[taken..];
    }
}

/// A word of ASCII that is not longer than a block, in small letters.
fn folded<'a>(word: &[u8], room: &'a mut [u8; BLOCK_BYTES]) -> &'a [u8] {
    let folded = &mut room[..word.len()];
    folded.copy_from_slice(word);
    folded.make_ascii_lowercase();
    folded
}

/// The key of the word that a text begins with, whose length it returns.
#[cold]
fn long_word(text: &[u8], each: &mut dyn FnMut(u64)) -> usize {
    let length = text.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(text.len());
    each(xxh3_64(&text[..length].to_ascii_lowercase()));
    length
}

#[cfg(test)]
mod tests;
