//! Decides which parts become one next. Decides only; the caller merges and commits.
//!
//! Parts of one tenant and one day, of similar size, 8 to 10 at a time: then what a record is part of grows about
//! eightfold each time the record is written again, and a day of n seals writes each of its records about log8(n) times.
//! Smaller or unlike lots are taken only where a day has too many parts: more than [`CLOSED_DAY_PARTS_MAX`] an hour after
//! its end, or more than [`OPEN_DAY_PARTS_MAX`] before.
//!
//! Always true:
//! - a merge takes at most [`MergeSettings::raw_bytes_max`], which bounds its time and its space. A part of more than half
//!   of that is *full* and never merged again. So a day that holds very much keeps more parts than twelve: its full ones
//!   and [`UNFULL_PARTS_MIN`] more;
//! - parts in quarantine and parts that are being merged are left alone, and not counted either.
//!
//! Late records make small parts in days that are long closed. They are merged with their like as soon as there are
//! eight, and before that only where the day has too many parts.
//!
//! Pure: parts and the time come in. How fast, on which thread, and whether what is to be merged is in order, is the
//! caller's business.
//!
//! Start at [`plan`].

use crate::manifest::{ManifestState, PartEntry, PartId};
use basics::{GIB, TenantId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Fewest parts of a merge whose day has not too many.
pub const MERGE_PARTS_MIN: usize = 8;
/// Most parts of a merge: as many files are open at once.
pub const MERGE_PARTS_MAX: usize = 10;
/// Most parts of a day that ended an hour ago.
pub const CLOSED_DAY_PARTS_MAX: usize = 12;
/// Most parts of a day before that. Seven of each of four sizes, and as many again that are unlike:
/// what this bounds is files, and a query opens few of them.
pub const OPEN_DAY_PARTS_MAX: usize = 36;
/// As many parts that are not full a day may have, however many of its parts are. With fewer, each part that comes late
/// would be merged at once, again and again.
pub const UNFULL_PARTS_MIN: usize = 6;
/// A day is closed this long after its end: most of what is late has come.
pub const CLOSED_AFTER: Duration = Duration::from_secs(3_600);
/// Parts are alike when all of them together are this many times the largest at least. So each merge makes of a part
/// one that is four times as large, in the worst case, and eight times or more where seals are regular.
pub const GROWTH_MIN: u64 = 4;
/// A lot that makes a full part is this many halves of its largest part at least: it is the last merge of its records, and
/// must be worth it.
const FULL_GROWTH_MIN_HALVES: u64 = 3;
/// Most raw bytes of a merge unless the caller says otherwise.
pub const RAW_BYTES_MAX: u64 = 2 * GIB;

const _: () = assert!(MERGE_PARTS_MIN as u64 >= 2 * GROWTH_MIN && MERGE_PARTS_MAX >= MERGE_PARTS_MIN);
const _: () = assert!(OPEN_DAY_PARTS_MAX > CLOSED_DAY_PARTS_MAX && CLOSED_DAY_PARTS_MAX > MERGE_PARTS_MAX);

const SECONDS_PER_DAY: i64 = 86_400;

/// What the plan knows of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeCandidate {
    /// Its id.
    pub id: PartId,
    /// Whose records.
    pub tenant: TenantId,
    /// Of which UTC day, counted from 1970-01-01.
    pub day: i32,
    /// Time of the oldest record.
    pub time_min: Timestamp,
    /// Bytes of the records as they came, which is what a merge costs.
    pub raw_bytes: u64,
}

impl From<&PartEntry> for MergeCandidate {
    fn from(part: &PartEntry) -> MergeCandidate {
        MergeCandidate {
            id: part.id,
            tenant: part.tenant,
            day: part.day,
            time_min: part.time_min,
            raw_bytes: part.raw_bytes,
        }
    }
}

/// What bounds a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeSettings {
    /// Most raw bytes of all parts of one merge.
    pub raw_bytes_max: u64,
}

impl Default for MergeSettings {
    fn default() -> MergeSettings {
        MergeSettings { raw_bytes_max: RAW_BYTES_MAX }
    }
}

/// Why parts become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MergeReason {
    /// Records in it were deleted. Not planned here: such a part is written anew by itself.
    Deleted,
    /// The day has too many parts.
    TooMany,
    /// They are enough, and alike.
    Alike,
}

/// Parts that become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Whose records.
    pub tenant: TenantId,
    /// Of which day.
    pub day: i32,
    /// The parts, two at least where none of their records were deleted.
    pub parts: Vec<PartId>,
    /// Their raw bytes.
    pub raw_bytes: u64,
    /// Why.
    pub reason: MergeReason,
}

/// The parts of a manifest that may be merged: neither in quarantine nor being merged.
pub fn candidates(state: &ManifestState, being_merged: &BTreeSet<PartId>) -> Vec<MergeCandidate> {
    let is_free = |id: PartId| state.quarantine_of(id).is_none() && !being_merged.contains(&id);
    state.parts().filter(|part| is_free(part.id)).map(|part| MergeCandidate::from(&**part)).collect()
}

/// Names what to merge, at most one merge for each tenant and day, the most pressing first: days with too many parts,
/// then whatever gains most for its bytes. After a merge, ask again.
pub fn plan(parts: &[MergeCandidate], settings: MergeSettings, now: Timestamp) -> Vec<Merge> {
    let mut days: BTreeMap<(TenantId, i32), Vec<&MergeCandidate>> = BTreeMap::new();
    for part in parts {
        days.entry((part.tenant, part.day)).or_default().push(part);
    }
    let mut merges: Vec<(Worth, Merge)> = Vec::new();
    for ((tenant, day), mut parts) in days {
        let all = parts.len();
        parts.retain(|part| part.raw_bytes <= settings.raw_bytes_max / 2);
        let parts_max = if is_closed(day, now) { CLOSED_DAY_PARTS_MAX } else { OPEN_DAY_PARTS_MAX };
        let unfull_max = parts_max.saturating_sub(all - parts.len()).max(UNFULL_PARTS_MIN);
        let has_too_many = parts.len() > unfull_max;
        let Some((lot, worth)) = best_lot(parts, has_too_many, settings.raw_bytes_max) else { continue };
        let reason = if has_too_many { MergeReason::TooMany } else { MergeReason::Alike };
        let parts = lot.iter().map(|part| part.id).collect();
        merges.push((worth, Merge { tenant, day, parts, raw_bytes: bytes_of(&lot), reason }));
    }
    merges.sort_by(|(left_worth, left), (right_worth, right)| {
        left.reason.cmp(&right.reason).then_with(|| right_worth.cmp(left_worth))
    });
    merges.into_iter().map(|(_, merge)| merge).collect()
}

/// Tells whether a day ended an hour ago or earlier.
pub fn is_closed(day: i32, now: Timestamp) -> bool {
    let end = Timestamp::from_seconds((i64::from(day) + 1) * SECONDS_PER_DAY);
    now >= end.saturating_add(CLOSED_AFTER)
}

/// Sixteenths of the growth of the largest part, which is how many parts become one when they are alike; then how few
/// bytes it takes.
type Worth = (u64, std::cmp::Reverse<u64>);

/// The lot of parts that is most worth merging; none when there is no need.
fn best_lot(
    mut parts: Vec<&MergeCandidate>,
    has_too_many: bool,
    raw_bytes_max: u64,
) -> Option<(Vec<&MergeCandidate>, Worth)> {
    // Parts of one size are taken as they follow each other in time, so that a part covers a short time.
    parts.sort_unstable_by_key(|part| (part.raw_bytes.max(1).ilog2(), part.time_min, part.id));
    let mut best: Option<(&[&MergeCandidate], Worth)> = None;
    for (start, _) in parts.iter().enumerate() {
        for count in 2..=MERGE_PARTS_MAX {
            let Some(lot) = parts.get(start..start + count) else { break };
            let bytes = bytes_of(lot);
            if bytes > raw_bytes_max {
                break;
            }
            let largest = lot.iter().map(|part| part.raw_bytes).max().unwrap_or(0).max(1);
            let is_alike = bytes.max(count as u64) >= GROWTH_MIN.saturating_mul(largest);
            // Parts so large that no eight of them may be merged are merged to a full one, which is the last time.
            let is_worth_it = bytes.saturating_mul(2) >= FULL_GROWTH_MIN_HALVES.saturating_mul(largest);
            let is_enough = (count >= MERGE_PARTS_MIN && is_alike) || (bytes > raw_bytes_max / 2 && is_worth_it);
            let worth = (growth(lot, bytes, largest), std::cmp::Reverse(bytes));
            if (is_enough || has_too_many) && best.as_ref().is_none_or(|(_, known)| worth > *known) {
                best = Some((lot, worth));
            }
        }
    }
    best.map(|(lot, worth)| (lot.to_vec(), worth))
}

fn growth(lot: &[&MergeCandidate], bytes: u64, largest: u64) -> u64 {
    let sixteenths = u128::from(bytes) * 16 / u128::from(largest);
    u64::try_from(sixteenths).unwrap_or(u64::MAX).min(lot.len() as u64 * 16)
}

fn bytes_of(lot: &[&MergeCandidate]) -> u64 {
    lot.iter().fold(0, |sum, part| sum.saturating_add(part.raw_bytes))
}

#[cfg(test)]
mod tests;
