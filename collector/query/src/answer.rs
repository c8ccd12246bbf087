//! What an answer's records take, before and after they are made.

use crate::guard::{QueryGuard, Stop};
use crate::limits::{ANSWER_COPIES, RECORD_ALLOWANCE_BYTES};
use basics::Reservation;
use log_store::LogColumns;
use model::{Attributes, LogRecord, Stream, Value, ValueKind};

/// The memory of an answer that is being made.
#[derive(Debug)]
pub(crate) struct AnswerMemory {
    reservation: Reservation,
    charged: u64,
}

impl AnswerMemory {
    pub(crate) fn new(guard: &QueryGuard) -> Result<AnswerMemory, Stop> {
        Ok(AnswerMemory { reservation: guard.reserve(0)?, charged: 0 })
    }

    /// Reserves what a record takes at most.
    pub(crate) fn expect(&mut self, columns: &LogColumns<'_>, row: usize, guard: &QueryGuard) -> Result<(), Stop> {
        let bytes = bytes_at_most(columns, row);
        guard.spend(usize::try_from(bytes).unwrap_or(usize::MAX))?;
        let is_reserved =
            self.reservation.try_grow_to(self.charged.saturating_add(bytes.saturating_mul(ANSWER_COPIES)));
        if is_reserved { Ok(()) } else { Err(Stop::OUT_OF_MEMORY) }
    }

    /// Counts what the record really takes.
    pub(crate) fn charge(&mut self, record: &LogRecord) {
        self.charged += bytes_of(record) * ANSWER_COPIES;
    }

    /// Gives back what was reserved too much.
    pub(crate) fn settle(mut self) -> Reservation {
        self.reservation.shrink_to(self.charged);
        self.reservation
    }
}

/// What a record takes at most, before it is made.
pub(crate) fn bytes_at_most(columns: &LogColumns<'_>, row: usize) -> u64 {
    let batch = columns.batch();
    let mut bytes = RECORD_ALLOWANCE_BYTES + grown(columns.body_kind(row), columns.body().value(row));
    bytes += (columns.severity_text().value(row).len() + columns.event_name().value(row).len()) as u64;
    for column in batch.string_attribute_columns().filter(|column| column.is_valid(row)) {
        bytes += column.value(row).len() as u64;
    }
    let rest = batch.rest();
    for entry in rest.entries(row) {
        let own = size_of::<(Box<str>, Value)>() + rest.key(entry).len();
        bytes += own as u64 + grown(rest.kind(entry), rest.text(entry));
    }
    bytes
}

/// What a text takes as a value: its bytes, and for each value in it a place in a list that may have grown in doubles.
fn grown(kind: ValueKind, text: &str) -> u64 {
    let bytes = text.len() as u64;
    match kind {
        ValueKind::Array | ValueKind::Map => {
            let values = 1 + text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
            bytes + (values * size_of::<(Box<str>, Value)>() * 2) as u64
        }
        ValueKind::Empty | ValueKind::Str | ValueKind::Bool | ValueKind::Int | ValueKind::Double | ValueKind::Bytes => {
            bytes
        }
    }
}

/// What a record takes. Its stream is shared with the store and costs nothing.
pub(crate) fn bytes_of(record: &LogRecord) -> u64 {
    let texts = record.severity_text.len() + record.event_name.len();
    (size_of::<LogRecord>() + texts) as u64 + behind(&record.body) + entries(&record.attributes)
}

/// What a stream takes that is not shared with the store.
pub(crate) fn bytes_of_stream(stream: &Stream) -> u64 {
    size_of::<Stream>() as u64 + entries(&stream.resource) + entries(&stream.scope)
}

fn entries(attributes: &Attributes) -> u64 {
    let each = |(key, value): &(Box<str>, Value)| (size_of::<(Box<str>, Value)>() + key.len()) as u64 + behind(value);
    attributes.iter().map(each).sum()
}

/// What a value holds beside itself. Values nest as deep as [`model::limits::VALUE_DEPTH_MAX`].
pub(crate) fn behind(value: &Value) -> u64 {
    match value {
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) => 0,
        Value::Str(text) => text.len() as u64,
        Value::Bytes(bytes) => bytes.len() as u64,
        Value::Array(values) => values.iter().map(|value| size_of::<Value>() as u64 + behind(value)).sum(),
        Value::Map(values) => entries(values),
    }
}

#[cfg(test)]
mod tests;
