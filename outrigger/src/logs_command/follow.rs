//! What is new, decided from the answers of a collector; asking and printing is done by the parent.
//!
//! Always true: a record is new exactly once, whatever its time, and what was in the store when following began never is.
//!
//! Start at [`Follower::take`].

use super::client::{Page, sequence_of};
use super::view;
use serde_json::Value;

/// How far was followed, and what was said about it.
pub(super) struct Follower {
    after: Option<u64>,
    told: Option<String>,
}

/// What a round brought.
pub(super) struct Arrived {
    /// In the order of arrival.
    pub(super) records: Vec<Value>,
    /// What the person who follows should know.
    pub(super) note: Option<String>,
}

impl Follower {
    /// Follows what comes after this page was found.
    pub(super) fn behind(page: &Page) -> Follower {
        Follower { after: page.newest_sequence, told: page.cut_short.clone() }
    }

    /// Only what has a higher sequence is asked for; everything, when the store was empty.
    pub(super) fn after(&self) -> Option<u64> {
        self.after
    }

    /// Takes the answer to what came after [`Follower::after`].
    pub(super) fn take(&mut self, round: Page) -> Arrived {
        // What came in while the round's later pages were asked for stands behind this, and is found by the next round.
        let end = round.newest_sequence.unwrap_or(u64::MAX);
        let is_new = |record: &Value| {
            let sequence = sequence_of(record);
            sequence <= end && self.after.is_none_or(|after| sequence > after)
        };
        let mut records: Vec<Value> = round.records.into_iter().filter(is_new).collect();
        records.sort_by_key(sequence_of);
        let shown = records.last().map(sequence_of);
        self.after = self.after.max(round.newest_sequence.or(shown));
        let reason = round.cut_short.or_else(|| round.next.map(|_| "limit".to_owned()));
        let note = reason.as_deref().filter(|reason| self.told.as_deref() != Some(*reason)).map(cut_short_text);
        self.told = reason;
        Arrived { records, note }
    }
}

pub(super) fn is_replaying(page: &Page) -> bool {
    page.cut_short.as_deref() == Some("replaying")
}

/// What an incomplete answer lacks, and what helps.
pub(crate) fn cut_short_text(reason: &str) -> String {
    let advice = match reason {
        "replaying" => "the collector is still reading its log after a restart; ask again in a moment",
        "deadline" | "memory" => "the question is too wide; narrow the time or the terms",
        "limit" => "more arrives than can be shown; narrow the terms",
        _ => "ask again",
    };
    format!("the answer is not whole ({}): {advice}", view::escaped(reason))
}

#[cfg(test)]
mod tests;
