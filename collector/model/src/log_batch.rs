//! Log records as they come from the wire: plain columns, one entry per record in each.

use crate::stream::Stream;
use crate::text_column::TextColumn;
use crate::value::ValueKind;

/// Decoded log records in columns. All columns have one entry per record, in the order sent.
///
/// The decoder leaves out rejected records; it resolves nothing else: times are as sent, 0 = not given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogBatch {
    /// The distinct streams, in order of appearance.
    pub streams: Vec<Stream>,
    /// Index into `streams`.
    pub stream: Vec<u32>,
    /// `time_unix_nano` as sent; 0 = not given.
    pub time_unix_nano: Vec<u64>,
    /// `observed_time_unix_nano` as sent; 0 = not given.
    pub observed_time_unix_nano: Vec<u64>,
    /// Severity number, 0 to 24; a number beyond is kept as 0 and its text stays.
    pub severity: Vec<u8>,
    /// Severity text as sent.
    pub severity_text: TextColumn,
    /// The body: plain text of a string, else the value's text form; empty for no body.
    pub body: TextColumn,
    /// What the body was.
    pub body_kind: Vec<ValueKind>,
    /// Trace id; all zero = none.
    pub trace_id: Vec<[u8; 16]>,
    /// Span id; all zero = none.
    pub span_id: Vec<[u8; 8]>,
    /// `flags` as sent.
    pub flags: Vec<u32>,
    /// `event_name` as sent.
    pub event_name: TextColumn,
    /// `dropped_attributes_count` as sent.
    pub dropped_attributes: Vec<u32>,
    /// The records' own attributes.
    pub attributes: AttributeRows,
}

/// Attributes of many records: `ends[r]` is where record `r`'s entries end in the other columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttributeRows {
    /// The distinct keys, in order of appearance.
    pub keys: Vec<Box<str>>,
    /// One per record: index behind its last entry.
    pub ends: Vec<u32>,
    /// One per entry: index into `keys`.
    pub key: Vec<u32>,
    /// One per entry: kind of the value.
    pub kind: Vec<ValueKind>,
    /// One per entry: the bits of an integer or double, 0 or 1 for a bool, else 0.
    pub bits: Vec<u64>,
    /// One per entry: the plain text of a string, the text form of bytes, arrays and maps, else empty.
    pub text: TextColumn,
}

impl LogBatch {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.stream.len()
    }

    /// True without any record.
    pub fn is_empty(&self) -> bool {
        self.stream.is_empty()
    }
}

impl AttributeRows {
    /// The entries of a record, as a range of indexes into the entry columns.
    pub fn entries(&self, record: usize) -> std::ops::Range<usize> {
        let start = if record == 0 { 0 } else { self.ends[record - 1] as usize };
        start..self.ends[record] as usize
    }
}
