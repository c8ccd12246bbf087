//! Where the words of an ASCII text are: one bit for each byte, eight bytes at a time.
//!
//! Going byte by byte costs a wrong guess of the processor at both ends of each word, which is most of the time that a
//! split takes.

use super::PLACEHOLDER_BYTE;
use std::ops::Range;

const BITS: usize = 64;
const LANES: usize = 8;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * ONES;

/// Words and digits of a text.
#[derive(Debug, Default)]
pub(super) struct WordMasks {
    /// For each 64 bytes of the text, which of them are letters or digits.
    words: Vec<u64>,
    /// The same of digits alone.
    digits: Vec<u64>,
}

impl WordMasks {
    /// Reads a text; false when it is not plain ASCII or holds the placeholder, and then nothing is known of it.
    pub(super) fn read(&mut self, text: &[u8]) -> bool {
        self.words.clear();
        self.digits.clear();
        for block in text.chunks(BITS) {
            let (mut words, mut digits) = (0, 0);
            let (lanes, rest) = block.as_chunks::<LANES>();
            let mut is_plain = true;
            let mut last = [0; LANES];
            for (into, byte) in last.iter_mut().zip(rest) {
                *into = *byte;
            }
            for (number, lane) in lanes.iter().chain([&last]).take(BITS / LANES).enumerate() {
                let lane = u64::from_le_bytes(*lane);
                is_plain &= lane & HIGHS == 0 && is_without_placeholder(lane);
                let digit = from(lane, b'0') & !from(lane, b'9' + 1);
                let lower = lane | (0x20 * ONES);
                let letter = from(lower, b'a') & !from(lower, b'z' + 1);
                digits |= packed(digit) << (number * LANES);
                words |= packed(letter | digit) << (number * LANES);
            }
            if !is_plain {
                return false;
            }
            self.words.push(words);
            self.digits.push(digits);
        }
        true
    }

    /// Where the next word begins, from `at` on, which is not within one.
    #[inline]
    pub(super) fn next_word(&self, at: usize) -> Option<usize> {
        first_one(at, self.words.len(), |block| self.words[block])
    }

    /// Where the word ends that begins at `start`.
    #[inline]
    pub(super) fn end_of_word(&self, start: usize) -> usize {
        let end = first_one(start, self.words.len(), |block| !self.words[block]);
        end.unwrap_or(self.words.len() * BITS)
    }

    /// True when one of these bytes is a digit.
    #[inline]
    pub(super) fn has_digit(&self, range: Range<usize>) -> bool {
        first_one(range.start, range.end.div_ceil(BITS), |block| self.digits[block]).is_some_and(|at| at < range.end)
    }
}

/// The first bit that is set, from `at` on, in so many blocks.
#[inline]
fn first_one(at: usize, blocks: usize, block: impl Fn(usize) -> u64) -> Option<usize> {
    let mut number = at / BITS;
    if number >= blocks {
        return None;
    }
    let mut bits = block(number) & (u64::MAX << (at % BITS));
    while bits == 0 {
        number += 1;
        if number >= blocks {
            return None;
        }
        bits = block(number);
    }
    Some(number * BITS + bits.trailing_zeros() as usize)
}

/// The high bit of each byte that is `least` or above; all bytes are ASCII.
#[inline]
fn from(lane: u64, least: u8) -> u64 {
    lane.wrapping_add(u64::from(0x80 - least) * ONES) & HIGHS
}

#[inline]
fn is_without_placeholder(lane: u64) -> bool {
    from(lane ^ (u64::from(PLACEHOLDER_BYTE) * ONES), 1) == HIGHS
}

/// The high bits of all bytes, side by side.
#[inline]
fn packed(highs: u64) -> u64 {
    (highs >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}
