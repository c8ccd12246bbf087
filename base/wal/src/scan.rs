//! Walks the batches of one segment file and tells a whole batch from damage and from the end.
//!
//! Always true:
//! - what is handed out carries the segment's id and salt, the sequence that is due, and checksums that fit;
//! - memory is taken only for lengths that fit into the file.
//!
//! Start at [`SegmentScan::next_batch`].

use crate::error::WalError;
use crate::format::{BATCH_HEADER_BYTES, BatchHeader, ENTRY_HEADER_BYTES, PAGE, padded, verify_entries};
use crate::limits::{PAGE_BYTES, SEARCH_BYTES};
use crate::protection::{Protection, is_off};
use crate::salvage::SalvageFile;
use basics::DiskFile;
use std::path::{Path, PathBuf};

/// A walk over one file.
pub(crate) struct SegmentScan {
    file: SalvageFile,
    path: PathBuf,
    id: u64,
    salt: u64,
    /// Where the readable bytes end.
    end: u64,
    at: u64,
    /// Sequence that is due.
    pub(crate) expected: u64,
    /// Checksum that is due; unknown behind damage.
    pub(crate) chain: Option<u32>,
    /// The bytes of the last batch that was found.
    pub(crate) batch: Vec<u8>,
}

/// What stands next in a segment.
pub(crate) enum Found {
    /// A whole batch; its bytes are in [`SegmentScan::batch`].
    Batch(BatchHeader),
    /// Entries from the first to before the second number are damaged; a whole batch follows. When the numbers are the
    /// same, something is damaged that holds no entry.
    Damage { at: u64, from: u64, to: u64 },
    /// Nothing whole follows.
    End(ScanEnd),
}

/// Why nothing whole follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanEnd {
    /// Bytes of a batch that was begun.
    pub(crate) torn_bytes: u64,
    /// When the disk could not read all of what follows: how many entries that may have held at the most.
    pub(crate) unreadable_entries_max: u64,
}

/// What a walk must know of the segment.
pub(crate) struct ScanStart {
    pub(crate) id: u64,
    pub(crate) salt: u64,
    pub(crate) end: u64,
    pub(crate) expected: u64,
    pub(crate) chain: Option<u32>,
}

impl SegmentScan {
    pub(crate) fn new(file: Box<dyn DiskFile>, path: &Path, start: ScanStart) -> SegmentScan {
        SegmentScan {
            file: SalvageFile::new(file),
            path: path.to_path_buf(),
            id: start.id,
            salt: start.salt,
            end: start.end,
            at: PAGE_BYTES,
            expected: start.expected,
            chain: start.chain,
            batch: Vec::new(),
        }
    }

    /// Where the next batch is looked for; at the end, where the bad place begins.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Finds the next whole batch, damage before one, or the end. Fails only when the file cannot be read.
    pub(crate) fn next_batch(&mut self) -> Result<Found, WalError> {
        self.file.forget_unreadable();
        // A bit that flipped on its way from the disk is right the second time.
        let reads = if is_off(Protection::SecondRead) { 1 } else { 2 };
        for _ in 0..reads {
            if let Some((header, chain)) = self.batch_at(self.at)?
                && self.is_due(&header)
            {
                self.at += padded(u64::from(header.length));
                self.expected = header.end();
                self.chain = Some(chain);
                return Ok(Found::Batch(header));
            }
        }
        let bad_at = self.at;
        if let Some((at, header)) = self.search(bad_at)? {
            let from = self.expected;
            self.at = at;
            self.expected = header.first;
            self.chain = None;
            return Ok(Found::Damage { at: bad_at, from, to: header.first });
        }
        let torn_bytes = self.torn_bytes(bad_at)?;
        let is_unreadable = self.file.unreadable_bytes() > 0;
        let entries_max = self.end.saturating_sub(bad_at) / ENTRY_HEADER_BYTES as u64;
        Ok(Found::End(ScanEnd { torn_bytes, unreadable_entries_max: if is_unreadable { entries_max } else { 0 } }))
    }

    fn is_due(&self, header: &BatchHeader) -> bool {
        if is_off(Protection::IdentityCheck) {
            return true;
        }
        let is_chained = self.chain.is_none_or(|chain| chain == header.chain_seed) || is_off(Protection::ChainCheck);
        header.first == self.expected && is_chained
    }

    /// Tells whether a header belongs to this life of the file.
    fn is_own(&self, header: &BatchHeader) -> bool {
        (header.segment_id == self.id && header.salt == self.salt) || is_off(Protection::IdentityCheck)
    }

    /// Reads and verifies the batch at `at`.
    fn batch_at(&mut self, at: u64) -> Result<Option<(BatchHeader, u32)>, WalError> {
        let mut head = [0u8; BATCH_HEADER_BYTES];
        if self.end.saturating_sub(at) < head.len() as u64 {
            return Ok(None);
        }
        self.read(&mut head, at)?;
        let Some(header) = BatchHeader::decode(&head).filter(|header| self.is_own(header)) else { return Ok(None) };
        if u64::from(header.length) > self.end - at {
            return Ok(None);
        }
        let mut batch = std::mem::take(&mut self.batch);
        batch.resize(usize::try_from(header.length).unwrap_or(0), 0);
        let read = self.read(&mut batch, at);
        self.batch = batch;
        read?;
        // The second reading of the head is the one that counts: the two may differ when the disk is failing.
        let is_same = BatchHeader::decode(&self.batch).is_some_and(|again| again == header);
        Ok(verify_entries(&self.batch, &header).filter(|_| is_same).map(|chain| (header, chain)))
    }

    /// Looks behind a bad place for a whole batch of this segment. Such a batch was written only after the sync of
    /// what stood at the bad place had returned.
    fn search(&mut self, bad_at: u64) -> Result<Option<(u64, BatchHeader)>, WalError> {
        if is_off(Protection::TailSearch) {
            return Ok(None);
        }
        let mut chunk = Vec::new();
        let mut chunk_at = bad_at + PAGE_BYTES;
        while chunk_at < self.end {
            let bytes = SEARCH_BYTES.min(self.end - chunk_at);
            chunk.resize(usize::try_from(bytes).unwrap_or(0), 0);
            self.read(&mut chunk, chunk_at)?;
            for (at, page) in (chunk_at..).step_by(PAGE).zip(chunk.chunks(PAGE)) {
                let belongs = |header: &BatchHeader| self.is_own(header) && header.first >= self.expected;
                if BatchHeader::decode(page).is_some_and(|header| belongs(&header))
                    && let Some((header, _)) = self.batch_at(at)?
                    && header.first >= self.expected
                {
                    return Ok(Some((at, header)));
                }
            }
            chunk_at += bytes;
        }
        Ok(None)
    }

    /// What of a batch was begun at the end: its length when that can be read.
    fn torn_bytes(&mut self, at: u64) -> Result<u64, WalError> {
        let mut head = [0u8; BATCH_HEADER_BYTES];
        if self.end.saturating_sub(at) < head.len() as u64 {
            return Ok(0);
        }
        self.read(&mut head, at)?;
        let begun = BatchHeader::decode(&head).filter(|header| self.is_own(header) && header.first >= self.expected);
        Ok(begun.map_or(0, |header| u64::from(header.length)))
    }

    fn read(&mut self, buffer: &mut [u8], at: u64) -> Result<(), WalError> {
        self.file.read(buffer, at).map_err(WalError::disk("read", &self.path))
    }
}
