//! Bodies that can be told apart: each carries its number, and all its other bytes follow from that.

use bytes::Bytes;
use testkit::faulty_disk::Chance;

/// Shortest body that carries a number.
pub(super) const BODY_BYTES_MIN: usize = 8;

pub(super) fn body(number: usize, length: usize) -> Bytes {
    let mut chance = Chance::new(number as u64);
    let mut bytes = (number as u64).to_le_bytes().to_vec();
    while bytes.len() < length {
        bytes.extend_from_slice(&chance.number().to_le_bytes());
    }
    bytes.truncate(length.max(BODY_BYTES_MIN));
    bytes.into()
}

/// The number that a body claims to carry.
pub(super) fn number_of(body: &[u8]) -> Option<usize> {
    let number = body.first_chunk::<BODY_BYTES_MIN>()?;
    usize::try_from(u64::from_le_bytes(*number)).ok()
}

/// The kind of an entry follows from its number too.
pub(super) fn kind(number: usize) -> u8 {
    u8::try_from(number % 200).unwrap_or(0) + 1
}
