//! A column chunk that is being made: pages one behind the other, each a header in Thrift's compact protocol and a zstd
//! frame.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ColumnChunkMetaDataBuilder};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

/// Pages so far.
pub(super) struct Chunk<'c> {
    compressor: &'c mut Compressor<'static>,
    bytes: Vec<u8>,
    /// A page once it is packed.
    packed: Vec<u8>,
    /// As long as the chunk would be unpacked.
    unpacked_bytes: usize,
    /// Where the pages with values begin.
    data_start: usize,
    encoding: Encoding,
}

/// A chunk, and what a file says of it.
pub(super) struct PackedBytes {
    pub(super) bytes: Bytes,
    pub(super) builder: ColumnChunkMetaDataBuilder,
}

/// Values of `PageType` in parquet.thrift.
const DATA_PAGE: i32 = 0;
const DICTIONARY_PAGE: i32 = 2;
/// What stands in front of a value: how far the field's number is from that of the field before, and its type.
const NEXT_INT: u8 = 1 << 4 | TYPE_I32;
const TYPE_I32: u8 = 5;
const TYPE_STRUCT: u8 = 12;
const STOP: u8 = 0;

impl<'c> Chunk<'c> {
    pub(super) fn new(compressor: &'c mut Compressor<'static>) -> Chunk<'c> {
        Chunk {
            compressor,
            bytes: Vec::new(),
            packed: Vec::new(),
            unpacked_bytes: 0,
            data_start: 0,
            encoding: Encoding::PLAIN,
        }
    }

    /// Puts the page with distinct values in, which comes before all others.
    pub(super) fn put_dictionary(&mut self, count: usize, plain: &[u8]) -> Result<()> {
        self.put(DICTIONARY_PAGE, plain, |header| {
            // `dictionary_page_header` is field 7, four behind the packed length.
            header.push(4 << 4 | TYPE_STRUCT);
            put_int(header, narrow(count)?);
            put_int(header, encoding_number(Encoding::PLAIN));
            Ok(())
        })?;
        self.data_start = self.bytes.len();
        Ok(())
    }

    /// Puts a page with so many records in.
    pub(super) fn put_data(&mut self, records: usize, encoding: Encoding, plain: &[u8]) -> Result<()> {
        self.encoding = encoding;
        self.put(DATA_PAGE, plain, |header| {
            // `data_page_header` is field 5, two behind the packed length.
            header.push(2 << 4 | TYPE_STRUCT);
            put_int(header, narrow(records)?);
            put_int(header, encoding_number(encoding));
            // How levels are laid out: of definition, of repetition.
            put_int(header, encoding_number(Encoding::RLE));
            put_int(header, encoding_number(Encoding::RLE));
            Ok(())
        })
    }

    fn put(&mut self, kind: i32, plain: &[u8], describe: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(plain.len()));
        self.compressor.compress_to_buffer(plain, &mut self.packed)?;
        let start = self.bytes.len();
        put_int(&mut self.bytes, kind);
        put_int(&mut self.bytes, narrow(plain.len())?);
        put_int(&mut self.bytes, narrow(self.packed.len())?);
        describe(&mut self.bytes)?;
        self.bytes.extend([STOP, STOP]);
        self.unpacked_bytes += self.bytes.len() - start + plain.len();
        self.bytes.extend_from_slice(&self.packed);
        Ok(())
    }

    /// The chunk as it is told of in a file that begins with it.
    pub(super) fn end(self, described: ColumnDescPtr, records: u64) -> Result<PackedBytes> {
        let has_dictionary = self.data_start > 0;
        // RLE is that of levels.
        let mut encodings = vec![self.encoding, Encoding::RLE];
        if has_dictionary {
            encodings.push(Encoding::PLAIN);
        }
        let wide = |length: usize| i64::try_from(length).map_err(|_| too_long());
        let builder = ColumnChunkMetaData::builder(described)
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_encodings(encodings)
            .set_num_values(i64::try_from(records).map_err(|_| too_long())?)
            .set_total_compressed_size(wide(self.bytes.len())?)
            .set_total_uncompressed_size(wide(self.unpacked_bytes)?)
            .set_data_page_offset(wide(self.data_start)?)
            .set_dictionary_page_offset(has_dictionary.then_some(0));
        Ok(PackedBytes { bytes: self.bytes.into(), builder })
    }
}

/// Puts the field behind the last one in, of 32 bits.
fn put_int(header: &mut Vec<u8>, number: i32) {
    header.push(NEXT_INT);
    let zigzag = (number << 1) ^ (number >> 31);
    super::numbers::put_varint(header, u64::from(zigzag.cast_unsigned()));
}

fn encoding_number(encoding: Encoding) -> i32 {
    match encoding {
        Encoding::PLAIN => 0,
        Encoding::RLE => 3,
        Encoding::DELTA_BINARY_PACKED => 5,
        Encoding::RLE_DICTIONARY => 8,
        Encoding::BYTE_STREAM_SPLIT => 9,
        _ => unreachable!("pages are laid out in no other way here"),
    }
}

fn narrow(length: usize) -> Result<i32> {
    i32::try_from(length).map_err(|_| too_long())
}

fn too_long() -> ParquetError {
    ParquetError::General("a page is longer than 2 GiB".to_owned())
}
