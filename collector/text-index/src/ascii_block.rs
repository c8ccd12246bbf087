//! Up to 64 bytes of text, eight at a time: which of them are letters and digits of ASCII, one bit for each.
//!
//! Going byte by byte costs a wrong guess of the processor at both ends of each word, which is most of the time that
//! reading the words of a text takes.

use crate::splitter::PLACEHOLDER_BYTE;
use std::ops::Range;

/// Bytes of a block.
pub(crate) const BLOCK_BYTES: usize = 64;

/// What is known of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsciiBlock {
    /// Which bytes are letters or digits.
    pub(crate) words: u64,
    /// Which are digits.
    pub(crate) digits: u64,
    /// Which are capitals.
    pub(crate) capitals: u64,
    /// All bytes are ASCII, and none is the placeholder.
    pub(crate) is_plain: bool,
}

impl AsciiBlock {
    /// Reads a block, which is not longer than [`BLOCK_BYTES`].
    #[inline]
    pub(crate) fn of(block: &[u8]) -> AsciiBlock {
        let mut read = AsciiBlock { words: 0, digits: 0, capitals: 0, is_plain: true };
        let (lanes, rest) = block.as_chunks::<LANE_BYTES>();
        for (number, lane) in lanes.iter().enumerate() {
            read.take(Lane::of(u64::from_le_bytes(*lane)), number);
        }
        if !rest.is_empty() {
            read.take(Lane::of(last_lane(block, rest.len())), lanes.len());
        }
        read
    }

    #[inline]
    fn take(&mut self, lane: Lane, number: usize) {
        let place = number * LANE_BYTES;
        self.words |= u64::from(lane.letters | lane.digits) << place;
        self.digits |= u64::from(lane.digits) << place;
        self.capitals |= u64::from(lane.capitals) << place;
        self.is_plain &= lane.is_plain;
    }

    /// Where three letters follow each other: a bit at the first of them.
    #[inline]
    pub(crate) fn three_letters(&self) -> u64 {
        let letters = self.words & !self.digits;
        letters & (letters >> 1) & (letters >> 2)
    }
}

/// Bytes that are looked at together.
const LANE_BYTES: usize = 8;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * ONES;

/// Some bytes, a bit for each.
#[derive(Debug, Clone, Copy)]
struct Lane {
    letters: u8,
    digits: u8,
    capitals: u8,
    /// None is beyond ASCII, and none the placeholder.
    is_plain: bool,
}

impl Lane {
    #[inline]
    fn of(bytes: u64) -> Lane {
        // Bytes beyond ASCII would carry into their neighbours.
        let (ascii, is_ascii) = (bytes & !HIGHS, !bytes & HIGHS);
        let digits = within(ascii, b'0', b'9') & is_ascii;
        let letters = within(ascii | (0x20 * ONES), b'a', b'z') & is_ascii;
        // A capital has not the bit that makes a letter a small one, which is two below the highest.
        let capitals = letters & !(bytes << 2);
        let no_placeholder = from(ascii ^ (u64::from(PLACEHOLDER_BYTE) * ONES), 1);
        Lane {
            letters: bits(letters),
            digits: bits(digits),
            capitals: bits(capitals),
            is_plain: is_ascii & no_placeholder == HIGHS,
        }
    }
}

/// The high bit of each byte that is `least` or above; all bytes are ASCII.
#[inline]
fn from(lane: u64, least: u8) -> u64 {
    lane.wrapping_add(u64::from(0x80 - least) * ONES) & HIGHS
}

/// The same of those that are not above `most`.
#[inline]
fn within(lane: u64, least: u8, most: u8) -> u64 {
    from(lane, least) & !from(lane, most + 1)
}

/// The high bits of all bytes, side by side.
#[inline]
fn bits(highs: u64) -> u8 {
    ((highs >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56).to_le_bytes()[0]
}

/// The last bytes of a block, which are fewer than a lane's, and zeros behind them.
#[inline]
fn last_lane(block: &[u8], count: usize) -> u64 {
    if let Some(lane) = block.last_chunk::<LANE_BYTES>() {
        return u64::from_le_bytes(*lane) >> (8 * (LANE_BYTES - count));
    }
    if let (Some(first), Some(last)) = (block.first_chunk::<4>(), block.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        return first | last << (8 * (count - 4));
    }
    block.iter().rev().fold(0, |lane, byte| lane << 8 | u64::from(*byte))
}

/// The bits that are set in a row from the lowest one on; `None` without any.
#[inline]
pub(crate) fn first_run(bits: u64) -> Option<Range<usize>> {
    if bits == 0 {
        return None;
    }
    let start = bits.trailing_zeros();
    let length = (!(bits >> start)).trailing_zeros();
    let place = |bit: u32| bit as usize;
    Some(place(start)..place((start + length).min(u64::BITS)))
}

/// The bits from this one on.
#[inline]
pub(crate) fn bits_from(bits: u64, place: usize) -> u64 {
    match place < BLOCK_BYTES {
        true => bits & (u64::MAX << place),
        false => 0,
    }
}

#[cfg(test)]
mod tests;
