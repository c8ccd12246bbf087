//! What may be made of the records that match: pipes, one behind the other.
//!
//! The first pipe takes the records, each other one what the pipe before it yields. Columns that a pipe makes
//! (`count`, a name behind `as`, the groups of a regular expression) are named like attributes: a later pipe asks for
//! them with [`Field::Attribute`], and they answer before an attribute of that key.

use crate::filter::{Field, Filter};
use std::time::Duration;

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Pipe {
    /// Keeps what matches.
    Where(Filter),
    /// Figures over all that comes in, or over each group of it.
    Stats {
        /// At least one.
        columns: Vec<StatColumn>,
        /// What makes a group; without any, all is one.
        groups: Vec<StatGroup>,
    },
    /// The most frequent values of a field, with their counts.
    Top {
        /// How many.
        count: u32,
        /// Of what.
        field: Field,
    },
    /// The shapes of the bodies, with their counts and an example.
    Patterns {
        /// How many; `None` leaves it to who runs it.
        count: Option<u32>,
    },
    /// Which fields are shown.
    Fields(Vec<ChosenField>),
    /// In which order; by the first key, where that is equal by the next.
    Sort(Vec<SortKey>),
    /// No more than so many.
    Limit(u64),
    /// What stands around each record in its stream.
    Context {
        /// Records before it.
        before: u32,
        /// Records behind it.
        after: u32,
    },
    /// Makes fields of a text.
    Parse {
        /// How it is read.
        syntax: ParseSyntax,
        /// Which text; `None` = the body.
        from: Option<Field>,
    },
}

/// A figure, and what its column is called.
#[derive(Debug, Clone, PartialEq)]
pub struct StatColumn {
    /// The figure.
    pub function: StatFunction,
    /// Its name; `None` = the function's own, as it is written.
    pub name: Option<Box<str>>,
}

/// A figure over a group of records.
#[derive(Debug, Clone, PartialEq)]
pub enum StatFunction {
    /// How many records there are, or how many that have the field.
    Count(Option<Field>),
    /// How many different values.
    CountDistinct(Field),
    /// The sum of what are numbers.
    Sum(Field),
    /// Their mean.
    Average(Field),
    /// The least number.
    Min(Field),
    /// The greatest number.
    Max(Field),
    /// The number below which this share of them lies.
    Quantile {
        /// From 0 to 1.
        share: f64,
        /// Of what.
        field: Field,
    },
    /// Records in a second of the range that was asked for.
    Rate,
}

/// What parts records into groups.
#[derive(Debug, Clone, PartialEq)]
pub enum StatGroup {
    /// The value of a field.
    Field(Field),
    /// The record's time in steps of this width, counted from 1970 in UTC.
    TimeBucket(Duration),
}

/// A field that is shown or left out.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenField {
    /// The field.
    pub field: Field,
    /// True for `-c`: all but this.
    pub is_left_out: bool,
}

/// What decides an order.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// The field.
    pub field: Field,
    /// Greatest first.
    pub is_descending: bool,
}

/// How fields are made of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum ParseSyntax {
    /// A regular expression whose named groups are the fields.
    Regex(Box<str>),
    /// One JSON object.
    Json,
    /// A logfmt line.
    Logfmt,
}
