//! `field in (a, b)`: the field's whole value is one of many, found in one look-up however many there are.
//!
//! Each value means what it means behind `=`, see `equals.rs`.

use super::equals::bytes_of;
use super::number::Number;
use super::value_test::ValueTest;
use std::collections::HashSet;

/// The values.
#[derive(Debug, Clone)]
pub(crate) struct OneOfTest {
    texts: HashSet<Box<str>>,
    numbers: HashSet<NumberKey>,
    /// The bytes that texts name in lower-case hexadecimal digits.
    ids: HashSet<Vec<u8>>,
    in_bools: [bool; 2],
}

/// The same for numbers that are equal by value, an integer and a double among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum NumberKey {
    Int(i64),
    /// The bits of a double that is no integer of 64 bits.
    Double(u64),
}

impl OneOfTest {
    pub(crate) fn new(values: &[Box<str>]) -> OneOfTest {
        let has = |text: &str| values.iter().any(|value| **value == *text);
        OneOfTest {
            texts: values.iter().cloned().collect(),
            numbers: values.iter().filter_map(|value| key_of(Number::parse(value)?)).collect(),
            ids: values.iter().filter_map(|value| bytes_of(value)).collect(),
            in_bools: [has("false"), has("true")],
        }
    }

    fn number(&self, number: Number) -> bool {
        key_of(number).is_some_and(|key| self.numbers.contains(&key))
    }
}

/// `None` for NaN, which equals nothing.
fn key_of(number: Number) -> Option<NumberKey> {
    match number {
        Number::Int(number) => Some(NumberKey::Int(number)),
        Number::Double(number) if number.is_nan() => None,
        Number::Double(number) => Some(match number.is_finite().then(|| format!("{number:.0}").parse()) {
            Some(Ok(whole)) if number.fract() == 0.0 => NumberKey::Int(whole),
            _ => NumberKey::Double(number.to_bits()),
        }),
    }
}

impl ValueTest for OneOfTest {
    fn text(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    fn bool(&self, flag: bool) -> bool {
        self.in_bools[usize::from(flag)]
    }

    fn int(&self, number: i64) -> bool {
        self.number(Number::Int(number))
    }

    fn double(&self, number: f64) -> bool {
        self.number(Number::Double(number))
    }

    fn bytes(&self, text_form: &str) -> bool {
        self.texts.contains(text_form)
    }

    fn structured(&self, text_form: &str) -> bool {
        self.texts.contains(text_form)
    }

    fn empty(&self) -> bool {
        false
    }

    fn id(&self, id: &[u8]) -> bool {
        self.ids.contains(id)
    }
}

#[cfg(test)]
mod tests;
