//! Which entries are lost, each counted once however often somebody comes across the damage.

use std::collections::BTreeMap;

/// Ranges that neither overlap nor touch, by their first sequence, each with the sequence behind its last.
#[derive(Debug, Default)]
pub(crate) struct LostRanges(BTreeMap<u64, u64>);

impl LostRanges {
    /// Adds `from..to`.
    pub(crate) fn add(&mut self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        let (mut from, mut to) = (from, to);
        while let Some((&first, &end)) = self.0.range(..=to).next_back()
            && end >= from
        {
            self.0.remove(&first);
            from = from.min(first);
            to = to.max(end);
        }
        self.0.insert(from, to);
    }

    /// How many entries there are in them.
    pub(crate) fn entries(&self) -> u64 {
        self.0.iter().map(|(first, end)| end - first).sum()
    }
}

#[cfg(test)]
mod tests;
