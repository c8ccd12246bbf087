//! A log record as it is given out.

use crate::ids::{SpanId, TraceId};
use crate::severity::Severity;
use crate::stream::{Attributes, Stream};
use crate::value::Value;
use basics::Timestamp;
use std::sync::Arc;

/// Where a record stands in the exact order of answers: by time, then by arrival.
///
/// `sequence` is unique among the records of a tenant's signal, so the order is total and a cursor made of it
/// stays good across restarts, seals and merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPosition {
    /// The record's time.
    pub time: Timestamp,
    /// Write-ahead-log entry (upper 44 bits) and ordinal in it (lower 20 bits).
    pub sequence: u64,
}

/// One log record, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRecord {
    /// Its time (as sent, else observed, else received) and its place in the order.
    pub position: RecordPosition,
    /// When it was observed (as sent, else received).
    pub observed: Timestamp,
    /// Severity number; when not sent, the one its text names.
    pub severity: Severity,
    /// Severity text as sent.
    pub severity_text: Box<str>,
    /// The body as sent.
    pub body: Value,
    /// Trace it belongs to.
    pub trace_id: Option<TraceId>,
    /// Span it belongs to.
    pub span_id: Option<SpanId>,
    /// Flags as sent.
    pub flags: u32,
    /// Event name as sent.
    pub event_name: Box<str>,
    /// How many attributes the sender left out.
    pub dropped_attributes: u32,
    /// Its own attributes.
    pub attributes: Attributes,
    /// Where it comes from.
    pub stream: Arc<Stream>,
}

impl LogRecord {
    /// The value of an attribute: the record's own, else the scope's, else the resource's.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        let own = self.attributes.iter().find(|(name, _)| &**name == key).map(|(_, value)| value);
        own.or_else(|| self.stream.attribute(key))
    }
}
