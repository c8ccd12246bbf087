//! Texts that are full of variables, for the property tests of all files.

use crate::{Needle, for_each_word_key};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;

const VARIABLES: &[&str] = &[
    "deadbeef-dead-beef-cafe-abcdefabcdef",
    "3F2504E0-4f89-11d3-9a0c-0305e82c3301",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301-42",
    "7-3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "\u{1a}",
    "dead",
    "beef",
    "cafe-abcdefabcdef",
    "timeout7",
    "x1timeout",
    "4e\u{301}",
    "500",
    "a1-b2",
    "\u{212a}5",
    "5\u{338}",
    "E\u{323}\u{301}\u{3099}",
    "\u{fb2a}",
    "\u{3099}3",
    "\u{302a}",
    " 5 ",
    "-",
    " ",
];

/// A text in which variables meet every trap of [`testkit::generate::text`].
pub(crate) fn rich_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![1 => testkit::generate::text(), 2 => select(VARIABLES).prop_map(str::to_owned)];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A text, and a term that is likely to stand in it.
pub(crate) fn rich_text_and_term() -> impl Strategy<Value = (String, model::Term)> {
    rich_text()
        .prop_flat_map(|text| (testkit::generate::term_for(&text), Just(text)))
        .prop_map(|(term, text)| (text, term))
}

pub(crate) fn needle_of(term: &model::Term) -> Needle<'_> {
    Needle { text: &term.text, is_open_start: term.is_open_start, is_open_end: term.is_open_end }
}

pub(crate) fn word_keys_of(text: &str) -> BTreeSet<u64> {
    let mut keys = BTreeSet::new();
    for_each_word_key(text, &mut |key| {
        keys.insert(key);
    });
    keys
}
