//! `/regex/`: whether a regular expression is one, and is small enough to be run.
//!
//! It is checked here so that its mistake has a place. Whoever runs it compiles it under the same limits again: how large
//! the program becomes is only estimated here, and never less than it is.

use crate::error::SearchLangError;
use crate::scanner::{Slashed, quote};
use model::limits::{REGEX_BYTES_MAX, REGEX_PROGRAM_BYTES_MAX};
use regex_syntax::hir::{Class, Hir, HirKind};
use regex_syntax::utf8::Utf8Sequences;

/// Checks an expression; its named groups in order.
pub(crate) fn check(slashed: &Slashed) -> Result<Vec<Box<str>>, SearchLangError> {
    let refused = |message: String| {
        let text = quote(&format!("/{}/", slashed.text));
        SearchLangError::new(slashed.span.clone(), message).suggest(text)
    };
    if slashed.text.len() > REGEX_BYTES_MAX {
        let message = format!("a regular expression is at most {REGEX_BYTES_MAX} bytes long; in quotes it is text");
        return Err(SearchLangError::new(slashed.span.clone(), message));
    }
    let parsed = regex_syntax::ParserBuilder::new().nest_limit(NESTING_MAX).build().parse(&slashed.text);
    let hir = match parsed {
        Ok(hir) => hir,
        Err(regex_syntax::Error::Parse(mistake)) => {
            let place = mistake.span().start.offset..mistake.span().end.offset;
            return Err(refused(said(mistake.kind())).at(slashed.span_of(place)));
        }
        Err(regex_syntax::Error::Translate(mistake)) => {
            let place = mistake.span().start.offset..mistake.span().end.offset;
            return Err(refused(said(mistake.kind())).at(slashed.span_of(place)));
        }
        Err(other) => return Err(refused(said(&other))),
    };
    if program_bytes(&hir) > REGEX_PROGRAM_BYTES_MAX {
        let message = "this regular expression becomes too large; repeat less, or a smaller class: [0-9] rather than \\d, \
                       [a-z] rather than \\w";
        return Err(SearchLangError::new(slashed.span.clone(), message));
    }
    let mut names = Vec::new();
    named_groups(&hir, &mut names);
    Ok(names)
}

/// Deepest nesting of an expression: what reads it recurses that deep.
const NESTING_MAX: u32 = 50;

fn said(mistake: &impl std::fmt::Display) -> String {
    format!("this is no regular expression: {mistake}; in quotes it is text")
}

/// What the program takes, roughly and rather too much: a state is made for each byte, a tree of them for each class, and
/// all of what is repeated as often as it is.
fn program_bytes(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE_BYTES,
        HirKind::Literal(literal) => literal.0.len().saturating_add(1).saturating_mul(STATE_BYTES),
        HirKind::Class(Class::Bytes(_)) => STATE_BYTES * 2,
        HirKind::Class(Class::Unicode(class)) => {
            let sequences =
                class.iter().map(|range| Utf8Sequences::new(range.start(), range.end()).count()).sum::<usize>();
            sequences.saturating_mul(SEQUENCE_BYTES).saturating_add(STATE_BYTES * 2)
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1));
            let times = usize::try_from(times).unwrap_or(usize::MAX);
            program_bytes(&repetition.sub).saturating_add(STATE_BYTES * 2).saturating_mul(times.max(1))
        }
        HirKind::Capture(capture) => program_bytes(&capture.sub).saturating_add(STATE_BYTES * 4),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(program_bytes).fold(STATE_BYTES * 2, usize::saturating_add)
        }
    }
}

const STATE_BYTES: usize = 64;
/// For each sequence of ranges of bytes that a class falls into. Measured: 65 to 100.
const SEQUENCE_BYTES: usize = 100;

fn named_groups(hir: &Hir, names: &mut Vec<Box<str>>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => {}
        HirKind::Repetition(repetition) => named_groups(&repetition.sub, names),
        HirKind::Capture(capture) => {
            names.extend(capture.name.clone());
            named_groups(&capture.sub, names);
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| named_groups(part, names));
        }
    }
}
