//! The pages of a column chunk in the forms that this program writes.
//!
//! The Parquet library reads any file; that generality costs it tens of microseconds for each chunk, and a question reads
//! thousands of chunks. So chunks of the few forms that are met here are taken apart by hand: a header in Thrift's compact
//! protocol, then a zstd frame. Anything else is [`Unfamiliar`], and left to the library.
//!
//! Source: parquet-format, `parquet.thrift` (PageHeader); Thrift compact protocol.

use crate::limits::PAGE_BYTES_MAX;
use crate::part::thrift::{DEPTH_MAX, Thrift, Unfamiliar, Wire};
use std::cell::RefCell;
use std::ops::Range;
use zstd::bulk::Decompressor;

/// How the bytes of a chunk's pages are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Zstd,
}

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageKind {
    Dictionary,
    Data,
}

/// How the values of a page are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Plain,
    /// Numbers of values of the dictionary.
    Numbers,
    Delta,
    /// First the first bytes of all values, then the second ones, and so on.
    Split,
}

/// A page as it lies in its chunk.
#[derive(Debug, Clone)]
pub(crate) struct PackedPage {
    pub(crate) kind: PageKind,
    pub(crate) layout: Layout,
    /// How many values, empty ones among them.
    pub(crate) values: usize,
    unpacked_bytes: usize,
    packing: Packing,
    /// Where it lies.
    range: Range<usize>,
}

/// Goes from page to page.
#[derive(Debug, Clone)]
pub(crate) struct ChunkPages<'a> {
    chunk: &'a [u8],
    at: usize,
    packing: Packing,
    unpacked_max: usize,
}

impl<'a> ChunkPages<'a> {
    /// `unpacked_max` is how long a page can be at most when the chunk is what it says it is.
    pub(crate) fn new(chunk: &'a [u8], packing: Packing, unpacked_max: usize) -> ChunkPages<'a> {
        ChunkPages { chunk, at: 0, packing, unpacked_max }
    }

    /// The next page; `None` at the end of the chunk.
    pub(crate) fn next(&mut self) -> Result<Option<PackedPage>, Unfamiliar> {
        let rest = self.chunk.get(self.at..).filter(|rest| !rest.is_empty());
        let Some(rest) = rest else { return Ok(None) };
        let mut thrift = Thrift::new(rest);
        let header = Header::read(&mut thrift)?;
        if header.packed_bytes > thrift.rest().len() || header.unpacked_bytes > self.unpacked_max.min(PAGE_BYTES_MAX) {
            return Err(Unfamiliar);
        }
        let start = self.chunk.len() - thrift.rest().len();
        self.at = start + header.packed_bytes;
        Ok(Some(PackedPage {
            kind: header.kind,
            layout: header.layout,
            values: header.values,
            unpacked_bytes: header.unpacked_bytes,
            packing: self.packing,
            range: start..self.at,
        }))
    }
}

thread_local! {
    /// A context of zstd is made once for each thread: making one takes longer than unpacking a small page.
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

impl PackedPage {
    /// True when nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.values == 0 && self.unpacked_bytes == 0
    }

    /// The bytes that were packed, out of the chunk that it was found in.
    pub(crate) fn unpack(&self, chunk: &[u8]) -> Result<Vec<u8>, Unfamiliar> {
        let packed = chunk.get(self.range.clone()).ok_or(Unfamiliar)?;
        if self.packing == Packing::Plain || self.unpacked_bytes == 0 {
            return self.of_right_length(packed.to_vec());
        }
        UNPACKER.with_borrow_mut(|unpacker| {
            let unpacker = match unpacker {
                Some(unpacker) => unpacker,
                None => unpacker.insert(Decompressor::new().map_err(|_| Unfamiliar)?),
            };
            let mut unpacked = Vec::with_capacity(self.unpacked_bytes);
            unpacker.decompress_to_buffer(packed, &mut unpacked).map_err(|_| Unfamiliar)?;
            self.of_right_length(unpacked)
        })
    }

    fn of_right_length(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Unfamiliar> {
        if bytes.len() == self.unpacked_bytes { Ok(bytes) } else { Err(Unfamiliar) }
    }
}

/// True when the pages of a chunk follow each other to its end, whatever is in them. The library takes a length in a
/// header at its word, and would be busy with one that lies for hours.
pub(crate) fn has_whole_headers(chunk: &[u8]) -> bool {
    let mut rest = chunk;
    while !rest.is_empty() {
        let mut thrift = Thrift::new(rest);
        let (mut packed, mut kind, mut fields) = (None, None, 0u32);
        let walked = thrift.each_field(&mut |thrift, field, wire| {
            fields |= u32::try_from(field).ok().and_then(|field| 1u32.checked_shl(field)).unwrap_or_default();
            match (field, wire) {
                (1, Wire::Int) => kind = Some(thrift.int()?),
                (3, Wire::Int) => packed = Some(thrift.int()?),
                _ => thrift.skip(wire, DEPTH_MAX)?,
            }
            Ok(())
        });
        let packed = packed.and_then(|packed| usize::try_from(packed).ok());
        let behind = packed.and_then(|packed| thrift.rest().get(packed..));
        // The header of each type of page is a field of its own.
        let own = match kind {
            Some(DATA_PAGE) => 1 << 5,
            Some(DICTIONARY_PAGE) => 1 << 7,
            Some(DATA_PAGE_V2) => 1 << 8,
            _ => return false,
        };
        match behind {
            Some(behind) if walked.is_ok() && fields & own != 0 => rest = behind,
            _ => return false,
        }
    }
    true
}

struct Header {
    kind: PageKind,
    layout: Layout,
    values: usize,
    packed_bytes: usize,
    unpacked_bytes: usize,
}

/// Values of `PageType` in parquet.thrift.
const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;
const DATA_PAGE_V2: i64 = 3;

impl Header {
    fn read(thrift: &mut Thrift<'_>) -> Result<Header, Unfamiliar> {
        let (mut kind, mut unpacked, mut packed) = (None, None, None);
        let (mut values, mut layout) = (None, None);
        thrift.each_field(&mut |thrift, field, wire| {
            match (field, wire) {
                (1, Wire::Int) => kind = Some(thrift.int()?),
                (2, Wire::Int) => unpacked = Some(thrift.int()?),
                (3, Wire::Int) => packed = Some(thrift.int()?),
                // `DataPageHeader` and `DictionaryPageHeader` begin alike.
                (5 | 7, Wire::Struct) => thrift.each_field(&mut |thrift, field, wire| {
                    match (field, wire) {
                        (1, Wire::Int) => values = Some(thrift.int()?),
                        (2, Wire::Int) => layout = Some(thrift.int()?),
                        _ => thrift.skip(wire, DEPTH_MAX)?,
                    }
                    Ok(())
                })?,
                _ => thrift.skip(wire, DEPTH_MAX)?,
            }
            Ok(())
        })?;
        // All of them have 32 bits in Parquet.
        let count = |number: Option<i64>| {
            let number = number.and_then(|number| i32::try_from(number).ok()).ok_or(Unfamiliar)?;
            usize::try_from(number).map_err(|_| Unfamiliar)
        };
        Ok(Header {
            kind: match kind {
                Some(DATA_PAGE) => PageKind::Data,
                Some(DICTIONARY_PAGE) => PageKind::Dictionary,
                _ => return Err(Unfamiliar),
            },
            // Values of `Encoding`; those of numbers have an older and a newer one.
            layout: match layout {
                Some(0) => Layout::Plain,
                Some(2 | 8) => Layout::Numbers,
                Some(5) => Layout::Delta,
                Some(9) => Layout::Split,
                _ => return Err(Unfamiliar),
            },
            values: count(values)?,
            packed_bytes: count(packed)?,
            unpacked_bytes: count(unpacked)?,
        })
    }
}

#[cfg(test)]
mod tests;
