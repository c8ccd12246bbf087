//! Trace and span ids: bytes that are never all zero, shown as lower-case hex (W3C Trace Context).

use std::fmt;
use std::str::FromStr;

/// A trace's id: 16 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// A span's id: 8 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId([u8; 8]);

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not the right number of hex digits.
    #[error("a trace id has 32 and a span id 16 hexadecimal digits")]
    Length,
    /// Something other than `0-9 a-f A-F`.
    #[error("an id has hexadecimal digits only")]
    Digit,
    /// All zero, which means "no id".
    #[error("an id of zeroes names nothing")]
    Zero,
}

macro_rules! id {
    ($name:ident, $bytes:literal) => {
        impl $name {
            /// The id of these bytes; `None` when all are zero, which means "no id".
            pub fn new(bytes: [u8; $bytes]) -> Option<$name> {
                bytes.iter().any(|byte| *byte != 0).then_some($name(bytes))
            }

            /// The bytes.
            pub fn bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<$name, IdError> {
                let digits = text.as_bytes();
                if digits.len() != $bytes * 2 {
                    return Err(IdError::Length);
                }
                let mut bytes = [0; $bytes];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
                }
                $name::new(bytes).ok_or(IdError::Zero)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }
    };
}

id!(TraceId, 16);
id!(SpanId, 8);

fn nibble(digit: u8) -> Result<u8, IdError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(IdError::Digit),
    }
}

#[cfg(test)]
mod tests;
