//! `field:[a TO b]`, `{a TO b}` and their mixtures: a square bracket takes its end in, a curly one leaves it out.
//! Between two IP addresses it is a range of addresses.

use crate::error::SearchLangError;
use crate::ip;
use crate::scanner::{Scanner, Word, quote};
use crate::value;
use basics::Timestamp;
use model::{Comparison, Field, Filter, Literal};

/// Reads a range; the scanner stands at its opening bracket. `*` as an end leaves that side open.
pub(crate) fn range(scanner: &mut Scanner<'_>, field: &Field, now: Timestamp) -> Result<Filter, SearchLangError> {
    let start = scanner.at();
    let lower = match scanner.take("[") {
        true => Comparison::GreaterOrEqual,
        false => Comparison::Greater,
    };
    scanner.return_to(start);
    scanner.advance(1);
    let from = end(scanner, start)?;
    scanner.skip_white_space();
    if !scanner.take("TO") {
        return Err(unreadable(scanner, start));
    }
    let to = end(scanner, start)?;
    scanner.skip_white_space();
    let upper = match (scanner.take("]"), scanner.take("}")) {
        (true, _) => Comparison::LessOrEqual,
        (_, true) => Comparison::Less,
        _ => return Err(unreadable(scanner, start)),
    };
    let sides = ip::Sides { from: &from, to: &to, lower, upper };
    if let Some(filter) = ip::between(field, &sides, start..scanner.at())? {
        return Ok(filter);
    }
    let side = |word: &Word, comparison| match word.is_everything() {
        true => Ok(None),
        false => value::compare(field, comparison, word, now).map(Some),
    };
    match (side(&from, lower)?, side(&to, upper)?) {
        (None, None) => Ok(Filter::Exists(field.clone())),
        (Some(only), None) | (None, Some(only)) => Ok(only),
        (Some(from), Some(to)) if is_text(&from) != is_text(&to) => {
            let message = "one end of this range is a number and the other is text";
            Err(SearchLangError::new(start..scanner.at(), message))
        }
        (Some(from), Some(to)) => Ok(Filter::And(vec![from, to])),
    }
}

fn end(scanner: &mut Scanner<'_>, start: usize) -> Result<Word, SearchLangError> {
    scanner.skip_white_space();
    let word = scanner.range_end()?;
    if word.span.is_empty() { Err(unreadable(scanner, start)) } else { Ok(word) }
}

fn is_text(filter: &Filter) -> bool {
    matches!(filter, Filter::Compare { literal: Literal::Text(_), .. })
}

fn unreadable(scanner: &Scanner<'_>, start: usize) -> SearchLangError {
    let span = start..scanner.span_here().end.max(start + 1);
    let message =
        "a range reads [a TO b], {a TO b} leaves its ends out, * leaves a side open; text with brackets needs quotes";
    SearchLangError::new(span, message).suggest(quote(scanner.since(start).trim_end()))
}
