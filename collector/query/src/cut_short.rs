//! Why an answer is not whole.

/// Why an answer is not whole. Where several hold, the one listed first is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CutShort {
    /// Records of the time before a restart are still being read back; any place of the answer may lack some.
    Replaying,
    /// A part is damaged. Its records are missing; it is named in the log of the process.
    Damaged,
    /// The memory of all queries together is in use.
    Memory,
    /// The query's time was up.
    Deadline,
}

impl CutShort {
    /// The reason as it stands in answers.
    pub fn name(self) -> &'static str {
        match self {
            CutShort::Replaying => "replaying",
            CutShort::Damaged => "damaged",
            CutShort::Memory => "memory",
            CutShort::Deadline => "deadline",
        }
    }

    /// The reason that an answer gives.
    pub(crate) fn first(is_replaying: bool, has_damage: bool, stopped: Option<CutShort>) -> Option<CutShort> {
        let replaying = is_replaying.then_some(CutShort::Replaying);
        let damaged = has_damage.then_some(CutShort::Damaged);
        replaying.or(damaged).or(stopped)
    }
}
