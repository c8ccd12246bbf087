//! Packs columns without lists into column chunks by hand.
//!
//! The Parquet library packs any column; that generality costs it ten nanoseconds for each value of a column that says the
//! same throughout, a hash for each record of a text that all records share, and two contexts of zstd for each chunk. So
//! columns of the types that parts have are packed here, in the forms that [`flat_column`] reads and every reader of Parquet
//! knows: pages of version 1, packed with zstd. Anything else is left to the library, as are lists.
//!
//! Source: parquet-format, `parquet.thrift` and Encodings.md.
//!
//! Start at [`ColumnPacker::pack`].
//!
//! [`flat_column`]: crate::part::flat_column

mod chunk;
mod dictionary;
mod numbers;
mod values;
mod varied;

use crate::part::open::Ranges;
use crate::part::records_file::PackedChunk;
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use chunk::{Chunk, PackedBytes};
use dictionary::numbered;
use numbers::{put_deltas, put_hybrid, put_levels, width_of};
use parquet::basic::{Compression, Encoding};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;
use std::collections::btree_map::{BTreeMap, Entry};
use std::ops::Range;
use values::{Kind, Numbers, Values};
use varied::is_varied;
use zstd::bulk::Compressor;

/// A page is cut at this many bytes: that of messages where they have 4 KiB on average. Whoever looks for a record by the
/// number of its page must not count on full pages behind such a one.
pub(crate) const PAGE_BYTES: usize = 4 << 20;

/// How the values of a chunk are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Dictionary,
    Delta,
    Split,
}

/// Packs one column after the other, in memory that it keeps.
#[derive(Default)]
pub(crate) struct ColumnPacker {
    /// By level. Making one takes longer than packing a small page.
    compressors: BTreeMap<i32, Compressor<'static>>,
    /// A page before it is packed.
    page: Vec<u8>,
}

/// True for columns that are packed here.
pub(crate) fn is_packed_by_hand(data_type: &DataType) -> bool {
    Values::are_of(data_type)
}

impl ColumnPacker {
    /// Packs a column as the properties say. A column of strings among `may_be_varied` is packed without a dictionary where
    /// nearly all of its strings differ, and so is every one whose dictionary would be too large.
    pub(crate) fn pack(
        &mut self,
        column: &ArrayRef,
        described: &ColumnDescPtr,
        properties: &WriterProperties,
        may_be_varied: bool,
    ) -> Result<PackedChunk> {
        let path = described.path();
        let refused = |why: &str| ParquetError::General(format!("{path} cannot be packed by hand: {why}"));
        let values = Values::of(&**column).ok_or_else(|| refused("its type is not known here"))?;
        let is_nullable = described.max_def_level() > 0;
        if values.has_nulls() && !is_nullable {
            return Err(refused("values are missing that its field says are there"));
        }
        let Compression::ZSTD(level) = properties.compression(path) else {
            return Err(refused("its pages are not to be packed with zstd"));
        };
        let is_dictionary = properties.dictionary_enabled(path) && !(may_be_varied && is_varied(&values));
        let form = Form::of(&values, is_dictionary, properties.encoding(path))
            .ok_or_else(|| refused("its values cannot be laid out as its properties say"))?;
        let level = level.compression_level();
        let compressor = match self.compressors.entry(level) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Compressor::new(level)?),
        };
        let packing = Packing {
            values,
            is_nullable,
            page_records: properties.column_data_page_row_count_limit(path).max(1),
            dictionary_bytes_max: properties.dictionary_page_size_limit(),
            page: &mut self.page,
            chunk: Chunk::new(compressor),
        };
        let records = column.len() as u64;
        let PackedBytes { bytes, mut builder } = packing.pack(form)?.end(described.clone(), records)?;
        if properties.statistics_enabled(path) != EnabledStatistics::None
            && let Some((least, most)) = values.bounds()
        {
            builder = builder.set_statistics(Statistics::int64(Some(least), Some(most), None, Some(0), false));
        }
        let bytes = Ranges { file_bytes: bytes.len() as u64, ranges: vec![(0, bytes)] };
        Ok(PackedChunk { bytes, metadata: builder.build()?, records })
    }
}

impl Form {
    /// How values are laid out; `None` where the encoding is not one for them.
    fn of(values: &Values<'_>, is_dictionary: bool, encoding: Option<Encoding>) -> Option<Form> {
        match values.kind {
            // Distinct texts are never longer than all of them, and a text may be as long as a request.
            Kind::Distinct(..) => return Some(Form::Dictionary),
            Kind::Flags(_) | Kind::Fixed(_) => return Some(Form::Plain),
            Kind::Texts(_) | Kind::Binaries(_) | Kind::Numbers(_) if is_dictionary => return Some(Form::Dictionary),
            Kind::Texts(_) | Kind::Binaries(_) | Kind::Numbers(_) => {}
        }
        match (encoding, values.kind) {
            (None | Some(Encoding::PLAIN), _) => Some(Form::Plain),
            (Some(Encoding::DELTA_BINARY_PACKED), Kind::Numbers(Numbers::Signed(_) | Numbers::Unsigned(_))) => {
                // Differences of what is not there are none.
                Some(if values.has_nulls() { Form::Plain } else { Form::Delta })
            }
            (Some(Encoding::BYTE_STREAM_SPLIT), Kind::Numbers(Numbers::Doubles(_))) => Some(Form::Split),
            (Some(_), _) => None,
        }
    }
}

/// Puts the values of some records into a page: of the column, those of these records, which are at these places among all that
/// are there.
type PutValues<'p> = &'p dyn Fn(&mut Vec<u8>, &Values<'_>, Range<usize>, Range<usize>);

/// A column that is being packed.
struct Packing<'a, 'c> {
    values: Values<'a>,
    is_nullable: bool,
    page_records: usize,
    dictionary_bytes_max: usize,
    page: &'c mut Vec<u8>,
    chunk: Chunk<'c>,
}

impl<'c> Packing<'_, 'c> {
    fn pack(mut self, form: Form) -> Result<Chunk<'c>> {
        match form {
            Form::Dictionary => match numbered(&self.values, self.dictionary_bytes_max)? {
                Some(numbered) => {
                    self.chunk.put_dictionary(numbered.count, &numbered.bytes)?;
                    let width = width_of(numbered.count.saturating_sub(1) as u64);
                    let put = |page: &mut Vec<u8>, _: &Values<'_>, _: Range<usize>, there: Range<usize>| {
                        page.push(width);
                        put_hybrid(page, width, &numbered.numbers[there]);
                    };
                    self.put_pages(Encoding::RLE_DICTIONARY, &put)
                }
                None => self.pack(Form::Plain),
            },
            Form::Delta => self.put_pages(Encoding::DELTA_BINARY_PACKED, &|page, values, rows, _| {
                put_deltas(page, rows.map(|row| values.number(row)));
            }),
            Form::Split => self.put_pages(Encoding::BYTE_STREAM_SPLIT, &|page, values, rows, _| {
                let numbers: Vec<[u8; 8]> = values.there(rows).map(|row| values.number(row).to_le_bytes()).collect();
                (0..8).for_each(|byte| page.extend(numbers.iter().map(|number| number[byte])));
            }),
            Form::Plain => self.put_pages(Encoding::PLAIN, &|page, values, rows, _| values.put_plain(rows, page)),
        }
    }

    /// Puts all records into pages.
    fn put_pages(mut self, encoding: Encoding, put: PutValues<'_>) -> Result<Chunk<'c>> {
        let (mut first, mut first_there) = (0, 0);
        while first < self.values.len() {
            let mut end = self.values.len().min(first.saturating_add(self.page_records));
            if encoding == Encoding::PLAIN {
                end = self.values.end_within(first..end, PAGE_BYTES);
            }
            let rows = first..end;
            let there = first_there..first_there + self.values.count_there(rows.clone());
            self.page.clear();
            if self.is_nullable {
                put_levels(self.page, self.values.nulls(), rows.clone());
            }
            put(self.page, &self.values, rows.clone(), there.clone());
            self.chunk.put_data(rows.len(), encoding, self.page)?;
            (first, first_there) = (rows.end, there.end);
        }
        Ok(self.chunk)
    }
}
