//! Thrift's compact protocol, as far as the structures of Parquet need it, and always within the bytes.
//!
//! The Parquet library takes a count or a length in these structures at its word: a few bytes keep it busy for hours. So
//! they are walked here before it reads them. The library goes by a field's number and not by the type that is written, so
//! this is a bound for damage and for most of what is made up, and no proof against whoever writes fitting checksums.
//!
//! Source: Thrift compact protocol; parquet-format, `parquet.thrift`.

/// Bytes of a form that is not written here, or damaged ones. The library reads them, or says what is wrong with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfamiliar;

/// True when one structure takes all of the bytes, and each count in it is of elements that are there.
pub(crate) fn is_whole_struct(bytes: &[u8]) -> bool {
    let mut thrift = Thrift { rest: bytes, has_lists: true };
    thrift.skip(Wire::Struct, STRUCT_DEPTH_MAX).is_ok() && thrift.rest.is_empty()
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Bool,
    Byte,
    Int,
    Double,
    Bytes,
    Struct,
    List,
}

/// Structures of page headers lie no deeper than statistics in them.
pub(crate) const DEPTH_MAX: usize = 4;
/// Those of a footer: row groups, their columns, what is told of these, and statistics, each below a list.
const STRUCT_DEPTH_MAX: usize = 16;

/// Bytes in Thrift's compact protocol.
pub(crate) struct Thrift<'a> {
    rest: &'a [u8],
    /// Lists are in footers, and in no header of a page.
    has_lists: bool,
}

type EachField<'f, 'a> = &'f mut dyn FnMut(&mut Thrift<'a>, i64, Wire) -> Result<(), Unfamiliar>;

impl Wire {
    /// The type of a field, or of the elements of a list.
    fn of(type_number: u8) -> Result<Wire, Unfamiliar> {
        match type_number {
            1 | 2 => Ok(Wire::Bool),
            3 => Ok(Wire::Byte),
            4..=6 => Ok(Wire::Int),
            7 => Ok(Wire::Double),
            8 => Ok(Wire::Bytes),
            9 | 10 => Ok(Wire::List),
            12 => Ok(Wire::Struct),
            // Parquet has no maps and no UUIDs of Thrift.
            _ => Err(Unfamiliar),
        }
    }
}

impl<'a> Thrift<'a> {
    /// The header of a page.
    pub(crate) fn new(rest: &'a [u8]) -> Thrift<'a> {
        Thrift { rest, has_lists: false }
    }

    /// What has not been taken.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn byte(&mut self) -> Result<u8, Unfamiliar> {
        let (byte, rest) = self.rest.split_first().ok_or(Unfamiliar)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn varint(&mut self) -> Result<u64, Unfamiliar> {
        let (number, rest) = read_varint(self.rest)?;
        self.rest = rest;
        Ok(number)
    }

    pub(crate) fn int(&mut self) -> Result<i64, Unfamiliar> {
        Ok(unzigzag(self.varint()?))
    }

    /// Hands out each field of a structure: its number, and how its value is written, which is taken by `each`.
    pub(crate) fn each_field(&mut self, each: EachField<'_, 'a>) -> Result<(), Unfamiliar> {
        let mut field = 0i64;
        loop {
            let head = self.byte()?;
            let wire = match head & 0x0f {
                0 => return Ok(()),
                type_number => Wire::of(type_number)?,
            };
            if wire == Wire::List && !self.has_lists {
                return Err(Unfamiliar);
            }
            field = match head >> 4 {
                0 => self.int()?,
                step => field.checked_add(i64::from(step)).ok_or(Unfamiliar)?,
            };
            each(self, field, wire)?;
        }
    }

    pub(crate) fn skip(&mut self, wire: Wire, depth: usize) -> Result<(), Unfamiliar> {
        let bytes = match wire {
            Wire::Bool => 0,
            Wire::Byte => 1,
            Wire::Int => return self.varint().map(|_| ()),
            Wire::Double => 8,
            Wire::Bytes => usize::try_from(self.varint()?).map_err(|_| Unfamiliar)?,
            Wire::Struct => {
                let depth = depth.checked_sub(1).ok_or(Unfamiliar)?;
                return self.each_field(&mut |thrift, _, wire| thrift.skip(wire, depth));
            }
            Wire::List => {
                let depth = depth.checked_sub(1).ok_or(Unfamiliar)?;
                return self.skip_list(depth);
            }
        };
        self.rest = self.rest.get(bytes..).ok_or(Unfamiliar)?;
        Ok(())
    }

    fn skip_list(&mut self, depth: usize) -> Result<(), Unfamiliar> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        let wire = Wire::of(head & 0x0f)?;
        // A flag in a list takes a byte, and the library skips none for it: behind them it would read something else than is
        // walked here. No list of a footer has flags; other elements take a byte at least.
        if wire == Wire::Bool || count > self.rest.len() as u64 {
            return Err(Unfamiliar);
        }
        (0..count).try_for_each(|_| self.skip(wire, depth))
    }
}

/// A number in groups of seven bits, lowest first, and what is behind it.
pub(crate) fn read_varint(bytes: &[u8]) -> Result<(u64, &[u8]), Unfamiliar> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(VARINT_BYTES_MAX) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok((number, &bytes[place + 1..]));
        }
    }
    Err(Unfamiliar)
}

const VARINT_BYTES_MAX: usize = 10;

/// A signed number whose sign is its lowest bit.
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests;
