//! Shapes' texts in memory, by number.

use super::ShapeAnswer;
use crate::shape_forms::ShapeForms;
use crate::shape_matcher::ShapeMatcher;
use crate::shape_text::ShapeText;

/// Texts one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShapeList {
    texts: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl ShapeList {
    pub(super) fn with_room(bytes: usize) -> ShapeList {
        ShapeList { texts: String::with_capacity(bytes), ends: Vec::new() }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
    }

    /// The texts of an unpacked block: lengths of 16 bits, then the texts. `None` when it is not one.
    pub(super) fn of_block(plain: Vec<u8>, entries: usize) -> Option<ShapeList> {
        let (lengths, texts) = plain.split_at_checked(entries * 2)?;
        let mut ends = Vec::with_capacity(entries);
        let mut end = 0;
        for length in lengths.as_chunks::<2>().0 {
            end += usize::from(u16::from_le_bytes(*length));
            ends.push(end);
        }
        let texts = String::from_utf8(texts.to_vec()).ok()?;
        let is_whole = end == texts.len() && ends.iter().all(|end| texts.is_char_boundary(*end));
        is_whole.then_some(ShapeList { texts, ends })
    }

    /// How many texts there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number.
    pub fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.texts[start..end])
    }

    /// All texts in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let text = &self.texts[start..*end];
            start = *end;
            text
        })
    }

    /// Judges all shapes, with the forms of their variables where they are known.
    pub fn find(&self, matcher: &ShapeMatcher, forms: Option<&ShapeForms>) -> ShapeAnswer {
        let mut answer = ShapeAnswer::default();
        for (number, text) in (0..).zip(self.iter()) {
            let forms = forms.and_then(|forms| forms.of(number));
            answer.take(number, matcher.verdict(ShapeText::new(text, forms)));
        }
        answer
    }

    /// Memory that the list holds.
    pub fn memory_bytes(&self) -> usize {
        self.texts.capacity() + self.ends.capacity() * size_of::<usize>()
    }
}
