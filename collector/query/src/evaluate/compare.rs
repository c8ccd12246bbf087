//! `field>5`, `field<="m"`, `level>=warn`, `time>-1h`: how a value stands to a literal.
//!
//! Numbers are compared by value, strings with a number too where they are one in full; strings with a text by code
//! point. What cannot be compared does not match.

use super::id::hexadecimal;
use super::number::Number;
use super::value_test::ValueTest;
use model::Comparison;
use std::cmp::Ordering;

/// Whether a value with this ordering to the literal matches.
pub(crate) fn holds(comparison: Comparison, ordering: Ordering) -> bool {
    match comparison {
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

/// A comparison with a number.
#[derive(Debug, Clone)]
pub(crate) struct CompareNumber {
    pub(crate) comparison: Comparison,
    pub(crate) literal: Number,
}

impl CompareNumber {
    fn number(&self, number: Number) -> bool {
        number.compare(self.literal).is_some_and(|ordering| holds(self.comparison, ordering))
    }
}

impl ValueTest for CompareNumber {
    fn text(&self, text: &str) -> bool {
        Number::parse(text).is_some_and(|number| self.number(number))
    }

    fn bool(&self, _flag: bool) -> bool {
        false
    }

    fn int(&self, number: i64) -> bool {
        self.number(Number::Int(number))
    }

    fn double(&self, number: f64) -> bool {
        self.number(Number::Double(number))
    }

    fn bytes(&self, _text_form: &str) -> bool {
        false
    }

    fn structured(&self, _text_form: &str) -> bool {
        false
    }

    fn empty(&self) -> bool {
        false
    }

    fn id(&self, id: &[u8]) -> bool {
        self.text(&hexadecimal(id))
    }
}

/// A comparison with a text.
#[derive(Debug, Clone)]
pub(crate) struct CompareText {
    pub(crate) comparison: Comparison,
    pub(crate) literal: Box<str>,
}

impl ValueTest for CompareText {
    /// UTF-8 sorts by its bytes as by its code points.
    fn text(&self, text: &str) -> bool {
        holds(self.comparison, text.cmp(&self.literal))
    }

    fn bool(&self, _flag: bool) -> bool {
        false
    }

    fn int(&self, _number: i64) -> bool {
        false
    }

    fn double(&self, _number: f64) -> bool {
        false
    }

    fn bytes(&self, _text_form: &str) -> bool {
        false
    }

    fn structured(&self, _text_form: &str) -> bool {
        false
    }

    fn empty(&self) -> bool {
        false
    }

    fn id(&self, id: &[u8]) -> bool {
        self.text(&hexadecimal(id))
    }
}

#[cfg(test)]
mod tests;
