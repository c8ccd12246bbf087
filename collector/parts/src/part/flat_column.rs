//! A column without lists, taken out of its chunk by hand.
//!
//! What it gives is what the Parquet library would have given; what it does not know is left to the library
//! ([`Unfamiliar`]). Of a chunk in several pages only those are unpacked that hold records which somebody wants.

use crate::part::chunk_pages::{ChunkPages, Layout, PackedPage, Packing, PageKind};
use crate::part::column_values::{Dictionary, PageValues, Rows, gather};
use crate::part::packed_numbers::read_levels;
use crate::part::thrift::Unfamiliar;
use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;

/// A column chunk, and what is wanted of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlatColumn<'a> {
    pub(crate) chunk: &'a [u8],
    pub(crate) column: &'a ColumnChunkMetaData,
    pub(crate) data_type: &'a DataType,
    /// How many the row group has.
    pub(crate) records: usize,
    /// Those that are wanted, rising; `None` for all.
    pub(crate) only: Option<&'a [usize]>,
}

impl FlatColumn<'_> {
    /// The values of the records that are wanted. `distinct` is what [`FlatColumn::distinct`] gave, where it was asked for.
    pub(crate) fn read(&self, distinct: Option<&StringArray>) -> Result<ArrayRef, Unfamiliar> {
        let mut pages = pages_of(self.chunk, self.column)?;
        let has_dictionary = pages.clone().next()?.is_some_and(|page| page.kind == PageKind::Dictionary);
        let data_type = match self.data_type {
            // Strings that nearly all differ are not kept as distinct ones, and are given as they are.
            DataType::Dictionary(_, text) if !has_dictionary => text,
            data_type => data_type,
        };
        let described = self.column.column_descr();
        let is_nullable = match (described.max_rep_level(), described.max_def_level()) {
            (0, levels @ (0 | 1)) => levels == 1,
            _ => return Err(Unfamiliar),
        };
        let expected = self.only.map_or(self.records, <[usize]>::len);
        let mut values = gather(data_type, described.physical_type(), expected, distinct)?;
        let mut dictionary = None;
        let mut first = 0usize;
        while let Some(page) = pages.next()? {
            if page.kind == PageKind::Dictionary {
                if first > 0 || dictionary.is_some() {
                    return Err(Unfamiliar);
                }
                dictionary = Some(Dictionary::new(self.chunk, page));
                continue;
            }
            let end = first.checked_add(page.values).filter(|end| *end <= self.records).ok_or(Unfamiliar)?;
            let only = self.only.map(|only| {
                let place = |row: usize| only.partition_point(|wanted| *wanted < row);
                &only[place(first)..place(end)]
            });
            let rows = Rows { first, count: page.values, only };
            first = end;
            if only.is_none_or(|only| !only.is_empty()) {
                let unpacked = page.unpack(self.chunk)?;
                values.take(&page_values(&page, &unpacked, is_nullable, dictionary.as_ref())?, rows)?;
            }
        }
        match first == self.records {
            true => values.finish(),
            false => Err(Unfamiliar),
        }
    }

    /// The distinct strings of all records, without what each record has of them; `None` where some stand by themselves.
    pub(crate) fn distinct(&self) -> Result<Option<StringArray>, Unfamiliar> {
        let described = self.column.column_descr();
        let levels = (described.max_rep_level(), described.max_def_level());
        if described.physical_type() != Type::BYTE_ARRAY || !matches!(levels, (0, 0 | 1)) {
            return Err(Unfamiliar);
        }
        let mut pages = pages_of(self.chunk, self.column)?;
        let first = pages.next()?.filter(|page| page.kind == PageKind::Dictionary);
        let Some(first) = first else { return Ok(None) };
        while let Some(page) = pages.next()? {
            match (page.kind, page.layout) {
                (PageKind::Data, Layout::Numbers) => {}
                (PageKind::Data, _) => return Ok(None),
                (PageKind::Dictionary, _) => return Err(Unfamiliar),
            }
        }
        Dictionary::new(self.chunk, first).distinct().map(Some)
    }
}

fn page_values<'a>(
    page: &'a PackedPage,
    unpacked: &'a [u8],
    is_nullable: bool,
    dictionary: Option<&'a Dictionary<'a>>,
) -> Result<PageValues<'a>, Unfamiliar> {
    let (nulls, bytes) = match is_nullable {
        true => {
            let (levels, bytes) = read_levels(unpacked, page.values)?;
            (Some(NullBuffer::new(levels)).filter(|nulls| nulls.null_count() > 0), bytes)
        }
        false => (None, unpacked),
    };
    let there = page.values - nulls.as_ref().map_or(0, NullBuffer::null_count);
    Ok(PageValues { page, bytes, there, nulls, dictionary })
}

/// The pages of a chunk.
pub(crate) fn pages_of<'a>(chunk: &'a [u8], column: &ColumnChunkMetaData) -> Result<ChunkPages<'a>, Unfamiliar> {
    let packing = match column.compression() {
        Compression::ZSTD(_) => Packing::Zstd,
        Compression::UNCOMPRESSED => Packing::Plain,
        _ => return Err(Unfamiliar),
    };
    let unpacked_max = usize::try_from(column.uncompressed_size()).map_err(|_| Unfamiliar)?;
    Ok(ChunkPages::new(chunk, packing, unpacked_max))
}

#[cfg(test)]
mod tests;
