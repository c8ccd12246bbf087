//! Row groups that go from one part into another as they are packed.
//!
//! Parts of one day mostly follow each other in time, so most row groups of a merge meet no record of another input. Their
//! column chunks are copied; only what counts in a part's own numbers is written anew: streams, shapes, and which column
//! holds an attribute. The words of such a row group are known as a set whose members nobody can name any more, so the
//! part made of it has no set of all its words, which large parts have not either.
//!
//! Start at [`spliced`].

use crate::attributes::{TypedKey, places_in, renumbered};
use crate::batch::{Batch, typed_field};
use crate::layout::{COMMON_COLUMNS, Layout};
use crate::part::column_characters::ColumnCharacters;
use crate::part::error::PartError;
use crate::part::group::StoredGroup;
use crate::part::group_facts::GroupFacts;
use crate::part::index_file::Section;
use crate::part::records_file::{Column, PackedChunk};
use crate::part::stream_numbers::StreamNumbers;
use arrow_array::{ArrayRef, UInt32Array, new_null_array};
use std::sync::Arc;

/// A row group, ready to be written.
pub(crate) struct Spliced {
    /// One for each field of the file's schema.
    pub(crate) columns: Vec<Column>,
    pub(crate) facts: GroupFacts,
    /// What the index says of its words, as it was written.
    pub(crate) words: Vec<(Section, Vec<u8>)>,
}

/// The batch's column of streams.
const STREAM: usize = 2;
/// What an index keeps of the words of a row group.
const WORDS: [Section; 4] = [Section::MessageWords, Section::ValueWords, Section::Letters, Section::ValueLetters];

/// A row group, opened as `batch`, in the numbers of another part: with its typed columns, and for each shape its number
/// there. `None` when something in it must be packed anew: a value moves between columns, or a shape has no number.
pub(crate) fn spliced(
    layout: &Layout,
    group: &StoredGroup,
    batch: &Batch,
    typed: &[TypedKey],
    shapes: &[Option<u32>],
    streams: &mut StreamNumbers,
) -> Result<Option<Spliced>, PartError> {
    let Some(places) = places_in(batch, typed) else { return Ok(None) };
    let shape_column = match layout.message() {
        None => None,
        Some(_) => match in_new_numbers(&group.shapes()?, shapes) {
            Some(column) => Some(column),
            None => return Ok(None),
        },
    };
    let stream_column = stream_column(batch, streams);
    let order = renumbered(batch, &places);
    if batch.damage().is_some() {
        // Whoever opened it tells what is wrong.
        return Ok(None);
    }
    let file = group.file_layout();
    let mut columns: Vec<Column> = Vec::new();
    for root in 0..file.first_typed() {
        let is_order = root == file.of_batch_column(batch.attribute_layout().order);
        columns.push(if root == STREAM {
            Column::New(stream_column.clone())
        } else if Some(root) == file.shape() {
            Column::New(shape_column.clone().expect("a file has shapes where its layout has messages"))
        } else if let (true, Some(order)) = (is_order, &order) {
            Column::New(order.clone())
        } else {
            Column::Packed(packed(group, root)?)
        });
    }
    for (number, key) in typed.iter().enumerate() {
        let own = places.iter().position(|place| usize::from(*place) == number);
        columns.push(match own {
            Some(own) => Column::Packed(packed(group, file.first_typed() + own)?),
            None => Column::New(new_null_array(typed_field(key).data_type(), batch.len())),
        });
    }
    let mut words = Vec::new();
    for section in WORDS {
        words.extend(group.index_section(section)?.map(|bytes| (section, bytes)));
    }
    if let Some(bytes) = group.index_section(Section::Characters)?
        && let Some(characters) = ColumnCharacters::decode(&bytes, places.len())
    {
        words.push((Section::Characters, characters.placed(&places, typed.len()).encode()));
    }
    Ok(Some(Spliced { columns, facts: group.facts(), words }))
}

/// The chunks of a column of the file.
fn packed(group: &StoredGroup, root: usize) -> Result<Vec<PackedChunk>, PartError> {
    group.chunks(root)
}

/// Each number in those of another part; `None` when one has none there.
fn in_new_numbers(numbers: &UInt32Array, shapes: &[Option<u32>]) -> Option<ArrayRef> {
    let of = |number: Option<u32>| match number {
        None => Some(None),
        Some(number) => shapes.get(number as usize).copied().flatten().map(Some),
    };
    let numbers: Option<Vec<Option<u32>>> = numbers.iter().map(of).collect();
    Some(Arc::new(UInt32Array::from(numbers?)))
}

/// Only streams of records that are here get a number.
fn stream_column(batch: &Batch, streams: &mut StreamNumbers) -> ArrayRef {
    let mut numbers: Vec<Option<u32>> = vec![None; batch.streams().len()];
    let of = |own: &u32| {
        let place = *own as usize;
        *numbers[place].get_or_insert_with(|| streams.number(&batch.streams()[place]))
    };
    Arc::new(UInt32Array::from_iter_values(batch.stream_indexes().iter().map(of)))
}

const _: () = assert!(STREAM < COMMON_COLUMNS);
