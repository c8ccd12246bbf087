//! One immutable batch of records in Arrow columns.
//!
//! The columns, in order: `time`, `sequence`, `stream`, the caller's own ones ([`Layout`]), then the attributes
//! (`order`, `rest`, and one for each frequent key and type; see the attributes' file).
//!
//! A batch of the head has its columns in memory and its records in order. A batch that is a row group of a part reads
//! each column when it is first asked for, and its records come in the part's order. A column that cannot be read looks
//! as if all its values were empty, and [`Batch::damage`] says so from then on: whoever draws conclusions asks it first.

use crate::attributes::{AttributeEntries, AttributeLayout, Encoded, Strings, TypedKey, downcast, encode};
use crate::layout::{COMMON_COLUMNS, Layout};
use crate::part::{PartError, PassedPage, StoredGroup, TextPages};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use basics::Timestamp;
use model::{RecordPosition, Stream, TimeRange, ValueKind};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What a batch is built from. All columns have one entry per record, sorted by (time, sequence).
#[derive(Debug)]
pub struct NewBatch<'a> {
    /// Times in nanoseconds.
    pub time: Vec<i64>,
    /// Unique in the tenant's signal.
    pub sequence: Vec<u64>,
    /// Index into `streams`.
    pub stream: Vec<u32>,
    /// The distinct streams.
    pub streams: Vec<Arc<Stream>>,
    /// Bytes of those streams that no other batch answers for.
    pub stream_bytes: u64,
    /// The columns of the layout.
    pub own: Vec<ArrayRef>,
    /// The attributes.
    pub attributes: AttributeEntries<'a>,
}

/// Records in columns. Never changes.
#[derive(Debug)]
pub struct Batch {
    columns: Columns,
    records: usize,
    streams: Arc<[Arc<Stream>]>,
    stream_bytes: u64,
    typed_keys: Arc<[TypedKey]>,
    attribute_layout: AttributeLayout,
    times: TimeRange,
    sequences: Range<u64>,
    text_bytes: u64,
}

#[derive(Debug)]
enum Columns {
    InMemory(RecordBatch),
    Stored(Box<Stored>),
}

/// A row group's columns, as far as they have been asked for.
#[derive(Debug)]
struct Stored {
    number: u64,
    group: StoredGroup,
    columns: Box<[OnceLock<ArrayRef>]>,
    /// The messages, as far as they were asked for in pieces.
    text_pages: Option<TextPages>,
    shapes: OnceLock<UInt32Array>,
    /// The distinct strings of each typed column, as far as they were asked for alone.
    distinct: Box<[OnceLock<Option<StringArray>>]>,
    damage: OnceLock<PartError>,
}

impl Stored {
    fn load(&self, index: usize, batch: &Batch) -> Result<ArrayRef, PartError> {
        let typed = index.checked_sub(batch.attribute_layout.first_typed);
        let distinct = typed.and_then(|number| self.distinct.get(number)?.get()?.as_ref());
        self.group.load(index, distinct)
    }

    /// Remembers what could not be read. The first damage is the one that is told; another one adds nothing.
    fn note(&self, error: PartError) {
        let told = self.damage.set(error);
        debug_assert!(told.is_ok() || self.damage.get().is_some());
    }
}

/// How many row groups were opened so far.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// Texts of neighbouring records.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    /// The texts.
    pub texts: &'a StringArray,
    /// The number in its batch of the record that the first one is of.
    pub first: usize,
}

/// What a batch costs besides its columns: a schema, the lists of columns, itself.
const BATCH_OVERHEAD_BYTES: u64 = 512;
/// What a column costs besides its values: a field, an array, its place in two lists.
const COLUMN_OVERHEAD_BYTES: u64 = 320;

impl Batch {
    /// Builds a batch. Panics when the columns do not fit each other, or without any record.
    pub fn build(layout: &Layout, new: NewBatch<'_>) -> Batch {
        let Encoded { order, rest, typed } = encode(&new.attributes);
        debug_assert!(is_sorted(&new.time, &new.sequence), "a batch is sorted by (time, sequence)");
        let sequences = sequence_range(&new.sequence);
        let times = time_range(&new.time);
        let mut fields: Vec<FieldRef> = layout.batch_fields().cloned().collect();
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(new.time)),
            Arc::new(UInt64Array::from(new.sequence)),
            Arc::new(UInt32Array::from(new.stream)),
        ];
        columns.extend(new.own);
        columns.extend([order, rest]);
        let mut typed_keys = Vec::with_capacity(typed.len());
        for (key, column) in typed {
            fields.push(Arc::new(typed_field(&key)));
            columns.push(column);
            typed_keys.push(key);
        }
        let text_bytes = columns.iter().map(variable_bytes).sum();
        let records = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
            .expect("the caller's columns are those of its layout");
        Batch {
            records: records.num_rows(),
            columns: Columns::InMemory(records),
            streams: new.streams.into(),
            stream_bytes: new.stream_bytes,
            typed_keys: typed_keys.into(),
            attribute_layout: layout.attribute_layout(),
            times,
            sequences,
            text_bytes,
        }
    }

    /// The batch that a row group of a part is.
    pub(crate) fn stored(layout: &Layout, group: StoredGroup) -> Batch {
        let typed_keys = group.typed_keys();
        let attribute_layout = layout.attribute_layout();
        let count = attribute_layout.first_typed + typed_keys.len();
        Batch {
            records: group.records(),
            streams: group.streams(),
            stream_bytes: 0,
            typed_keys,
            attribute_layout,
            times: group.time_range(),
            sequences: group.sequence_range(),
            text_bytes: group.text_bytes(),
            columns: Columns::Stored(Box::new(Stored {
                number: OPENED.fetch_add(1, Ordering::Relaxed),
                text_pages: group.text_pages(),
                group,
                columns: std::iter::repeat_with(OnceLock::new).take(count).collect(),
                shapes: OnceLock::new(),
                distinct: std::iter::repeat_with(OnceLock::new).take(count - attribute_layout.first_typed).collect(),
                damage: OnceLock::new(),
            })),
        }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records
    }

    /// Never true: a batch has a record.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// True when the records are in the order of (time, sequence).
    pub fn is_sorted(&self) -> bool {
        matches!(self.columns, Columns::InMemory(_))
    }

    /// The row group that this batch is, and what is known of it without reading records; `None` for a batch of the head.
    pub fn group(&self) -> Option<&StoredGroup> {
        match &self.columns {
            Columns::InMemory(_) => None,
            Columns::Stored(stored) => Some(&stored.group),
        }
    }

    /// A number that no other batch that is a row group has, nor had; `None` for a batch of the head.
    pub fn opened_number(&self) -> Option<u64> {
        match &self.columns {
            Columns::InMemory(_) => None,
            Columns::Stored(stored) => Some(stored.number),
        }
    }

    /// For each record the number of its message's shape in the part, null for none; `None` for a batch of the head.
    pub fn shapes(&self) -> Option<&UInt32Array> {
        match &self.columns {
            Columns::InMemory(_) => None,
            Columns::Stored(stored) => Some(stored.shapes.get_or_init(|| match stored.group.shapes() {
                Ok(shapes) => shapes,
                Err(error) => {
                    stored.note(error);
                    UInt32Array::new_null(self.records)
                }
            })),
        }
    }

    /// Why columns of this batch could not be read. Whatever was concluded from the batch is void then.
    pub fn damage(&self) -> Option<&PartError> {
        match &self.columns {
            Columns::InMemory(_) => None,
            Columns::Stored(stored) => stored.damage.get(),
        }
    }

    /// Times in nanoseconds; ascending when the batch is sorted.
    pub fn times(&self) -> &[i64] {
        downcast::<Int64Array>(self.column(0)).values()
    }

    /// Sequences; ascending where times are equal, when the batch is sorted.
    pub fn sequences(&self) -> &[u64] {
        downcast::<UInt64Array>(self.column(1)).values()
    }

    /// For each record the index of its stream.
    pub fn stream_indexes(&self) -> &[u32] {
        downcast::<UInt32Array>(self.column(2)).values()
    }

    /// The distinct streams.
    pub fn streams(&self) -> &[Arc<Stream>] {
        &self.streams
    }

    /// One of the layout's own columns.
    pub fn own_column(&self, index: usize) -> &dyn Array {
        self.column(COMMON_COLUMNS + index)
    }

    /// The messages of some neighbouring records, which are few. Of a row group only what holds them is unpacked.
    ///
    /// Panics when the layout has no messages.
    pub fn messages(&self, message: usize, rows: Range<usize>) -> Texts<'_> {
        let index = COMMON_COLUMNS + message;
        if let Columns::Stored(stored) = &self.columns
            && stored.columns[index].get().is_none()
            && let Some(pages) = &stored.text_pages
        {
            match pages.page_of(&rows) {
                Ok(Some((texts, first))) => return Texts { texts, first },
                Ok(None) => {}
                Err(error) => stored.note(error),
            }
        }
        Texts { texts: downcast(self.column(index)), first: 0 }
    }

    /// The messages of some neighbouring records for who reads few of them; `None` where [`Batch::messages`] has to be
    /// asked, which always has them.
    pub fn passed_messages(&self, message: usize, rows: Range<usize>) -> Option<PassedPage> {
        let Columns::Stored(stored) = &self.columns else { return None };
        let is_read = stored.columns[COMMON_COLUMNS + message].get().is_some();
        // An error is told by whoever reads them after all.
        stored.text_pages.as_ref().filter(|_| !is_read)?.passed_page(&rows).ok().flatten()
    }

    /// True when messages, or some of them, are in memory: those of a part are read when they are asked for.
    pub fn has_read_messages(&self, message: usize) -> bool {
        match &self.columns {
            Columns::InMemory(_) => true,
            Columns::Stored(stored) => {
                let column = stored.columns.get(COMMON_COLUMNS + message);
                column.is_some_and(|column| column.get().is_some())
                    || stored.text_pages.as_ref().is_some_and(TextPages::has_texts)
            }
        }
    }

    /// The place of a record in the order of answers.
    pub fn position(&self, row: usize) -> RecordPosition {
        RecordPosition { time: Timestamp(self.times()[row]), sequence: self.sequences()[row] }
    }

    /// The times the batch holds.
    pub fn time_range(&self) -> TimeRange {
        self.times
    }

    /// The lowest sequence, and the first one behind the highest.
    pub fn sequence_range(&self) -> Range<u64> {
        self.sequences.clone()
    }

    /// Bytes of memory held, with those of the streams this batch answers for.
    pub fn memory_bytes(&self) -> u64 {
        let (columns, count) = match &self.columns {
            Columns::InMemory(records) => (records.get_array_memory_size(), records.num_columns()),
            Columns::Stored(stored) => {
                let loaded = stored.columns.iter().filter_map(OnceLock::get);
                let pages = stored.text_pages.as_ref().map_or(0, TextPages::memory_bytes);
                let columns: usize = loaded.map(|column| column.get_array_memory_size()).sum();
                let distinct = stored.distinct.iter().filter_map(|distinct| distinct.get()?.as_ref());
                let distinct: usize = distinct.map(Array::get_array_memory_size).sum();
                (pages + columns + distinct, stored.columns.len())
            }
        };
        let keys: usize = self.typed_keys.iter().map(|typed| typed.key.len() * 2).sum();
        let streams = self.streams.len() * size_of::<Arc<Stream>>();
        let overhead = count as u64 * COLUMN_OVERHEAD_BYTES;
        BATCH_OVERHEAD_BYTES + columns as u64 + keys as u64 + streams as u64 + overhead + self.stream_bytes
    }

    /// Bytes of values of variable length.
    pub(crate) fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    pub(crate) fn stream_bytes(&self) -> u64 {
        self.stream_bytes
    }

    pub(crate) fn column(&self, index: usize) -> &dyn Array {
        match &self.columns {
            Columns::InMemory(records) => records.column(index),
            Columns::Stored(stored) => stored.columns[index].get_or_init(|| match stored.load(index, self) {
                Ok(column) => column,
                Err(error) => {
                    stored.note(error);
                    stored.group.blank(index)
                }
            }),
        }
    }

    /// The distinct strings of a typed column, read without what each record has of them. `None` where each record has its
    /// own, or nobody knows.
    pub(crate) fn distinct_strings(&self, number: usize) -> Option<&StringArray> {
        let Columns::Stored(stored) = &self.columns else { return None };
        let index = self.attribute_layout.first_typed + number;
        match stored.columns[index].get() {
            Some(column) => match Strings::of(column) {
                Strings::Distinct { values, .. } => Some(values),
                Strings::Each(_) => None,
            },
            None => stored.distinct[number].get_or_init(|| stored.group.distinct(index)).as_ref(),
        }
    }

    /// A column to be shared.
    pub(crate) fn column_ref(&self, index: usize) -> ArrayRef {
        match &self.columns {
            Columns::InMemory(records) => records.column(index).clone(),
            Columns::Stored(stored) => {
                self.column(index);
                stored.columns[index].get().expect("the line above read it").clone()
            }
        }
    }

    pub(crate) fn typed_keys(&self) -> &[TypedKey] {
        &self.typed_keys
    }

    pub(crate) fn attribute_layout(&self) -> AttributeLayout {
        self.attribute_layout
    }
}

fn sequence_range(sequences: &[u64]) -> Range<u64> {
    let first = sequences.iter().min().copied().expect("a batch has a record");
    let last = sequences.iter().max().copied().expect("a batch has a record");
    first..last.saturating_add(1)
}

/// Of sorted times.
fn time_range(times: &[i64]) -> TimeRange {
    let (first, last) = (times.first(), times.last());
    let (first, last) = first.zip(last).expect("a batch has a record");
    TimeRange { start: Timestamp(*first), end: Timestamp(last.saturating_add(1)) }
}

fn is_sorted(times: &[i64], sequences: &[u64]) -> bool {
    times.iter().zip(sequences).is_sorted()
}

/// A field's name holds the type too, since one key may have several columns.
pub(crate) fn typed_field(typed: &TypedKey) -> Field {
    let (name, data_type) = match typed.kind {
        ValueKind::Bool => ("bool", DataType::Boolean),
        ValueKind::Int => ("int", DataType::Int64),
        ValueKind::Double => ("double", DataType::Float64),
        ValueKind::Str | ValueKind::Empty | ValueKind::Bytes | ValueKind::Array | ValueKind::Map => {
            ("str", DataType::Utf8)
        }
    };
    Field::new(format!("{name}:{}", typed.key), data_type, true)
}

/// Bytes of a column that a sum over many batches could carry past 31 bits.
fn variable_bytes(column: &ArrayRef) -> u64 {
    match column.data_type() {
        DataType::Utf8 | DataType::Binary | DataType::List(_) => column.get_buffer_memory_size() as u64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
