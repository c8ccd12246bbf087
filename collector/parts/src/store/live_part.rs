//! A part that is in use.

use super::{INDEX_KIND, RECORDS_KIND};
use crate::hidden::HiddenSequences;
use crate::layout::Layout;
use crate::manifest::{PartEntry, PartId, TombstoneId};
use crate::part::{FileFacts, Keeper, Part, PartError, PartFiles};
use basics::{Disk, ErrorClass, carry_on, error_chain};
use model::TimeRange;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A part that the manifest names, or named when a snapshot was taken. Its files go with the last holder of a part that
/// was forgotten.
#[derive(Debug)]
pub struct LivePart {
    entry: Arc<PartEntry>,
    part: Part,
    disk: NoDebug,
    is_forgotten: AtomicBool,
    /// It holds no record of this tombstone, nor of any before it.
    free_of: AtomicU64,
    damage: OnceLock<String>,
    /// What its index took in memory when it was read ahead; 0 before.
    read_ahead_bytes: AtomicU64,
}

/// A disk has nothing to show.
struct NoDebug(Arc<dyn Disk>);

impl std::fmt::Debug for NoDebug {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("disk")
    }
}

impl LivePart {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        layout: Arc<Layout>,
        entry: Arc<PartEntry>,
        keeper: Arc<Keeper>,
    ) -> LivePart {
        let facts = |kind| {
            let file = entry.files.iter().find(|file| file.kind == kind);
            file.map(|file| FileFacts { bytes: file.bytes, tail_crc32c: file.crc }).unwrap_or_default()
        };
        let files = PartFiles { records: facts(RECORDS_KIND), index: facts(INDEX_KIND) };
        let part = Part::open(disk.clone(), dir, layout, files, keeper);
        LivePart {
            entry,
            part,
            disk: NoDebug(disk),
            is_forgotten: AtomicBool::new(false),
            free_of: AtomicU64::new(0),
            damage: OnceLock::new(),
            read_ahead_bytes: AtomicU64::new(0),
        }
    }

    /// Its number.
    pub fn id(&self) -> PartId {
        self.entry.id
    }

    /// What the manifest knows of it.
    pub fn entry(&self) -> &PartEntry {
        &self.entry
    }

    /// The times it holds.
    pub fn time_range(&self) -> TimeRange {
        self.entry.time_range()
    }

    /// The lowest sequence, and the first one behind the highest.
    pub fn sequence_range(&self) -> Range<u64> {
        self.entry.sequence_range()
    }

    /// The part itself.
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// Reads its index for those who ask next, once, and says how many bytes it took in memory.
    pub(crate) fn read_ahead(&self) -> u64 {
        let known = self.read_ahead_bytes.load(Ordering::Acquire);
        if known > 0 {
            return known;
        }
        let read = self.part.read_ahead();
        if let Err(error) = &read {
            self.report_damage(error);
        }
        // What cannot be read is not tried again.
        let bytes = read.unwrap_or_default().max(1);
        self.read_ahead_bytes.store(bytes, Ordering::Release);
        bytes
    }

    /// Notes that a reader found the part damaged. It is put into quarantine by whoever works on parts next.
    pub fn report_damage(&self, error: &PartError) {
        // The disk may be the one that is ill: then another try may succeed, and nothing is said about the part.
        if error.class() == ErrorClass::Corrupt {
            self.damage.get_or_init(|| error_chain(error));
        }
    }

    /// What a reader found wrong with the part.
    pub fn damage(&self) -> Option<&str> {
        self.damage.get().map(String::as_str)
    }

    /// Notes that it holds none of these records.
    pub(crate) fn note_free_of(&self, hidden: &HiddenSequences) {
        self.free_of.fetch_max(hidden.newest(), Ordering::AcqRel);
    }

    /// True when it is known to hold none of these records.
    pub(crate) fn is_free_of(&self, hidden: &HiddenSequences) -> bool {
        self.is_free_of_tombstone(TombstoneId(hidden.newest()))
    }

    /// True when it is known to hold no record of a tombstone.
    pub(crate) fn is_free_of_tombstone(&self, id: TombstoneId) -> bool {
        self.free_of.load(Ordering::Acquire) >= id.0
    }

    /// Has the files removed as soon as nobody holds the part.
    pub(crate) fn forget(&self) {
        self.is_forgotten.store(true, Ordering::Release);
    }
}

impl Drop for LivePart {
    fn drop(&mut self) {
        if *self.is_forgotten.get_mut() {
            let removed = self.disk.0.remove_dir_all(self.part.dir());
            carry_on(removed, "the next start removes what no manifest names");
        }
    }
}
