//! Attributes in columns: one nullable column for each frequent pair of key and type, one list column for the rest.
//!
//! Always true:
//! - nothing is lost or retyped, and the order sent comes back: the column `order` holds, for each record, one byte
//!   for each of its attributes, which names the column of its value ([`IN_REST`] for the next one in the list);
//! - of several attributes of a record with one key, only the first may stand in a column, the others stand in the
//!   list. So the first in the list answers where no column of that key does;
//! - an integer and a double of one key are two columns.
//!
//! Start at [`AttributeEntries`] for writing, at [`AttributeColumn`] for reading.

mod conform;
mod encode;
mod entries;
mod strings;

use crate::batch::Batch;
use arrow_array::{Array, BinaryArray, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StructArray};
use arrow_array::{UInt8Array, UInt64Array};
use arrow_schema::{DataType, Field, Fields};
use model::{Attributes, Value, ValueKind};
use std::ops::Range;

pub(crate) use conform::{Conformed, KeyCounts, conform, frequent, places_in, push_record, renumbered};
pub(crate) use encode::{Encoded, encode};
pub use entries::{AttributeEntries, AttributeEntry};
pub use strings::Strings;

/// In the column `order`: the value stands in the list.
pub(crate) const IN_REST: u8 = u8::MAX;

/// The values of one key and type; null where a record has none.
#[derive(Debug, Clone, Copy)]
pub enum AttributeColumn<'a> {
    /// Strings.
    Str(Strings<'a>),
    /// Bools.
    Bool(&'a BooleanArray),
    /// Integers.
    Int(&'a Int64Array),
    /// Doubles.
    Double(&'a Float64Array),
}

/// The list column: for each record the attributes without a column of their own, in the order sent.
#[derive(Debug, Clone, Copy)]
pub struct RestColumn<'a> {
    offsets: &'a [i32],
    keys: &'a StringArray,
    kinds: &'a [u8],
    bits: &'a [u64],
    texts: &'a StringArray,
}

/// Which column of a batch holds which key and type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TypedKey {
    pub(crate) key: Box<str>,
    pub(crate) kind: ValueKind,
}

/// Columns behind a batch's own ones, in this order; the typed ones follow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttributeLayout {
    pub(crate) order: usize,
    pub(crate) rest: usize,
    pub(crate) first_typed: usize,
}

impl Batch {
    /// The columns of a key: none, or one for each type that is frequent.
    pub fn attribute_columns<'a>(&'a self, key: &'a str) -> impl Iterator<Item = AttributeColumn<'a>> {
        let found = self.typed_keys().iter().enumerate().filter(move |(_, typed)| *typed.key == *key);
        found.map(|(number, _)| self.typed_column(number))
    }

    /// All columns of strings, whatever their key.
    pub fn string_attribute_columns(&self) -> impl Iterator<Item = Strings<'_>> {
        let numbers = self.typed_keys().iter().enumerate().filter(|(_, typed)| typed.kind == ValueKind::Str);
        numbers.filter_map(|(number, _)| match self.typed_column(number) {
            AttributeColumn::Str(column) => Some(column),
            AttributeColumn::Bool(_) | AttributeColumn::Int(_) | AttributeColumn::Double(_) => None,
        })
    }

    /// The attributes without a column of their own.
    pub fn rest(&self) -> RestColumn<'_> {
        let list = downcast::<ListArray>(self.column(self.attribute_layout().rest));
        let columns = downcast::<StructArray>(list.values());
        RestColumn {
            offsets: list.value_offsets(),
            keys: downcast(columns.column(0)),
            kinds: downcast::<UInt8Array>(columns.column(1)).values(),
            bits: downcast::<UInt64Array>(columns.column(2)).values(),
            texts: downcast(columns.column(3)),
        }
    }

    /// The attributes of a record as they were sent.
    pub fn attributes(&self, row: usize) -> Attributes {
        let rest = self.rest();
        let mut in_rest = rest.entries(row);
        let order = self.attribute_order(row);
        let mut attributes = Attributes::with_capacity(order.len());
        for number in order {
            if *number == IN_REST {
                // As many as the order names, but where a part is damaged.
                let Some(entry) = in_rest.next() else { continue };
                attributes.push((rest.key(entry).into(), rest.value(entry)));
            } else {
                let number = usize::from(*number);
                let column = self.typed_column(number);
                // A value that is named and not there is damage as well.
                if column.is_present(row) {
                    attributes.push((self.typed_keys()[number].key.clone(), column.value(row)));
                }
            }
        }
        attributes
    }

    /// The columns that hold a record's attributes, in the order sent.
    pub(crate) fn attribute_order(&self, row: usize) -> &[u8] {
        downcast::<BinaryArray>(self.column(self.attribute_layout().order)).value(row)
    }

    /// How many records have a value in a typed column.
    pub(crate) fn typed_count(&self, number: usize) -> usize {
        let column = self.column(self.attribute_layout().first_typed + number);
        column.len() - column.null_count()
    }

    pub(crate) fn typed_column(&self, number: usize) -> AttributeColumn<'_> {
        let column = self.column(self.attribute_layout().first_typed + number);
        match self.typed_keys()[number].kind {
            ValueKind::Str => AttributeColumn::Str(Strings::of(column)),
            ValueKind::Bool => AttributeColumn::Bool(downcast(column)),
            ValueKind::Int => AttributeColumn::Int(downcast(column)),
            ValueKind::Double => AttributeColumn::Double(downcast(column)),
            ValueKind::Empty | ValueKind::Bytes | ValueKind::Array | ValueKind::Map => {
                unreachable!("only scalars get a column of their own")
            }
        }
    }
}

impl<'a> AttributeColumn<'a> {
    /// True when the record has this attribute with this type.
    pub fn is_present(&self, row: usize) -> bool {
        match self {
            AttributeColumn::Str(column) => column.is_valid(row),
            AttributeColumn::Bool(column) => column.is_valid(row),
            AttributeColumn::Int(column) => column.is_valid(row),
            AttributeColumn::Double(column) => column.is_valid(row),
        }
    }

    /// The value of a record that has it.
    pub fn value(&self, row: usize) -> Value {
        match self {
            AttributeColumn::Str(column) => Value::Str(column.value(row).into()),
            AttributeColumn::Bool(column) => Value::Bool(column.value(row)),
            AttributeColumn::Int(column) => Value::Int(column.value(row)),
            AttributeColumn::Double(column) => Value::Double(column.value(row)),
        }
    }

    /// The value of a record that has it, as bits and text (see [`AttributeEntry`]).
    pub(crate) fn parts(&self, row: usize) -> (u64, &'a str) {
        match self {
            AttributeColumn::Str(column) => (0, column.value(row)),
            AttributeColumn::Bool(column) => (u64::from(column.value(row)), ""),
            AttributeColumn::Int(column) => (column.value(row).cast_unsigned(), ""),
            AttributeColumn::Double(column) => (column.value(row).to_bits(), ""),
        }
    }
}

impl<'a> RestColumn<'a> {
    /// How many entries all records have here.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// True when no record has anything here.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The entries of a record.
    pub fn entries(&self, row: usize) -> Range<usize> {
        entry_index(self.offsets[row])..entry_index(self.offsets[row + 1])
    }

    /// The key of an entry.
    pub fn key(&self, entry: usize) -> &'a str {
        self.keys.value(entry)
    }

    /// The type of an entry's value.
    pub fn kind(&self, entry: usize) -> ValueKind {
        ValueKind::from_byte(self.kinds[entry]).expect("encode writes known kinds")
    }

    /// The plain text of a string, the text form of bytes, arrays and maps, else empty.
    pub fn text(&self, entry: usize) -> &'a str {
        self.texts.value(entry)
    }

    /// What [`RestColumn::text`] gives, of all entries.
    pub fn texts(&self) -> &'a StringArray {
        self.texts
    }

    /// The value of an entry.
    pub fn value(&self, entry: usize) -> Value {
        let bits = self.bits[entry];
        match self.kind(entry) {
            ValueKind::Empty => Value::Empty,
            ValueKind::Str => Value::Str(self.text(entry).into()),
            ValueKind::Bool => Value::Bool(bits != 0),
            ValueKind::Int => Value::Int(bits.cast_signed()),
            ValueKind::Double => Value::Double(f64::from_bits(bits)),
            ValueKind::Bytes | ValueKind::Array | ValueKind::Map => from_text_form(self.text(entry)),
        }
    }

    pub(crate) fn parts(&self, entry: usize) -> (u64, &'a str) {
        (self.bits[entry], self.text(entry))
    }
}

/// A value from the text form that a decoder wrote. A text that is none, which only a file of another's making can hold, is
/// kept as text rather than lost.
fn from_text_form(text: &str) -> Value {
    Value::parse_text_form(text).unwrap_or_else(|| Value::Str(text.into()))
}

/// The fields of an entry in the list column.
pub(crate) fn rest_fields() -> Fields {
    Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("kind", DataType::UInt8, false),
        Field::new("bits", DataType::UInt64, false),
        Field::new("text", DataType::Utf8, false),
    ])
}

fn entry_index(offset: i32) -> usize {
    usize::try_from(offset).expect("offsets are not negative")
}

/// A column as the type that its field says.
pub(crate) fn downcast<T: Array + 'static>(column: &dyn Array) -> &T {
    column.as_any().downcast_ref().expect("a column has the type of its field")
}

#[cfg(test)]
mod tests;
