//! Where everything lies in the stored shapes.

use crate::error::{StoredError, check_sum, length_at, number_at};
use crate::limits::{MERGED_SHAPES, SHAPE_BYTES_MAX, SHAPES_PER_BLOCK, WORD_INDEX_BYTES_MAX};
use crate::splitter::SPLITTER_VERSION;
use crate::word_index::PackedWords;

const WHAT: &str = "shape index";
const MAGIC: &[u8; 8] = b"OTRSHAPE";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const ENTRY_BYTES: usize = 12;

#[derive(Debug)]
pub(super) struct Layout {
    pub(super) count: u32,
    pub(super) blocks: Vec<Place>,
    pub(super) words: Option<Place>,
}

/// Packed bytes within the stored form.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) offset: usize,
    packed_bytes: usize,
    pub(super) plain_bytes: usize,
    sum: u32,
    /// Shapes in a block; 0 for the index of words.
    pub(super) entries: usize,
}

impl Place {
    /// The packed bytes, if they are those that were written.
    pub(super) fn checked<'a>(&self, what: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], StoredError> {
        let damaged = StoredError::Damaged { what, offset: self.offset };
        let packed = bytes.get(self.offset..).and_then(|rest| rest.get(..self.packed_bytes)).ok_or(damaged)?;
        check_sum(what, self.offset, packed, self.sum)?;
        Ok(packed)
    }
}

/// The lengths and the checksum of a piece, as they stand in the head.
fn read_entry(bytes: &[u8], at: usize, offset: usize) -> Result<Place, StoredError> {
    Ok(Place {
        offset,
        packed_bytes: length_at(WHAT, bytes, at)?,
        plain_bytes: length_at(WHAT, bytes, at + 4)?,
        sum: number_at(WHAT, bytes, at + 8)?,
        entries: 0,
    })
}

fn entry(packed: &[u8], plain_bytes: usize) -> [u8; ENTRY_BYTES] {
    let length = |bytes: usize| u32::try_from(bytes).expect("shapes and their words are bounded").to_le_bytes();
    let mut entry = [0; ENTRY_BYTES];
    entry[..4].copy_from_slice(&length(packed.len()));
    entry[4..8].copy_from_slice(&length(plain_bytes));
    entry[8..].copy_from_slice(&crc32c::crc32c(packed).to_le_bytes());
    entry
}

pub(super) fn encode(texts: &[&str], words: Option<PackedWords>, zstd_level: i32) -> Vec<u8> {
    let count = u32::try_from(texts.len()).ok().filter(|count| *count <= MERGED_SHAPES.count_max);
    let count = count.expect("no more shapes than a table takes");
    let mut out = MAGIC.to_vec();
    for number in [VERSION, SPLITTER_VERSION, count] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    match &words {
        Some(words) => out.extend_from_slice(&entry(&words.packed, words.plain_bytes)),
        None => out.extend_from_slice(&[0; ENTRY_BYTES]),
    }
    let mut blocks = Vec::new();
    for texts in texts.chunks(SHAPES_PER_BLOCK) {
        let plain = plain_block(texts);
        let packed = zstd::bulk::compress(&plain, zstd_level).expect("memory takes what is written to it");
        out.extend_from_slice(&entry(&packed, plain.len()));
        blocks.push(packed);
    }
    out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
    for block in blocks {
        out.extend_from_slice(&block);
    }
    if let Some(words) = words {
        out.extend_from_slice(&words.packed);
    }
    out
}

fn plain_block(texts: &[&str]) -> Vec<u8> {
    let mut plain = Vec::new();
    for text in texts {
        plain.extend_from_slice(&u16::try_from(text.len()).expect("a shape is short").to_le_bytes());
    }
    for text in texts {
        plain.extend_from_slice(text.as_bytes());
    }
    plain
}

impl Layout {
    /// Reads the head and checks that it describes the whole of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Layout, StoredError> {
        let damaged = |offset| StoredError::Damaged { what: WHAT, offset };
        if bytes.get(..8) != Some(MAGIC) {
            return Err(damaged(0));
        }
        for (at, known) in [(8, VERSION), (12, SPLITTER_VERSION)] {
            let found = number_at(WHAT, bytes, at)?;
            if found != known {
                return Err(StoredError::Version { what: WHAT, found, known });
            }
        }
        let count = number_at(WHAT, bytes, 16)?;
        let entries = usize::try_from(count).ok().filter(|_| count <= MERGED_SHAPES.count_max).ok_or(damaged(16))?;
        let head_bytes = HEADER_BYTES + entries.div_ceil(SHAPES_PER_BLOCK) * ENTRY_BYTES;
        let sum = number_at(WHAT, bytes, head_bytes)?;
        check_sum(WHAT, 0, &bytes[..head_bytes], sum)?;
        let mut layout = Layout { count, blocks: Vec::new(), words: None };
        let mut offset = head_bytes + 4;
        for (at, first) in (HEADER_BYTES..head_bytes).step_by(ENTRY_BYTES).zip((0..).step_by(SHAPES_PER_BLOCK)) {
            let mut place = read_entry(bytes, at, offset)?;
            place.entries = SHAPES_PER_BLOCK.min(entries - first);
            if place.plain_bytes > place.entries * (SHAPE_BYTES_MAX + 2) {
                return Err(damaged(at));
            }
            offset = offset.checked_add(place.packed_bytes).ok_or(damaged(at))?;
            layout.blocks.push(place);
        }
        let words = read_entry(bytes, HEADER_BYTES - ENTRY_BYTES, offset)?;
        if words.plain_bytes > WORD_INDEX_BYTES_MAX {
            return Err(damaged(HEADER_BYTES - ENTRY_BYTES));
        }
        offset = offset.checked_add(words.packed_bytes).ok_or(damaged(HEADER_BYTES - ENTRY_BYTES))?;
        layout.words = (words.packed_bytes > 0).then_some(words);
        if offset != bytes.len() {
            return Err(damaged(bytes.len()));
        }
        Ok(layout)
    }
}

/// Makes all checksums fit whose places the head tells, for fuzzing.
pub(super) fn mend_checksums(bytes: &mut [u8]) {
    let sum_of = |bytes: &[u8], offset: usize, length: usize| {
        bytes.get(offset..).and_then(|rest| rest.get(..length)).map(crc32c::crc32c)
    };
    let put = |bytes: &mut [u8], at: usize, sum: Option<u32>| {
        if let (Some(sum), Some(place)) = (sum, bytes.get_mut(at..).and_then(|rest| rest.get_mut(..4))) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
    };
    let count = length_at(WHAT, bytes, 16).unwrap_or(usize::MAX);
    if count > bytes.len() * SHAPES_PER_BLOCK {
        return;
    }
    let head_bytes = HEADER_BYTES + count.div_ceil(SHAPES_PER_BLOCK) * ENTRY_BYTES;
    let mut offset = head_bytes + 4;
    let entries = (HEADER_BYTES..head_bytes).step_by(ENTRY_BYTES).chain([HEADER_BYTES - ENTRY_BYTES]);
    for at in entries {
        let Ok(length) = length_at(WHAT, bytes, at) else { return };
        let sum = sum_of(bytes, offset, length);
        put(bytes, at + 8, sum);
        offset = offset.saturating_add(length);
    }
    let sum = sum_of(bytes, 0, head_bytes);
    put(bytes, head_bytes, sum);
}
