//! From decoded records to batches of the head.
//!
//! A request that came in order and is not large becomes a batch without copying its texts. Any other one is sorted and
//! cut, so that each batch has a narrow range of time.

use crate::columns::{SPAN_ID_BYTES, TRACE_ID_BYTES};
use crate::streams::StreamTable;
use arrow_array::{
    ArrayRef, FixedSizeBinaryArray, Int64Array, StringArray, UInt8Array, UInt32Array, builder::StringBuilder,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use basics::{Reservation, TenantId, Timestamp};
use model::{LogBatch, Severity, Stream, TextColumn};
use parts::limits::{BATCH_RECORDS_MAX, BATCH_TEXT_BYTES_MAX};
use parts::{AttributeEntries, AttributeEntry, Batch, Layout, NewBatch};
use std::sync::Arc;

/// The records of one request, decoded.
#[derive(Debug)]
pub struct NewLogs {
    /// Whose they are.
    pub tenant: TenantId,
    /// Position of the request's entry in the write-ahead log.
    pub position: u64,
    /// When the request was received.
    pub received: Timestamp,
    /// The records that are to be stored.
    pub batch: LogBatch,
    /// For each record its ordinal in the request, ascending; `None` when none was left out.
    pub ordinals: Option<Vec<u32>>,
    /// Memory reserved for what these records will take.
    pub reservation: Option<Reservation>,
}

/// The lower bits of a sequence hold the ordinal in the request.
const ORDINAL_BITS: u32 = 20;

/// Builds the batches of a request, each with its share of the reservation.
pub(crate) fn assemble(layout: &Layout, table: &mut StreamTable, new: NewLogs) -> Vec<(Batch, Option<Reservation>)> {
    let NewLogs { position, received, mut batch, ordinals, mut reservation, .. } = new;
    if batch.is_empty() {
        return Vec::new();
    }
    let (streams, new_stream_bytes) = intern_streams(table, std::mem::take(&mut batch.streams));
    let whole = Whole {
        time: times(&batch, received),
        sequence: sequences(position, batch.len(), ordinals.as_deref()),
        observed: observed_times(&batch, received),
        severity: severities(&batch),
        streams,
        batch,
    };
    if whole.is_one_batch() {
        return vec![(whole.into_batch(layout, new_stream_bytes), reservation)];
    }
    let mut rows: Vec<usize> = (0..whole.batch.len()).collect();
    rows.sort_by_key(|row| (whole.time[*row], whole.sequence[*row]));
    let cuts = cut(&whole.batch, &rows);
    let count = cuts.len();
    let mut numbers = KeyNumbers::new(whole.batch.attributes.keys.len());
    let batches = cuts.into_iter().enumerate().map(|(index, cut)| {
        // The streams are charged once, with the first batch.
        let stream_bytes = if index == 0 { new_stream_bytes } else { 0 };
        let batch = whole.gather(layout, &mut numbers, &rows[cut], stream_bytes);
        let share = if index + 1 == count {
            reservation.take()
        } else {
            reservation.as_mut().map(|whole| whole.split_off(batch.memory_bytes()))
        };
        (batch, share)
    });
    batches.collect()
}

fn intern_streams(table: &mut StreamTable, streams: Vec<Stream>) -> (Vec<Arc<Stream>>, u64) {
    let mut new_bytes = 0;
    let interned = streams.into_iter().map(|stream| {
        let interned = table.intern(stream);
        new_bytes += interned.new_bytes;
        interned.stream
    });
    (interned.collect(), new_bytes)
}

/// A time as sent, or `None` when it was not given. Admission rejects what a timestamp cannot hold.
fn given(nanos: u64) -> Option<i64> {
    if nanos == 0 {
        return None;
    }
    Some(Timestamp::from_unsigned_nanos(nanos).map_or(i64::MAX, |time| time.0))
}

fn times(batch: &LogBatch, received: Timestamp) -> Vec<i64> {
    let own = batch.time_unix_nano.iter().zip(&batch.observed_time_unix_nano);
    own.map(|(own, observed)| given(*own).or_else(|| given(*observed)).unwrap_or(received.0)).collect()
}

fn observed_times(batch: &LogBatch, received: Timestamp) -> Vec<i64> {
    batch.observed_time_unix_nano.iter().map(|observed| given(*observed).unwrap_or(received.0)).collect()
}

/// The position in the log of the request that brought a record.
pub(crate) fn position_of(sequence: u64) -> u64 {
    sequence >> ORDINAL_BITS
}

fn sequences(position: u64, count: usize, ordinals: Option<&[u32]>) -> Vec<u64> {
    let first = position << ORDINAL_BITS;
    match ordinals {
        Some(ordinals) => ordinals.iter().map(|ordinal| first | u64::from(*ordinal)).collect(),
        None => (0..count as u64).map(|ordinal| first | ordinal).collect(),
    }
}

fn severities(batch: &LogBatch) -> Vec<u8> {
    let numbers = batch.severity.iter().zip(batch.severity_text.iter());
    numbers.map(|(number, text)| Severity(*number).or_from_text(text).0).collect()
}

/// A request's records with all that is derived from them.
struct Whole {
    time: Vec<i64>,
    sequence: Vec<u64>,
    observed: Vec<i64>,
    severity: Vec<u8>,
    streams: Vec<Arc<Stream>>,
    batch: LogBatch,
}

impl Whole {
    fn is_one_batch(&self) -> bool {
        self.batch.len() <= BATCH_RECORDS_MAX
            && text_bytes(&self.batch) <= BATCH_TEXT_BYTES_MAX
            && self.time.iter().zip(&self.sequence).is_sorted()
    }

    fn into_batch(self, layout: &Layout, stream_bytes: u64) -> Batch {
        let LogBatch {
            stream,
            severity_text,
            body,
            body_kind,
            trace_id,
            span_id,
            flags,
            event_name,
            dropped_attributes,
            attributes,
            ..
        } = self.batch;
        let mut numbers = KeyNumbers::new(attributes.keys.len());
        let entries = attribute_entries(&attributes, &mut numbers, 0..attributes.ends.len());
        let own: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(self.observed)),
            Arc::new(UInt8Array::from(self.severity)),
            text_column(severity_text),
            text_column(body),
            Arc::new(UInt8Array::from_iter_values(body_kind.iter().map(|kind| *kind as u8))),
            id_column(TRACE_ID_BYTES, trace_id.as_flattened()),
            id_column(SPAN_ID_BYTES, span_id.as_flattened()),
            Arc::new(UInt32Array::from(flags)),
            text_column(event_name),
            Arc::new(UInt32Array::from(dropped_attributes)),
        ];
        let new = NewBatch {
            time: self.time,
            sequence: self.sequence,
            stream,
            streams: self.streams,
            stream_bytes,
            own,
            attributes: entries,
        };
        Batch::build(layout, new)
    }

    /// A batch of these rows, in their order.
    fn gather(&self, layout: &Layout, numbers: &mut KeyNumbers, rows: &[usize], stream_bytes: u64) -> Batch {
        let batch = &self.batch;
        let entries = attribute_entries(&batch.attributes, numbers, rows.iter().copied());
        let trace_ids: Vec<[u8; 16]> = pick(&batch.trace_id, rows);
        let span_ids: Vec<[u8; 8]> = pick(&batch.span_id, rows);
        let own: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(pick(&self.observed, rows))),
            Arc::new(UInt8Array::from(pick(&self.severity, rows))),
            picked_text(&batch.severity_text, rows),
            picked_text(&batch.body, rows),
            Arc::new(UInt8Array::from_iter_values(rows.iter().map(|row| batch.body_kind[*row] as u8))),
            id_column(TRACE_ID_BYTES, trace_ids.as_flattened()),
            id_column(SPAN_ID_BYTES, span_ids.as_flattened()),
            Arc::new(UInt32Array::from(pick(&batch.flags, rows))),
            picked_text(&batch.event_name, rows),
            Arc::new(UInt32Array::from(pick(&batch.dropped_attributes, rows))),
        ];
        let (stream, streams) = self.streams_of(rows);
        let new = NewBatch {
            time: pick(&self.time, rows),
            sequence: pick(&self.sequence, rows),
            stream,
            streams,
            stream_bytes,
            own,
            attributes: entries,
        };
        Batch::build(layout, new)
    }

    /// The streams that these rows use, and for each row which of them.
    fn streams_of(&self, rows: &[usize]) -> (Vec<u32>, Vec<Arc<Stream>>) {
        let mut places: Vec<Option<u32>> = vec![None; self.streams.len()];
        let mut streams = Vec::new();
        let indexes = rows.iter().map(|row| {
            let stream = self.batch.stream[*row] as usize;
            *places[stream].get_or_insert_with(|| {
                streams.push(self.streams[stream].clone());
                u32::try_from(streams.len() - 1).expect("a batch has fewer streams than records")
            })
        });
        (indexes.collect(), streams)
    }
}

/// For each key of a request its number in the batch at hand, where that batch has it. One for all batches of a request,
/// because a request may have a million keys and each of its batches only some thousand of them.
struct KeyNumbers {
    /// The batch that gave the number, and the number.
    given: Vec<(u32, u32)>,
    batch: u32,
}

impl KeyNumbers {
    fn new(keys: usize) -> KeyNumbers {
        KeyNumbers { given: vec![(0, 0); keys], batch: 0 }
    }

    fn begin_batch(&mut self) {
        self.batch += 1;
    }

    fn of(&mut self, key: u32, give: impl FnOnce() -> u32) -> u32 {
        let (batch, number) = &mut self.given[key as usize];
        if *batch != self.batch {
            (*batch, *number) = (self.batch, give());
        }
        *number
    }
}

/// The attributes of these rows, with the keys that they use and no other.
fn attribute_entries<'a>(
    attributes: &'a model::AttributeRows,
    numbers: &mut KeyNumbers,
    rows: impl ExactSizeIterator<Item = usize> + Clone,
) -> AttributeEntries<'a> {
    numbers.begin_batch();
    let count = rows.clone().map(|row| attributes.entries(row).len()).sum();
    let mut entries = AttributeEntries::with_capacity(rows.len(), count);
    for row in rows {
        for entry in attributes.entries(row) {
            let key = attributes.key[entry];
            let number = numbers.of(key, || entries.key(&attributes.keys[key as usize]));
            entries.push(AttributeEntry {
                key: number,
                kind: attributes.kind[entry],
                bits: attributes.bits[entry],
                text: attributes.text.get(entry),
            });
        }
        entries.end_record();
    }
    entries
}

fn pick<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|row| column[*row]).collect()
}

fn picked_text(column: &TextColumn, rows: &[usize]) -> ArrayRef {
    let bytes = rows.iter().map(|row| column.get(*row).len()).sum();
    let mut builder = StringBuilder::with_capacity(rows.len(), bytes);
    rows.iter().for_each(|row| builder.append_value(column.get(*row)));
    Arc::new(builder.finish())
}

/// Takes over the texts without copying them, but for room that a growing buffer left unused.
fn text_column(column: TextColumn) -> ArrayRef {
    let (mut text, ends) = column.into_parts();
    text.shrink_to_fit();
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0i32);
    offsets.extend(ends.iter().map(|end| i32::try_from(*end).expect("a batch's text stays below 2 GiB")));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Arc::new(StringArray::new(offsets, Buffer::from_vec(text.into_bytes()), None))
}

fn id_column(width: i32, bytes: &[u8]) -> ArrayRef {
    Arc::new(FixedSizeBinaryArray::new(width, Buffer::from_slice_ref(bytes), None))
}

/// Bytes of all texts of a request's records.
fn text_bytes(batch: &LogBatch) -> u64 {
    let columns = [&batch.severity_text, &batch.body, &batch.event_name, &batch.attributes.text];
    columns.into_iter().map(|column| column.as_parts().0.len() as u64).sum()
}

/// Bytes of one record's texts.
fn row_text_bytes(batch: &LogBatch, row: usize) -> u64 {
    let own = batch.severity_text.get(row).len() + batch.body.get(row).len() + batch.event_name.get(row).len();
    let attributes: usize = batch.attributes.entries(row).map(|entry| batch.attributes.text.get(entry).len()).sum();
    (own + attributes) as u64
}

/// Cuts rows into ranges that each fit a batch. A batch passes the ceiling on text by one record at most.
fn cut(batch: &LogBatch, rows: &[usize]) -> Vec<std::ops::Range<usize>> {
    let mut cuts = Vec::new();
    let mut start = 0;
    let mut bytes = 0;
    for (index, row) in rows.iter().enumerate() {
        if index - start >= BATCH_RECORDS_MAX || bytes > BATCH_TEXT_BYTES_MAX {
            cuts.push(start..index);
            start = index;
            bytes = 0;
        }
        bytes += row_text_bytes(batch, *row);
    }
    cuts.push(start..rows.len());
    cuts
}

#[cfg(test)]
mod tests;
