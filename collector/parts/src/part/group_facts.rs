//! What the index knows of each row group without reading any record.

use basics::Timestamp;
use model::TimeRange;
use std::ops::Range;

use crate::part::index_file::{number, wide};

/// A row group in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct GroupFacts {
    pub(crate) records: u32,
    pub(crate) first_time: i64,
    pub(crate) last_time: i64,
    pub(crate) first_sequence: u64,
    pub(crate) last_sequence: u64,
    /// Bytes of all texts, unpacked.
    pub(crate) text_bytes: u64,
    pub(crate) message_keys: u32,
    pub(crate) value_keys: u32,
    /// Some message is not a string.
    pub(crate) has_other_messages: bool,
    /// Some message that is a string has no shape.
    pub(crate) has_unshaped: bool,
}

const FACTS_BYTES: usize = 56;
const OTHER_MESSAGES: u32 = 1;
const UNSHAPED: u32 = 2;

pub(crate) fn encode(groups: &[GroupFacts]) -> Vec<u8> {
    let mut out = Vec::with_capacity(groups.len() * FACTS_BYTES);
    for group in groups {
        let flags =
            if group.has_other_messages { OTHER_MESSAGES } else { 0 } | if group.has_unshaped { UNSHAPED } else { 0 };
        out.extend(group.records.to_le_bytes());
        out.extend(flags.to_le_bytes());
        out.extend(group.first_time.to_le_bytes());
        out.extend(group.last_time.to_le_bytes());
        out.extend(group.first_sequence.to_le_bytes());
        out.extend(group.last_sequence.to_le_bytes());
        out.extend(group.text_bytes.to_le_bytes());
        out.extend(group.message_keys.to_le_bytes());
        out.extend(group.value_keys.to_le_bytes());
    }
    out
}

/// Reads them back; `None` for bytes that are no whole number of them.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<GroupFacts>> {
    if !bytes.len().is_multiple_of(FACTS_BYTES) {
        return None;
    }
    let groups = bytes.chunks_exact(FACTS_BYTES).map(|facts| GroupFacts {
        records: number(facts, 0),
        has_other_messages: number(facts, 4) & OTHER_MESSAGES != 0,
        has_unshaped: number(facts, 4) & UNSHAPED != 0,
        first_time: wide(facts, 8).cast_signed(),
        last_time: wide(facts, 16).cast_signed(),
        first_sequence: wide(facts, 24),
        last_sequence: wide(facts, 32),
        text_bytes: wide(facts, 40),
        message_keys: number(facts, 48),
        value_keys: number(facts, 52),
    });
    Some(groups.collect())
}

impl GroupFacts {
    pub(crate) fn times(&self) -> TimeRange {
        TimeRange { start: Timestamp(self.first_time), end: Timestamp(self.last_time.saturating_add(1)) }
    }

    pub(crate) fn sequences(&self) -> Range<u64> {
        self.first_sequence..self.last_sequence.saturating_add(1)
    }
}

/// The times and sequences of all row groups; `None` when there is none.
pub(crate) fn ranges(groups: &[GroupFacts]) -> Option<(TimeRange, Range<u64>)> {
    let first_time = groups.iter().map(|group| group.first_time).min()?;
    let last_time = groups.iter().map(|group| group.last_time).max()?;
    let first_sequence = groups.iter().map(|group| group.first_sequence).min()?;
    let last_sequence = groups.iter().map(|group| group.last_sequence).max()?;
    let whole = GroupFacts { first_time, last_time, first_sequence, last_sequence, ..GroupFacts::default() };
    Some((whole.times(), whole.sequences()))
}
