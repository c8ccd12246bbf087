//! The columns of one signal: those that all telemetry has, and the signal's own.

use crate::attributes::{AttributeLayout, rest_fields};
use arrow_schema::{DataType, Field, FieldRef};
use std::sync::Arc;

/// The columns that one signal has besides time, sequence, stream and attributes.
#[derive(Debug)]
pub struct Layout {
    own: Vec<FieldRef>,
    storage: Vec<Storage>,
    message: Option<Message>,
    common: [FieldRef; COMMON_COLUMNS],
    attributes: [FieldRef; 2],
}

/// A column of a signal's own. Never null.
#[derive(Debug)]
pub struct OwnColumn {
    /// Name and type.
    pub field: Field,
    /// How a part keeps it.
    pub storage: Storage,
}

/// How a part keeps a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Numbers that differ little from one record to the next.
    Near,
    /// Few distinct values.
    Few,
    /// Texts that are long or seldom the same.
    Text,
    /// Random bytes of a fixed width, all zero for none. They are searched by their hexadecimal digits.
    Id,
}

/// The text that is split into shape and variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Which of the own columns holds it, of type `Utf8`.
    pub text: usize,
    /// Which one holds what it was, as the byte of a [`model::ValueKind`]. Only strings have shapes.
    pub kind: usize,
}

pub(crate) const COMMON_COLUMNS: usize = 3;

impl Layout {
    /// A layout with these columns.
    pub fn new(own: Vec<OwnColumn>, message: Option<Message>) -> Layout {
        let entry = Field::new("entry", DataType::Struct(rest_fields()), false);
        Layout {
            storage: own.iter().map(|column| column.storage).collect(),
            own: own.into_iter().map(|column| Arc::new(column.field)).collect(),
            message,
            common: [
                Arc::new(Field::new("time", DataType::Int64, false)),
                Arc::new(Field::new("sequence", DataType::UInt64, false)),
                Arc::new(Field::new("stream", DataType::UInt32, false)),
            ],
            attributes: [
                Arc::new(Field::new("order", DataType::Binary, false)),
                Arc::new(Field::new("rest", DataType::List(Arc::new(entry)), false)),
            ],
        }
    }

    /// The text that is split into shape and variables.
    pub fn message(&self) -> Option<Message> {
        self.message
    }

    pub(crate) fn own_columns(&self) -> usize {
        self.own.len()
    }

    pub(crate) fn own(&self) -> impl Iterator<Item = (&FieldRef, Storage)> {
        self.own.iter().zip(self.storage.iter().copied())
    }

    /// The fields of every batch: all but those of attributes with a column of their own.
    pub(crate) fn batch_fields(&self) -> impl Iterator<Item = &FieldRef> {
        self.common.iter().chain(&self.own).chain(&self.attributes)
    }

    pub(crate) fn attribute_fields(&self) -> &[FieldRef; 2] {
        &self.attributes
    }

    pub(crate) fn attribute_layout(&self) -> AttributeLayout {
        let order = COMMON_COLUMNS + self.own.len();
        AttributeLayout { order, rest: order + 1, first_typed: order + 2 }
    }
}
