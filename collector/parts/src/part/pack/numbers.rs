//! Numbers as Parquet packs them: runs and groups of bits (RLE hybrid), and differences (DELTA_BINARY_PACKED). What
//! [`packed_numbers`] reads.
//!
//! Source: parquet-format, Encodings.md.
//!
//! [`packed_numbers`]: crate::part::packed_numbers

use arrow_buffer::NullBuffer;
use std::ops::Range;

/// Bit-packed numbers come in groups of so many; a shorter run of one number is no run.
const GROUP: usize = 8;
/// Differences come in blocks of so many, each in so many pieces of one width.
const BLOCK: usize = 128;
const MINIS: usize = 4;
const MINI: usize = BLOCK / MINIS;

/// A number in groups of seven bits, lowest first.
pub(super) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_byte(number) | 0x80);
        number >>= 7;
    }
    out.push(low_byte(number));
}

fn put_zigzag(out: &mut Vec<u8>, number: i64) {
    put_varint(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

/// How many bits a number takes.
pub(super) fn width_of(number: u64) -> u8 {
    u8::try_from(u64::BITS - number.leading_zeros()).expect("a number has 64 bits at most")
}

/// Numbers of `width` bits, 31 at most: runs of one number as such, all others side by side.
pub(super) fn put_hybrid(out: &mut Vec<u8>, width: u8, numbers: &[u32]) {
    if width == 0 && !numbers.is_empty() {
        // However few: groups of no bytes are a form that readers seldom meet.
        return put_varint(out, (numbers.len() as u64) << 1);
    }
    let mut at = 0;
    // From where on numbers stand side by side.
    let mut loose = 0;
    while at < numbers.len() {
        let run = numbers[at..].iter().take_while(|number| **number == numbers[at]).count();
        if run >= GROUP {
            put_groups(out, width, &numbers[loose..at]);
            put_varint(out, (run as u64) << 1);
            out.extend(&numbers[at].to_le_bytes()[..usize::from(width).div_ceil(8)]);
            at += run;
            loose = at;
        } else {
            // Groups are whole, but for the last one.
            at = numbers.len().min(at + GROUP);
        }
    }
    put_groups(out, width, &numbers[loose..]);
}

fn put_groups(out: &mut Vec<u8>, width: u8, numbers: &[u32]) {
    if numbers.is_empty() {
        return;
    }
    put_varint(out, (numbers.len().div_ceil(GROUP) as u64) << 1 | 1);
    let end = out.len() + numbers.len().div_ceil(GROUP) * usize::from(width);
    put_bits(out, width, numbers.iter().map(|number| u64::from(*number)));
    out.resize(end, 0);
}

/// Numbers side by side, the first one in the lowest bits, up to the byte that the last one ends in.
fn put_bits(out: &mut Vec<u8>, width: u8, numbers: impl Iterator<Item = u64>) {
    let (mut bits, mut count) = (0u128, 0);
    for number in numbers {
        bits |= u128::from(number) << count;
        count += u32::from(width);
        if count >= u64::BITS {
            out.extend_from_slice(&bits.to_le_bytes()[..8]);
            bits >>= u64::BITS;
            count -= u64::BITS;
        }
    }
    out.extend_from_slice(&bits.to_le_bytes()[..count.div_ceil(8) as usize]);
}

/// Which of some records have a value, behind the length of that.
pub(super) fn put_levels(out: &mut Vec<u8>, nulls: Option<&NullBuffer>, rows: Range<usize>) {
    let start = out.len();
    out.extend([0; 4]);
    match nulls {
        None => {
            put_varint(out, (rows.len() as u64) << 1);
            out.push(1);
        }
        Some(nulls) => {
            put_varint(out, (rows.len().div_ceil(GROUP) as u64) << 1 | 1);
            let levels = nulls.inner().slice(rows.start, rows.len()).sliced();
            out.extend_from_slice(&levels[..rows.len().div_ceil(GROUP)]);
        }
    }
    let length = u32::try_from(out.len() - start - 4).expect("a page has few records");
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Numbers by their differences.
pub(super) fn put_deltas(out: &mut Vec<u8>, mut numbers: impl ExactSizeIterator<Item = u64>) {
    for number in [BLOCK as u64, MINIS as u64, numbers.len() as u64] {
        put_varint(out, number);
    }
    let Some(first) = numbers.next() else { return put_zigzag(out, 0) };
    put_zigzag(out, first.cast_signed());
    let mut last = first;
    let mut block = Vec::with_capacity(BLOCK);
    while numbers.len() > 0 {
        block.clear();
        block.extend(
            numbers
                .by_ref()
                .take(BLOCK)
                .map(|number| number.wrapping_sub(std::mem::replace(&mut last, number)).cast_signed()),
        );
        let least = block.iter().copied().min().unwrap_or_default();
        put_zigzag(out, least);
        let widths = out.len();
        out.extend([0; MINIS]);
        for (number, mini) in block.chunks(MINI).enumerate() {
            let above = |difference: &i64| difference.wrapping_sub(least).cast_unsigned();
            let width = width_of(mini.iter().map(above).fold(0, |all, number| all | number));
            out[widths + number] = width;
            let end = out.len() + MINI / GROUP * usize::from(width);
            put_bits(out, width, mini.iter().map(above));
            out.resize(end, 0);
        }
    }
}

#[cfg(test)]
mod tests;
