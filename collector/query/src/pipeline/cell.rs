//! One value of a row, and the order in which values stand.
//!
//! Two values are the same when they are of one type and have one text form: `5`, `5.0` and `"5"` are three. The order
//! is total and depends on nothing else, so that groups always come in the same one.

use crate::answer;
use crate::evaluate::Number;
use basics::Timestamp;
use model::Value;
use std::cmp::Ordering;

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// The row has no such field.
    Missing,
    /// A time.
    Time(Timestamp),
    /// Any other value.
    Value(Value),
}

/// What decides the order first.
enum Rank<'a> {
    Bool(bool),
    Number(Number),
    Time(Timestamp),
    Text(&'a str),
    Structured,
    Nothing,
}

impl Rank<'_> {
    fn class(&self) -> u8 {
        match self {
            Rank::Bool(_) => 0,
            Rank::Number(_) => 1,
            Rank::Time(_) => 2,
            Rank::Text(_) => 3,
            Rank::Structured => 4,
            Rank::Nothing => 5,
        }
    }
}

impl Cell {
    /// Bools, then numbers (strings that are one in full among them), times, strings, all else, and what is not there.
    pub(crate) fn compare(&self, other: &Cell) -> Ordering {
        let (left, right) = (self.rank(), other.rank());
        let by_rank = match (&left, &right) {
            (Rank::Bool(left), Rank::Bool(right)) => left.cmp(right),
            (Rank::Number(left), Rank::Number(right)) => left.compare(*right).unwrap_or(Ordering::Equal),
            (Rank::Time(left), Rank::Time(right)) => left.cmp(right),
            (Rank::Text(left), Rank::Text(right)) => left.cmp(right),
            _ => left.class().cmp(&right.class()),
        };
        // Whatever is not the same must not be equal.
        by_rank.then_with(|| self.key().cmp(&other.key()))
    }

    /// True for what has no place among the others when rows are sorted.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Cell::Missing | Cell::Value(Value::Empty))
    }

    fn rank(&self) -> Rank<'_> {
        match self {
            Cell::Missing | Cell::Value(Value::Empty) => Rank::Nothing,
            Cell::Time(time) => Rank::Time(*time),
            Cell::Value(Value::Bool(flag)) => Rank::Bool(*flag),
            Cell::Value(Value::Str(text)) => Number::parse(text).map_or(Rank::Text(text), Rank::Number),
            Cell::Value(value) => number_of(value).map_or(Rank::Structured, Rank::Number),
        }
    }

    fn key(&self) -> String {
        let mut key = String::new();
        self.write_key(&mut key);
        key
    }

    /// Appends what is the same for the same values only, and ends with a byte that stands nowhere else in it.
    pub(crate) fn write_key(&self, out: &mut String) {
        match self {
            Cell::Missing => out.push('-'),
            Cell::Time(time) => {
                out.push('@');
                out.push_str(&time.0.to_string());
            }
            Cell::Value(value) => {
                out.push('=');
                value.write_text_form(out);
            }
        }
        out.push('\0');
    }

    /// What it takes beside itself.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Cell::Missing | Cell::Time(_) => 0,
            Cell::Value(value) => answer::behind(value),
        }
    }

    /// The number it is, whole strings that read as one among them; NaN is none.
    pub(crate) fn number(&self) -> Option<Number> {
        match self {
            Cell::Missing | Cell::Time(_) => None,
            Cell::Value(Value::Str(text)) => Number::parse(text),
            Cell::Value(value) => number_of(value),
        }
    }
}

fn number_of(value: &Value) -> Option<Number> {
    match value {
        Value::Int(number) => Some(Number::Int(*number)),
        Value::Double(number) if !number.is_nan() => Some(Number::Double(*number)),
        Value::Double(_)
        | Value::Empty
        | Value::Str(_)
        | Value::Bool(_)
        | Value::Bytes(_)
        | Value::Array(_)
        | Value::Map(_) => None,
    }
}
