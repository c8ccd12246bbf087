//! A column of lists of structures, taken out of its chunks by hand: the attributes that have no column of their own.
//!
//! Nothing of it may be null: a record without entries has an empty list. So two levels tell all: the repetition level is 0
//! where a record begins, the definition level 1 where there is an entry. They are the same in each leaf.

use crate::limits::ENTRIES_PER_RECORD_MAX;
use crate::part::chunk_pages::{PackedPage, PageKind};
use crate::part::column_values::{Dictionary, PageValues, Rows, gather};
use crate::part::flat_column::pages_of;
use crate::part::packed_numbers::read_levels;
use crate::part::thrift::Unfamiliar;
use arrow_array::{ArrayRef, ListArray, StructArray, UInt64Array, new_empty_array};
use arrow_buffer::{BooleanBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use arrow_select::take::take;
use parquet::file::metadata::ColumnChunkMetaData;
use std::sync::Arc;

/// The chunks of a list's leaves, and what is wanted of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListColumn<'a> {
    pub(crate) leaves: &'a [(&'a [u8], &'a ColumnChunkMetaData)],
    pub(crate) data_type: &'a DataType,
    /// How many the row group has.
    pub(crate) records: usize,
    /// Those that are wanted, rising; `None` for all.
    pub(crate) only: Option<&'a [usize]>,
}

impl ListColumn<'_> {
    /// The lists of the records that are wanted.
    pub(crate) fn read(&self) -> Result<ArrayRef, Unfamiliar> {
        let DataType::List(entry) = self.data_type else { return Err(Unfamiliar) };
        let DataType::Struct(fields) = entry.data_type() else { return Err(Unfamiliar) };
        if fields.len() != self.leaves.len() || fields.is_empty() {
            return Err(Unfamiliar);
        }
        let mut ends: Option<OffsetBuffer<i32>> = None;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(fields.len());
        for ((chunk, column), field) in self.leaves.iter().zip(fields) {
            let leaf = Leaf::read(chunk, column)?;
            // Each record has a level at least, and more only for entries, of which it may have so many.
            if leaf.page.values > self.records.saturating_mul(ENTRIES_PER_RECORD_MAX) {
                return Err(Unfamiliar);
            }
            let (continues, rest) = read_levels(&leaf.unpacked, leaf.page.values)?;
            let (entries, bytes) = read_levels(rest, leaf.page.values)?;
            let ends = match &ends {
                Some(ends) => ends,
                None => ends.insert(offsets(&continues, &entries, self.records)?),
            };
            let count = usize::try_from(ends.last()).map_err(|_| Unfamiliar)?;
            if entries.count_set_bits() != count {
                return Err(Unfamiliar);
            }
            columns.push(match count {
                0 => new_empty_array(field.data_type()),
                _ => {
                    let dictionary = leaf.dictionary.map(|page| Dictionary::new(chunk, page));
                    let dictionary = dictionary.as_ref();
                    let values = PageValues { page: &leaf.page, bytes, there: count, nulls: None, dictionary };
                    let mut gathered = gather(field.data_type(), column.column_descr().physical_type(), count, None)?;
                    gathered.take(&values, Rows::all(count))?;
                    gathered.finish()?
                }
            });
        }
        let entries = StructArray::try_new(fields.clone(), columns, None).map_err(|_| Unfamiliar)?;
        let lists = ListArray::try_new(entry.clone(), ends.ok_or(Unfamiliar)?, Arc::new(entries), None);
        let lists: ArrayRef = Arc::new(lists.map_err(|_| Unfamiliar)?);
        let Some(only) = self.only else { return Ok(lists) };
        let only = UInt64Array::from_iter_values(only.iter().map(|row| *row as u64));
        take(&lists, &only, None).map_err(|_| Unfamiliar)
    }
}

/// The one page of a leaf, unpacked, and its dictionary.
struct Leaf {
    page: PackedPage,
    unpacked: Vec<u8>,
    dictionary: Option<PackedPage>,
}

impl Leaf {
    fn read(chunk: &[u8], column: &ColumnChunkMetaData) -> Result<Leaf, Unfamiliar> {
        let described = column.column_descr();
        if (described.max_rep_level(), described.max_def_level()) != (1, 1) {
            return Err(Unfamiliar);
        }
        let mut pages = pages_of(chunk, column)?;
        let mut page = pages.next()?.ok_or(Unfamiliar)?;
        let mut dictionary = None;
        if page.kind == PageKind::Dictionary {
            dictionary = Some(page);
            page = pages.next()?.ok_or(Unfamiliar)?;
        }
        if page.kind != PageKind::Data || pages.next()?.is_some() {
            return Err(Unfamiliar);
        }
        let unpacked = page.unpack(chunk)?;
        Ok(Leaf { page, unpacked, dictionary })
    }
}

/// Where the entries of each record begin. A level is either that of an entry or, alone in its record, of an empty list.
fn offsets(
    continues: &BooleanBuffer,
    entries: &BooleanBuffer,
    records: usize,
) -> Result<OffsetBuffer<i32>, Unfamiliar> {
    let mut offsets: Vec<i32> = Vec::with_capacity(records + 1);
    let mut count = 0i32;
    for (continues, is_entry) in continues.iter().zip(entries) {
        if !continues {
            offsets.push(count);
        } else if !is_entry || offsets.is_empty() {
            return Err(Unfamiliar);
        }
        count = count.checked_add(i32::from(is_entry)).ok_or(Unfamiliar)?;
    }
    if offsets.len() != records {
        return Err(Unfamiliar);
    }
    offsets.push(count);
    Ok(OffsetBuffer::new(ScalarBuffer::from(offsets)))
}
