//! One row group of a part, and its columns as they are asked for.

use crate::attributes::{IN_REST, TypedKey};
use crate::batch::{Batch, typed_field};
use crate::layout::{COMMON_COLUMNS, Layout};
use crate::limits::SHAPE_LIST_BYTES_MAX;
use crate::part::chunk_pages::has_whole_headers;
use crate::part::error::PartError;
use crate::part::flat_column::FlatColumn;
use crate::part::group_facts::GroupFacts;
use crate::part::index_file::Section;
use crate::part::list_column::ListColumn;
use crate::part::open::{Contents, OpenFile, Ranges};
use crate::part::records_file::PackedChunk;
use crate::part::schema::FileLayout;
use crate::part::text_pages::TextPages;
use crate::part::thrift::Unfamiliar;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Int64Array, ListArray, StringArray, StructArray, TimestampNanosecondArray,
    UInt8Array, UInt32Array, new_null_array,
};
use arrow_schema::DataType;
use bytes::Bytes;
use model::{Stream, TimeRange, ValueKind};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use std::ops::Range;
use std::sync::Arc;
use text_index::{CharacterSet, ShapeAnswer, ShapeMatcher};

/// A row group of a part. Cheap to make and to copy; it reads nothing by itself.
#[derive(Debug, Clone)]
pub struct StoredGroup {
    contents: Arc<Contents>,
    layout: Arc<Layout>,
    number: usize,
    /// The records that are read, rising; `None` for all.
    only: Option<Arc<[usize]>>,
    /// The file of records, from the first read on.
    file: Arc<OpenFile>,
}

/// The batch's columns of times and of streams.
const TIME: usize = 0;
const STREAM: usize = 2;

impl StoredGroup {
    pub(crate) fn new(contents: Arc<Contents>, layout: Arc<Layout>, number: usize, file: Arc<OpenFile>) -> StoredGroup {
        StoredGroup { contents, layout, number, only: None, file }
    }

    /// The batch that it is. Columns are read when they are asked for; the file is open from then on, as long as the batch
    /// is.
    pub fn open(mut self) -> Batch {
        // A file of its own: what it was copied from may be kept for longer.
        self.file = Arc::default();
        let layout = self.layout.clone();
        Batch::stored(&layout, self)
    }

    /// The batch of some of its records, by their numbers, which rise. Reads less the fewer they are: what lies in other
    /// pages of a column is not unpacked.
    pub fn open_only(mut self, rows: &[usize]) -> Batch {
        debug_assert!(
            rows.is_sorted_by(|one, next| one < next) && rows.last().is_none_or(|last| *last < self.all_records())
        );
        self.only = Some(rows.into());
        self.open()
    }

    /// How many records it has.
    pub fn records(&self) -> usize {
        self.only.as_ref().map_or_else(|| self.all_records(), |only| only.len())
    }

    fn all_records(&self) -> usize {
        self.contents.groups[self.number].records as usize
    }

    /// The times it holds.
    pub fn time_range(&self) -> TimeRange {
        self.contents.groups[self.number].times()
    }

    /// The lowest sequence, and the first one behind the highest.
    pub fn sequence_range(&self) -> Range<u64> {
        self.contents.groups[self.number].sequences()
    }

    /// Bytes of its texts, unpacked.
    pub fn text_bytes(&self) -> u64 {
        self.contents.groups[self.number].text_bytes
    }

    /// How many words its messages have outside of shapes, and its values.
    pub(crate) fn key_count(&self) -> usize {
        let facts = &self.contents.groups[self.number];
        facts.message_keys as usize + facts.value_keys as usize
    }

    /// The part's own distinct key: the same for all of its row groups that were listed together.
    pub fn part_key(&self) -> usize {
        Arc::as_ptr(&self.contents).addr()
    }

    /// For each record the number of its message's shape; null when it has none.
    pub fn shapes(&self) -> Result<UInt32Array, PartError> {
        let root = self.contents.file_layout.shape();
        let root = root.ok_or_else(|| PartError::malformed(&self.contents.path, "its records have no shapes"))?;
        let column = self.read(root, None)?;
        let shapes = column.as_any().downcast_ref::<UInt32Array>().cloned();
        let shapes = shapes.filter(|shapes| shapes.len() == self.records());
        shapes.ok_or_else(|| PartError::malformed(&self.contents.path, "its shapes are not of their type"))
    }

    /// How many shapes the part has.
    pub fn shape_count(&self) -> Result<u32, PartError> {
        Ok(self.contents.shapes()?.count())
    }

    /// Which of the part's shapes have the needle in all of their texts, and which perhaps in some.
    pub fn find_shapes(&self, matcher: &ShapeMatcher) -> Result<ShapeAnswer, PartError> {
        let shapes = self.contents.shapes()?;
        // What cannot be read of them leaves more open.
        let forms = self.contents.forms().ok();
        let forms = forms.as_ref().and_then(|forms| forms.as_ref().as_ref());
        // Few texts are kept, and are as soon judged as looked up.
        match shapes.text_bytes() > SHAPE_LIST_BYTES_MAX || matcher.is_only_in_variables() {
            true => self.contents.stored(shapes.find(matcher, forms)),
            false => Ok(self.contents.shape_list()?.find(matcher, forms)),
        }
    }

    /// False when no message holds all of these words outside of its shape, variables and messages without a shape alike.
    pub fn may_hold_message_words(&self, keys: &[u64]) -> Result<bool, PartError> {
        Ok(self.contents.message_words(self.number)?.as_ref().as_ref().is_none_or(|words| words.may_hold_all(keys)))
    }

    /// False when no string among the attributes, and no id, holds all of these words.
    pub fn may_hold_value_words(&self, keys: &[u64]) -> Result<bool, PartError> {
        Ok(self.contents.value_words(self.number)?.as_ref().as_ref().is_none_or(|words| words.may_hold_all(keys)))
    }

    /// False when no string among the attributes has these letters.
    pub fn may_hold_value_letters(&self, trigrams: &[u16]) -> Result<bool, PartError> {
        let letters = self.contents.value_letters(self.number)?;
        Ok(letters.as_ref().as_ref().is_none_or(|letters| letters.may_hold_all(trigrams)))
    }

    /// False when no variable of a message with a shape has these letters.
    pub fn may_hold_letters(&self, trigrams: &[u16]) -> Result<bool, PartError> {
        Ok(self.contents.letters(self.number)?.as_ref().as_ref().is_none_or(|letters| letters.may_hold_all(trigrams)))
    }

    /// False when one of these folded characters occurs in no string of a typed column, by its number; of all attributes
    /// without a column of their own where there is none.
    pub(crate) fn may_hold_characters(&self, typed: Option<usize>, folded: CharacterSet) -> bool {
        let Ok(characters) = self.contents.characters(self.number) else { return true };
        characters.as_ref().as_ref().is_none_or(|characters| {
            let own = match typed {
                Some(number) => characters.typed.get(number).copied(),
                None => Some(characters.rest),
            };
            own.is_none_or(|own| own.may_fold_to(folded))
        })
    }

    /// True when some message is not a string; no words and no shape tell anything about it.
    pub fn has_other_messages(&self) -> bool {
        self.contents.groups[self.number].has_other_messages
    }

    /// True when some message that is a string has no shape.
    pub fn has_unshaped(&self) -> bool {
        self.contents.groups[self.number].has_unshaped
    }

    pub(crate) fn typed_keys(&self) -> Arc<[TypedKey]> {
        self.contents.typed.clone()
    }

    pub(crate) fn streams(&self) -> Arc<[Arc<Stream>]> {
        self.contents.streams.clone()
    }

    /// The distinct strings of a column of the batch that this row group is, without what each record has of them. `None`
    /// where there are none, or where reading the column will tell why not.
    pub(crate) fn distinct(&self, index: usize) -> Option<StringArray> {
        let contents = &*self.contents;
        let leaves = contents.leaves.get(contents.file_layout.of_batch_column(index))?.clone();
        let leaf = leaves.start;
        if self.only.is_some() || leaves.len() != 1 {
            return None;
        }
        let (_, chunk) = contents.read_chunk(&self.file, self.number, leaf).ok()?;
        let column = contents.metadata.metadata().row_group(self.number).column(leaf);
        let records = self.all_records();
        FlatColumn { chunk: &chunk, column, data_type: &DataType::Utf8, records, only: None }.distinct().ok()?
    }

    /// Reads a column of the batch that this row group is. `distinct` are its distinct strings where they were asked for.
    pub(crate) fn load(&self, index: usize, distinct: Option<&StringArray>) -> Result<ArrayRef, PartError> {
        let column = self.read(self.contents.file_layout.of_batch_column(index), distinct)?;
        let column = if index == TIME { plain_times(&column) } else { Some(column) };
        let expected = self.data_type(index);
        match column.filter(|column| is_same_type(column.data_type(), &expected) && column.len() == self.records()) {
            Some(column) if self.has_sense(index, &*column) => Ok(column),
            Some(_) => {
                Err(PartError::malformed(&self.contents.path, format!("column {index} holds what nobody writes")))
            }
            None => Err(PartError::malformed(&self.contents.path, format!("column {index} is not of type {expected}"))),
        }
    }

    /// False when a column of the right type holds numbers of things that do not exist: streams, columns of
    /// attributes, or kinds of values.
    fn has_sense(&self, index: usize, column: &dyn Array) -> bool {
        let are_kinds = |kinds: &dyn Array| {
            let kinds = kinds.as_any().downcast_ref::<UInt8Array>();
            kinds.is_none_or(|kinds| kinds.values().iter().all(|kind| ValueKind::from_byte(*kind).is_some()))
        };
        let kind = self.layout.message().map(|message| COMMON_COLUMNS + message.kind);
        if index == STREAM {
            let count = self.contents.streams.len();
            let numbers = column.as_any().downcast_ref::<UInt32Array>();
            return numbers.is_none_or(|numbers| numbers.values().iter().all(|number| (*number as usize) < count));
        }
        if index == self.layout.attribute_layout().order {
            let count = self.contents.typed.len();
            let orders = column.as_any().downcast_ref::<BinaryArray>();
            let is_column = |number: &u8| *number == IN_REST || usize::from(*number) < count;
            return orders.is_none_or(|orders| orders.value_data().iter().all(is_column));
        }
        if index == self.layout.attribute_layout().rest {
            let entries = column.as_any().downcast_ref::<ListArray>().map(|lists| lists.values().clone());
            let entries = entries.and_then(|entries| entries.as_any().downcast_ref::<StructArray>().cloned());
            return entries.is_none_or(|entries| entries.columns().iter().all(|column| are_kinds(&**column)));
        }
        kind != Some(index) || are_kinds(column)
    }

    /// What is known of it.
    pub(crate) fn facts(&self) -> GroupFacts {
        self.contents.groups[self.number]
    }

    /// Where columns stand in its file.
    pub(crate) fn file_layout(&self) -> FileLayout {
        self.contents.file_layout
    }

    /// What the index keeps of its words, as it was written.
    pub(crate) fn index_section(&self, section: Section) -> Result<Option<Vec<u8>>, PartError> {
        self.contents.index.section(section, u32::try_from(self.number).unwrap_or(u32::MAX))
    }

    /// The chunks of a column of the file, packed and checked.
    pub(crate) fn chunks(&self, root: usize) -> Result<Vec<PackedChunk>, PartError> {
        let contents = &*self.contents;
        let leaves = contents.leaves.get(root).cloned();
        let leaves = leaves.ok_or_else(|| PartError::malformed(&contents.path, format!("it has no column {root}")))?;
        let chunk = |leaf| {
            let ranges = vec![contents.read_chunk(&self.file, self.number, leaf)?];
            let bytes = Ranges { file_bytes: contents.bytes, ranges };
            let metadata = contents.metadata.metadata().row_group(self.number).column(leaf).clone();
            Ok(PackedChunk { bytes, metadata, records: self.all_records() as u64 })
        };
        leaves.map(chunk).collect()
    }

    /// The pages of its messages; `None` where there are no messages, or when only some records are read.
    pub(crate) fn text_pages(&self) -> Option<TextPages> {
        let text = COMMON_COLUMNS + self.layout.message()?.text;
        let leaf = self.contents.leaves.get(self.contents.file_layout.of_batch_column(text))?.start;
        let pages = TextPages::new(self.contents.clone(), self.file.clone(), self.number, leaf, self.records());
        Some(pages).filter(|_| self.only.is_none())
    }

    /// A column with nothing in it.
    pub(crate) fn blank(&self, index: usize) -> ArrayRef {
        new_null_array(&self.data_type(index), self.records())
    }

    fn data_type(&self, index: usize) -> DataType {
        let fixed = self.layout.batch_fields().nth(index).map(|field| field.data_type().clone());
        fixed.unwrap_or_else(|| {
            let number = index - self.layout.attribute_layout().first_typed;
            typed_field(&self.contents.typed[number]).data_type().clone()
        })
    }

    /// Reads a column of the file.
    pub(crate) fn read(&self, root: usize, distinct: Option<&StringArray>) -> Result<ArrayRef, PartError> {
        let contents = &*self.contents;
        let missing = || PartError::malformed(&contents.path, format!("it has no column {root}"));
        let leaves = contents.leaves.get(root).cloned().ok_or_else(missing)?;
        let read = |leaf| contents.read_chunk(&self.file, self.number, leaf);
        let ranges = leaves.clone().map(read).collect::<Result<Vec<(u64, Bytes)>, _>>()?;
        // What is not of the forms that this program writes is the library's, and so is telling what is damaged.
        if let Ok(column) = self.read_by_hand(root, leaves, &ranges, distinct) {
            return Ok(column);
        }
        if !ranges.iter().all(|(_, chunk)| has_whole_headers(chunk)) {
            return Err(PartError::malformed(&contents.path, "the pages of a column chunk do not follow each other"));
        }
        let ranges = Ranges { file_bytes: contents.bytes, ranges };
        let mask = ProjectionMask::roots(contents.metadata.parquet_schema(), [root]);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(ranges, contents.metadata.clone())
            .with_row_groups(vec![self.number])
            .with_projection(mask)
            .with_batch_size(self.records());
        let reader = match &self.only {
            None => reader,
            Some(only) => {
                let ranges = only.iter().map(|row| *row..row + 1);
                reader.with_row_selection(RowSelection::from_consecutive_ranges(ranges, self.all_records()))
            }
        };
        let mut reader = PartError::guard_parquet("read", &contents.path, || reader.build())?;
        let next = || reader.next().transpose().map_err(|error| ParquetError::External(Box::new(error)));
        match PartError::guard_parquet("unpack", &contents.path, next)? {
            Some(batch) => Ok(batch.column(0).clone()),
            None => Err(PartError::malformed(&contents.path, "a row group has no records")),
        }
    }
}

impl StoredGroup {
    /// The column whose chunks these are, when they are of the forms that this program writes.
    fn read_by_hand(
        &self,
        root: usize,
        leaves: Range<usize>,
        chunks: &[(u64, Bytes)],
        distinct: Option<&StringArray>,
    ) -> Result<ArrayRef, Unfamiliar> {
        let metadata = &self.contents.metadata;
        let data_type = metadata.schema().fields().get(root).ok_or(Unfamiliar)?.data_type();
        let group = metadata.metadata().row_group(self.number);
        let (records, only) = (self.all_records(), self.only.as_deref());
        let leaves: Vec<(&[u8], &ColumnChunkMetaData)> =
            leaves.zip(chunks).map(|(leaf, (_, chunk))| (&chunk[..], group.column(leaf))).collect();
        match leaves.as_slice() {
            [(chunk, column)] => FlatColumn { chunk, column, data_type, records, only }.read(distinct),
            leaves => ListColumn { leaves, data_type, records, only }.read(),
        }
    }
}

/// Times as the numbers they are.
fn plain_times(column: &ArrayRef) -> Option<ArrayRef> {
    let times = column.as_any().downcast_ref::<TimestampNanosecondArray>()?;
    Some(Arc::new(Int64Array::new(times.values().clone(), times.nulls().cloned())))
}

/// Names and nullability inside of a list do not matter; what is inside does.
fn is_same_type(found: &DataType, expected: &DataType) -> bool {
    match (found, expected) {
        (DataType::List(found), DataType::List(expected)) => is_same_type(found.data_type(), expected.data_type()),
        (DataType::Struct(found), DataType::Struct(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .zip(expected)
                    .all(|(found, expected)| is_same_type(found.data_type(), expected.data_type()))
        }
        // Strings, each distinct one once.
        (DataType::Dictionary(number, found), DataType::Utf8) => {
            **number == DataType::Int32 && **found == DataType::Utf8
        }
        (found, expected) => found == expected,
    }
}
