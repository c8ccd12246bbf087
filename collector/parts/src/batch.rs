//! One immutable batch of records in Arrow columns.
//!
//! The columns, in order: `time`, `sequence`, `stream`, the caller's own ones ([`Layout`]), then the attributes
//! (`order`, `rest`, and one for each frequent key and type; see the attributes' file).

use crate::attributes::{AttributeEntries, AttributeLayout, Encoded, TypedKey, downcast, encode, rest_fields};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use basics::Timestamp;
use model::{RecordPosition, Stream, TimeRange, ValueKind};
use std::ops::Range;
use std::sync::Arc;

/// The columns that one signal has besides time, sequence, stream and attributes.
#[derive(Debug)]
pub struct Layout {
    own: Vec<FieldRef>,
    common: [FieldRef; COMMON_COLUMNS],
    attributes: [FieldRef; 2],
}

const COMMON_COLUMNS: usize = 3;

impl Layout {
    /// A layout with these columns.
    pub fn new(own: Vec<Field>) -> Layout {
        let entry = Field::new("entry", DataType::Struct(rest_fields()), false);
        Layout {
            own: own.into_iter().map(Arc::new).collect(),
            common: [
                Arc::new(Field::new("time", DataType::Int64, false)),
                Arc::new(Field::new("sequence", DataType::UInt64, false)),
                Arc::new(Field::new("stream", DataType::UInt32, false)),
            ],
            attributes: [
                Arc::new(Field::new("order", DataType::Binary, false)),
                Arc::new(Field::new("rest", DataType::List(Arc::new(entry)), false)),
            ],
        }
    }

    pub(crate) fn own_columns(&self) -> usize {
        self.own.len()
    }
}

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
    records: RecordBatch,
    streams: Vec<Arc<Stream>>,
    stream_bytes: u64,
    typed_keys: Vec<TypedKey>,
    attribute_layout: AttributeLayout,
    sequences: Range<u64>,
    text_bytes: u64,
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
        let first_sequence = new.sequence.iter().min().copied().expect("a batch has a record");
        let last_sequence = new.sequence.iter().max().copied().expect("a batch has a record");
        let order_index = COMMON_COLUMNS + layout.own.len();
        let attribute_layout =
            AttributeLayout { order: order_index, rest: order_index + 1, first_typed: order_index + 2 };

        let mut fields: Vec<FieldRef> =
            layout.common.iter().chain(&layout.own).chain(&layout.attributes).cloned().collect();
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
            records,
            streams: new.streams,
            stream_bytes: new.stream_bytes,
            typed_keys,
            attribute_layout,
            sequences: first_sequence..last_sequence.saturating_add(1),
            text_bytes,
        }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records.num_rows()
    }

    /// Never true: a batch has a record.
    pub fn is_empty(&self) -> bool {
        self.records.num_rows() == 0
    }

    /// Times in nanoseconds, ascending.
    pub fn times(&self) -> &[i64] {
        downcast::<Int64Array>(self.column(0)).values()
    }

    /// Sequences; ascending where times are equal.
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

    /// The place of a record in the order of answers.
    pub fn position(&self, row: usize) -> RecordPosition {
        RecordPosition { time: Timestamp(self.times()[row]), sequence: self.sequences()[row] }
    }

    /// The times the batch holds.
    pub fn time_range(&self) -> TimeRange {
        let times = self.times();
        let last = times.last().copied().expect("a batch has a record");
        TimeRange { start: Timestamp(times[0]), end: Timestamp(last.saturating_add(1)) }
    }

    /// The lowest sequence, and the first one behind the highest.
    pub fn sequence_range(&self) -> Range<u64> {
        self.sequences.clone()
    }

    /// Bytes of memory held, with those of the streams this batch answers for.
    pub fn memory_bytes(&self) -> u64 {
        let columns = self.records.get_array_memory_size() as u64;
        let keys: usize = self.typed_keys.iter().map(|typed| typed.key.len() * 2).sum();
        let streams = self.streams.len() * size_of::<Arc<Stream>>();
        let overhead = self.records.num_columns() as u64 * COLUMN_OVERHEAD_BYTES;
        BATCH_OVERHEAD_BYTES + columns + keys as u64 + streams as u64 + overhead + self.stream_bytes
    }

    /// Bytes of values of variable length.
    pub(crate) fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    pub(crate) fn stream_bytes(&self) -> u64 {
        self.stream_bytes
    }

    pub(crate) fn column(&self, index: usize) -> &dyn Array {
        self.records.column(index)
    }

    pub(crate) fn typed_keys(&self) -> &[TypedKey] {
        &self.typed_keys
    }

    pub(crate) fn attribute_layout(&self) -> AttributeLayout {
        self.attribute_layout
    }
}

fn is_sorted(times: &[i64], sequences: &[u64]) -> bool {
    times.iter().zip(sequences).is_sorted()
}

/// A field's name holds the type too, since one key may have several columns.
fn typed_field(typed: &TypedKey) -> Field {
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
