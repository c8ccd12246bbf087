//! What a manifest is told and tells: parts, tombstones, and the edits that make them true.

use super::limits::REASON_BYTES_MAX;
use basics::{TenantId, Timestamp};
use model::TimeRange;
use std::fmt;
use std::ops::Range;

/// A part's number in its store. Never given to another part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartId(pub u64);

impl fmt::Display for PartId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// A tombstone's number in its store. Never given to another tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TombstoneId(pub u64);

/// One file of a part, as it was when the part was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartFile {
    /// What the file is. The manifest does not care; one part has at most one file of a kind.
    pub kind: u8,
    /// Its length.
    pub bytes: u64,
    /// CRC32C of its tail or of the whole; which of the two is up to the kind.
    pub crc: u32,
}

/// What a manifest knows of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartEntry {
    /// Its number.
    pub id: PartId,
    /// Whose records.
    pub tenant: TenantId,
    /// Of which UTC day, counted from 1970-01-01.
    pub day: i32,
    /// Time of the oldest record.
    pub time_min: Timestamp,
    /// Time of the newest record.
    pub time_max: Timestamp,
    /// Lowest sequence of a record.
    pub sequence_min: u64,
    /// Highest sequence of a record.
    pub sequence_max: u64,
    /// Records, at least one.
    pub records: u64,
    /// Bytes of the records as they came.
    pub raw_bytes: u64,
    /// Row groups.
    pub row_groups: u32,
    /// Version of the part's format.
    pub format_version: u32,
    /// Oldest version whose reader may read the part.
    pub min_reader: u32,
    /// Its files.
    pub files: Vec<PartFile>,
}

impl PartEntry {
    /// Bytes of all its files.
    pub fn file_bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    /// The times of its records.
    pub fn time_range(&self) -> TimeRange {
        TimeRange { start: self.time_min, end: Timestamp(self.time_max.0.saturating_add(1)) }
    }

    /// The lowest sequence of its records, and the first one behind the highest.
    pub fn sequence_range(&self) -> Range<u64> {
        self.sequence_min..self.sequence_max.saturating_add(1)
    }
}

/// Records that were deleted by a query. Hides only what had been stored before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Its number.
    pub id: TombstoneId,
    /// Whose records.
    pub tenant: TenantId,
    /// The oldest time of a record that it hides.
    pub time_min: Timestamp,
    /// The newest time of a record that it hides.
    pub time_max: Timestamp,
    /// The highest sequence of a record that it hides.
    pub sequence_max: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Which records, in a language that the manifest does not know. Empty where a file names them.
    pub filter: Vec<u8>,
    /// The file that names each record that it hides. Without one it hides nothing: no program has ever made such a one.
    pub file: Option<TombstoneFile>,
}

/// The file of a tombstone, and what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TombstoneFile {
    /// The lowest sequence of a record in it.
    pub sequence_min: u64,
    /// Records in it.
    pub records: u64,
    /// Once everything before this position of the write-ahead log is in parts, none of its records is anywhere else.
    pub settled_at: u64,
    /// Its length.
    pub bytes: u64,
    /// The CRC32C at its end.
    pub crc: u32,
}

impl Tombstone {
    /// The oldest version whose reader understands it.
    pub(crate) fn min_reader(&self) -> u16 {
        if self.file.is_some() { 2 } else { 1 }
    }
}

/// One thing that becomes true, together with all others of its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A part is there. Its id was never used; see [`Edit::NextIds`].
    AddPart(PartEntry),
    /// A part is there no longer.
    RemovePart(PartId),
    /// Everything before this position of the write-ahead log is in parts. Never falls.
    Sealed(u64),
    /// Records of a tenant that were ever stored and are in parts or went with them. Never falls.
    LedgerBase {
        /// The tenant.
        tenant: TenantId,
        /// Its records.
        stored: u64,
    },
    /// Records are hidden. The id is at least [`super::ManifestState::next_tombstone_id`].
    AddTombstone(Tombstone),
    /// The records of a tombstone are gone from all parts, so that nobody needs it any more.
    DropTombstone(TombstoneId),
    /// A part is damaged and not read any more. A second reason takes the place of the first.
    Quarantine {
        /// The part.
        part: PartId,
        /// What is wrong with it; see [`Edit::quarantine`].
        reason: String,
    },
    /// Ids below `part` and `tombstone` are not given out any more, whether they were used or not. Watermarks never
    /// fall, and rise by themselves when an id is used.
    NextIds {
        /// The lowest part id that was never given out.
        part: u64,
        /// The lowest tombstone id that was never given out.
        tombstone: u64,
        /// Part ids below `part` that were given out, are not used yet, and may still be. Ids that are open already
        /// stay open.
        open_parts: Vec<u64>,
    },
}

impl Edit {
    /// A quarantine whose reason is cut where it would be too long for a manifest.
    pub fn quarantine(part: PartId, reason: &str) -> Edit {
        let end = (0..=reason.len().min(REASON_BYTES_MAX)).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or(0);
        Edit::Quarantine { part, reason: reason.get(..end).unwrap_or_default().to_string() }
    }

    /// The oldest version whose reader understands the edit.
    pub(crate) fn min_reader(&self) -> u16 {
        match self {
            Edit::AddTombstone(tombstone) => tombstone.min_reader(),
            Edit::AddPart(_)
            | Edit::RemovePart(_)
            | Edit::Sealed(_)
            | Edit::LedgerBase { .. }
            | Edit::DropTombstone(_)
            | Edit::Quarantine { .. }
            | Edit::NextIds { .. } => 1,
        }
    }

    /// Tells whether the edit leaves more to keep: a full disk is no place for it.
    pub(crate) fn adds(&self) -> bool {
        match self {
            Edit::AddPart(_) | Edit::AddTombstone(_) => true,
            Edit::RemovePart(_)
            | Edit::Sealed(_)
            | Edit::LedgerBase { .. }
            | Edit::DropTombstone(_)
            | Edit::Quarantine { .. }
            | Edit::NextIds { .. } => false,
        }
    }
}
