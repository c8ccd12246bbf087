//! Records written as the decoder would hand them over: the way back from [`LogRecord`] to [`LogBatch`].

use model::{AttributeRows, LogBatch, LogRecord, Value};

/// The records of one request. Sequences are not kept: the store makes them from position and ordinal.
pub fn log_batch_of(records: &[LogRecord]) -> LogBatch {
    let mut batch = LogBatch::default();
    for record in records {
        let known = batch.streams.iter().position(|stream| exact(stream) == exact(&record.stream));
        let stream = known.unwrap_or(batch.streams.len());
        if known.is_none() {
            batch.streams.push((*record.stream).clone());
        }
        batch.stream.push(u32::try_from(stream).expect("tests make few streams"));
        batch.time_unix_nano.push(record.position.time.0.cast_unsigned());
        batch.observed_time_unix_nano.push(record.observed.0.cast_unsigned());
        batch.severity.push(record.severity.0);
        batch.severity_text.push(&record.severity_text);
        batch.body.push_with(|out| record.body.plain_text(out));
        batch.body_kind.push(record.body.kind());
        batch.trace_id.push(record.trace_id.map_or([0; 16], |id| *id.bytes()));
        batch.span_id.push(record.span_id.map_or([0; 8], |id| *id.bytes()));
        batch.flags.push(record.flags);
        batch.event_name.push(&record.event_name);
        batch.dropped_attributes.push(record.dropped_attributes);
        push_attributes(&mut batch.attributes, record);
    }
    batch
}

/// Doubles are compared by their text: a `NaN` is itself, and the zeroes differ.
fn exact(stream: &model::Stream) -> String {
    format!("{stream:?}")
}

fn push_attributes(rows: &mut AttributeRows, record: &LogRecord) {
    for (key, value) in &record.attributes {
        let known = rows.keys.iter().position(|known| known == key);
        let place = known.unwrap_or(rows.keys.len());
        if known.is_none() {
            rows.keys.push(key.clone());
        }
        rows.key.push(u32::try_from(place).expect("tests make few keys"));
        rows.kind.push(value.kind());
        rows.bits.push(match value {
            Value::Bool(flag) => u64::from(*flag),
            Value::Int(number) => number.cast_unsigned(),
            Value::Double(number) => number.to_bits(),
            Value::Empty | Value::Str(_) | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => 0,
        });
        rows.text.push_with(|out| match value {
            Value::Str(_) | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => value.plain_text(out),
            Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) => {}
        });
    }
    rows.ends.push(u32::try_from(rows.key.len()).expect("tests make few attributes"));
}
