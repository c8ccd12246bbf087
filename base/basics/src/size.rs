//! Sizes in bytes, as people write them.

use std::fmt;
use std::str::FromStr;

/// 1,024 bytes.
pub const KIB: u64 = 1024;
/// 1,048,576 bytes.
pub const MIB: u64 = 1024 * KIB;
/// 1,073,741,824 bytes.
pub const GIB: u64 = 1024 * MIB;

/// A number of bytes that reads and prints as `64MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ByteSizeError {
    /// The text does not start with a number.
    #[error("a size starts with a whole number, for example 64MiB")]
    NoNumber,
    /// The unit is unknown.
    #[error("unknown unit {0:?}, allowed: B, KiB, MiB, GiB, TiB, kB, MB, GB, TB")]
    UnknownUnit(String),
    /// The size does not fit 64 bits.
    #[error("the size is larger than 16 EiB")]
    TooLarge,
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits_end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(digits_end);
        if digits.is_empty() {
            return Err(ByteSizeError::NoNumber);
        }
        let number: u64 = digits.parse().map_err(|_| ByteSizeError::TooLarge)?;
        let factor = match unit.trim() {
            "" | "B" => 1,
            "KiB" => KIB,
            "MiB" => MIB,
            "GiB" => GIB,
            "TiB" => 1024 * GIB,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            other => return Err(ByteSizeError::UnknownUnit(other.to_owned())),
        };
        number.checked_mul(factor).map(ByteSize).ok_or(ByteSizeError::TooLarge)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1024 * GIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(out, "{}{name}", self.0 / unit);
            }
        }
        write!(out, "{}B", self.0)
    }
}

#[cfg(test)]
mod tests;
