//! Which words a row group or a part may hold: a split-block bloom filter over word keys.
//!
//! The blocks are those of Parquet's bloom filters (32 bytes, one bit in each of eight words of 32 bits, the same
//! salts), but there are as many as needed, not a power of two: Parquet's rule costs 40 % more bytes on average.
//! Laid out in docs/formats/shape-index.md.
//!
//! Tried and left out: one byte a position for eight row groups, a bit for each, six positions a key. At 10 bits a key it
//! lets 0.85 % of absent words through in a group instead of 1.3 %, and is asked and built as fast; but it needs the words
//! of eight groups at once while a part is written (`cargo run --release -p text-index --example speed`).
//!
//! Always true: a key that was put in is found. A key that was not is found in about 1.2 % of the cases at 10 bits a
//! key, and in 3.3 % at 8.

use crate::error::{StoredError, length_at, number_at};
use crate::limits::BLOOM_BYTES_MAX;

const WHAT: &str = "word bloom";
const MAGIC: &[u8; 8] = b"OTRBLOOM";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 20;
const BLOCK_BYTES: usize = 32;
const SALT: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// A set of word keys that may also hold what was never put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordBloom {
    blocks: Vec<[u32; 8]>,
}

impl WordBloom {
    /// An empty set for a number of distinct keys. `None` when it would be larger than `bytes_max`: such a group counts
    /// as holding every word.
    pub fn with_room(key_count: usize, bits_per_key: usize, bytes_max: usize) -> Option<WordBloom> {
        let count = key_count.checked_mul(bits_per_key)?.div_ceil(BLOCK_BYTES * 8).max(1);
        let bytes = count.checked_mul(BLOCK_BYTES)?;
        (bytes <= bytes_max.min(BLOOM_BYTES_MAX)).then(|| WordBloom { blocks: vec![[0; 8]; count] })
    }

    /// Puts a key in.
    pub fn insert(&mut self, key: u64) {
        let (block, mask) = self.place(key);
        for (bits, one) in self.blocks[block].iter_mut().zip(mask) {
            *bits |= one;
        }
    }

    /// False when the key was certainly not put in.
    pub fn may_hold(&self, key: u64) -> bool {
        let (block, mask) = self.place(key);
        self.blocks[block].iter().zip(mask).all(|(bits, one)| bits & one != 0)
    }

    /// False when one of the keys was certainly not put in.
    pub fn may_hold_all(&self, keys: &[u64]) -> bool {
        keys.iter().all(|key| self.may_hold(*key))
    }

    /// How long the stored form is.
    pub fn stored_bytes(&self) -> usize {
        HEADER_BYTES + self.blocks.len() * BLOCK_BYTES
    }

    /// Appends the stored form.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let count = u32::try_from(self.blocks.len()).expect("a bloom is bounded in size");
        let mut head = Vec::with_capacity(self.stored_bytes() - 4);
        head.extend_from_slice(MAGIC);
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&count.to_le_bytes());
        let (head_length, blocks) = (head.len(), &self.blocks);
        head.extend(blocks.iter().flatten().flat_map(|bits| bits.to_le_bytes()));
        out.extend_from_slice(&head[..head_length]);
        out.extend_from_slice(&crc32c::crc32c(&head).to_le_bytes());
        out.extend_from_slice(&head[head_length..]);
    }

    /// Reads the stored form, which must be the whole of `bytes`.
    pub fn read(bytes: &[u8]) -> Result<WordBloom, StoredError> {
        if bytes.get(..8) != Some(MAGIC) {
            return Err(StoredError::Damaged { what: WHAT, offset: 0 });
        }
        let version = number_at(WHAT, bytes, 8)?;
        if version != VERSION {
            return Err(StoredError::Version { what: WHAT, found: version, known: VERSION });
        }
        let count = length_at(WHAT, bytes, 12)?;
        let expected = number_at(WHAT, bytes, 16)?;
        let (head, blocks) =
            bytes.split_at_checked(HEADER_BYTES).ok_or(StoredError::Damaged { what: WHAT, offset: 0 })?;
        let is_whole = blocks.len() <= BLOOM_BYTES_MAX && Some(blocks.len()) == count.checked_mul(BLOCK_BYTES);
        if count == 0 || !is_whole {
            return Err(StoredError::Damaged { what: WHAT, offset: 12 });
        }
        let found = crc32c::crc32c_append(crc32c::crc32c(&head[..16]), blocks);
        if found != expected {
            return Err(StoredError::Checksum { what: WHAT, offset: 0, expected, found });
        }
        let (chunks, _) = blocks.as_chunks::<BLOCK_BYTES>();
        Ok(WordBloom { blocks: chunks.iter().map(block_of).collect() })
    }

    /// The upper half of a key names the block, the lower half the bits.
    fn place(&self, key: u64) -> (usize, [u32; 8]) {
        let [a, b, c, d, e, f, g, h] = key.to_le_bytes();
        let (low, high) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        let count = u64::try_from(self.blocks.len()).unwrap_or(u64::MAX);
        let block = usize::try_from((u64::from(high) * count) >> 32).expect("less than the number of blocks");
        (block, SALT.map(|salt| 1 << (low.wrapping_mul(salt) >> 27)))
    }
}

fn block_of(bytes: &[u8; BLOCK_BYTES]) -> [u32; 8] {
    let (words, _) = bytes.as_chunks::<4>();
    let mut block = [0; 8];
    for (bits, word) in block.iter_mut().zip(words) {
        *bits = u32::from_le_bytes(*word);
    }
    block
}

#[cfg(test)]
mod tests;
