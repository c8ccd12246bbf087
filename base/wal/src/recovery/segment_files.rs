//! Sorts the files of a log's directory out: which are segments, in what order, which are spare, and what becomes of
//! those that hold nothing any more.

use crate::error::WalError;
use crate::format::{
    BATCH_HEADER_BYTES, BatchHeader, HeaderPage, PAGE, SegmentHeader, VERSION, padded, verify_entries,
};
use crate::limits::{PAGE_BYTES, spares_kept_max};
use crate::log::{Spare, is_spare_length};
use crate::protection::{Protection, is_off};
use crate::salvage::SalvageFile;
use crate::{WalSettings, quarantine};
use basics::{Disk, OpenMode, carry_on};
use std::path::{Path, PathBuf};

/// A segment file as its first page presents it, or, when that is damaged, what stands behind it.
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// What it counts against the budget.
    pub(super) booked_bytes: u64,
    pub(super) header: SegmentHeader,
    pub(super) is_damaged: bool,
    pub(super) is_suspect: bool,
}

/// The files of the directory.
pub(super) struct SegmentFiles {
    /// In the order of their ids.
    pub(super) candidates: Vec<Candidate>,
    pub(super) next_file: u64,
    spares: Vec<Candidate>,
}

/// What a file turned out to be.
enum Kind {
    Segment(SegmentHeader),
    /// Like a segment, with the header as its batches tell it.
    Damaged(SegmentHeader),
    Spare,
    /// No header was ever written, and no batch: a crash cut its creation short.
    Nothing,
    /// A header that is damaged or cannot be read, and no whole batch of entries that are kept. What was in it nobody
    /// can say.
    Unknown,
}

impl SegmentFiles {
    /// Reads the first page of each file. `kept_from` is where the log begins as far as that is known.
    pub(super) fn read(disk: &dyn Disk, settings: &WalSettings, kept_from: u64) -> Result<SegmentFiles, WalError> {
        let dir = &settings.dir;
        let mut files = SegmentFiles { candidates: Vec::new(), next_file: 1, spares: Vec::new() };
        for entry in disk.list(dir).map_err(WalError::disk("list", dir))? {
            let number = entry.name.strip_suffix(".wal").filter(|stem| stem.len() == 16);
            let Some(number) = number.and_then(|stem| u64::from_str_radix(stem, 16).ok()) else { continue };
            files.next_file = files.next_file.max(number.saturating_add(1));
            let path = dir.join(&entry.name);
            let kind = kind_of(disk, &path, entry.bytes, kept_from)?;
            let file = |header, is_damaged| Candidate {
                path: path.clone(),
                bytes: entry.bytes,
                booked_bytes: entry.bytes,
                header,
                is_damaged,
                is_suspect: false,
            };
            match kind {
                Kind::Segment(header) => files.candidates.push(file(header, false)),
                Kind::Damaged(header) => files.candidates.push(file(header, true)),
                Kind::Spare => files.spares.push(file(SegmentHeader::SPARE, false)),
                Kind::Nothing => {
                    carry_on(disk.remove_file(&path), "it is found to be empty again at the next start");
                }
                Kind::Unknown => {
                    let moved = quarantine::set_aside(disk, dir, &path, number);
                    carry_on(moved, "it is found again at the next start");
                }
            }
        }
        files.candidates.sort_by_key(|candidate| candidate.header.id);
        files.mark_suspects();
        files.book_suspects(disk);
        Ok(files)
    }

    /// Marks what headers say of the files before them. A header means the last file with entries; files without any
    /// between the two were begun in vain, and whether the disk has failed on them nobody can say.
    fn mark_suspects(&mut self) {
        for index in 1..self.candidates.len() {
            if !self.candidates[index].header.is_predecessor_suspect {
                continue;
            }
            let mut end = self.candidates[index].header.first;
            for before in self.candidates[..index].iter_mut().rev() {
                before.is_suspect = true;
                if before.header.first < end {
                    break;
                }
                end = before.header.first;
            }
        }
    }

    /// Counts an abandoned file with what its entries take, as the process did that abandoned it.
    fn book_suspects(&mut self, disk: &dyn Disk) {
        let ends: Vec<u64> = self.candidates.iter().skip(1).map(|next| next.header.first).collect();
        for (candidate, end) in self.candidates.iter_mut().zip(ends) {
            if candidate.is_suspect && !candidate.is_damaged {
                candidate.booked_bytes = taken_bytes(disk, candidate, end).unwrap_or(candidate.bytes);
            }
        }
    }

    /// Takes out the segments that hold something from `kept_from` on. Abandoned files without entries are none: the
    /// next header tells as much as theirs.
    pub(super) fn take_live(&mut self, kept_from: u64) -> Vec<Candidate> {
        let mut live = Vec::new();
        let mut end = u64::MAX;
        for candidate in std::mem::take(&mut self.candidates).into_iter().rev() {
            let is_trimmed = end <= kept_from;
            let is_in_vain = candidate.is_suspect && candidate.header.first == end;
            end = end.min(candidate.header.first);
            if is_trimmed || is_in_vain { self.spares.push(candidate) } else { live.push(candidate) }
        }
        live.reverse();
        live
    }

    /// Keeps of the files that hold nothing any more those that are worth using again; the others go.
    pub(super) fn give_up(&mut self, disk: &dyn Disk, settings: &WalSettings) -> Vec<Spare> {
        let mut kept = Vec::new();
        let most = spares_kept_max(settings.segment_bytes, settings.budget_bytes);
        for file in std::mem::take(&mut self.spares) {
            let is_suspect = file.is_suspect && !is_off(Protection::SuspectFile);
            if file.is_damaged && !is_off(Protection::Quarantine) {
                let moved = quarantine::set_aside(disk, &settings.dir, &file.path, file.header.id);
                carry_on(moved, "it is found to be damaged again at the next start");
            } else if is_suspect || kept.len() >= most || !is_spare_length(file.bytes, settings.segment_bytes) {
                carry_on(disk.remove_file(&file.path), "it is found to be trimmed again at the next start");
            } else {
                kept.push(Spare { path: file.path });
            }
        }
        kept
    }
}

fn kind_of(disk: &dyn Disk, path: &Path, bytes: u64, kept_from: u64) -> Result<Kind, WalError> {
    let file = disk.open(path, OpenMode::Read).map_err(WalError::disk("open", path))?;
    let mut file = SalvageFile::new(file);
    let mut page = vec![0; usize::try_from(PAGE_BYTES.min(bytes)).unwrap_or(0)];
    let reads = if is_off(Protection::SecondRead) { 1 } else { 2 };
    let mut was_begun = true;
    for _ in 0..reads {
        file.read(&mut page, 0).map_err(WalError::disk("read", path))?;
        match SegmentHeader::decode(&page) {
            HeaderPage::Segment(header) => return Ok(Kind::Segment(header)),
            HeaderPage::Spare => return Ok(Kind::Spare),
            HeaderPage::TooNew { version } => {
                return Err(WalError::TooNew { path: path.to_path_buf(), version, newest: VERSION });
            }
            HeaderPage::Damaged => was_begun &= page.iter().any(|byte| *byte != 0),
        }
    }
    let header = header_from_batches(&mut file, bytes, kept_from).map_err(WalError::disk("read", path))?;
    Ok(match header {
        Some(header) => Kind::Damaged(header),
        None if was_begun || file.unreadable_bytes() > 0 => Kind::Unknown,
        None => Kind::Nothing,
    })
}

/// Bytes of a file up to the end of its entries, which go on to before `end`. `None` when its batches do not tell.
fn taken_bytes(disk: &dyn Disk, candidate: &Candidate, end: u64) -> Option<u64> {
    let file = disk.open(&candidate.path, OpenMode::Read).ok()?;
    let header = &candidate.header;
    let (mut at, mut due) = (PAGE_BYTES, header.first);
    let mut bytes = [0u8; BATCH_HEADER_BYTES];
    while due < end {
        file.read_exact_at(&mut bytes, at).ok()?;
        let batch = BatchHeader::decode(&bytes)?;
        let is_next = batch.segment_id == header.id && batch.salt == header.salt && batch.first == due;
        if !is_next || batch.count == 0 {
            return None;
        }
        (at, due) = (at + padded(u64::from(batch.length)), batch.end());
    }
    (at <= candidate.bytes).then_some(at)
}

/// Rebuilds a damaged header from the batches behind it. Those of the file's last life carry the highest id.
fn header_from_batches(
    file: &mut SalvageFile,
    file_bytes: u64,
    kept_from: u64,
) -> std::io::Result<Option<SegmentHeader>> {
    let mut found: Option<SegmentHeader> = None;
    let mut page = [0u8; PAGE];
    let mut batch = Vec::new();
    let mut at = PAGE_BYTES;
    while at < file_bytes {
        let bytes = usize::try_from(PAGE_BYTES.min(file_bytes - at)).unwrap_or(PAGE);
        let page = &mut page[..bytes];
        file.read(page, at)?;
        let mut step = PAGE_BYTES;
        if let Some(header) = BatchHeader::decode(page).filter(|_| bytes >= BATCH_HEADER_BYTES)
            && u64::from(header.length) <= file_bytes - at
            && header.end() > kept_from
        {
            batch.resize(usize::try_from(header.length).unwrap_or(0), 0);
            file.read(&mut batch, at)?;
            if verify_entries(&batch, &header).is_some() {
                if found.is_none_or(|found| header.segment_id > found.id) {
                    found = Some(SegmentHeader {
                        id: header.segment_id,
                        first: header.first,
                        kept_from: 1,
                        salt: header.salt,
                        chain_seed: header.chain_seed,
                        // Batches do not say. A file that is not used again costs the least.
                        is_predecessor_suspect: true,
                    });
                }
                step = padded(u64::from(header.length));
            }
        }
        at += step;
    }
    Ok(found)
}
