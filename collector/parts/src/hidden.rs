//! Which records of a tenant were deleted and may still be stored, by their sequences.
//!
//! A sequence is given to one record only, stays with it through every seal and merge, and is the same after a replay. So
//! a set of sequences hides exactly the records that were there when it was made, wherever they are.

use crate::manifest::TombstoneId;
use std::ops::Range;

/// The deleted records of one tenant. Never changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HiddenSequences {
    /// Rising.
    sequences: Box<[u64]>,
    /// The newest tombstone of which they are.
    newest: u64,
}

impl HiddenSequences {
    /// The sequences of several tombstones, in any order.
    pub(crate) fn new(mut sequences: Vec<u64>, newest: TombstoneId) -> HiddenSequences {
        // They come as a few rising runs, which this sort makes use of.
        sequences.sort();
        sequences.dedup();
        HiddenSequences { sequences: sequences.into(), newest: newest.0 }
    }

    /// These and the sequences of another tombstone.
    pub(crate) fn and(&self, others: &[u64], tombstone: TombstoneId) -> HiddenSequences {
        let sequences = self.sequences.iter().chain(others).copied().collect();
        HiddenSequences::new(sequences, TombstoneId(self.newest.max(tombstone.0)))
    }

    /// True when nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// How many records are hidden at most: some may be gone already.
    pub fn len(&self) -> usize {
        self.sequences.len()
    }

    /// True when one of these sequences is hidden.
    pub fn meets(&self, range: Range<u64>) -> bool {
        !self.within(range).is_empty()
    }

    /// The hidden sequences of a range, rising.
    pub fn within(&self, range: Range<u64>) -> &[u64] {
        let start = self.sequences.partition_point(|sequence| *sequence < range.start);
        let end = self.sequences.partition_point(|sequence| *sequence < range.end);
        self.sequences.get(start..end).unwrap_or_default()
    }

    /// True when a record is hidden.
    pub fn hides(&self, sequence: u64) -> bool {
        self.sequences.binary_search(&sequence).is_ok()
    }

    /// How many of these records are hidden.
    pub(crate) fn count_among(&self, sequences: &[u64]) -> u64 {
        sequences.iter().filter(|sequence| self.hides(**sequence)).count() as u64
    }

    /// The number of the newest tombstone of which they are; a part without any of them is free of that one and of all
    /// before it.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }
}

#[cfg(test)]
mod tests;
