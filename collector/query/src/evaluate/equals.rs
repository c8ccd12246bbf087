//! `field="value"`: the field's whole value is this text, character by character.
//!
//! A number is equal by value (`5` to `5.0`), a bool by its name; bytes, arrays and maps by their text form.

use super::number::Number;
use super::value_test::ValueTest;
use std::cmp::Ordering;
use text_index::{Needle, required_word_keys};

/// The whole value.
#[derive(Debug, Clone)]
pub(crate) struct EqualsTest {
    text: Box<str>,
    number: Option<Number>,
    /// The bytes that the text names in lower-case hexadecimal digits.
    id: Option<Vec<u8>>,
    /// Words of the text.
    keys: Vec<u64>,
}

impl EqualsTest {
    pub(crate) fn new(text: &str) -> EqualsTest {
        let keys = required_word_keys(Needle { text, is_open_start: false, is_open_end: false });
        EqualsTest { text: text.into(), number: Number::parse(text), id: bytes_of(text), keys }
    }

    /// Words of the digits of an id that is this text.
    pub(crate) fn id_keys(&self) -> &[u64] {
        &self.keys
    }

    fn is_number(&self, number: Number) -> bool {
        self.number.is_some_and(|own| own.compare(number) == Some(Ordering::Equal))
    }
}

impl ValueTest for EqualsTest {
    fn text(&self, text: &str) -> bool {
        *text == *self.text
    }

    fn bool(&self, flag: bool) -> bool {
        *self.text == *if flag { "true" } else { "false" }
    }

    fn int(&self, number: i64) -> bool {
        self.is_number(Number::Int(number))
    }

    fn double(&self, number: f64) -> bool {
        self.is_number(Number::Double(number))
    }

    fn bytes(&self, text_form: &str) -> bool {
        *text_form == *self.text
    }

    fn structured(&self, text_form: &str) -> bool {
        *text_form == *self.text
    }

    fn empty(&self) -> bool {
        false
    }

    fn id(&self, id: &[u8]) -> bool {
        self.id.as_deref() == Some(id)
    }

    fn only_id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }
}

/// The bytes that a text names in lower-case hexadecimal digits.
pub(super) fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let nibble = |digit: &u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let pairs = hex.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(nibble(high)? << 4 | nibble(low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests;
