//! What the tests of this crate share: records written plainly, batches made of them, and what is read back.

use crate::{AttributeEntries, AttributeEntry, Batch, Layout, NewBatch, OwnColumn, Storage};
use arrow_array::StringArray;
use arrow_array::builder::StringBuilder;
use arrow_schema::{DataType, Field};
use model::{Attributes, Stream, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::{Arc, LazyLock};
use testkit::generate;

/// Shows what batches really hold.
#[global_allocator]
static ALLOCATOR: testkit::allocation::Counting = testkit::allocation::Counting;

/// A record of a layout with one column of its own.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) time: i64,
    pub(crate) sequence: u64,
    pub(crate) stream: Arc<Stream>,
    pub(crate) text: String,
    pub(crate) attributes: Attributes,
}

/// The one layout of these tests; its fields are shared by all batches.
pub(crate) fn layout() -> &'static Layout {
    static LAYOUT: LazyLock<Layout> = LazyLock::new(new_layout);
    &LAYOUT
}

pub(crate) fn new_layout() -> Layout {
    Layout::new(vec![OwnColumn { field: Field::new("text", DataType::Utf8, false), storage: Storage::Text }], None)
}

/// A stream that its name tells from others.
pub(crate) fn stream(name: &str) -> Arc<Stream> {
    Arc::new(Stream { scope_name: name.into(), ..Stream::default() })
}

/// A record without attributes, of a stream that all of them share.
pub(crate) fn sample(time: i64, sequence: u64) -> Sample {
    static SHARED: LazyLock<Arc<Stream>> = LazyLock::new(Arc::default);
    Sample { time, sequence, stream: SHARED.clone(), text: format!("record {sequence}"), attributes: vec![] }
}

pub(crate) fn attribute(key: &str, value: Value) -> (Box<str>, Value) {
    (key.into(), value)
}

pub(crate) fn text(value: &str) -> Value {
    Value::Str(value.into())
}

/// One batch of these records, which may come in any order.
pub(crate) fn batch(samples: &[Sample]) -> Batch {
    batch_with_streams_of(samples, 0)
}

/// One batch that answers for so many bytes of its streams.
pub(crate) fn batch_with_streams_of(samples: &[Sample], stream_bytes: u64) -> Batch {
    let mut samples: Vec<&Sample> = samples.iter().collect();
    samples.sort_by_key(|sample| (sample.time, sample.sequence));
    let mut streams: Vec<Arc<Stream>> = Vec::new();
    let mut indexes = Vec::new();
    for sample in &samples {
        let known = streams.iter().position(|stream| Arc::ptr_eq(stream, &sample.stream));
        let index = known.unwrap_or_else(|| {
            streams.push(sample.stream.clone());
            streams.len() - 1
        });
        indexes.push(u32::try_from(index).unwrap());
    }
    let texts: Vec<Vec<String>> =
        samples.iter().map(|sample| sample.attributes.iter().map(|(_, value)| entry_text(value)).collect()).collect();
    let mut attributes = AttributeEntries::default();
    for (sample, texts) in samples.iter().zip(&texts) {
        for ((key, value), text) in sample.attributes.iter().zip(texts) {
            let key = attributes.key(key);
            attributes.push(AttributeEntry { key, kind: value.kind(), bits: entry_bits(value), text });
        }
        attributes.end_record();
    }
    let mut own = StringBuilder::with_capacity(samples.len(), samples.iter().map(|sample| sample.text.len()).sum());
    samples.iter().for_each(|sample| own.append_value(&sample.text));
    let new = NewBatch {
        time: samples.iter().map(|sample| sample.time).collect(),
        sequence: samples.iter().map(|sample| sample.sequence).collect(),
        stream: indexes,
        streams,
        stream_bytes,
        own: vec![Arc::new(own.finish())],
        attributes,
    };
    Batch::build(layout(), new)
}

fn entry_bits(value: &Value) -> u64 {
    match value {
        Value::Bool(flag) => u64::from(*flag),
        Value::Int(number) => number.cast_unsigned(),
        Value::Double(number) => number.to_bits(),
        Value::Empty | Value::Str(_) | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => 0,
    }
}

fn entry_text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Bytes(_) | Value::Array(_) | Value::Map(_) => value.to_string(),
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) => String::new(),
    }
}

/// The records of a batch.
pub(crate) fn read(batch: &Batch) -> Vec<Sample> {
    let texts: &StringArray = batch.own_column(0).as_any().downcast_ref().unwrap();
    let sample = |row: usize| Sample {
        time: batch.times()[row],
        sequence: batch.sequences()[row],
        stream: batch.streams()[batch.stream_indexes()[row] as usize].clone(),
        text: texts.value(row).to_owned(),
        attributes: batch.attributes(row),
    };
    (0..batch.len()).map(sample).collect()
}

/// One line per record that differs when anything differs, the bits of a NaN included.
pub(crate) fn shown(samples: &[Sample]) -> Vec<String> {
    let line = |sample: &Sample| {
        let attributes: Vec<String> =
            sample.attributes.iter().map(|(key, value)| format!("{key:?}={}", exact(value))).collect();
        let stream = Arc::as_ptr(&sample.stream);
        format!("{} {} {stream:?} {:?} {}", sample.time, sample.sequence, sample.text, attributes.join(" "))
    };
    samples.iter().map(line).collect()
}

/// A value with its type; a double by its bits.
pub(crate) fn exact(value: &Value) -> String {
    match value {
        Value::Double(number) => format!("Double:{:016x}", number.to_bits()),
        other => format!("{:?}:{other}", other.kind()),
    }
}

/// Attributes of few keys, so that one occurs twice in a record and with several types in a batch.
pub(crate) fn attributes() -> impl Strategy<Value = Attributes> {
    vec((select(generate::KEYS), generate::value()), 0..6)
        .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// Records of few times and of the given streams, each with a sequence of its own.
pub(crate) fn samples(streams: Vec<Arc<Stream>>) -> impl Strategy<Value = Vec<Sample>> {
    vec((0..6i64, select(streams), generate::text(), attributes()), 1..60).prop_map(|records| {
        (0..)
            .zip(records)
            .map(|(sequence, (time, stream, text, attributes))| Sample { time, sequence, stream, text, attributes })
            .collect()
    })
}
