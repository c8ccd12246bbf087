//! Decides which parts go, and tells how long the room lasts. Decides only; the caller commits and removes.
//!
//! - By age whole parts go, once their newest record is too old. A part is of one day, so nothing is kept more than a day
//!   longer than was asked for.
//! - By bytes the parts go whose newest record is oldest, even those of today, until the rest fits.
//!
//! Pure: parts, settings and the time come in. Readers that still hold a part are the caller's business, and so is
//! leaving out what is being merged: then the merge would bring back what went.
//!
//! Start at [`leaving`] and [`days_left`].

use crate::manifest::{PartEntry, PartId};
use basics::{TenantId, Timestamp};
use std::time::Duration;

/// One day.
const DAY: Duration = Duration::from_secs(86_400);
/// The longer time over which growth is looked at: it holds a weekend and the days around it.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Growth is measured over this time at least. A store that began a minute ago says little about a day.
const MEASURED_MIN: Duration = Duration::from_secs(3_600);

/// What retention knows of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetainedPart {
    /// Its id.
    pub id: PartId,
    /// Whose records.
    pub tenant: TenantId,
    /// Of which UTC day, counted from 1970-01-01.
    pub day: i32,
    /// Time of the oldest record.
    pub time_min: Timestamp,
    /// Time of the newest record.
    pub time_max: Timestamp,
    /// Bytes of its files.
    pub bytes: u64,
}

impl From<&PartEntry> for RetainedPart {
    fn from(part: &PartEntry) -> RetainedPart {
        RetainedPart {
            id: part.id,
            tenant: part.tenant,
            day: part.day,
            time_min: part.time_min,
            time_max: part.time_max,
            bytes: part.file_bytes(),
        }
    }
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionSettings {
    /// How long.
    pub keep: Duration,
    /// How many bytes of files, over all tenants; `None` for as many as the disk has.
    pub bytes_max: Option<u64>,
}

/// Why a part goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetentionReason {
    /// Its newest record is too old.
    Age,
    /// There are too many bytes, and it is the oldest.
    Bytes,
}

/// A part that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeavingPart {
    /// Its id.
    pub id: PartId,
    /// Why.
    pub reason: RetentionReason,
}

/// Names the parts that go, oldest first.
pub fn leaving(parts: &[RetainedPart], settings: RetentionSettings, now: Timestamp) -> Vec<LeavingPart> {
    let oldest_kept = now.saturating_sub(settings.keep);
    let mut oldest_first: Vec<&RetainedPart> = parts.iter().collect();
    oldest_first.sort_unstable_by_key(|part| (part.time_max, part.id));
    let (aged, kept) = oldest_first.split_at(oldest_first.partition_point(|part| part.time_max < oldest_kept));
    let mut leaving: Vec<LeavingPart> =
        aged.iter().map(|part| LeavingPart { id: part.id, reason: RetentionReason::Age }).collect();
    let bytes_max = u128::from(settings.bytes_max.unwrap_or(u64::MAX));
    let mut bytes = sum_of(kept.iter().map(|part| part.bytes));
    for part in kept {
        if bytes <= bytes_max {
            break;
        }
        bytes -= u128::from(part.bytes);
        leaving.push(LeavingPart { id: part.id, reason: RetentionReason::Bytes });
    }
    leaving
}

/// How long the room lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DaysLeft {
    /// Days until there is no room; `None` when, at this rate, parts go by age before that.
    pub days: Option<f64>,
    /// The rate.
    pub bytes_per_day: f64,
    /// Over which time before now the rate was measured.
    pub measured_over: Duration,
}

/// Tells how long the room lasts at the present rate, while parts go by age as they come to it.
///
/// The room is what `bytes_max` leaves, and no more than `free_bytes`. When it ends, `bytes_max` drops the oldest parts,
/// or the disk is full. The rate is bytes of files by the times of their records, of the last 24 hours or of the last
/// 7 days, whichever was more: so a quiet Sunday does not promise too much, nor a week before a busy day. A store that
/// began later is measured from its beginning, but over an hour at least.
pub fn days_left(parts: &[RetainedPart], settings: RetentionSettings, free_bytes: u64, now: Timestamp) -> DaysLeft {
    let (bytes_per_day, measured_over) = rate(parts, now);
    let used = sum_of(parts.iter().map(|part| part.bytes));
    let unused = u128::from(settings.bytes_max.unwrap_or(u64::MAX)).saturating_sub(used);
    let room = as_f64(unused.min(u128::from(free_bytes)));
    let days = days_until_full(parts, settings.keep, room, bytes_per_day, now);
    DaysLeft { days, bytes_per_day, measured_over }
}

fn days_until_full(
    parts: &[RetainedPart],
    keep: Duration,
    mut room: f64,
    bytes_per_day: f64,
    now: Timestamp,
) -> Option<f64> {
    if bytes_per_day <= 0.0 {
        return None;
    }
    let mut ends: Vec<(f64, u64)> =
        parts.iter().map(|part| (days(part.time_max.saturating_add(keep).since(now)), part.bytes)).collect();
    ends.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    for (end, bytes) in ends {
        if room < end * bytes_per_day {
            break;
        }
        room += as_f64(u128::from(bytes));
    }
    let full = room / bytes_per_day;
    // What comes from here on goes by age too, at the rate it comes.
    (full < days(keep)).then_some(full)
}

/// Bytes a day, and the time over which that was measured.
fn rate(parts: &[RetainedPart], now: Timestamp) -> (f64, Duration) {
    let age = parts.iter().map(|part| now.since(part.time_min)).max().unwrap_or_default();
    let over = |window: Duration| {
        let window = window.min(age.max(MEASURED_MIN));
        let start = now.saturating_sub(window);
        let bytes = parts.iter().map(|part| as_f64(u128::from(part.bytes)) * share_since(part, start, now));
        // A sum of nothing is minus zero.
        let bytes = bytes.fold(0.0, |all, bytes| all + bytes);
        (bytes / days(window), window)
    };
    let (of_day, of_week) = (over(DAY), over(WEEK));
    if of_week.0 > of_day.0 { of_week } else { of_day }
}

/// Which share of a part's records is of `start` or later, if they are spread evenly. Records of the future count as of
/// now.
fn share_since(part: &RetainedPart, start: Timestamp, now: Timestamp) -> f64 {
    let (first, last) = (part.time_min.min(now), part.time_max.min(now));
    if first >= start {
        return 1.0;
    }
    if last < start {
        return 0.0;
    }
    last.since(start).as_secs_f64() / last.since(first).as_secs_f64()
}

fn days(time: Duration) -> f64 {
    time.as_secs_f64() / DAY.as_secs_f64()
}

fn sum_of(bytes: impl Iterator<Item = u64>) -> u128 {
    bytes.map(u128::from).sum()
}

/// Nearly the same number; far more bytes than there are stay far more.
fn as_f64(bytes: u128) -> f64 {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let (high, low) = (u32::try_from(bytes >> 32).unwrap_or(u32::MAX), u32::try_from(bytes & 0xffff_ffff).unwrap_or(0));
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

#[cfg(test)]
mod tests;
