//! Opens the log: finds which files are segments, in what order, where the log begins and where it ends.
//!
//! Only headers are read, and the last segment as a whole; the others are verified by whoever reads them. So the time
//! to the first append depends on one segment, not on the length of the log. Nothing is repaired in place: a damaged
//! file stays as it is until it is trimmed, and then it is set aside, not used again.
//!
//! After a process has died, what it wrote and did not sync is still in the system's memory and is found here as if it
//! were durable. So everything that later steps build on is synced first: the names, the position, the end of the log.
//!
//! Start at [`open`].

mod segment_files;

use crate::error::WalError;
use crate::format::PAGE;
use crate::limits::unused_bytes_max;
use crate::log::{Health, Segment, Shared, State, Wal};
use crate::lost_ranges::LostRanges;
use crate::position_file::{self, NEW_NAME, PositionFile, Remembered};
use crate::preparer::SegmentPreparer;
use crate::protection::{Protection, is_off};
use crate::quarantine;
use crate::recovery::segment_files::{Candidate, SegmentFiles};
use crate::scan::{Found, ScanStart, SegmentScan};
use crate::writer::{Start, WalWriter};
use crate::{Position, WalSettings};
use basics::{ByteSize, Disk, OpenMode, carry_on};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// The log and its workers.
pub struct Opened {
    /// The handle.
    pub wal: Wal,
    /// The body of the writer's thread.
    pub writer: WalWriter,
    /// The body of the preparer's thread.
    pub preparer: SegmentPreparer,
    /// What was found.
    pub recovery: Recovery,
}

/// What was found when the log was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// First entry that is kept.
    pub first: Position,
    /// Position that the next entry gets.
    pub next: Position,
    /// Segments that hold entries.
    pub segments: usize,
    /// Disk space of them; of an abandoned file only what its entries take.
    pub live_bytes: u64,
    /// Bytes at the end that were begun and never acknowledged.
    pub torn_bytes: u64,
    /// Entries that are already known to be lost; readers report these and any that they find themselves.
    pub lost: Vec<LostRange>,
    /// Files that are damaged and still in place. Which entries that cost, if any, `lost` and readers say.
    pub damaged_files: Vec<PathBuf>,
    /// True when the position file was missing or damaged although there were segments: trimmed entries may be read
    /// again.
    pub is_position_lost: bool,
    /// Bytes of damaged files that were set aside earlier.
    pub quarantined_bytes: u64,
}

/// Entries that were written and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostRange {
    /// The first of them.
    pub first: Position,
    /// The last of them.
    pub last: Position,
    /// The damaged file, or the one that follows the missing one.
    pub path: PathBuf,
    /// True when the disk could not read what stood there, so that these are the most that can have been lost.
    pub is_upper_bound: bool,
}

impl fmt::Display for Recovery {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "entries {} to before {} in {} segments of {}",
            self.first,
            self.next,
            self.segments,
            ByteSize(self.live_bytes)
        )?;
        if self.torn_bytes > 0 {
            write!(out, ", {} bytes at the end were never acknowledged", self.torn_bytes)?;
        }
        for lost in &self.lost {
            let most = if lost.is_upper_bound { " at the most" } else { "" };
            write!(out, ", lost {} to {}{most} ({})", lost.first, lost.last, lost.path.display())?;
        }
        for path in &self.damaged_files {
            write!(out, ", {} is damaged", path.display())?;
        }
        if self.is_position_lost {
            write!(out, ", the position file was lost")?;
        }
        if self.quarantined_bytes > 0 {
            write!(out, ", {} in quarantine", ByteSize(self.quarantined_bytes))?;
        }
        Ok(())
    }
}

/// Opens the log in `settings.dir`, which is created when it is missing.
///
/// `salt_seed` should differ from start to start. One process may have the directory open; who starts it sees to that.
pub fn open(disk: Arc<dyn Disk>, settings: WalSettings, salt_seed: u64) -> Result<Opened, WalError> {
    settings.check()?;
    let dir = &settings.dir;
    make_dir(disk.as_ref(), dir)?;
    if !is_off(Protection::DirSyncAtOpen) {
        disk.sync_dir(dir).map_err(WalError::disk("sync", dir))?;
    }
    let (mut position, remembered) = PositionFile::open(disk.clone(), dir)?;
    let mut files =
        SegmentFiles::read(disk.as_ref(), &settings, remembered.map_or(1, |remembered| remembered.kept_from))?;
    let kept_from = kept_from(remembered, &files.candidates);
    let next_id = files.candidates.last().map_or(1, |last| last.header.id + 1);
    let live = files.take_live(kept_from);
    let spares = files.give_up(disk.as_ref(), &settings);

    let mut recovery = Recovery {
        first: Position(kept_from.max(live.first().map_or(0, |first| first.header.first))),
        next: Position(kept_from),
        segments: live.len(),
        live_bytes: live.iter().map(|candidate| candidate.booked_bytes).sum(),
        torn_bytes: 0,
        lost: Vec::new(),
        damaged_files: Vec::new(),
        is_position_lost: remembered.is_none() && !live.is_empty(),
        quarantined_bytes: quarantine::bytes(disk.as_ref(), dir),
    };
    if let Some(first) = live.first() {
        recovery.add_lost(kept_from..first.header.first, kept_from, &first.path);
    }
    let segments: VecDeque<Arc<Segment>> = live.iter().map(segment_of).collect();
    let mut chain = crc32c::crc32c(&salt_seed.to_le_bytes());
    if let Some(last) = segments.back() {
        let end = find_end(disk.as_ref(), last, kept_from, &mut recovery)?;
        chain = end.unwrap_or(chain);
    }
    for segment in segments.iter().filter(|segment| segment.is_damaged.load(Ordering::Acquire)) {
        recovery.damaged_files.push(segment.path.clone());
        recovery.quarantined_bytes += segment.file_bytes.load(Ordering::Acquire);
    }
    position.write_if_there_is_room(Remembered { kept_from, ..remembered.unwrap_or(Remembered::NOTHING) })?;
    carry_on(disk.remove_file(&dir.join(NEW_NAME)), "usually there is none");

    let next = recovery.next.0;
    let mut lost = LostRanges::default();
    for range in &recovery.lost {
        lost.add(range.first.0, range.last.0 + 1);
    }
    let state = State {
        pending: Vec::new(),
        pending_bytes: 0,
        health: Health::Ok,
        is_closed: false,
        writer_waits: false,
        sealed_bytes: recovery.live_bytes,
        active_bytes: 0,
        segments,
        retired: Vec::new(),
        spares,
        next_file: files.next_file,
        next,
        kept_from,
        syncs: 0,
        entries: 0,
        failures: 0,
        lost,
        quarantined_bytes: recovery.quarantined_bytes,
    };
    let shared = Arc::new(Shared {
        disk,
        settings,
        state: Mutex::new(state),
        wake_writer: Condvar::new(),
        wake_preparer: Condvar::new(),
        position: Mutex::new(position),
    });
    let start = Start { next, next_id, chain, salt_seed };
    let writer = WalWriter::new(shared.clone(), start);
    let preparer = SegmentPreparer::new(shared.clone());
    Ok(Opened { wal: Wal { shared }, writer, preparer, recovery })
}

/// Makes a log in a new directory that holds nothing and whose first entry gets the position `next`: for a copy of data
/// that needs no entry before it.
pub fn begin_at(disk: &Arc<dyn Disk>, dir: &Path, next: Position) -> Result<(), WalError> {
    disk.create_dir_all(dir).map_err(WalError::disk("create", dir))?;
    let (mut position, _) = PositionFile::open(disk.clone(), dir)?;
    position.write(Remembered { kept_from: next.0.max(1), ..Remembered::NOTHING })?;
    disk.sync_dir(dir).map_err(WalError::disk("sync", dir))
}

/// Creates the directory. Until a position file tells that a start came this far, the names of all directories on the
/// way to it are made durable: an earlier start may have created them and ended.
fn make_dir(disk: &dyn Disk, dir: &Path) -> Result<(), WalError> {
    disk.create_dir_all(dir).map_err(WalError::disk("create", dir))?;
    let listing = disk.list(dir).map_err(WalError::disk("list", dir))?;
    if position_file::is_among(&listing) || is_off(Protection::ParentDirSync) {
        return Ok(());
    }
    for above in dir.ancestors().skip(1) {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        match disk.sync_dir(above) {
            Ok(()) => {}
            Err(error) if is_of_others(&error) => break,
            Err(error) => return Err(WalError::disk("sync", above)(error)),
        }
    }
    Ok(())
}

/// Tells from a failed sync that the directory was not created here: it cannot be opened, or lies on a file system that
/// is only read or knows no syncs of directories.
fn is_of_others(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Unsupported
            | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Where the log begins. Each header knows a position that was durable when the segment was begun, so that an old or
/// lost position file does not make what was trimmed look lost.
fn kept_from(remembered: Option<Remembered>, candidates: &[Candidate]) -> u64 {
    let known = candidates.iter().map(|candidate| candidate.header.kept_from).max().unwrap_or(1);
    let lowest = candidates.iter().map(|candidate| candidate.header.first).min().unwrap_or(1);
    known.max(remembered.map_or(lowest, |remembered| remembered.kept_from))
}

fn segment_of(candidate: &Candidate) -> Arc<Segment> {
    Arc::new(Segment {
        path: candidate.path.clone(),
        id: candidate.header.id,
        salt: candidate.header.salt,
        chain_seed: candidate.header.chain_seed,
        first: candidate.header.first,
        durable_bytes: AtomicU64::new(candidate.bytes),
        file_bytes: AtomicU64::new(candidate.bytes),
        booked_bytes: AtomicU64::new(candidate.booked_bytes),
        is_damaged: AtomicBool::new(candidate.is_damaged),
        is_suspect: AtomicBool::new(candidate.is_suspect),
    })
}

/// Walks the last segment to its end. What is found there may be in the system's memory only, so it is synced before
/// anybody builds on it. Returns the checksum that the next entry continues.
fn find_end(disk: &dyn Disk, last: &Segment, kept_from: u64, recovery: &mut Recovery) -> Result<Option<u32>, WalError> {
    let path = &last.path;
    let file = disk.open(path, OpenMode::ReadWrite).map_err(WalError::disk("open", path))?;
    if !is_off(Protection::SyncAtOpen) {
        file.sync_data().map_err(WalError::disk("sync", path))?;
    }
    let end = file.len().map_err(WalError::disk("look at", path))?;
    let start = ScanStart { id: last.id, salt: last.salt, end, expected: last.first, chain: Some(last.chain_seed) };
    let mut scan = SegmentScan::new(file, path, start);
    loop {
        match scan.next_batch()? {
            Found::Batch(_) => {}
            Found::Damage { from, to, .. } => {
                last.is_damaged.store(true, Ordering::Release);
                recovery.add_lost(from..to, kept_from, path);
            }
            Found::End(end) => {
                recovery.torn_bytes = end.torn_bytes;
                recovery.next = Position(recovery.next.0.max(scan.expected));
                recovery.add_unreadable(end.unreadable_entries_max, last);
                cut_unused(disk, last, scan.at(), recovery);
                return Ok(scan.chain);
            }
        }
    }
}

/// Gives back the room behind the end that a process that died has left, so that each death does not cost a segment of
/// the budget. Only where zeroes follow: anything else behind the end stays as it is, for whoever has to look at it.
fn cut_unused(disk: &dyn Disk, last: &Segment, end: u64, recovery: &mut Recovery) {
    let file_bytes = last.file_bytes.load(Ordering::Acquire);
    if last.is_damaged.load(Ordering::Acquire) || file_bytes.saturating_sub(end) <= unused_bytes_max(file_bytes) {
        return;
    }
    let cut = || -> io::Result<bool> {
        let file = disk.open(&last.path, OpenMode::ReadWrite)?;
        let mut page = [0u8; PAGE];
        let is_unused = file.read_at(&mut page, end)? == PAGE && page.iter().all(|byte| *byte == 0);
        if is_unused {
            file.set_len(end)?;
        }
        Ok(is_unused)
    };
    if cut().unwrap_or(false) {
        last.file_bytes.store(end, Ordering::Release);
        last.booked_bytes.store(end, Ordering::Release);
        last.durable_bytes.store(end, Ordering::Release);
        recovery.live_bytes -= file_bytes - end;
    }
}

impl Recovery {
    /// Notes that `range` is lost, as far as it had not been trimmed.
    fn add_lost(&mut self, range: Range<u64>, kept_from: u64, path: &Path) {
        let from = range.start.max(kept_from);
        if from < range.end {
            let (first, last) = (Position(from), Position(range.end - 1));
            self.lost.push(LostRange { first, last, path: path.to_path_buf(), is_upper_bound: false });
        }
    }

    /// What the disk cannot read behind the end may have been acknowledged. Its positions are not given again.
    fn add_unreadable(&mut self, entries_max: u64, last: &Segment) {
        if entries_max == 0 {
            return;
        }
        last.is_damaged.store(true, Ordering::Release);
        let first = self.next;
        self.next = Position(first.0.saturating_add(entries_max));
        let path = last.path.clone();
        self.lost.push(LostRange { first, last: Position(self.next.0 - 1), path, is_upper_bound: true });
    }
}
