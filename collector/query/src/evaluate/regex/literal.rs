//! Pieces of text that each match of a regular expression holds, for the quick look at many strings and for the index.

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use text_index::Needle;

/// What is known of an expression.
#[derive(Debug, Default)]
pub(crate) struct Required {
    pieces: Vec<Piece>,
}

/// A longest run of printable ASCII in a literal of the expression. A mark that values escape in their text form ends it.
#[derive(Debug)]
struct Piece {
    text: String,
    /// Nothing of a word stands right before it.
    is_word_start: bool,
    /// Nothing of a word stands right behind it.
    is_word_end: bool,
    /// What stands right behind it is ASCII, or the text's end.
    is_settled: bool,
}

impl Required {
    pub(crate) fn of(regex: &str) -> Required {
        // Compiling it says what is wrong with one that cannot be parsed.
        let Ok(hir) = regex_syntax::parse(regex) else { return Required::default() };
        let mut pieces = Vec::new();
        collect(&hir, false, &mut pieces);
        Required { pieces }
    }

    /// The longest piece, as it stands in each match; empty when none is seen.
    pub(crate) fn longest(&self) -> &str {
        let longest = self.pieces.iter().rev().max_by_key(|piece| piece.text.len());
        longest.map_or("", |piece| &piece.text)
    }

    /// What occurs in each text that matches, the longest first, each once.
    pub(crate) fn needles(&self) -> Vec<Needle<'_>> {
        let mut needles: Vec<Needle<'_>> = self.pieces.iter().map(Piece::needle).collect();
        needles.retain(|needle| !needle.text.is_empty());
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.text.len()));
        let mut different: Vec<Needle<'_>> = Vec::new();
        for needle in needles {
            if !different.contains(&needle) {
                different.push(needle);
            }
        }
        different
    }
}

impl Piece {
    /// An expression is put to texts as they were sent, the index to composed ones: a mark behind the piece may have become
    /// one character with its last one.
    fn needle(&self) -> Needle<'_> {
        let settled = if self.is_settled { &self.text } else { &self.text[..self.text.len() - 1] };
        Needle { text: settled, is_open_start: !self.is_word_start, is_open_end: !self.is_word_end }
    }
}

/// Adds the pieces of a part of an expression, behind which there is ASCII or the text's end, or anything.
fn collect(hir: &Hir, is_ascii_behind: bool, pieces: &mut Vec<Piece>) {
    match hir.kind() {
        HirKind::Literal(literal) => collect_runs(&literal.0, is_ascii_behind, pieces),
        HirKind::Capture(capture) => collect(&capture.sub, is_ascii_behind, pieces),
        HirKind::Repetition(repetition) if repetition.min > 0 => collect(&repetition.sub, false, pieces),
        HirKind::Concat(parts) => {
            for (number, part) in parts.iter().enumerate() {
                let is_ascii_behind = parts.get(number + 1).map_or(is_ascii_behind, begins_in_ascii);
                collect(part, is_ascii_behind, pieces);
            }
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => {}
    }
}

fn collect_runs(bytes: &[u8], is_ascii_behind: bool, pieces: &mut Vec<Piece>) {
    let is_good = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let mut end = 0;
    for run in bytes.chunk_by(|left, right| is_good(left) == is_good(right)) {
        let start = end;
        end += run.len();
        if !is_good(&run[0]) {
            continue;
        }
        // What ends a run and is ASCII is no character of a word.
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let behind = bytes.get(end);
        pieces.push(Piece {
            text: run.iter().map(|byte| char::from(*byte)).collect(),
            is_word_start: before.is_some_and(|byte| byte.is_ascii()),
            is_word_end: behind.is_some_and(u8::is_ascii),
            is_settled: behind.map_or(is_ascii_behind, u8::is_ascii),
        });
    }
}

/// True when whatever matches begins with a character of ASCII, or stands at the text's end.
fn begins_in_ascii(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.first().is_some_and(u8::is_ascii),
        HirKind::Class(Class::Unicode(class)) => class.is_ascii(),
        HirKind::Class(Class::Bytes(class)) => class.is_ascii(),
        HirKind::Look(look) => *look == Look::End,
        HirKind::Capture(capture) => begins_in_ascii(&capture.sub),
        HirKind::Repetition(repetition) => repetition.min > 0 && begins_in_ascii(&repetition.sub),
        HirKind::Concat(parts) => parts.first().is_some_and(begins_in_ascii),
        HirKind::Alternation(parts) => parts.iter().all(begins_in_ascii),
        HirKind::Empty => false,
    }
}
