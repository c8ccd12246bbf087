//! Edits for tests.

use crate::manifest::{Edit, ManifestState, PartEntry, PartFile, PartId, Tombstone, TombstoneFile, TombstoneId};
use basics::{TenantId, Timestamp};

pub(super) fn part(id: u64) -> PartEntry {
    let time = i64::try_from(id).unwrap() * 1_000_000_007;
    PartEntry {
        id: PartId(id),
        tenant: TenantId(u32::try_from(id % 3).unwrap()),
        day: 20_780 + i32::try_from(id % 2).unwrap(),
        time_min: Timestamp(time - 5_000),
        time_max: Timestamp(time),
        sequence_min: id * 100,
        sequence_max: id * 100 + 99,
        records: 40 + id,
        raw_bytes: 390 * (40 + id),
        row_groups: 2,
        format_version: 1,
        min_reader: 1,
        files: vec![PartFile { kind: 1, bytes: 2_000 + id, crc: 0xabcd }, PartFile { kind: 2, bytes: 300, crc: 7 }],
    }
}

pub(super) fn add(id: u64) -> Edit {
    Edit::AddPart(part(id))
}

pub(super) fn tombstone(id: u64, filter_bytes: usize) -> Edit {
    Edit::AddTombstone(Tombstone {
        id: TombstoneId(id),
        tenant: TenantId(1),
        time_min: Timestamp(-5),
        time_max: Timestamp(1_000),
        sequence_max: 77,
        created_at: Timestamp(2_000),
        filter: vec![b'f'; filter_bytes],
        file: None,
    })
}

/// A tombstone whose records stand in a file.
pub(super) fn hiding(id: u64, records: u64) -> Edit {
    Edit::AddTombstone(Tombstone {
        id: TombstoneId(id),
        tenant: TenantId(1),
        time_min: Timestamp(-5),
        time_max: Timestamp(1_000),
        sequence_max: 77,
        created_at: Timestamp(2_000),
        filter: Vec::new(),
        file: Some(TombstoneFile { sequence_min: 7, records, settled_at: 78, bytes: 36 + 8 * records, crc: 0xfeed }),
    })
}

/// What somebody does to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// A seal that makes some parts.
    Seal(u64),
    /// The oldest parts become one.
    Merge(usize),
    /// The oldest part goes.
    Retire,
    /// Records are hidden, by a filter of such a length.
    Hide(usize),
    /// So many records are hidden, by a file.
    HideRecords(u64),
    /// The oldest tombstone goes.
    Forget,
    /// The newest part is damaged.
    Quarantine,
}

impl Deed {
    /// The deed as a commit to a manifest with this state; nothing when there is nothing to do it to.
    pub(super) fn edits(self, state: &ManifestState) -> Vec<Edit> {
        let next = state.next_part_id();
        let oldest = |count: usize| state.parts().take(count).map(|part| Edit::RemovePart(part.id));
        match self {
            Deed::Seal(count) => {
                let stored = state.ledger_base(TenantId(1)) + count * 10;
                let ledger = Edit::LedgerBase { tenant: TenantId(1), stored };
                (next..next + count).map(add).chain([Edit::Sealed(state.sealed() + 100), ledger]).collect()
            }
            Deed::Merge(count) => oldest(count).chain([add(next)]).collect(),
            Deed::Retire => oldest(1).collect(),
            Deed::Hide(filter_bytes) => vec![tombstone(state.next_tombstone_id(), filter_bytes)],
            Deed::HideRecords(records) => vec![hiding(state.next_tombstone_id(), records)],
            Deed::Forget => state.tombstones().take(1).map(|tombstone| Edit::DropTombstone(tombstone.id)).collect(),
            Deed::Quarantine => {
                state.parts().last().map(|part| Edit::quarantine(part.id, "row group 3")).into_iter().collect()
            }
        }
    }
}
