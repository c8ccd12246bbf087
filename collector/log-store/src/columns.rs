//! The columns of a log record besides those that all telemetry has, and how they are read.

use arrow_array::{Array, FixedSizeBinaryArray, Int64Array, StringArray, UInt8Array, UInt32Array};
use arrow_schema::{DataType, Field};
use basics::Timestamp;
use model::{LogRecord, Severity, SpanId, TraceId, Value, ValueKind};
use parts::{Batch, Layout, Message, OwnColumn, PassedPage, Storage, Texts};
use std::ops::Range;

/// Bytes of a trace id.
pub(crate) const TRACE_ID_BYTES: i32 = 16;
/// Bytes of a span id.
pub(crate) const SPAN_ID_BYTES: i32 = 8;

/// Where each column stands among the layout's own.
const OBSERVED: usize = 0;
const SEVERITY: usize = 1;
const SEVERITY_TEXT: usize = 2;
const BODY: usize = 3;
const BODY_KIND: usize = 4;
const TRACE_ID: usize = 5;
const SPAN_ID: usize = 6;
const FLAGS: usize = 7;
const EVENT_NAME: usize = 8;
const DROPPED_ATTRIBUTES: usize = 9;

/// The layout of a batch of logs. No column is nullable: what a sender left out is empty or zero, as in OTLP.
pub(crate) fn layout() -> Layout {
    let column = |name: &str, data_type, storage| OwnColumn { field: Field::new(name, data_type, false), storage };
    Layout::new(
        vec![
            column("observed", DataType::Int64, Storage::Near),
            column("severity", DataType::UInt8, Storage::Few),
            column("severity_text", DataType::Utf8, Storage::Few),
            column("body", DataType::Utf8, Storage::Text),
            column("body_kind", DataType::UInt8, Storage::Few),
            column("trace_id", DataType::FixedSizeBinary(TRACE_ID_BYTES), Storage::Id),
            column("span_id", DataType::FixedSizeBinary(SPAN_ID_BYTES), Storage::Id),
            column("flags", DataType::UInt32, Storage::Few),
            column("event_name", DataType::Utf8, Storage::Few),
            column("dropped_attributes", DataType::UInt32, Storage::Few),
        ],
        Some(Message { text: BODY, kind: BODY_KIND }),
    )
}

/// The columns of one batch of logs. Each is looked up, and in a part read, when it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct LogColumns<'a> {
    batch: &'a Batch,
}

impl<'a> LogColumns<'a> {
    /// The columns of a batch that this crate has built. On any other batch, asking for a column panics.
    pub fn of(batch: &'a Batch) -> LogColumns<'a> {
        LogColumns { batch }
    }

    /// The batch, with the columns that all telemetry has.
    pub fn batch(&self) -> &'a Batch {
        self.batch
    }

    /// When each record was observed (as sent, else received), in nanoseconds.
    pub fn observed(&self) -> &'a [i64] {
        column::<Int64Array>(self.batch, OBSERVED).values()
    }

    /// Severity numbers, 0 to 24; where none was sent, the one that the severity text names.
    pub fn severity(&self) -> &'a [u8] {
        column::<UInt8Array>(self.batch, SEVERITY).values()
    }

    /// Severity texts as sent.
    pub fn severity_text(&self) -> &'a StringArray {
        column(self.batch, SEVERITY_TEXT)
    }

    /// Bodies: the plain text of a string, else the value's text form; empty for no body.
    pub fn body(&self) -> &'a StringArray {
        column(self.batch, BODY)
    }

    /// The bodies of some neighbouring records: of a row group no more is unpacked for them than need be.
    pub fn bodies_of(&self, rows: Range<usize>) -> Texts<'a> {
        self.batch.messages(BODY, rows)
    }

    /// The same for who reads few of them, in their order; `None` where the bodies have to be asked for after all.
    pub fn passed_bodies(&self, rows: Range<usize>) -> Option<PassedPage> {
        self.batch.passed_messages(BODY, rows)
    }

    /// True when the bodies are in memory: they are read when they are asked for.
    pub fn has_read_body(&self) -> bool {
        self.batch.has_read_messages(BODY)
    }

    /// What a body was.
    pub fn body_kind(&self, row: usize) -> ValueKind {
        ValueKind::from_byte(self.body_kinds()[row]).expect("only known kinds are written")
    }

    /// What the bodies were, as bytes of [`ValueKind`].
    pub fn body_kinds(&self) -> &'a [u8] {
        column::<UInt8Array>(self.batch, BODY_KIND).values()
    }

    /// Trace ids; all zero = none.
    pub fn trace_ids(&self) -> &'a FixedSizeBinaryArray {
        column(self.batch, TRACE_ID)
    }

    /// The trace id of a record.
    pub fn trace_id(&self, row: usize) -> Option<TraceId> {
        TraceId::new(self.trace_ids().value(row).try_into().expect("the column is that wide"))
    }

    /// Span ids; all zero = none.
    pub fn span_ids(&self) -> &'a FixedSizeBinaryArray {
        column(self.batch, SPAN_ID)
    }

    /// The span id of a record.
    pub fn span_id(&self, row: usize) -> Option<SpanId> {
        SpanId::new(self.span_ids().value(row).try_into().expect("the column is that wide"))
    }

    /// Flags as sent.
    pub fn flags(&self) -> &'a [u32] {
        column::<UInt32Array>(self.batch, FLAGS).values()
    }

    /// Event names as sent.
    pub fn event_name(&self) -> &'a StringArray {
        column(self.batch, EVENT_NAME)
    }

    /// How many attributes the sender left out of each record.
    pub fn dropped_attributes(&self) -> &'a [u32] {
        column::<UInt32Array>(self.batch, DROPPED_ATTRIBUTES).values()
    }

    /// The body of a record, as sent.
    pub fn body_value(&self, row: usize) -> Value {
        let text = self.body().value(row);
        match self.body_kind(row) {
            ValueKind::Empty => Value::Empty,
            ValueKind::Str => Value::Str(text.into()),
            ValueKind::Bool
            | ValueKind::Int
            | ValueKind::Double
            | ValueKind::Bytes
            | ValueKind::Array
            | ValueKind::Map => {
                // A text that is none, which only a file of another's making can hold, is kept as text rather than lost.
                Value::parse_text_form(text).unwrap_or_else(|| Value::Str(text.into()))
            }
        }
    }

    /// A record, whole.
    pub fn record(&self, row: usize) -> LogRecord {
        let batch = self.batch;
        LogRecord {
            position: batch.position(row),
            observed: Timestamp(self.observed()[row]),
            severity: Severity(self.severity()[row]),
            severity_text: self.severity_text().value(row).into(),
            body: self.body_value(row),
            trace_id: self.trace_id(row),
            span_id: self.span_id(row),
            flags: self.flags()[row],
            event_name: self.event_name().value(row).into(),
            dropped_attributes: self.dropped_attributes()[row],
            attributes: batch.attributes(row),
            stream: batch.streams()[batch.stream_indexes()[row] as usize].clone(),
        }
    }
}

fn column<T: Array + 'static>(batch: &Batch, index: usize) -> &T {
    batch.own_column(index).as_any().downcast_ref().expect("a batch of logs has the columns of its layout")
}
