//! Words of a text: maximal runs of letters, marks and numbers; for Han, Kana and Hangul, pairs of neighbours (one character when alone).
//! Folded by simple lower-casing. NFC is left out: what the machine's programs log is NFC already.

use unicode_script::{Script, UnicodeScript};
use xxhash_rust::xxh3::xxh3_64;

pub fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 128
}

fn is_mark(c: char) -> bool {
    matches!(c as u32, 0x300..=0x36F | 0x1AB0..=0x1AFF | 0x20D0..=0x20FF | 0x3099..=0x309A | 0xFE20..=0xFE2F)
}

fn stands_alone(c: char) -> bool {
    matches!(c.script(), Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul)
}

/// Calls `found` with the hash of each word, folded.
pub fn hashes(text: &str, found: &mut impl FnMut(u64)) {
    let mut folded = [0u8; 64];
    let bytes = text.as_bytes();
    if !text.is_ascii() {
        return hashes_of_unicode(text, found);
    }
    let mut i = 0;
    while i < bytes.len() {
        if !bytes[i].is_ascii_alphanumeric() {
            i += 1;
            continue;
        }
        let start = i;
        while i < bytes.len() && bytes[i].is_ascii_alphanumeric() {
            i += 1;
        }
        let word = &bytes[start..i];
        if word.len() <= folded.len() {
            let slot = &mut folded[..word.len()];
            slot.copy_from_slice(word);
            slot.make_ascii_lowercase();
            found(xxh3_64(slot));
        } else {
            found(xxh3_64(&word.to_ascii_lowercase()));
        }
    }
}

fn hashes_of_unicode(text: &str, found: &mut impl FnMut(u64)) {
    each(text, &mut |word| found(xxh3_64(word.as_bytes())));
}

/// Calls `found` with each word, folded. Slower than [`hashes`]; for dictionaries.
pub fn each(text: &str, found: &mut impl FnMut(&str)) {
    let mut word = String::new();
    let mut alone: Option<(char, bool)> = None;
    for c in text.chars() {
        if !c.is_ascii() && stands_alone(c) {
            if !word.is_empty() {
                found(&word);
                word.clear();
            }
            if let Some((before, _)) = alone {
                let pair: String = [before, c].iter().collect();
                found(&pair);
            }
            alone = Some((c, alone.is_some()));
            continue;
        }
        if let Some((before, in_pair)) = alone.take()
            && !in_pair
        {
            found(before.encode_utf8(&mut [0; 4]));
        }
        if c.is_alphanumeric() || (!word.is_empty() && is_mark(c)) {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            found(&word);
            word.clear();
        }
    }
    if !word.is_empty() {
        found(&word);
    }
    if let Some((before, false)) = alone {
        found(before.encode_utf8(&mut [0; 4]));
    }
}
