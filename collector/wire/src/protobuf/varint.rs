//! Numbers in groups of seven bits, least significant first.

use super::Malformed;

/// The number that `bytes` begin with, and what stands behind it.
#[inline]
pub(super) fn split_varint(bytes: &[u8]) -> Result<(u64, &[u8]), Malformed> {
    match bytes.split_first() {
        Some((&first, rest)) if first < 0x80 => Ok((u64::from(first), rest)),
        Some((&first, rest)) => split_long_varint(u64::from(first & 0x7f), rest),
        None => Err(Malformed::Truncated),
    }
}

/// Goes on after a first byte that announced more.
fn split_long_varint(first: u64, rest: &[u8]) -> Result<(u64, &[u8]), Malformed> {
    let mut number = first;
    let mut rest = rest;
    for shift in [7u32, 14, 21, 28, 35, 42, 49, 56, 63] {
        let Some((&byte, behind)) = rest.split_first() else { return Err(Malformed::Truncated) };
        rest = behind;
        // 64 bits are nine groups of seven and one bit.
        if shift == 63 && byte > 1 {
            return Err(Malformed::VarintTooLong);
        }
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((number, rest));
        }
    }
    Err(Malformed::VarintTooLong)
}
