//! Lays the entries of one group commit out as one write.
//!
//! Small bodies are copied next to their headers; long ones stay where they lie and are handed to the write call as
//! slices of their own. The checksum of each body was made by the thread that appended it.

use crate::format::{BATCH_HEADER_BYTES, BatchHeader, ENTRY_HEADER_BYTES, PAGE, Place, entry_header, padded};
use crate::limits::COPIED_SLICE_BYTES_MAX;
use crate::{Done, NewEntry};
use bytes::Bytes;
use std::io::IoSlice;
use std::ops::Range;

static ZEROES: [u8; PAGE] = [0; PAGE];

/// An entry that waits for its batch.
pub(crate) struct Queued {
    pub(crate) entry: NewEntry,
    pub(crate) body_bytes: u32,
    pub(crate) body_crc: u32,
    pub(crate) done: Done,
}

impl Queued {
    /// What it takes inside a batch.
    pub(crate) fn cost(&self) -> u64 {
        u64::from(self.body_bytes) + ENTRY_HEADER_BYTES as u64
    }
}

/// What a batch takes in the file, page padding included.
pub(crate) fn batch_bytes(entries: &[Queued]) -> u64 {
    padded(BATCH_HEADER_BYTES as u64 + entries.iter().map(Queued::cost).sum::<u64>())
}

/// Where a batch will stand.
#[derive(Clone, Copy)]
pub(crate) struct BatchPlace {
    pub(crate) segment_id: u64,
    pub(crate) salt: u64,
    pub(crate) first: u64,
    pub(crate) chain: u32,
}

enum Piece {
    Copied(Range<usize>),
    Shared(Bytes),
}

/// A batch as it goes to the disk; reused, so that its memory is allocated once.
#[derive(Default)]
pub(crate) struct EncodedBatch {
    copied: Vec<u8>,
    pieces: Vec<Piece>,
    length: u64,
    chain: u32,
}

impl EncodedBatch {
    /// Lays out `entries` for `place`.
    pub(crate) fn encode(&mut self, entries: &[Queued], place: BatchPlace) {
        self.copied.clear();
        self.pieces.clear();
        let length = BATCH_HEADER_BYTES as u64 + entries.iter().map(Queued::cost).sum::<u64>();
        let header = BatchHeader {
            length: u32::try_from(length).expect("a batch is capped far below 4 GiB"),
            count: u32::try_from(entries.len()).expect("a batch is capped far below 4 G entries"),
            segment_id: place.segment_id,
            salt: place.salt,
            first: place.first,
            chain_seed: place.chain,
        };
        self.copied.extend_from_slice(&header.encode());
        let (mut chain, mut piece_from) = (place.chain, 0);
        for (sequence, queued) in (place.first..).zip(entries) {
            let place = Place { chain, salt: place.salt, sequence };
            let (head, crc) = entry_header(queued.entry.kind, queued.body_bytes, queued.body_crc, place);
            self.copied.extend_from_slice(&head);
            for slice in &queued.entry.slices {
                if slice.len() <= COPIED_SLICE_BYTES_MAX {
                    self.copied.extend_from_slice(slice);
                } else {
                    self.pieces.push(Piece::Copied(piece_from..self.copied.len()));
                    self.pieces.push(Piece::Shared(slice.clone()));
                    piece_from = self.copied.len();
                }
            }
            chain = crc;
        }
        self.pieces.push(Piece::Copied(piece_from..self.copied.len()));
        self.length = length;
        self.chain = chain;
    }

    /// What the next batch's first checksum continues.
    pub(crate) fn chain(&self) -> u32 {
        self.chain
    }

    /// Bytes in the file, padding included.
    pub(crate) fn padded_bytes(&self) -> u64 {
        padded(self.length)
    }

    /// The bytes, padded with zeroes to whole pages: overwriting a part of a page would read the page first.
    pub(crate) fn slices(&self) -> Vec<IoSlice<'_>> {
        let mut slices: Vec<IoSlice<'_>> = Vec::with_capacity(self.pieces.len() + 1);
        for piece in &self.pieces {
            slices.push(IoSlice::new(match piece {
                Piece::Copied(range) => &self.copied[range.clone()],
                Piece::Shared(bytes) => bytes,
            }));
        }
        let padding = usize::try_from(self.padded_bytes() - self.length).unwrap_or(0);
        slices.push(IoSlice::new(&ZEROES[..padding.min(PAGE)]));
        slices.retain(|slice| !slice.is_empty());
        slices
    }

    /// Lets go of the bodies.
    pub(crate) fn clear(&mut self) {
        self.pieces.clear();
        // One giant batch must not keep its memory for ever.
        if self.copied.capacity() > 2 * COPIED_SLICE_BYTES_MAX * 1024 {
            self.copied = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests;
