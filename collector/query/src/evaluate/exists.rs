//! `field:*`: whether a record has a field at all.

use super::value_test::ValueTest;

/// Passes whatever is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExistsTest;

impl ValueTest for ExistsTest {
    fn text(&self, _text: &str) -> bool {
        true
    }

    fn bool(&self, _flag: bool) -> bool {
        true
    }

    fn int(&self, _number: i64) -> bool {
        true
    }

    fn double(&self, _number: f64) -> bool {
        true
    }

    fn bytes(&self, _text_form: &str) -> bool {
        true
    }

    fn structured(&self, _text_form: &str) -> bool {
        true
    }

    fn empty(&self) -> bool {
        true
    }

    fn id(&self, _id: &[u8]) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
