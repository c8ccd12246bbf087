//! Words: a term in a string, in any string of an array or map, or in the text of a number or bool.
//!
//! `5` also finds a number that is five however it is written (`5.0`), unless it has stars. What a term is and when it
//! occurs is `text-index`'s knowledge.

use super::id::hexadecimal;
use super::mask::Mask;
use super::number::Number;
use super::prefilter::{Prefilter, Sight};
use super::slice::Slice;
use super::strings::any_string;
use super::value_test::{Looked, ValueTest};
use crate::guard::{QueryGuard, Stop};
use crate::limits::SPARSE_CANDIDATES;
use arrow_array::StringArray;
use model::{Term, Value};
use std::cmp::Ordering;
use text_index::{Matcher, Needle};

/// A term, ready to be looked for.
#[derive(Debug, Clone)]
pub(crate) struct TextTest {
    matcher: Matcher,
    prefilter: Prefilter,
    number: Option<Number>,
    in_bools: [bool; 2],
}

impl TextTest {
    pub(crate) fn new(term: &Term) -> TextTest {
        let Term { text, is_open_start, is_open_end } = term;
        let matcher = Matcher::new(Needle { text, is_open_start: *is_open_start, is_open_end: *is_open_end });
        TextTest {
            prefilter: Prefilter::new(text),
            number: Number::parse(text).filter(|_| !is_open_start && !is_open_end),
            in_bools: [matcher.is_match("false"), matcher.is_match("true")],
            matcher,
        }
    }

    pub(crate) fn prefilter(&self) -> &Prefilter {
        &self.prefilter
    }

    fn is_number(&self, number: Number) -> bool {
        self.number.is_some_and(|own| own.compare(number) == Some(Ordering::Equal))
    }
}

impl ValueTest for TextTest {
    fn text(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    fn bool(&self, flag: bool) -> bool {
        self.in_bools[usize::from(flag)]
    }

    fn int(&self, number: i64) -> bool {
        self.is_number(Number::Int(number)) || self.matcher.is_match(&number.to_string())
    }

    fn double(&self, number: f64) -> bool {
        self.is_number(Number::Double(number)) || self.matcher.is_match(&Value::Double(number).to_string())
    }

    fn bytes(&self, _text_form: &str) -> bool {
        false
    }

    fn structured(&self, text_form: &str) -> bool {
        any_string(text_form, |text| self.matcher.is_match(text))
    }

    fn empty(&self) -> bool {
        false
    }

    fn id(&self, id: &[u8]) -> bool {
        self.matcher.is_match(&hexadecimal(id))
    }

    fn look(
        &self,
        column: &StringArray,
        slice: Slice<'_>,
        candidates: Mask,
        guard: &QueryGuard,
    ) -> Result<Looked, Stop> {
        let mut looked = Looked { passed: Mask::EMPTY, open: candidates };
        let span = candidates.span();
        if candidates.count() * SPARSE_CANDIDATES < span.len() {
            return Ok(looked);
        }
        let start = slice.rows().start;
        looked.open = Mask::EMPTY;
        self.prefilter.visit(column, start + span.start..start + span.end, guard, |text, sight| {
            match sight {
                Sight::Certain => looked.passed.set(text - start),
                Sight::Possible => looked.open.set(text - start),
            }
            Ok(())
        })?;
        Ok(Looked { passed: looked.passed.and(candidates), open: looked.open.and(candidates) })
    }
}

#[cfg(test)]
mod tests;
