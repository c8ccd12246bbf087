//! The strings of a typed column.
//!
//! A batch of the head has one for each record. A row group of a part has the distinct ones, as they stand in the file's
//! dictionary, and for each record its place among them: whoever asks the same of all of them asks each text once.

use super::downcast;
use arrow_array::types::Int32Type;
use arrow_array::{Array, DictionaryArray, Int32Array, StringArray};
use arrow_buffer::NullBuffer;

/// The strings of a typed column; null where a record has none.
#[derive(Debug, Clone, Copy)]
pub enum Strings<'a> {
    /// One for each record.
    Each(&'a StringArray),
    /// The distinct ones, and for each record its place among them. Some of them may belong to no record.
    Distinct {
        /// By record.
        numbers: &'a Int32Array,
        /// By number.
        values: &'a StringArray,
    },
}

impl<'a> Strings<'a> {
    /// The strings of a column that is one of either kind.
    pub(crate) fn of(column: &'a dyn Array) -> Strings<'a> {
        match column.as_any().downcast_ref::<DictionaryArray<Int32Type>>() {
            Some(column) => Strings::Distinct { numbers: column.keys(), values: downcast(&**column.values()) },
            None => Strings::Each(downcast(column)),
        }
    }

    /// Which records have one.
    pub fn nulls(&self) -> Option<&'a NullBuffer> {
        match *self {
            Strings::Each(column) => column.nulls(),
            Strings::Distinct { numbers, .. } => numbers.nulls(),
        }
    }

    /// True when the record has one.
    pub fn is_valid(&self, row: usize) -> bool {
        self.nulls().is_none_or(|nulls| nulls.is_valid(row))
    }

    /// That of a record that has one.
    pub fn value(&self, row: usize) -> &'a str {
        match *self {
            Strings::Each(column) => column.value(row),
            Strings::Distinct { numbers, values } => values.value(place(numbers.value(row))),
        }
    }
}

impl Strings<'_> {
    /// Bytes of the texts of the first `records` records.
    pub(crate) fn text_bytes(&self, records: usize) -> u64 {
        (0..records).filter(|row| self.is_valid(*row)).map(|row| self.value(row).len() as u64).sum()
    }
}

/// A record's place among distinct strings. The reader of the file has compared it with their count.
fn place(number: i32) -> usize {
    usize::try_from(number).expect("places are counted from zero")
}
