//! A set of records of one slice, one bit each.

use crate::limits::SLICE_RECORDS;

const WORDS: usize = SLICE_RECORDS / 64;
const _: () = assert!(WORDS * 64 == SLICE_RECORDS);

/// A set of records of one slice. Rows count from the slice's first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mask {
    words: [u64; WORDS],
}

impl Mask {
    pub(crate) const EMPTY: Mask = Mask { words: [0; WORDS] };

    /// The first `count` records.
    pub(crate) fn first(count: usize) -> Mask {
        let mut words = [0; WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            *word = match count.saturating_sub(index * 64) {
                0 => 0,
                bits @ 1..64 => (1 << bits) - 1,
                _ => u64::MAX,
            };
        }
        Mask { words }
    }

    /// The records whose bits are set, 64 in a word.
    pub(crate) fn from_words(from: impl Iterator<Item = u64>) -> Mask {
        let mut words = [0; WORDS];
        words.iter_mut().zip(from).for_each(|(word, from)| *word = from);
        Mask { words }
    }

    /// Sets 64 records at once: the bits are those of the records from 64 times `word` on.
    pub(crate) fn set_word(&mut self, word: usize, bits: u64) {
        self.words[word] = bits;
    }

    pub(crate) fn set(&mut self, row: usize) {
        self.words[row / 64] |= 1 << (row % 64);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words == [0; WORDS]
    }

    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn and(&self, other: Mask) -> Mask {
        self.zip(other, |left, right| left & right)
    }

    pub(crate) fn or(&self, other: Mask) -> Mask {
        self.zip(other, |left, right| left | right)
    }

    pub(crate) fn and_not(&self, other: Mask) -> Mask {
        self.zip(other, |left, right| left & !right)
    }

    fn zip(&self, other: Mask, join: impl Fn(u64, u64) -> u64) -> Mask {
        Mask { words: std::array::from_fn(|index| join(self.words[index], other.words[index])) }
    }

    /// The records in order.
    pub(crate) fn rows(self) -> impl Iterator<Item = usize> {
        self.words.into_iter().enumerate().flat_map(|(index, mut word)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros();
                word &= word.checked_sub(1)?;
                Some(index * 64 + bit as usize)
            })
        })
    }

    /// Hands out the records in order; faster than [`Mask::rows`] where there are many side by side.
    pub(crate) fn for_each_row(self, mut each: impl FnMut(usize)) {
        for (index, mut word) in self.words.into_iter().enumerate() {
            if word == u64::MAX {
                (index * 64..(index + 1) * 64).for_each(&mut each);
                continue;
            }
            while word != 0 {
                each(index * 64 + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
    }

    /// The records in reverse order.
    pub(crate) fn rows_backwards(self) -> impl Iterator<Item = usize> {
        self.words.into_iter().enumerate().rev().flat_map(|(index, mut word)| {
            std::iter::from_fn(move || {
                let bit = 63u32.checked_sub(word.leading_zeros())?;
                word ^= 1 << bit;
                Some(index * 64 + bit as usize)
            })
        })
    }

    /// The smallest range that holds all records.
    pub(crate) fn span(self) -> std::ops::Range<usize> {
        match (self.rows().next(), self.rows_backwards().next()) {
            (Some(first), Some(last)) => first..last + 1,
            _ => 0..0,
        }
    }

    /// The records of the set that `keep` takes.
    pub(crate) fn retain(self, keep: impl Fn(usize) -> bool) -> Mask {
        let mut kept = Mask::EMPTY;
        for (index, word) in self.words.into_iter().enumerate() {
            let mut open = word;
            let mut bits = 0;
            while open != 0 {
                let bit = open.trailing_zeros();
                open &= open - 1;
                bits |= u64::from(keep(index * 64 + bit as usize)) << bit;
            }
            kept.words[index] = bits;
        }
        kept
    }

    /// The records of the set that `keep` takes, unless it fails.
    pub(crate) fn try_retain<E>(self, mut keep: impl FnMut(usize) -> Result<bool, E>) -> Result<Mask, E> {
        let mut kept = Mask::EMPTY;
        for row in self.rows() {
            if keep(row)? {
                kept.set(row);
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests;
