//! Words: something to find in a string, in any string of an array or map, or in the text of a number or bool.
//!
//! What is found differs, a file each: a term (`text-index`'s knowledge), a term whose case counts ([`ExactMatcher`]),
//! a wildcard ([`WildcardMatcher`]), a regular expression. A term without stars, such as `5`, also finds a number that is
//! five however it is written (`5.0`).

use super::exact::ExactMatcher;
use super::id::hexadecimal;
use super::index::IndexTest;
use super::mask::Mask;
use super::memo::Memo;
use super::number::Number;
use super::prefilter::{Prefilter, Sight};
use super::regex::{self, Automaton, Required};
use super::strings::any_string;
use super::value_test::{Looked, ValueTest};
use super::wildcard::WildcardMatcher;
use crate::error::QueryError;
use crate::guard::{QueryGuard, Stop};
use crate::limits::SPARSE_CANDIDATES;
use arrow_array::{Array, StringArray};
use model::{Term, Value, Wildcard};
use std::cmp::Ordering;
use std::sync::Arc;
use text_index::{Matcher, Needle, compose, part_kept_by_folding};

/// Something to find, ready to be looked for.
#[derive(Debug, Clone)]
pub(crate) struct TextTest {
    matcher: TextMatcher,
    prefilter: Prefilter,
    index: Option<IndexTest>,
    number: Option<Number>,
    in_bools: [bool; 2],
    memo: Memo,
}

#[derive(Debug, Clone)]
enum TextMatcher {
    Term(Box<Matcher>),
    Exact(ExactMatcher),
    Wildcard(WildcardMatcher),
    Regex(::regex::Regex),
}

impl TextMatcher {
    fn is_match(&self, text: &str) -> bool {
        match self {
            TextMatcher::Term(matcher) => matcher.is_match(text),
            TextMatcher::Exact(matcher) => matcher.is_match(text),
            TextMatcher::Wildcard(matcher) => matcher.is_match(text),
            TextMatcher::Regex(matcher) => matcher.is_match(text),
        }
    }
}

impl TextTest {
    pub(crate) fn term(term: &Term) -> TextTest {
        let Term { text, is_open_start, is_open_end } = term;
        let needle = Needle { text, is_open_start: *is_open_start, is_open_end: *is_open_end };
        let matcher = TextMatcher::Term(Box::new(Matcher::new(needle)));
        TextTest::new(matcher, Prefilter::new(text), Some(IndexTest::exact(needle)), number_of(term))
    }

    /// The index knows folded texts, so it is asked for what folding keeps of the term.
    pub(crate) fn exact(term: &Term) -> TextTest {
        let prefilter = Prefilter::of_part(&term.text);
        let index = parts_of_text(vec![part_kept_by_folding(&compose(&term.text))]);
        TextTest::new(TextMatcher::Exact(ExactMatcher::new(term)), prefilter, index, number_of(term))
    }

    pub(crate) fn wildcard(wildcard: &Wildcard) -> TextTest {
        let longest = wildcard.pieces.iter().max_by_key(|piece| piece.len());
        let longest = longest.map_or("", |piece| piece);
        let prefilter = Prefilter::of_part(longest);
        let index = parts_of_text(wildcard.pieces.iter().map(|piece| &**piece).collect());
        TextTest::new(TextMatcher::Wildcard(WildcardMatcher::new(wildcard)), prefilter, index, None)
    }

    pub(crate) fn regex(text: &str) -> Result<TextTest, QueryError> {
        let regex = regex::compile(text)?;
        let required = Required::of(text);
        let prefilter = Prefilter::of_part(required.longest());
        let needles = required.needles();
        let index = IndexTest::necessary(&needles, Some(Arc::new(Automaton::new(text))));
        Ok(TextTest::new(TextMatcher::Regex(regex), prefilter, Some(index), None))
    }

    fn new(matcher: TextMatcher, prefilter: Prefilter, index: Option<IndexTest>, number: Option<Number>) -> TextTest {
        let in_bools = [matcher.is_match("false"), matcher.is_match("true")];
        TextTest { in_bools, matcher, prefilter, index, number, memo: Memo::default() }
    }

    pub(crate) fn prefilter(&self) -> &Prefilter {
        &self.prefilter
    }

    fn is_number(&self, number: Number) -> bool {
        self.number.is_some_and(|own| own.compare(number) == Some(Ordering::Equal))
    }
}

/// What the index is asked about texts that are parts of everything that matches; nothing when there are none.
fn parts_of_text(mut parts: Vec<&str>) -> Option<IndexTest> {
    parts.retain(|part| !part.is_empty());
    // The longest tell most.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    let needle = |text| Needle { text, is_open_start: true, is_open_end: true };
    let needles: Vec<Needle<'_>> = parts.into_iter().map(needle).collect();
    (!needles.is_empty()).then(|| IndexTest::necessary(&needles, None))
}

/// The number that a term without stars is.
fn number_of(term: &Term) -> Option<Number> {
    Number::parse(&term.text).filter(|_| !term.is_open_start && !term.is_open_end)
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

    fn index(&self) -> Option<&IndexTest> {
        self.index.as_ref()
    }

    fn memo(&self) -> Option<&Memo> {
        Some(&self.memo)
    }

    fn visit_possible(
        &self,
        strings: &StringArray,
        guard: &QueryGuard,
        visit: &mut dyn FnMut(usize, Sight) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.prefilter.visit(strings, 0..strings.len(), guard, visit)
    }

    fn look(&self, column: &StringArray, start: usize, candidates: Mask, guard: &QueryGuard) -> Result<Looked, Stop> {
        let mut looked = Looked { passed: Mask::EMPTY, open: candidates };
        let span = candidates.span();
        if candidates.count() * SPARSE_CANDIDATES < span.len() {
            return Ok(looked);
        }
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
