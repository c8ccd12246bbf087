//! Which three letters in a row some texts of a row group hold: its variables, or the strings among its attributes.
//!
//! A needle of letters with an open end (`*time*`) may lie within a variable (`x1time7`), and no bloom of whole words
//! can tell. These bits can: variables are numbers and ids mostly, attributes are names of few words, and they hold few
//! trigrams of another word all at once.

use crate::ascii_block::{AsciiBlock, BLOCK_BYTES, bits_from, first_run};
use crate::error::{StoredError, number_at};
use crate::fold::fold;
use crate::matcher::Needle;

const WHAT: &str = "letter trigrams";
const VERSION: u32 = 1;
const LETTERS: usize = 26;
const TRIGRAMS: usize = LETTERS * LETTERS * LETTERS;
const BITMAP_BYTES: usize = TRIGRAMS.div_ceil(8);
const HEADER_BYTES: usize = 8;

/// A set of trigrams of folded ASCII letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterTrigrams {
    bits: Box<[u8; BITMAP_BYTES]>,
}

impl Default for LetterTrigrams {
    fn default() -> LetterTrigrams {
        LetterTrigrams::new()
    }
}

impl LetterTrigrams {
    /// Length of the stored form.
    pub const STORED_BYTES: usize = HEADER_BYTES + BITMAP_BYTES;

    /// The empty set.
    pub fn new() -> LetterTrigrams {
        LetterTrigrams { bits: Box::new([0; BITMAP_BYTES]) }
    }

    /// Takes the trigrams of a text in.
    pub fn insert(&mut self, text: &str) {
        let mut take = |trigram: u16| {
            let (byte, bit) = (usize::from(trigram / 8), trigram % 8);
            self.bits[byte] |= 1 << bit;
        };
        match text.is_ascii() {
            true if text.len() <= BLOCK_BYTES => for_each_trigram_of_block(text.as_bytes(), &mut take),
            true => for_each_trigram(text.as_bytes(), &mut take),
            false => for_each_trigram(fold(text).as_bytes(), &mut take),
        }
    }

    /// False when one of the trigrams is in no text that was taken in.
    pub fn may_hold_all(&self, trigrams: &[u16]) -> bool {
        trigrams
            .iter()
            .all(|trigram| self.bits.get(usize::from(trigram / 8)).is_some_and(|byte| byte & (1 << (trigram % 8)) != 0))
    }

    /// Appends the stored form.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let version = VERSION.to_le_bytes();
        let sum = crc32c::crc32c_append(crc32c::crc32c(&version), &self.bits[..]);
        out.extend_from_slice(&version);
        out.extend_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(&self.bits[..]);
    }

    /// Reads the stored form, which must be the whole of `bytes`.
    pub fn read(bytes: &[u8]) -> Result<LetterTrigrams, StoredError> {
        let version = number_at(WHAT, bytes, 0)?;
        if version != VERSION {
            return Err(StoredError::Version { what: WHAT, found: version, known: VERSION });
        }
        let expected = number_at(WHAT, bytes, 4)?;
        let bits = bytes.get(HEADER_BYTES..).and_then(|rest| <&[u8; BITMAP_BYTES]>::try_from(rest).ok());
        let bits = bits.ok_or(StoredError::Damaged { what: WHAT, offset: HEADER_BYTES })?;
        let found = crc32c::crc32c_append(crc32c::crc32c(&bytes[..4]), bits);
        if found != expected {
            return Err(StoredError::Checksum { what: WHAT, offset: 0, expected, found });
        }
        Ok(LetterTrigrams { bits: Box::new(*bits) })
    }
}

/// The trigrams that every text holds in which the needle occurs, sorted, each once.
pub fn required_trigrams(needle: Needle<'_>) -> Vec<u16> {
    trigrams_of(&fold(needle.text))
}

/// The letter trigrams of a folded text, sorted, each once.
pub(crate) fn trigrams_of(folded: &str) -> Vec<u16> {
    let mut trigrams = Vec::new();
    for_each_trigram(folded.as_bytes(), &mut |trigram| trigrams.push(trigram));
    trigrams.sort_unstable();
    trigrams.dedup();
    trigrams
}

/// The same of a short text of ASCII. Most variables have no three letters in a row, and that is seen at once.
fn for_each_trigram_of_block(text: &[u8], each: &mut dyn FnMut(u16)) {
    let block = AsciiBlock::of(text);
    let mut places = block.three_letters();
    while let Some(run) = first_run(places) {
        places = bits_from(places, run.end);
        for place in run {
            let letters = text[place..place + 3].iter();
            each(letters.fold(0, |number, letter| number * 26 + NUMBERS[usize::from(*letter)]));
        }
    }
}

fn for_each_trigram(text: &[u8], each: &mut dyn FnMut(u16)) {
    // The last letters as a number in base 26, and how many there were in a row.
    let (mut number, mut row) = (0, 0);
    for byte in text {
        let letter = NUMBERS[usize::from(*byte)];
        if letter == NONE {
            row = 0;
            continue;
        }
        number = number % (26 * 26) * 26 + letter;
        row += 1;
        if row >= 3 {
            each(number);
        }
    }
}

/// No letter.
const NONE: u16 = u16::MAX;

/// The number of each ASCII letter, whatever its case.
const NUMBERS: [u16; 256] = {
    let mut numbers = [NONE; 256];
    let mut letter = 0;
    while letter < 26 {
        numbers[(b'a' as u16 + letter) as usize] = letter;
        numbers[(b'A' as u16 + letter) as usize] = letter;
        letter += 1;
    }
    numbers
};

#[cfg(test)]
mod tests;
