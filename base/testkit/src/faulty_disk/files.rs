//! The bytes of one file: what a program sees, what is durable, and what lies between.

use super::{Chance, EIO, Unsynced, os_error};
use std::io;
use std::ops::Range;

/// The smallest piece that a disk writes as a whole.
const SECTOR_BYTES: usize = 512;
/// The piece that a file system writes as a whole.
const PAGE_BYTES: usize = 4096;

/// A change that no sync has covered.
#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Clone, Default)]
pub(super) struct FileState {
    seen: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
    is_lying: bool,
    /// Places that the disk cannot read.
    spoiled: Vec<Range<usize>>,
}

impl FileState {
    pub(super) fn durable(bytes: Vec<u8>) -> FileState {
        FileState { seen: bytes.clone(), durable: bytes, ..FileState::default() }
    }

    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.seen.len());
        let there = &self.seen[from..];
        let count = there.len().min(buffer.len());
        if self.spoiled.iter().any(|place| place.start < from + count && from < place.end) {
            return Err(os_error(EIO));
        }
        buffer[..count].copy_from_slice(&there[..count]);
        Ok(count)
    }

    pub(super) fn spoil(&mut self, offset: u64, bytes: u64) {
        let at = |offset: u64| usize::try_from(offset).expect("a file in memory is addressed by memory");
        self.spoiled.push(at(offset)..at(offset + bytes));
    }

    pub(super) fn write(&mut self, bytes: Vec<u8>, offset: u64) {
        let at = usize::try_from(offset).expect("a file in memory is addressed by memory");
        put(&mut self.seen, at, &bytes);
        let end = at + bytes.len();
        self.spoiled.retain(|place| end <= place.start || place.end <= at);
        self.unsynced.push(Change::Write { at, bytes });
    }

    /// Writes some sectors of `bytes`, by lot.
    pub(super) fn write_torn(&mut self, bytes: &[u8], offset: u64, chance: &mut Chance) {
        let at = usize::try_from(offset).expect("a file in memory is addressed by memory");
        for (piece_at, piece) in pieces(at, bytes, SECTOR_BYTES) {
            if chance.once_in(2) {
                self.write(piece.to_vec(), u64::try_from(piece_at).unwrap_or(u64::MAX));
            }
        }
    }

    pub(super) fn set_len(&mut self, bytes: u64) {
        let bytes = usize::try_from(bytes).expect("a file in memory is addressed by memory");
        self.seen.resize(bytes, 0);
        self.unsynced.push(Change::Length(bytes));
    }

    pub(super) fn flip(&mut self, offset: u64, bit: u32) {
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        for bytes in [&mut self.seen, &mut self.durable] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            if !self.is_lying {
                make_durable(&mut self.durable, change);
            }
        }
    }

    /// What was not synced never will be, though it is still seen.
    pub(super) fn lose_unsynced(&mut self) {
        self.unsynced.clear();
    }

    pub(super) fn begin_to_lie(&mut self) {
        self.unsynced.clear();
        self.is_lying = true;
    }

    pub(super) fn lose_power(&mut self, unsynced: Unsynced, chance: &mut Chance) {
        let changes = std::mem::take(&mut self.unsynced);
        if !self.is_lying {
            for change in changes {
                match unsynced {
                    Unsynced::Lost => {}
                    Unsynced::Kept => make_durable(&mut self.durable, change),
                    Unsynced::ByLot => make_durable_by_lot(&mut self.durable, change, chance),
                }
            }
        }
        self.is_lying = false;
        self.seen.clone_from(&self.durable);
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

fn make_durable(durable: &mut Vec<u8>, change: Change) {
    match change {
        Change::Write { at, bytes } => put(durable, at, &bytes),
        Change::Length(bytes) => durable.resize(bytes, 0),
    }
}

fn make_durable_by_lot(durable: &mut Vec<u8>, change: Change, chance: &mut Chance) {
    let (at, bytes) = match change {
        Change::Write { at, bytes } => (at, bytes),
        Change::Length(bytes) => {
            if chance.once_in(2) {
                durable.resize(bytes, 0);
            }
            return;
        }
    };
    let piece_bytes = if chance.once_in(2) { SECTOR_BYTES } else { PAGE_BYTES };
    let pieces = pieces(at, &bytes, piece_bytes);
    let cut = chance.index(pieces.len() + 1);
    let way = chance.index(5);
    for (index, (piece_at, piece)) in pieces.into_iter().enumerate() {
        let is_kept = match way {
            0 => false,
            1 => true,
            2 => index < cut,
            3 => index >= cut,
            _ => chance.once_in(2),
        };
        if is_kept {
            put(durable, piece_at, piece);
        }
    }
}

/// Cuts a write where the disk's own pieces end.
fn pieces(at: usize, bytes: &[u8], piece_bytes: usize) -> Vec<(usize, &[u8])> {
    let mut pieces = Vec::new();
    let (mut at, mut rest) = (at, bytes);
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(piece_bytes - at % piece_bytes));
        pieces.push((at, piece));
        at += piece.len();
        rest = behind;
    }
    pieces
}
