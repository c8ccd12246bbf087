//! What can be wrong with stored bytes.

use basics::ErrorClass;

/// Stored bytes that cannot be used. All of this crate's stored forms are derived: what is damaged is built anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// The bytes are not those that were written.
    #[error("{what} at byte {offset} has checksum {found:08x} where {expected:08x} was written")]
    Checksum {
        /// Which part of the bytes.
        what: &'static str,
        /// Where it begins.
        offset: usize,
        /// The checksum that was written.
        expected: u32,
        /// The checksum of what was read.
        found: u32,
    },
    /// The bytes contradict themselves.
    #[error("{what} at byte {offset} is damaged")]
    Damaged {
        /// Which part of the bytes.
        what: &'static str,
        /// Where it begins.
        offset: usize,
    },
    /// A later program wrote the bytes.
    #[error("{what} is of version {found}, and {known} is the last that is known here")]
    Version {
        /// Which stored form.
        what: &'static str,
        /// The version that was read.
        found: u32,
        /// The highest version that can be read.
        known: u32,
    },
}

impl StoredError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            StoredError::Checksum { .. } | StoredError::Damaged { .. } | StoredError::Version { .. } => {
                ErrorClass::Corrupt
            }
        }
    }
}

/// Compares a checksum; `bytes` begin at `offset`.
pub(crate) fn check_sum(what: &'static str, offset: usize, bytes: &[u8], expected: u32) -> Result<(), StoredError> {
    let found = crc32c::crc32c(bytes);
    match found == expected {
        true => Ok(()),
        false => Err(StoredError::Checksum { what, offset, expected, found }),
    }
}

/// The little-endian number at `offset`.
pub(crate) fn number_at(what: &'static str, bytes: &[u8], offset: usize) -> Result<u32, StoredError> {
    let number = bytes.get(offset..).and_then(|rest| rest.first_chunk::<4>());
    number.map(|number| u32::from_le_bytes(*number)).ok_or(StoredError::Damaged { what, offset })
}

/// The same as a length.
pub(crate) fn length_at(what: &'static str, bytes: &[u8], offset: usize) -> Result<usize, StoredError> {
    let number = number_at(what, bytes, offset)?;
    usize::try_from(number).map_err(|_| StoredError::Damaged { what, offset })
}
