//! Attributes of many records, on their way into columns.

use model::ValueKind;
use std::collections::HashMap;

/// One attribute of one record.
#[derive(Debug, Clone, Copy)]
pub struct AttributeEntry<'a> {
    /// What [`AttributeEntries::key`] gave for the key.
    pub key: u32,
    /// The type of the value.
    pub kind: ValueKind,
    /// The bits of an integer or double, 0 or 1 for a bool, else 0.
    pub bits: u64,
    /// The plain text of a string, the text form of bytes, arrays and maps, else empty.
    pub text: &'a str,
}

/// The attributes of a batch's records, record by record in the batch's order.
#[derive(Debug, Default)]
pub struct AttributeEntries<'a> {
    pub(crate) keys: Vec<&'a str>,
    pub(crate) entries: Vec<AttributeEntry<'a>>,
    pub(crate) ends: Vec<usize>,
    numbers: HashMap<&'a str, u32>,
}

impl<'a> AttributeEntries<'a> {
    /// Room for so many records and attributes.
    pub fn with_capacity(records: usize, entries: usize) -> AttributeEntries<'a> {
        AttributeEntries {
            entries: Vec::with_capacity(entries),
            ends: Vec::with_capacity(records),
            ..AttributeEntries::default()
        }
    }

    /// The number of a key; the same for the same text.
    pub fn key(&mut self, key: &'a str) -> u32 {
        let next = u32::try_from(self.keys.len()).expect("request limits keep keys under 2^32");
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.keys.push(key);
        }
        number
    }

    /// Adds an attribute to the record at hand.
    pub fn push(&mut self, entry: AttributeEntry<'a>) {
        debug_assert!((entry.key as usize) < self.keys.len(), "a key's number comes from key()");
        self.entries.push(entry);
    }

    /// Ends the record at hand; the next attribute belongs to the next record.
    pub fn end_record(&mut self) {
        self.ends.push(self.entries.len());
    }

    /// The attributes of each record.
    pub(crate) fn records(&self) -> impl Iterator<Item = &[AttributeEntry<'a>]> {
        let mut start = 0;
        self.ends.iter().map(move |end| &self.entries[std::mem::replace(&mut start, *end)..*end])
    }
}
