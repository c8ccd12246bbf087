//! Streams of one tenant, each held once however many requests repeat it.
//!
//! Two streams are one when all their fields and values are, bit by bit: `-0.0` and `0.0` differ, and a `NaN` is itself.
//! Their text form says so exactly, which `==` on doubles would not.

use model::{Attributes, EntityRef, Stream, Value};
use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Weak};

/// The streams that some batch holds.
#[derive(Debug, Default)]
pub(crate) struct StreamTable {
    hasher: RandomState,
    known: HashMap<u64, Vec<Weak<Stream>>>,
    /// Entries at the last clean-up.
    cleaned_at: usize,
}

/// A stream, and the bytes to charge to the batch that brought it: none when it was known.
pub(crate) struct Interned {
    pub(crate) stream: Arc<Stream>,
    pub(crate) new_bytes: u64,
}

/// Tables smaller than this are not worth a clean-up.
const CLEAN_ENTRIES_MIN: usize = 1_024;

impl StreamTable {
    pub(crate) fn intern(&mut self, stream: Stream) -> Interned {
        let text = exact_text(&stream);
        let hash = self.hasher.hash_one(&text);
        if let Some(known) = self.find(hash, &text) {
            return Interned { stream: known, new_bytes: 0 };
        }
        self.clean();
        let new_bytes = memory_bytes(&stream);
        let stream = Arc::new(stream);
        self.known.entry(hash).or_default().push(Arc::downgrade(&stream));
        Interned { stream, new_bytes }
    }

    fn find(&self, hash: u64, text: &str) -> Option<Arc<Stream>> {
        let same_hash = self.known.get(&hash)?;
        same_hash.iter().filter_map(Weak::upgrade).find(|known| exact_text(known) == *text)
    }

    /// Forgets streams that no batch holds any more, each time the table has doubled.
    fn clean(&mut self) {
        if self.known.len() < CLEAN_ENTRIES_MIN.max(self.cleaned_at * 2) {
            return;
        }
        self.known.retain(|_, streams| {
            streams.retain(|stream| stream.strong_count() > 0);
            !streams.is_empty()
        });
        self.cleaned_at = self.known.len();
    }
}

/// Different for any two streams that differ in anything. Texts are quoted, so nothing can run into its neighbour.
fn exact_text(stream: &Stream) -> String {
    let mut out = String::with_capacity(256);
    write_attributes(&stream.resource, &mut out);
    write_attributes(&stream.scope, &mut out);
    for text in [&stream.resource_schema_url, &stream.scope_name, &stream.scope_version, &stream.scope_schema_url] {
        write_text(text, &mut out);
    }
    for number in [stream.resource_dropped_attributes, stream.scope_dropped_attributes] {
        write!(out, "{number};").expect("writing to a String does not fail");
    }
    for entity in &stream.entity_refs {
        write_entity(entity, &mut out);
    }
    out
}

fn write_attributes(attributes: &Attributes, out: &mut String) {
    for (key, value) in attributes {
        write_text(key, out);
        value.write_text_form(out);
        out.push(';');
    }
    out.push('|');
}

fn write_entity(entity: &EntityRef, out: &mut String) {
    write_text(&entity.schema_url, out);
    write_text(&entity.entity_type, out);
    for keys in [&entity.id_keys, &entity.description_keys] {
        keys.iter().for_each(|key| write_text(key, out));
        out.push('|');
    }
}

/// By its length, which costs less than quoting.
fn write_text(text: &str, out: &mut String) {
    write!(out, "{}:", text.len()).expect("writing to a String does not fail");
    out.push_str(text);
}

/// Bytes of memory that a stream takes, its place in the table included.
fn memory_bytes(stream: &Stream) -> u64 {
    let texts = [&stream.resource_schema_url, &stream.scope_name, &stream.scope_version, &stream.scope_schema_url];
    let texts: usize = texts.into_iter().map(|text| text.len()).sum();
    let entities: usize = stream.entity_refs.iter().map(entity_bytes).sum();
    let attributes = attributes_bytes(&stream.resource) + attributes_bytes(&stream.scope);
    (size_of::<Stream>() + TABLE_ENTRY_BYTES + texts + entities + attributes) as u64
}

/// A key, a list of one and what an allocator adds.
const TABLE_ENTRY_BYTES: usize = 96;

fn entity_bytes(entity: &EntityRef) -> usize {
    let keys = entity.id_keys.iter().chain(&entity.description_keys);
    let keys: usize = keys.map(|key| size_of::<Box<str>>() + key.len()).sum();
    size_of::<EntityRef>() + entity.schema_url.len() + entity.entity_type.len() + keys
}

fn attributes_bytes(attributes: &Attributes) -> usize {
    attributes.iter().map(|(key, value)| size_of::<(Box<str>, Value)>() + key.len() + value_bytes(value)).sum()
}

/// Bytes that a value holds outside of itself.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) => 0,
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Array(values) => values.iter().map(|value| size_of::<Value>() + value_bytes(value)).sum(),
        Value::Map(entries) => attributes_bytes(entries),
    }
}

#[cfg(test)]
mod tests;
