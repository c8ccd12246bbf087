//! The bytes of a segment: its header, the headers of batches and entries, and what their checksums cover.
//!
//! docs/formats/wal.md draws them. All numbers are little-endian. Nothing here reads or writes a file.
//!
//! Always true:
//! - a length that was read is compared with the bytes at hand before it is used;
//! - each entry's checksum continues the previous entry's, so that an entry that was dropped, moved, doubled or left over
//!   from an earlier life of the file fails, not just a damaged one.
//!
//! Start at [`BatchHeader`].

use crate::limits::{BATCH_BYTES_MAX, ENTRY_BYTES_MAX, PAGE_BYTES};
use crate::protection::{Protection, is_off};
use crc32c::{crc32c, crc32c_append};

/// The format that is written.
pub(crate) const VERSION: u16 = 1;
/// The oldest reader that understands what is written.
pub(crate) const MIN_READER: u16 = 1;

const SEGMENT_MAGIC: [u8; 8] = *b"ORWALSEG";
const BATCH_MAGIC: [u8; 4] = *b"ORWB";
const SEGMENT_HEADER_USED: usize = 64;
const FLAG_PREDECESSOR_SUSPECT: u32 = 1;

pub(crate) const PAGE: usize = 4096;
/// Bytes of a batch before its first entry.
pub(crate) const BATCH_HEADER_BYTES: usize = 48;
/// Bytes of an entry before its body.
pub(crate) const ENTRY_HEADER_BYTES: usize = 16;
/// No batch is longer: one full batch, or the longest entry alone.
const BATCH_LENGTH_MAX: u64 =
    if ENTRY_BYTES_MAX > BATCH_BYTES_MAX { ENTRY_BYTES_MAX } else { BATCH_BYTES_MAX } + PAGE_BYTES;

/// Ids and sequences that are read are at most this, so that counting on from them never overflows.
pub(crate) const SEQUENCE_MAX: u64 = u64::MAX / 4;

const _: () = assert!(PAGE as u64 == PAGE_BYTES);

/// What a segment says of itself, once per life of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// Rises with each segment; 0 for a spare, which holds nothing.
    pub(crate) id: u64,
    /// Sequence of its first entry, which is also where the segment before it ends, whatever stands behind that there.
    pub(crate) first: u64,
    /// Trimmed up to here when the segment was begun.
    pub(crate) kept_from: u64,
    /// Differs from life to life of a file.
    pub(crate) salt: u64,
    /// What the first entry's checksum continues.
    pub(crate) chain_seed: u32,
    /// A write or sync of the segment before this one failed: its file is not used again.
    pub(crate) is_predecessor_suspect: bool,
}

/// What the first page of a segment file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeaderPage {
    Segment(SegmentHeader),
    Spare,
    TooNew { version: u16 },
    Damaged,
}

impl SegmentHeader {
    pub(crate) const SPARE: SegmentHeader =
        SegmentHeader { id: 0, first: 0, kept_from: 0, salt: 0, chain_seed: 0, is_predecessor_suspect: false };

    pub(crate) fn encode(&self) -> Box<[u8; PAGE]> {
        let mut page = Box::new([0u8; PAGE]);
        let mut out = Out { bytes: page.as_mut_slice(), at: 0 };
        out.put(&SEGMENT_MAGIC);
        out.put(&VERSION.to_le_bytes());
        out.put(&MIN_READER.to_le_bytes());
        out.put(&self.chain_seed.to_le_bytes());
        out.put(&self.id.to_le_bytes());
        out.put(&self.first.to_le_bytes());
        out.put(&self.kept_from.to_le_bytes());
        out.put(&self.salt.to_le_bytes());
        let flags = if self.is_predecessor_suspect { FLAG_PREDECESSOR_SUSPECT } else { 0 };
        out.put(&flags.to_le_bytes());
        let crc = crc32c(&page[..SEGMENT_HEADER_USED - 4]);
        page[SEGMENT_HEADER_USED - 4..SEGMENT_HEADER_USED].copy_from_slice(&crc.to_le_bytes());
        page
    }

    /// For fuzzing: gives a page that may be a header the checksum of what it says.
    pub(crate) fn make_checksum_fit(page: &mut [u8]) {
        if let Some(used) = page.first_chunk_mut::<SEGMENT_HEADER_USED>() {
            let crc = crc32c(&used[..SEGMENT_HEADER_USED - 4]);
            used[SEGMENT_HEADER_USED - 4..].copy_from_slice(&crc.to_le_bytes());
        }
    }

    pub(crate) fn decode(page: &[u8]) -> HeaderPage {
        let Some(used) = page.first_chunk::<SEGMENT_HEADER_USED>() else { return HeaderPage::Damaged };
        let stored = u32::from_le_bytes(array(used, SEGMENT_HEADER_USED - 4));
        let is_whole = stored == crc32c(&used[..SEGMENT_HEADER_USED - 4]) || is_off(Protection::SegmentChecksum);
        if used[..8] != SEGMENT_MAGIC || !is_whole {
            return HeaderPage::Damaged;
        }
        let version = u16::from_le_bytes(array(used, 8));
        if u16::from_le_bytes(array(used, 10)) > VERSION {
            return HeaderPage::TooNew { version };
        }
        let header = SegmentHeader {
            chain_seed: u32::from_le_bytes(array(used, 12)),
            id: u64::from_le_bytes(array(used, 16)),
            first: u64::from_le_bytes(array(used, 24)),
            kept_from: u64::from_le_bytes(array(used, 32)),
            salt: u64::from_le_bytes(array(used, 40)),
            is_predecessor_suspect: u32::from_le_bytes(array(used, 48)) & FLAG_PREDECESSOR_SUSPECT != 0,
        };
        match header.id {
            0 => HeaderPage::Spare,
            id if id > SEQUENCE_MAX || !is_sequence(header.first) || header.kept_from > SEQUENCE_MAX => {
                HeaderPage::Damaged
            }
            _ => HeaderPage::Segment(header),
        }
    }
}

fn is_sequence(first: u64) -> bool {
    (1..=SEQUENCE_MAX).contains(&first)
}

/// What stands before the entries of one group commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    /// From the first byte of this header to the last one of the last body.
    pub(crate) length: u32,
    pub(crate) count: u32,
    pub(crate) segment_id: u64,
    pub(crate) salt: u64,
    /// Sequence of the first entry; of the next one to come when there is none.
    pub(crate) first: u64,
    pub(crate) chain_seed: u32,
}

impl BatchHeader {
    pub(crate) fn encode(&self) -> [u8; BATCH_HEADER_BYTES] {
        let mut bytes = [0u8; BATCH_HEADER_BYTES];
        let mut out = Out { bytes: &mut bytes, at: 0 };
        out.put(&BATCH_MAGIC);
        out.put(&self.length.to_le_bytes());
        out.put(&self.count.to_le_bytes());
        out.put(&self.chain_seed.to_le_bytes());
        out.put(&self.segment_id.to_le_bytes());
        out.put(&self.first.to_le_bytes());
        out.put(&self.salt.to_le_bytes());
        out.put(&[0; 4]);
        let crc = crc32c(&bytes[..BATCH_HEADER_BYTES - 4]);
        bytes[BATCH_HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// For fuzzing: gives bytes that may be a header the checksum of what they say.
    pub(crate) fn make_checksum_fit(bytes: &mut [u8]) {
        if let Some(used) = bytes.first_chunk_mut::<BATCH_HEADER_BYTES>() {
            let crc = crc32c(&used[..BATCH_HEADER_BYTES - 4]);
            used[BATCH_HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        }
    }

    /// Reads a header that is whole; says nothing yet about whether it belongs here.
    pub(crate) fn decode(bytes: &[u8]) -> Option<BatchHeader> {
        let bytes = bytes.first_chunk::<BATCH_HEADER_BYTES>()?;
        if bytes[..4] != BATCH_MAGIC {
            return None;
        }
        let stored = u32::from_le_bytes(array(bytes, BATCH_HEADER_BYTES - 4));
        let is_whole = stored == crc32c(&bytes[..BATCH_HEADER_BYTES - 4]);
        if !is_whole && !is_off(Protection::BatchChecksum) {
            return None;
        }
        let header = BatchHeader {
            length: u32::from_le_bytes(array(bytes, 4)),
            count: u32::from_le_bytes(array(bytes, 8)),
            chain_seed: u32::from_le_bytes(array(bytes, 12)),
            segment_id: u64::from_le_bytes(array(bytes, 16)),
            first: u64::from_le_bytes(array(bytes, 24)),
            salt: u64::from_le_bytes(array(bytes, 32)),
        };
        let length_min = BATCH_HEADER_BYTES as u64 + u64::from(header.count) * ENTRY_HEADER_BYTES as u64;
        let is_possible = u64::from(header.length) >= length_min
            && u64::from(header.length) <= BATCH_LENGTH_MAX
            && header.segment_id <= SEQUENCE_MAX
            && is_sequence(header.first);
        is_possible.then_some(header)
    }

    /// Sequence behind the last entry.
    pub(crate) fn end(&self) -> u64 {
        self.first + u64::from(self.count)
    }
}

/// Encodes what stands before a body. Returns the bytes and the checksum that the next entry continues.
pub(crate) fn entry_header(kind: u8, body_bytes: u32, body_crc: u32, place: Place) -> ([u8; ENTRY_HEADER_BYTES], u32) {
    let mut bytes = [0u8; ENTRY_HEADER_BYTES];
    bytes[0..4].copy_from_slice(&body_bytes.to_le_bytes());
    bytes[4] = kind;
    bytes[8..12].copy_from_slice(&body_crc.to_le_bytes());
    let crc = entry_crc(&bytes, place);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    (bytes, crc)
}

/// What an entry's checksum binds it to, beside its own bytes.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) chain: u32,
    pub(crate) salt: u64,
    pub(crate) sequence: u64,
}

fn entry_crc(header: &[u8; ENTRY_HEADER_BYTES], place: Place) -> u32 {
    let mut bound = [0u8; 28];
    bound[0..8].copy_from_slice(&place.salt.to_le_bytes());
    bound[8..16].copy_from_slice(&place.sequence.to_le_bytes());
    bound[16..28].copy_from_slice(&header[..12]);
    crc32c_append(place.chain, &bound)
}

/// One entry inside a whole batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryPlace {
    pub(crate) kind: u8,
    /// Where its body begins, from the start of the batch.
    pub(crate) body_at: usize,
    pub(crate) body_bytes: usize,
    body_crc: u32,
    header_crc: u32,
}

/// Reads the entry whose header begins at `at`; `None` when it does not fit into `batch`.
pub(crate) fn entry_at(batch: &[u8], at: usize) -> Option<EntryPlace> {
    let header = batch.get(at..)?.first_chunk::<ENTRY_HEADER_BYTES>()?;
    let body_bytes = usize::try_from(u32::from_le_bytes(array(header, 0))).ok()?;
    let body_at = at + ENTRY_HEADER_BYTES;
    batch.get(body_at..)?.get(..body_bytes)?;
    Some(EntryPlace {
        kind: header[4],
        body_at,
        body_bytes,
        body_crc: u32::from_le_bytes(array(header, 8)),
        header_crc: u32::from_le_bytes(array(header, 12)),
    })
}

/// Checks all entries of a batch. Returns the checksum that the next batch continues, or `None` when anything is wrong.
///
/// `batch` is exactly [`BatchHeader::length`] bytes long.
pub(crate) fn verify_entries(batch: &[u8], header: &BatchHeader) -> Option<u32> {
    let mut chain = header.chain_seed;
    let mut at = BATCH_HEADER_BYTES;
    for sequence in header.first..header.end() {
        let entry = entry_at(batch, at)?;
        let head = batch.get(at..)?.first_chunk::<ENTRY_HEADER_BYTES>()?;
        let body = batch.get(entry.body_at..entry.body_at + entry.body_bytes)?;
        let expected = entry_crc(head, Place { chain, salt: header.salt, sequence });
        let is_head_whole = entry.header_crc == expected || is_off(Protection::EntryChecksum);
        let is_body_whole = entry.body_crc == crc32c(body) || is_off(Protection::BodyChecksum);
        if !is_head_whole || !is_body_whole {
            return None;
        }
        chain = entry.header_crc;
        at = entry.body_at + entry.body_bytes;
    }
    (at == batch.len()).then_some(chain)
}

/// The bytes that a batch of `length` takes in the file.
pub(crate) fn padded(length: u64) -> u64 {
    length.next_multiple_of(PAGE_BYTES)
}

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

/// Writes fields one behind the other.
pub(crate) struct Out<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) at: usize,
}

impl Out<'_> {
    pub(crate) fn put(&mut self, field: &[u8]) {
        self.bytes[self.at..self.at + field.len()].copy_from_slice(field);
        self.at += field.len();
    }
}

#[cfg(test)]
mod tests;
