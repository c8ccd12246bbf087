//! Where the words of an ASCII text are: one bit for each byte.

use crate::ascii_block::{AsciiBlock, BLOCK_BYTES as BITS};
use std::ops::Range;

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
            let block = AsciiBlock::of(block);
            if !block.is_plain {
                return false;
            }
            self.words.push(block.words);
            self.digits.push(block.digits);
        }
        true
    }

    /// Where the next word begins, from `at` on, which is not within one.
    #[inline]
    pub(super) fn next_word(&self, at: usize) -> Option<usize> {
        first_one(at, self.words.len(), |block| self.words[block])
    }

    /// Where the next digit is, from `at` on.
    #[inline]
    pub(super) fn next_digit(&self, at: usize) -> Option<usize> {
        first_one(at, self.digits.len(), |block| self.digits[block])
    }

    /// Where the word begins that `at` is in.
    #[inline]
    pub(super) fn start_of_word(&self, at: usize) -> usize {
        let mut number = at / BITS;
        let mut before = !self.words[number] & !(u64::MAX << (at % BITS));
        while before == 0 {
            if number == 0 {
                return 0;
            }
            number -= 1;
            before = !self.words[number];
        }
        (number + 1) * BITS - before.leading_zeros() as usize
    }

    /// Where the word ends that `at` is in.
    #[inline]
    pub(super) fn end_of_word(&self, at: usize) -> usize {
        let end = first_one(at, self.words.len(), |block| !self.words[block]);
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
