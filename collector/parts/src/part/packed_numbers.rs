//! Numbers as Parquet packs them: runs and groups of bits (RLE hybrid), and differences (DELTA_BINARY_PACKED).
//!
//! Source: parquet-format, Encodings.md.

use crate::part::thrift::{Unfamiliar, read_varint, unzigzag};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};

/// Bit-packed numbers come in groups of so many.
const GROUP: usize = 8;

/// A piece of a hybrid of runs and groups.
enum Piece<'a> {
    /// So many times one number.
    Run(u64, usize),
    /// So many numbers side by side.
    Bits(&'a [u8], usize),
}

/// Hands out the pieces of `count` numbers of `width` bits.
fn each_piece(
    mut bytes: &[u8],
    width: usize,
    count: usize,
    mut each: impl FnMut(Piece<'_>) -> Result<(), Unfamiliar>,
) -> Result<(), Unfamiliar> {
    let mut left = count;
    while left > 0 {
        let (head, rest) = read_varint(bytes)?;
        let length = usize::try_from(head >> 1).map_err(|_| Unfamiliar)?;
        if head & 1 == 0 {
            let (number, rest) = rest.split_at_checked(width.div_ceil(8)).ok_or(Unfamiliar)?;
            let length = length.min(left);
            each(Piece::Run(little_endian(number), length))?;
            (bytes, left) = (rest, left - length);
        } else {
            let packed = length.checked_mul(width).ok_or(Unfamiliar)?;
            let (packed, rest) = rest.split_at_checked(packed).ok_or(Unfamiliar)?;
            let length = length.checked_mul(GROUP).ok_or(Unfamiliar)?.min(left);
            each(Piece::Bits(packed, length))?;
            (bytes, left) = (rest, left - length);
        }
    }
    Ok(())
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// `count` levels, which are 0 or 1, and the bytes behind them.
pub(crate) fn read_levels(page: &[u8], count: usize) -> Result<(BooleanBuffer, &[u8]), Unfamiliar> {
    let (length, rest) = page.split_first_chunk::<4>().ok_or(Unfamiliar)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Unfamiliar)?;
    let (levels, rest) = rest.split_at_checked(length).ok_or(Unfamiliar)?;
    let mut high = BooleanBufferBuilder::new(count);
    each_piece(levels, 1, count, |piece| {
        match piece {
            Piece::Run(level, length) => high.append_n(length, level & 1 == 1),
            Piece::Bits(bits, length) => high.append_packed_range(0..length, bits),
        }
        Ok(())
    })?;
    Ok((high.finish(), rest))
}

/// `count` numbers of values of a dictionary: a byte with their width in bits, then the hybrid.
pub(crate) fn read_places(bytes: &[u8], count: usize) -> Result<Vec<i32>, Unfamiliar> {
    read_through(bytes, count, i32::MAX, |place| place)
}

/// The values that such numbers stand for.
pub(crate) fn read_values<V: Copy + Default>(
    bytes: &[u8],
    count: usize,
    dictionary: &[V],
) -> Result<Vec<V>, Unfamiliar> {
    let limit = i32::try_from(dictionary.len()).unwrap_or(i32::MAX);
    read_through(bytes, count, limit, |place| {
        usize::try_from(place).ok().and_then(|place| dictionary.get(place)).copied().unwrap_or_default()
    })
}

/// The same numbers, each made into a value. All must be below `limit`; that is looked at in the end, since a loop that may
/// stop anywhere is several times slower.
fn read_through<V: Copy>(bytes: &[u8], count: usize, limit: i32, of: impl Fn(i32) -> V) -> Result<Vec<V>, Unfamiliar> {
    let (width, bytes) = bytes.split_first().ok_or(Unfamiliar)?;
    let width = usize::from(*width);
    // Places are positive.
    if width >= 32 {
        return Err(Unfamiliar);
    }
    let mut values: Vec<V> = Vec::with_capacity(count);
    let mut highest = 0;
    each_piece(bytes, width, count, |piece| {
        match piece {
            Piece::Run(place, length) => {
                let place = i32::try_from(place).map_err(|_| Unfamiliar)?;
                highest = highest.max(place);
                values.resize(values.len() + length, of(place));
            }
            Piece::Bits(_, length) if width == 0 => values.resize(values.len() + length, of(0)),
            Piece::Bits(bits, length) => {
                let mut left = length;
                let mut room = [0; GROUPS_AT_ONCE * GROUP];
                for bits in bits.chunks(GROUPS_AT_ONCE * width) {
                    UNPACK_PLACES[width](bits, &mut room);
                    // What is behind the last number is nothing, and may be no place either.
                    let places = &room[..left.min(bits.len() / width * GROUP)];
                    highest = places.iter().fold(highest, |highest, place| highest.max(*place));
                    values.extend(places.iter().map(|place| of(*place)));
                    left -= places.len();
                }
            }
        }
        Ok(())
    })?;
    if values.len() == count && (count == 0 || highest < limit) { Ok(values) } else { Err(Unfamiliar) }
}

/// `count` numbers of 64 bits, by their differences.
pub(crate) fn read_deltas(bytes: &[u8], count: usize) -> Result<Vec<u64>, Unfamiliar> {
    let (block, bytes) = read_varint(bytes)?;
    let (minis, bytes) = read_varint(bytes)?;
    let (total, bytes) = read_varint(bytes)?;
    let (first, mut bytes) = read_varint(bytes)?;
    let (block, minis) = (usize::try_from(block), usize::try_from(minis));
    let (block, minis) = (block.map_err(|_| Unfamiliar)?, minis.map_err(|_| Unfamiliar)?);
    if usize::try_from(total) != Ok(count) || count == 0 || minis == 0 || block > BLOCK_MAX || block % minis != 0 {
        return Err(Unfamiliar);
    }
    let mini = block / minis;
    if mini == 0 || mini % GROUP != 0 {
        return Err(Unfamiliar);
    }
    let mut room = vec![0; mini];
    let mut numbers = Vec::with_capacity(count + mini);
    let mut last = unzigzag(first).cast_unsigned();
    numbers.push(last);
    while numbers.len() < count {
        let (least, rest) = read_varint(bytes)?;
        let least = unzigzag(least).cast_unsigned();
        let (widths, rest) = rest.split_at_checked(minis).ok_or(Unfamiliar)?;
        bytes = rest;
        for width in widths {
            if numbers.len() >= count {
                break;
            }
            let width = usize::from(*width);
            if width > 64 {
                return Err(Unfamiliar);
            }
            let (packed, rest) = bytes.split_at_checked(width * mini / GROUP).ok_or(Unfamiliar)?;
            bytes = rest;
            if width == 0 {
                numbers.extend((0..mini).map(|_| {
                    last = last.wrapping_add(least);
                    last
                }));
                continue;
            }
            unpack(packed, width, &mut room);
            numbers.extend(room.iter().map(|delta| {
                last = last.wrapping_add(least).wrapping_add(*delta);
                last
            }));
        }
    }
    numbers.truncate(count);
    Ok(numbers)
}

/// Blocks of other writers have 128 or 256 numbers.
const BLOCK_MAX: usize = 1 << 16;

/// Groups that are unpacked between two looks at what they are.
const GROUPS_AT_ONCE: usize = 32;

/// Unpacks numbers of `width` bits, at least 1 and at most 64, from whole groups; `numbers` has room for them.
fn unpack(packed: &[u8], width: usize, numbers: &mut [u64]) {
    debug_assert!(packed.len().is_multiple_of(width) && packed.len() / width * GROUP <= numbers.len());
    UNPACK[width](packed, numbers);
}

type Unpack<N> = fn(&[u8], &mut [N]);

/// By width: a loop whose shifts the compiler knows takes a fraction of the time of one for all widths.
static UNPACK: [Unpack<u64>; 65] = {
    macro_rules! of_each {
        ($($width:literal)*) => { [|_, _| (), $(|packed, numbers| unpack_groups::<$width, _>(packed, numbers, |n| n)),*] };
    }
    of_each!(
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
        33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64
    )
};

/// The same for numbers of less than 32 bits, which are compared several at a time in that form.
static UNPACK_PLACES: [Unpack<i32>; 32] = {
    macro_rules! of_each {
        ($($width:literal)*) => { [|_, _| (), $(|packed, numbers| unpack_groups::<$width, _>(packed, numbers, low_half)),*] };
    }
    of_each!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31)
};

fn low_half(number: u64) -> i32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

#[inline(always)]
fn unpack_groups<const WIDTH: usize, N>(packed: &[u8], numbers: &mut [N], of: impl Fn(u64) -> N) {
    for (group, numbers) in packed.as_chunks::<WIDTH>().0.iter().zip(numbers.as_chunks_mut::<GROUP>().0) {
        *numbers = unpacked_group(group, WIDTH).map(&of);
    }
}

/// Eight numbers of `width` bits, at least 1 and at most 64, from as many bytes.
#[inline(always)]
fn unpacked_group(bytes: &[u8], width: usize) -> [u64; GROUP] {
    debug_assert_eq!(bytes.len(), width);
    let mask = u64::MAX >> (64 - width);
    let mut numbers = [0; GROUP];
    if width < 8 {
        let word = little_endian(bytes);
        for (place, number) in numbers.iter_mut().enumerate() {
            *number = word >> (place * width) & mask;
        }
    } else if width <= 56 {
        // A number is read with all bytes around it; the window of the last ones ends with the group.
        for (place, number) in numbers.iter_mut().enumerate() {
            let bit = place * width;
            let start = (bit / 8).min(width - 8);
            let window = bytes[start..].first_chunk::<8>().expect("it begins eight bytes before the end");
            *number = u64::from_le_bytes(*window) >> (bit - start * 8) & mask;
        }
    } else {
        for (place, number) in numbers.iter_mut().enumerate() {
            let bit = place * width;
            let start = (bit / 8).min(width - 16);
            let window = bytes[start..].first_chunk::<16>().expect("it begins sixteen bytes before the end");
            let window = (u128::from_le_bytes(*window) >> (bit - start * 8)).to_le_bytes();
            *number = u64::from_le_bytes(*window.first_chunk().expect("it is as long")) & mask;
        }
    }
    numbers
}

#[cfg(test)]
mod tests;
