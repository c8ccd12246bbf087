//! `field in (a, b, "c d")`: whole values with commas between them.

use crate::error::SearchLangError;
use crate::scanner::{Scanner, quote};
use crate::value;
use basics::Timestamp;
use model::limits::LIST_VALUES_MAX;
use model::{Field, Filter};

/// Reads the values; the scanner stands at the opening parenthesis. `start` is where the field begins.
pub(crate) fn list(
    scanner: &mut Scanner<'_>,
    field: &Field,
    start: usize,
    now: Timestamp,
) -> Result<Filter, SearchLangError> {
    let open = scanner.at();
    scanner.advance(1);
    let mut values = Vec::new();
    loop {
        scanner.skip_white_space();
        if matches!(scanner.peek(), None | Some('(' | ')' | ',')) {
            return Err(unreadable(scanner, start, open));
        }
        if values.len() == LIST_VALUES_MAX {
            let message = format!("a list has at most {LIST_VALUES_MAX} values");
            return Err(SearchLangError::new(scanner.span_here(), message));
        }
        let word = scanner.list_value()?;
        values.push(value::whole(field, &word, now)?);
        scanner.skip_white_space();
        if scanner.take(")") {
            return Ok(Filter::OneOf { field: field.clone(), values });
        }
        if !scanner.take(",") {
            return Err(unreadable(scanner, start, open));
        }
    }
}

fn unreadable(scanner: &Scanner<'_>, start: usize, open: usize) -> SearchLangError {
    let span = open..scanner.span_here().end.max(open + 1);
    let message = "a list reads field in (a, b, \"c d\"); in quotes, in is a word to find";
    let meant = scanner.since(start).trim_end();
    match meant[..open - start].trim_end().strip_suffix("in") {
        Some(field) => SearchLangError::new(span, message).suggest(format!("{}{}", field, quote("in"))),
        None => SearchLangError::new(span, message),
    }
}
