//! Ceilings of a manifest, and how they fit together.

use basics::{GIB, KIB, MIB};

/// Records begin on pages, so that what was acknowledged is never written again as part of a page.
pub(crate) const PAGE: usize = 4_096;
/// [`PAGE`] as an offset counts.
pub(crate) const PAGE_BYTES: u64 = 4 * KIB;
/// Longest record. A commit that needs more is refused, with nothing written; a generation begins with as many records
/// as it takes.
pub const RECORD_BYTES_MAX: usize = 4 << 20;
/// Most parts. At 12 parts a day and 30 days this is room for 700 tenants; beyond it a commit that adds is refused.
pub const PARTS_MAX: usize = 1 << 18;
/// Most files of a part.
pub const FILES_MAX: usize = 8;
/// Most tombstones at a time. Each is asked for every record that a query reads, so there must be few.
pub const TOMBSTONES_MAX: usize = 4_096;
/// Longest filter text of a tombstone.
pub const FILTER_BYTES_MAX: usize = 16 << 10;
/// Longest reason of a quarantine; [`super::Edit::quarantine`] cuts at it.
pub const REASON_BYTES_MAX: usize = 512;
/// Most ids that are given out, unused, and lower than one that is used. When there are more the lowest are given up,
/// and a part that comes with one of those is refused. Seals and merges under way at a time are far fewer.
pub const OPEN_IDS_MAX: usize = 1_024;
/// A file is rewritten when it is longer than this many times what its state needs. Each rewrite then pays for at
/// least as many bytes of commits times three.
pub const GROWTH_MAX: u64 = 4;
/// A file up to this long is not rewritten for its length: it is read in a millisecond.
pub const REWRITE_BYTES_MIN: u64 = MIB;
/// Zeroes that are written behind the last record, so that a commit needs no room on a full disk. Retention, which
/// makes room, begins with a commit.
pub const RESERVE_BYTES: u64 = 64 * KIB;
/// Longest file. A commit beyond it is refused; a longer file is not read.
pub const FILE_BYTES_MAX: u64 = GIB;

const _: () = assert!(PAGE as u64 == PAGE_BYTES);
const _: () = assert!((RECORD_BYTES_MAX as u64).is_multiple_of(PAGE_BYTES) && RESERVE_BYTES.is_multiple_of(PAGE_BYTES));
// One edit always fits into a record, so that any state can be written as records.
const _: () = assert!(FILTER_BYTES_MAX + OPEN_IDS_MAX * 8 + REASON_BYTES_MAX + PAGE <= RECORD_BYTES_MAX / 4);
// The fullest state leaves room for as many bytes of commits: a part with its files and a reason is under a kilobyte.
const _: () =
    assert!((PARTS_MAX as u64) * KIB + (TOMBSTONES_MAX * (FILTER_BYTES_MAX + 64)) as u64 <= FILE_BYTES_MAX / 2);
