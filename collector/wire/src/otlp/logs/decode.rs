//! Builds columns from a request that a survey has accepted.

use super::keys::KeyTable;
use super::streams::{Description, StreamTable, read_resource};
use crate::WireError;
use crate::limits::RECORDS_MAX;
use crate::otlp::schema::{export_logs_request, log_record, resource_logs, scope_logs};
use crate::otlp::value::{KeyValue, Scalar, find_scalar, merge_value};
use crate::protobuf::{Fields, Malformed, text};
use model::{AttributeRows, LogBatch, Stream, TextColumn, Value, ValueKind};

/// Decodes all records but those whose ordinals stand, ascending, in `rejected`.
///
/// Never fails on a request that [`super::survey`] accepted, when `rejected` holds at least what it rejected.
pub fn decode(body: &[u8], rejected: &[u32]) -> Result<LogBatch, WireError> {
    // Rejected records take nothing: a request may consist of them.
    let records = count_records(body)?.saturating_sub(rejected.len());
    let mut decoder = Decoder {
        batch: empty_batch(records, body.len()),
        keys: KeyTable::default(),
        streams: StreamTable::default(),
        ordinal: 0,
        rejected,
    };
    decoder.request(body)?;
    Ok(decoder.batch)
}

struct Decoder<'a> {
    batch: LogBatch,
    keys: KeyTable,
    streams: StreamTable<'a>,
    /// Of the next record.
    ordinal: u32,
    /// Ordinals still to be left out.
    rejected: &'a [u32],
}

/// Counts the records without looking into them, so that columns are allocated once.
fn count_records(body: &[u8]) -> Result<usize, WireError> {
    let mut count = 0;
    let mut fields = Fields::new(body);
    while let Some(field) = fields.next()? {
        if field.number != export_logs_request::RESOURCE_LOGS {
            continue;
        }
        let mut fields = Fields::new(field.bytes()?);
        while let Some(field) = fields.next()? {
            if field.number != resource_logs::SCOPE_LOGS {
                continue;
            }
            let mut fields = Fields::new(field.bytes()?);
            while let Some(field) = fields.next()? {
                count += usize::from(field.number == scope_logs::LOG_RECORDS);
            }
        }
    }
    if count > RECORDS_MAX as usize {
        return Err(WireError::TooManyRecords { limit: RECORDS_MAX });
    }
    Ok(count)
}

fn empty_batch(records: usize, body_bytes: usize) -> LogBatch {
    LogBatch {
        streams: Vec::new(),
        stream: Vec::with_capacity(records),
        time_unix_nano: Vec::with_capacity(records),
        observed_time_unix_nano: Vec::with_capacity(records),
        severity: Vec::with_capacity(records),
        severity_text: TextColumn::with_capacity(records, 0),
        // Bodies are commonly a third of a request; the column grows where they are more.
        body: TextColumn::with_capacity(records, if records > 0 { body_bytes / 3 } else { 0 }),
        body_kind: Vec::with_capacity(records),
        trace_id: Vec::with_capacity(records),
        span_id: Vec::with_capacity(records),
        flags: Vec::with_capacity(records),
        event_name: TextColumn::with_capacity(records, 0),
        dropped_attributes: Vec::with_capacity(records),
        attributes: AttributeRows { ends: Vec::with_capacity(records), ..AttributeRows::default() },
    }
}

/// The fields of a record that stand in it once. Attributes go to their columns while the record is walked.
#[derive(Default)]
struct RecordFields<'a> {
    time_unix_nano: u64,
    observed_time_unix_nano: u64,
    severity: u32,
    severity_text: &'a [u8],
    body: Option<&'a [u8]>,
    /// The body in pieces, when there are several.
    merged_body: Option<Value>,
    dropped_attributes: u32,
    flags: u32,
    trace_id: &'a [u8],
    span_id: &'a [u8],
    event_name: &'a [u8],
}

impl<'a> Decoder<'a> {
    fn request(&mut self, message: &'a [u8]) -> Result<(), WireError> {
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            if field.number == export_logs_request::RESOURCE_LOGS {
                self.resource_logs(field.bytes()?)?;
            }
        }
        Ok(())
    }

    fn resource_logs(&mut self, message: &'a [u8]) -> Result<(), WireError> {
        // The resource may stand behind the records that it belongs to, so it is looked for first.
        let mut description = Description::default();
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                resource_logs::RESOURCE => description.pieces.push(field.bytes()?),
                resource_logs::SCHEMA_URL => description.schema_url = field.bytes()?,
                _ => {}
            }
        }
        let resource_stream = read_resource(&description)?;
        let resource = self.streams.resource(description);
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            if field.number == resource_logs::SCOPE_LOGS {
                self.scope_logs(field.bytes()?, resource, &resource_stream)?;
            }
        }
        Ok(())
    }

    fn scope_logs(&mut self, message: &'a [u8], resource: u32, resource_stream: &Stream) -> Result<(), WireError> {
        let mut description = Description::default();
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                scope_logs::SCOPE => description.pieces.push(field.bytes()?),
                scope_logs::SCHEMA_URL => description.schema_url = field.bytes()?,
                _ => {}
            }
        }
        // A stream without any record that is kept does not exist.
        let mut waiting = Some(description);
        let mut stream = 0;
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            if field.number != scope_logs::LOG_RECORDS {
                continue;
            }
            let record = field.bytes()?;
            if self.is_next_rejected() {
                continue;
            }
            if let Some(scope) = waiting.take() {
                stream = self.streams.stream(resource, resource_stream, scope, &mut self.batch.streams)?;
            }
            self.record(record, stream)?;
        }
        Ok(())
    }

    /// Counts the next record; tells whether it is to be left out.
    fn is_next_rejected(&mut self) -> bool {
        let ordinal = self.ordinal;
        self.ordinal += 1;
        match self.rejected.split_first() {
            Some((first, rest)) if *first == ordinal => {
                self.rejected = rest;
                true
            }
            _ => false,
        }
    }

    fn record(&mut self, message: &'a [u8], stream: u32) -> Result<(), WireError> {
        let record = self.record_fields(message)?;
        let batch = &mut self.batch;
        batch.stream.push(stream);
        batch.time_unix_nano.push(record.time_unix_nano);
        batch.observed_time_unix_nano.push(record.observed_time_unix_nano);
        batch.severity.push(u8::try_from(record.severity).ok().filter(|number| *number <= 24).unwrap_or(0));
        batch.severity_text.push(&text::lossy(record.severity_text));
        batch.trace_id.push(record.trace_id.try_into().unwrap_or_default());
        batch.span_id.push(record.span_id.try_into().unwrap_or_default());
        batch.flags.push(record.flags);
        batch.event_name.push(&text::lossy(record.event_name));
        batch.dropped_attributes.push(record.dropped_attributes);
        batch.attributes.ends.push(column_end(batch.attributes.key.len()));
        match record.merged_body {
            Some(body) => push_body(batch, &body),
            None => push_body_message(batch, record.body.unwrap_or_default())?,
        }
        Ok(())
    }

    fn record_fields(&mut self, message: &'a [u8]) -> Result<RecordFields<'a>, Malformed> {
        self.keys.start_record();
        let mut record = RecordFields::default();
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                log_record::TIME_UNIX_NANO => record.time_unix_nano = field.fixed64()?,
                log_record::OBSERVED_TIME_UNIX_NANO => record.observed_time_unix_nano = field.fixed64()?,
                log_record::SEVERITY_NUMBER => record.severity = field.varint_u32()?,
                log_record::SEVERITY_TEXT => record.severity_text = field.bytes()?,
                log_record::BODY => record.add_body(field.bytes()?)?,
                log_record::ATTRIBUTES => self.attribute(field.bytes()?)?,
                log_record::DROPPED_ATTRIBUTES_COUNT => record.dropped_attributes = field.varint_u32()?,
                log_record::FLAGS => record.flags = field.fixed32()?,
                log_record::TRACE_ID => record.trace_id = field.bytes()?,
                log_record::SPAN_ID => record.span_id = field.bytes()?,
                log_record::EVENT_NAME => record.event_name = field.bytes()?,
                _ => {}
            }
        }
        Ok(record)
    }

    #[inline]
    fn attribute(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let found = KeyValue::find(message)?;
        let rows = &mut self.batch.attributes;
        rows.key.push(self.keys.number_of(found.key, &mut rows.keys));
        let value = found.value.unwrap_or_default();
        let scalar = if found.is_split { None } else { find_scalar(value)? };
        match scalar {
            Some(scalar) => push_scalar(rows, scalar),
            None => {
                let mut fields = Fields::new(message);
                let mut merged = Value::Empty;
                while let Some(field) = fields.next()? {
                    if field.number == crate::otlp::schema::key_value::VALUE {
                        merge_value(&mut merged, field.bytes()?, 1)?;
                    }
                }
                push_value(rows, &merged);
            }
        }
        Ok(())
    }
}

impl<'a> RecordFields<'a> {
    fn add_body(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        let Some(first) = self.body else {
            self.body = Some(message);
            return Ok(());
        };
        let merged = match &mut self.merged_body {
            Some(merged) => merged,
            None => {
                let mut value = Value::Empty;
                merge_value(&mut value, first, 1)?;
                self.merged_body.insert(value)
            }
        };
        merge_value(merged, message, 1)
    }
}

fn push_body_message(batch: &mut LogBatch, message: &[u8]) -> Result<(), Malformed> {
    if let Some(Scalar::Str(text)) = find_scalar(message)? {
        batch.body.push(&text::lossy(text));
        batch.body_kind.push(ValueKind::Str);
        return Ok(());
    }
    let mut value = Value::Empty;
    merge_value(&mut value, message, 1)?;
    push_body(batch, &value);
    Ok(())
}

fn push_body(batch: &mut LogBatch, value: &Value) {
    batch.body.push_with(|out| value.plain_text(out));
    batch.body_kind.push(value.kind());
}

#[inline]
fn push_scalar(rows: &mut AttributeRows, scalar: Scalar<'_>) {
    let (kind, bits, text) = match scalar {
        Scalar::Empty => (ValueKind::Empty, 0, None),
        Scalar::Str(text) => (ValueKind::Str, 0, Some(text)),
        Scalar::Bool(flag) => (ValueKind::Bool, u64::from(flag), None),
        Scalar::Int(number) => (ValueKind::Int, number.cast_unsigned(), None),
        Scalar::Double(number) => (ValueKind::Double, number.to_bits(), None),
    };
    rows.kind.push(kind);
    rows.bits.push(bits);
    match text {
        Some(text) => rows.text.push(&text::lossy(text)),
        None => rows.text.push(""),
    }
}

fn push_value(rows: &mut AttributeRows, value: &Value) {
    match value {
        Value::Empty => push_scalar(rows, Scalar::Empty),
        Value::Str(text) => push_scalar(rows, Scalar::Str(text.as_bytes())),
        Value::Bool(flag) => push_scalar(rows, Scalar::Bool(*flag)),
        Value::Int(number) => push_scalar(rows, Scalar::Int(*number)),
        Value::Double(number) => push_scalar(rows, Scalar::Double(*number)),
        Value::Bytes(_) | Value::Array(_) | Value::Map(_) => {
            rows.kind.push(value.kind());
            rows.bits.push(0);
            rows.text.push_with(|out| value.write_text_form(out));
        }
    }
}

fn column_end(entries: usize) -> u32 {
    u32::try_from(entries).expect("a request is too short to hold 2^32 attributes")
}
