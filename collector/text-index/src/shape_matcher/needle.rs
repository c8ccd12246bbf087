//! What a shape alone tells about one needle.
//!
//! Why it holds: a folded text is its folded shape with folded variables put in ([`crate::Splitter`]). So an occurrence
//! either lies between two variables, where the shape shows it whole, with the same borders, since a placeholder ends a
//! word as a variable's neighbours do; or it overlaps at least one variable. What of a needle can lie in one variable is
//! known from the needle ([`spans`]); the rest of the needle must stand in the shape before, between and behind
//! ([`alignment`]).

mod alignment;
mod spans;

use crate::fold::{collapse_white_space, fold};
use crate::letter_trigrams::trigrams_of;
use crate::matcher::{Matcher, Needle};
use crate::shape_text::ShapeText;
use crate::splitter::PLACEHOLDER;
use crate::variable_form::{CharacterSet, VariableForm};
use crate::word_keys::{for_each_required_word, key_of};
use spans::Span;

/// Where a needle occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occurs {
    /// In every text of the shape.
    Always,
    /// In none.
    Never,
    /// In a text of the shape only with help of its variables.
    Depends,
}

/// A needle made ready to be looked for in many shapes.
#[derive(Debug, Clone)]
pub struct ShapeNeedle {
    matcher: Matcher,
    needle: alignment::Aligned,
    /// Pieces of the needle that may lie in one variable, and their characters.
    spans: Vec<(Span, CharacterSet)>,
    /// The characters of the needle.
    characters: CharacterSet,
    /// The characters of each of its runs with a digit. No shape's text holds one, so each lies in one variable.
    runs_in_variables: Vec<CharacterSet>,
    may_lie_in_variable: bool,
    /// Whenever it overlaps a variable, it lies in that whole.
    is_in_one: bool,
    is_only_in_variables: bool,
    needs_variables: bool,
    variable_keys: Vec<u64>,
    variable_trigrams: Vec<u16>,
    words: Vec<String>,
}

impl ShapeNeedle {
    /// Readies a needle.
    pub(super) fn new(needle: Needle<'_>) -> ShapeNeedle {
        let text = collapse_white_space(&fold(needle.text)).into_owned();
        let spans = spans::of(&text, needle.open_ends());
        let may_lie_in_variable = spans.iter().any(|span| span.start == 0 && span.end == text.len());
        let has_placeholder = text.contains(PLACEHOLDER);
        let is_in_one = !spans.is_empty() && spans.iter().all(|span| span.start == 0 && span.end == text.len());
        let characters = |span: Span| (span, CharacterSet::of(&text.as_bytes()[span.start..span.end]));
        let needs_variables = has_placeholder || text.bytes().any(|byte| byte.is_ascii_digit());
        let mut matcher = ShapeNeedle {
            matcher: Matcher::new(needle),
            is_only_in_variables: is_in_one && needs_variables,
            needs_variables,
            characters: CharacterSet::of(text.as_bytes()),
            runs_in_variables: spans::runs_with_digits(&text).map(|run| CharacterSet::of(run.as_bytes())).collect(),
            spans: spans.into_iter().map(characters).collect(),
            needle: alignment::Aligned::new(text, needle.open_ends()),
            may_lie_in_variable,
            is_in_one,
            variable_keys: Vec::new(),
            variable_trigrams: Vec::new(),
            words: Vec::new(),
        };
        matcher.take_words(needle, is_in_one);
        matcher
    }

    /// Sorts the needle's whole words by where they must be.
    fn take_words(&mut self, needle: Needle<'_>, is_in_one: bool) {
        let text = self.needle.text();
        let (mut keys, mut words) = (Vec::new(), Vec::new());
        for_each_required_word(text, needle.open_ends(), &mut |range| {
            let word = &text[range.clone()];
            let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
            if has_digit || is_in_one {
                keys.push(key_of(word));
            }
            if !self.spans.iter().any(|(span, _)| span.start <= range.start && range.end <= span.end) {
                words.push(word.to_owned());
            }
        });
        if is_in_one {
            self.variable_trigrams = trigrams_of(text);
        }
        keys.sort_unstable();
        keys.dedup();
        (self.variable_keys, self.words) = (keys, words);
    }

    /// Judges the texts of a shape.
    pub(super) fn verdict(&self, shape: ShapeText<'_>) -> Occurs {
        if !self.needs_variables && self.matcher.is_match(shape.text()) {
            Occurs::Always
        } else if self.may_complete_in_variables(shape) {
            Occurs::Depends
        } else {
            Occurs::Never
        }
    }

    fn may_complete_in_variables(&self, shape: ShapeText<'_>) -> bool {
        let text = shape.text();
        if self.spans.is_empty() || !text.contains(PLACEHOLDER) {
            return false;
        }
        match shape.forms() {
            Some(forms) if self.is_in_one => self.may_lie_in_one_of(forms),
            None if self.may_lie_in_variable => true,
            Some(forms) if !self.may_hold_runs(forms) => false,
            forms => self.needle.fits(&fold(text), &self.spans, forms),
        }
    }

    /// False when one of the needle's runs with a digit is in no variable of these forms.
    fn may_hold_runs(&self, forms: &[VariableForm]) -> bool {
        let may_hold = |run: &CharacterSet| forms.iter().any(|form| form.characters().may_fold_to(*run));
        self.runs_in_variables.iter().all(may_hold)
    }

    /// False when no variable of these forms holds the whole needle.
    pub(super) fn may_lie_in_one_of(&self, forms: &[VariableForm]) -> bool {
        forms.iter().any(|form| form.characters().may_fold_to(self.characters))
    }

    /// Tells whether the needle occurs in the text itself, which decides what the shape leaves open.
    pub fn is_match(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    /// True when no shape's text can hold the needle (`42`, `10a`): each shape with a variable may hold it with the help of
    /// that, each other one never does, and no shape needs to be looked at.
    pub fn is_only_in_variables(&self) -> bool {
        self.is_only_in_variables
    }

    /// True when the needle holds what no shape's text does (`node-42`). A text then holds it only with the help of its
    /// variables.
    pub fn needs_variables(&self) -> bool {
        self.needs_variables
    }

    /// Keys that the variables of a text hold when the needle occurs in it only with their help.
    pub fn variable_keys(&self) -> &[u64] {
        &self.variable_keys
    }

    /// The same of letter trigrams, for [`crate::LetterTrigrams::may_hold_all`].
    pub fn variable_trigrams(&self) -> &[u16] {
        &self.variable_trigrams
    }

    /// Folded words that each shape holds of whose texts some hold the needle.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }
}
