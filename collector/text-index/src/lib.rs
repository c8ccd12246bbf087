//! Words and shapes: how a text is compared, where its words begin and end, whether a term occurs in it, and what can be
//! known about that without the text.
//!
//! Always true:
//! - a text is compared in one form only, [`fold`]'s: canonical composition (NFC), then simple case folding, then
//!   composition again, because folding may part what belongs together (`J̌` and `ǰ` are one);
//! - a *word character* is a letter, mark or number outside Han, Kana and Hangul; a word is a longest run of these, or
//!   one character of Han, Kana or Hangul; all else separates words (`_` and `-` too);
//! - a character never changes its kind by composition or folding, which the fast path relies on and a test over all
//!   of Unicode proves;
//! - what an index here says without the text is never wrong: it may only leave more to look at. [`Matcher`] on the text
//!   has the last word, and property tests hold everything else against it.
//!
//! A text is split into its *shape* and its *variables* ([`Splitter`]). Shapes are few and are indexed as texts
//! ([`ShapeTable`], [`ShapeIndex`]); variables are many and leave only their words in a bloom per row group
//! ([`WordBloom`]), their letters in a small bitmap ([`LetterTrigrams`]), and for each shape of a part what its variables have
//! in common ([`ShapeForms`]). [`ShapeMatcher`] is the rule that brings all of it together.
//!
//! No record, field or query syntax is known here, and any text and any needle are valid. Stored forms are read from
//! bytes that the caller holds, and are laid out in docs/formats/shape-index.md.
//!
//! Start at [`Matcher`], then [`Splitter`].

mod ascii_block;
mod character;
mod compose;
mod error;
mod fold;
#[doc(hidden)]
pub mod fuzz;
mod letter_trigrams;
pub mod limits;
mod matcher;
mod shape_forms;
mod shape_index;
mod shape_matcher;
mod shape_table;
mod shape_text;
mod splitter;
mod variable_form;
mod word_bloom;
mod word_index;
mod word_keys;
mod words;

pub use character::{CharacterKind, character_kind};
pub use compose::{compose, part_kept_by_folding};
pub use error::StoredError;
pub use fold::fold;
pub use letter_trigrams::{LetterTrigrams, required_trigrams};
pub use matcher::{Matcher, Needle};
pub use shape_forms::ShapeForms;
pub use shape_index::{ShapeAnswer, ShapeIndex, ShapeList};
pub use shape_matcher::{NEEDLES_MAX, NeedleSet, ShapeMatcher, ShapeNeedle, ShapeVerdict};
pub use shape_table::{ShapeTable, SortedShapes};
pub use shape_text::{ShapePiece, ShapeText};
pub use splitter::{PLACEHOLDER, SPLITTER_VERSION, Split, Splitter};
pub use variable_form::{CharacterSet, VariableForm};
pub use word_bloom::WordBloom;
pub use word_keys::{for_each_word_key, key_of_plain_word, required_word_keys};
pub use words::words;

#[cfg(test)]
mod tests;
