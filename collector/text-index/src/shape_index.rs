//! The stored shapes of a part: their texts in order, and for many of them an index of their words.
//!
//! A shape's number is its place in the order of the texts (by byte). The texts lie in compressed blocks of 256; each
//! block and the index of words has a checksum that is compared whenever it is read, so damage is found by whoever
//! would be misled by it. Laid out in docs/formats/shape-index.md.
//!
//! Start at [`ShapeIndex::encode`], then [`ShapeIndex::open`].

mod layout;
mod list;

use crate::error::StoredError;
use crate::limits::{MERGED_SHAPES, SHAPE_BYTES_MAX, SHAPES_PER_BLOCK, WORD_INDEX_SHAPES_MIN};
use crate::shape_forms::ShapeForms;
use crate::shape_matcher::{NeedleSet, ShapeMatcher, ShapeVerdict};
use crate::shape_text::ShapeText;
use crate::word_index::WordIndex;
use layout::{Layout, Place};
pub use list::ShapeList;
use std::sync::OnceLock;

const WHAT: &str = "block of shapes";

/// Makes the checksums of any bytes fit, for fuzzing.
pub(crate) fn mend_checksums(bytes: &mut [u8]) {
    layout::mend_checksums(bytes);
}

/// The stored form, opened. Blocks are unpacked when asked for and not kept; who asks often keeps a [`ShapeList`].
#[derive(Debug)]
pub struct ShapeIndex {
    bytes: Vec<u8>,
    layout: Layout,
    words: OnceLock<WordIndex>,
}

/// Numbers of shapes, ascending, by what they tell about a search. All others' texts do not match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShapeAnswer {
    /// Each of their texts matches.
    pub always: Vec<u32>,
    /// Their texts match or not, those that do with help of variables for these needles.
    pub depends: Vec<(u32, NeedleSet)>,
}

impl ShapeAnswer {
    fn take(&mut self, number: u32, verdict: ShapeVerdict) {
        match verdict {
            ShapeVerdict::Always => self.always.push(number),
            ShapeVerdict::Depends(needles) => self.depends.push((number, needles)),
            ShapeVerdict::Never => {}
        }
    }
}

impl ShapeIndex {
    /// The stored form of texts, which are in order, each once, and within the limits that
    /// [`crate::ShapeTable`] keeps. Two forms of the same texts need not be equal byte for byte.
    pub fn encode(texts: &[&str], zstd_level: i32) -> Vec<u8> {
        assert!(texts.is_sorted_by(|left, right| left < right), "shapes are stored in order, each once");
        assert!(texts.iter().all(|text| text.len() <= SHAPE_BYTES_MAX), "no shape is longer than a table takes");
        let words = match texts.len() < WORD_INDEX_SHAPES_MIN {
            true => None,
            false => WordIndex::encode(texts, zstd_level),
        };
        layout::encode(texts, words, zstd_level)
    }

    /// Opens the stored form: checks its head, and the rest when it is read.
    pub fn open(bytes: Vec<u8>) -> Result<ShapeIndex, StoredError> {
        let layout = Layout::read(&bytes)?;
        Ok(ShapeIndex { bytes, layout, words: OnceLock::new() })
    }

    /// How many shapes there are.
    pub fn count(&self) -> u32 {
        self.layout.count
    }

    /// Bytes of all texts, unpacked.
    pub fn text_bytes(&self) -> usize {
        self.layout.blocks.iter().map(|block| block.plain_bytes).sum()
    }

    /// True when words are looked up, not scanned for.
    pub fn has_word_index(&self) -> bool {
        self.layout.words.is_some()
    }

    /// The text of a number; `None` when there is no such shape.
    pub fn text(&self, number: u32) -> Result<Option<String>, StoredError> {
        let mut found = None;
        if number < self.layout.count {
            self.for_some(&[number], &mut |_, text| found = Some(text.to_owned()))?;
        }
        Ok(found)
    }

    /// Hands out all shapes in the order of their numbers.
    pub fn for_each(&self, each: &mut dyn FnMut(u32, &str)) -> Result<(), StoredError> {
        let mut first = 0;
        for block in &self.layout.blocks {
            let texts = self.unpack_block(block)?;
            for (number, text) in (first..).zip(texts.iter()) {
                each(number, text);
            }
            first += u32::try_from(texts.count()).unwrap_or(u32::MAX);
        }
        Ok(())
    }

    /// Unpacks all texts, for whoever asks more than once.
    pub fn unpack(&self) -> Result<ShapeList, StoredError> {
        let mut list = ShapeList::with_room(self.text_bytes());
        self.for_each(&mut |_, text| list.push(text))?;
        Ok(list)
    }

    /// Judges all shapes, with the forms of their variables where they are known.
    pub fn find(&self, matcher: &ShapeMatcher, forms: Option<&ShapeForms>) -> Result<ShapeAnswer, StoredError> {
        let mut answer = ShapeAnswer::default();
        let forms_of = |number| forms.and_then(|forms| forms.of(number));
        if matcher.is_only_in_variables() {
            for number in 0..self.count() {
                answer.take(number, matcher.verdict_of_variables(forms_of(number)));
            }
            return Ok(answer);
        }
        let mut judge =
            |number, text: &str| answer.take(number, matcher.verdict(ShapeText::new(text, forms_of(number))));
        match self.candidates(matcher)? {
            Some(candidates) => self.for_some(&candidates, &mut judge)?,
            None => self.for_each(&mut judge)?,
        }
        Ok(answer)
    }

    /// The only shapes that are worth a look, as far as the index of words can tell.
    fn candidates(&self, matcher: &ShapeMatcher) -> Result<Option<Vec<u32>>, StoredError> {
        let wanted = matcher.words();
        let Some(place) = self.layout.words.as_ref().filter(|_| !wanted.is_empty()) else { return Ok(None) };
        let words = match self.words.get() {
            Some(words) => words,
            None => {
                let opened = WordIndex::open(place.checked("index of words", &self.bytes)?, place.plain_bytes)?;
                self.words.get_or_init(|| opened)
            }
        };
        let numbers = words.numbers_with_all(&wanted)?;
        match numbers.last().is_none_or(|last| *last < self.layout.count) {
            true => Ok(Some(numbers)),
            false => Err(StoredError::Damaged { what: "index of words", offset: place.offset }),
        }
    }

    /// Hands out the shapes of some numbers, which are ascending and below the count.
    fn for_some(&self, numbers: &[u32], each: &mut dyn FnMut(u32, &str)) -> Result<(), StoredError> {
        let index_of = |number: &u32| usize::try_from(*number).unwrap_or(usize::MAX);
        for wanted in numbers.chunk_by(|a, b| index_of(a) / SHAPES_PER_BLOCK == index_of(b) / SHAPES_PER_BLOCK) {
            let Some(block) =
                wanted.first().and_then(|number| self.layout.blocks.get(index_of(number) / SHAPES_PER_BLOCK))
            else {
                continue;
            };
            let texts = self.unpack_block(block)?;
            for number in wanted {
                if let Some(text) = texts.get(index_of(number) % SHAPES_PER_BLOCK) {
                    each(*number, text);
                }
            }
        }
        Ok(())
    }

    fn unpack_block(&self, place: &Place) -> Result<ShapeList, StoredError> {
        let damaged = StoredError::Damaged { what: WHAT, offset: place.offset };
        let packed = place.checked(WHAT, &self.bytes)?;
        let plain = zstd::bulk::decompress(packed, place.plain_bytes).map_err(|_| damaged.clone())?;
        ShapeList::of_block(plain, place.entries).ok_or(damaged)
    }
}

const _: () = assert!(SHAPES_PER_BLOCK * (SHAPE_BYTES_MAX + 2) < MERGED_SHAPES.text_bytes_max);

#[cfg(test)]
mod tests;
