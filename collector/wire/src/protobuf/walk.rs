//! Walks the fields of one protobuf message.

use super::varint::split_varint;
use crate::limits::{GROUP_DEPTH_MAX, VALUE_DEPTH_MAX};

/// How bytes break the rules of the protobuf encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A number or value is cut off.
    #[error("a value is cut off")]
    Truncated,
    /// A length points past the end of the message that holds it.
    #[error("a length of {length} bytes stands where {left} are left")]
    LyingLength {
        /// The length as written.
        length: u64,
        /// Bytes behind it in its message.
        left: usize,
    },
    /// A number has more than 64 bits.
    #[error("a variable-length number has more than 64 bits")]
    VarintTooLong,
    /// A field key is 0 or beyond 32 bits.
    #[error("a field key is {0}, which names no field")]
    BadKey(u64),
    /// Wire types 6 and 7 do not exist.
    #[error("field {field} has wire type {wire_type}, which does not exist")]
    UnknownWireType {
        /// Field number.
        field: u32,
        /// Wire type.
        wire_type: u8,
    },
    /// A known field is encoded as another type.
    #[error("field {field} does not have the wire type of its definition")]
    WrongWireType {
        /// Field number.
        field: u32,
    },
    /// A group ends that did not begin, or is not ended.
    #[error("groups are not balanced")]
    UnbalancedGroup,
    /// Values are nested beyond the limit.
    #[error("values are nested deeper than {VALUE_DEPTH_MAX} levels")]
    ValuesTooDeep,
    /// Groups are nested beyond the limit.
    #[error("groups are nested deeper than {GROUP_DEPTH_MAX} levels")]
    GroupsTooDeep,
}

/// One field as it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    /// Its number in the message's definition.
    pub(crate) number: u32,
    value: Raw<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Raw<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Group,
    Fixed32(u32),
}

/// The fields of a message, in the order written. Groups are passed over as one field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

const WIRE_VARINT: u8 = 0;
const WIRE_FIXED64: u8 = 1;
const WIRE_BYTES: u8 = 2;
const WIRE_GROUP_START: u8 = 3;
const WIRE_GROUP_END: u8 = 4;
const WIRE_FIXED32: u8 = 5;

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message }
    }

    /// The next field; `None` at the end of the message.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = self.key()?;
        let value = match wire_type {
            WIRE_GROUP_START => {
                self.pass_group(number)?;
                Raw::Group
            }
            WIRE_GROUP_END => return Err(Malformed::UnbalancedGroup),
            _ => self.value(number, wire_type)?,
        };
        Ok(Some(Field { number, value }))
    }

    #[inline]
    fn key(&mut self) -> Result<(u32, u8), Malformed> {
        let (key, rest) = split_varint(self.rest)?;
        self.rest = rest;
        let number = u32::try_from(key).map_err(|_| Malformed::BadKey(key))? >> 3;
        if number == 0 {
            return Err(Malformed::BadKey(key));
        }
        let [low, ..] = key.to_le_bytes();
        Ok((number, low & 7))
    }

    #[inline]
    fn value(&mut self, field: u32, wire_type: u8) -> Result<Raw<'a>, Malformed> {
        match wire_type {
            WIRE_VARINT => {
                let (number, rest) = split_varint(self.rest)?;
                self.rest = rest;
                Ok(Raw::Varint(number))
            }
            WIRE_FIXED64 => {
                let (bytes, rest) = self.rest.split_first_chunk::<8>().ok_or(Malformed::Truncated)?;
                self.rest = rest;
                Ok(Raw::Fixed64(u64::from_le_bytes(*bytes)))
            }
            WIRE_BYTES => {
                let (length, rest) = split_varint(self.rest)?;
                let lie = Malformed::LyingLength { length, left: rest.len() };
                let length = usize::try_from(length).map_err(|_| lie)?;
                let (bytes, rest) = rest.split_at_checked(length).ok_or(lie)?;
                self.rest = rest;
                Ok(Raw::Bytes(bytes))
            }
            WIRE_FIXED32 => {
                let (bytes, rest) = self.rest.split_first_chunk::<4>().ok_or(Malformed::Truncated)?;
                self.rest = rest;
                Ok(Raw::Fixed32(u32::from_le_bytes(*bytes)))
            }
            _ => Err(Malformed::UnknownWireType { field, wire_type }),
        }
    }

    /// Passes over the group `number`, whose start was read, to behind its end.
    #[cold]
    fn pass_group(&mut self, number: u32) -> Result<(), Malformed> {
        let mut open = [0u32; GROUP_DEPTH_MAX];
        let mut depth = 0;
        let mut innermost = number;
        loop {
            if self.rest.is_empty() {
                return Err(Malformed::UnbalancedGroup);
            }
            let (number, wire_type) = self.key()?;
            match wire_type {
                WIRE_GROUP_START => {
                    *open.get_mut(depth).ok_or(Malformed::GroupsTooDeep)? = innermost;
                    innermost = number;
                    depth += 1;
                }
                WIRE_GROUP_END if number != innermost => return Err(Malformed::UnbalancedGroup),
                WIRE_GROUP_END if depth == 0 => return Ok(()),
                WIRE_GROUP_END => {
                    depth -= 1;
                    innermost = open.get(depth).copied().unwrap_or(0);
                }
                _ => {
                    self.value(number, wire_type)?;
                }
            }
        }
    }
}

impl<'a> Field<'a> {
    /// A string, a byte string or a nested message.
    #[inline]
    pub(crate) fn bytes(&self) -> Result<&'a [u8], Malformed> {
        match self.value {
            Raw::Bytes(bytes) => Ok(bytes),
            _ => Err(self.wrong_wire_type()),
        }
    }

    /// An integer, enum or bool of variable length.
    #[inline]
    pub(crate) fn varint(&self) -> Result<u64, Malformed> {
        match self.value {
            Raw::Varint(number) => Ok(number),
            _ => Err(self.wrong_wire_type()),
        }
    }

    /// A `uint32` of variable length: more bits are cut off, as every protobuf implementation does.
    #[inline]
    pub(crate) fn varint_u32(&self) -> Result<u32, Malformed> {
        let [a, b, c, d, ..] = self.varint()?.to_le_bytes();
        Ok(u32::from_le_bytes([a, b, c, d]))
    }

    /// A `fixed64`, or the bits of a double.
    #[inline]
    pub(crate) fn fixed64(&self) -> Result<u64, Malformed> {
        match self.value {
            Raw::Fixed64(bits) => Ok(bits),
            _ => Err(self.wrong_wire_type()),
        }
    }

    /// A `fixed32`.
    #[inline]
    pub(crate) fn fixed32(&self) -> Result<u32, Malformed> {
        match self.value {
            Raw::Fixed32(bits) => Ok(bits),
            _ => Err(self.wrong_wire_type()),
        }
    }

    #[cold]
    fn wrong_wire_type(&self) -> Malformed {
        Malformed::WrongWireType { field: self.number }
    }
}
