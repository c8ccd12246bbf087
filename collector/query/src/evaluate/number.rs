//! Numbers compared by value, integers and doubles alike, without rounding.

use model::Literal;
use std::cmp::Ordering;

/// An integer or a double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Double(f64),
}

/// 2^63: the first double above all integers.
const ABOVE_INTEGERS: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    /// The number of a literal; `None` for any other literal.
    pub(crate) fn of(literal: &Literal) -> Option<Number> {
        match literal {
            Literal::Int(number) => Some(Number::Int(*number)),
            Literal::Number(number) => Some(Number::Double(*number)),
            Literal::Text(_) | Literal::Time(_) | Literal::Level(_) => None,
        }
    }

    /// Reads a text that is a number in full.
    pub(crate) fn parse(text: &str) -> Option<Number> {
        Number::of(&Literal::number(text)?)
    }

    /// How it stands to another one; `None` when either is NaN.
    pub(crate) fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Int(left), Number::Int(right)) => Some(left.cmp(&right)),
            (Number::Double(left), Number::Double(right)) => left.partial_cmp(&right),
            (Number::Int(left), Number::Double(right)) => int_to_double(left, right),
            (Number::Double(left), Number::Int(right)) => int_to_double(right, left).map(Ordering::reverse),
        }
    }
}

fn int_to_double(int: i64, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double >= ABOVE_INTEGERS {
        return Some(Ordering::Less);
    }
    if double < -ABOVE_INTEGERS {
        return Some(Ordering::Greater);
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the integers, and the fraction is looked at next")]
    let whole = double.trunc() as i64;
    Some(int.cmp(&whole).then(0.0f64.partial_cmp(&double.fract())?))
}

#[cfg(test)]
mod tests;
