//! A span of time with a first and a last moment.

use basics::Timestamp;

/// From `start` (inclusive) to `end` (exclusive). Empty when `end` is not after `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment inside.
    pub start: Timestamp,
    /// The first moment behind.
    pub end: Timestamp,
}

impl TimeRange {
    /// All nameable time but its last nanosecond.
    pub const ALL: TimeRange = TimeRange { start: Timestamp::MIN, end: Timestamp::MAX };

    /// True when `time` is inside.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }

    /// What both ranges hold.
    pub fn intersect(&self, other: TimeRange) -> TimeRange {
        TimeRange { start: self.start.max(other.start), end: self.end.min(other.end) }
    }

    /// True when nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}
