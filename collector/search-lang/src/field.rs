//! Names of fields, and where a word is a field's name rather than text.
//!
//! A bare name begins with a letter, `_`, `@` or `$`, goes on with letters, digits and `_ . - / @ $`, and ends with a
//! letter, digit or `_`. So `10.0.0.7:8080`, `12:30:45` and `a->b` are text. `http://x`, `std::io` and `C:\x` are text
//! too: behind the colon stands `//`, `:` or `\`. Any other key is written in quotes: `"my key":x`.

use crate::error::SearchLangError;
use crate::scanner::{Operator, Scanner, quote};
use model::Field;

/// A field's name and what stands behind it.
pub(crate) struct Found {
    pub(crate) field: Field,
    /// `None` for `:`.
    pub(crate) operator: Option<Operator>,
    /// Where the name begins.
    pub(crate) start: usize,
}

/// Reads a field's name and its operator, or leaves the scanner where it is when text stands there.
pub(crate) fn take(scanner: &mut Scanner<'_>) -> Result<Option<Found>, SearchLangError> {
    let start = scanner.at();
    let field = if scanner.peek() == Some('"') {
        Field::Attribute(scanner.quoted()?.into())
    } else {
        match bare_name(scanner.rest()) {
            Some(name) => {
                scanner.advance(name.len());
                named(name)
            }
            None => return Ok(None),
        }
    };
    let found = behind_name(scanner, start)?.map(|operator| Found { field, operator, start });
    if found.is_none() {
        scanner.return_to(start);
    }
    Ok(found)
}

/// The field of a bare name.
fn named(name: &str) -> Field {
    match name {
        "time" => Field::Time,
        "body" => Field::Body,
        "service" => Field::Service,
        "level" => Field::Level,
        "trace_id" => Field::TraceId,
        "span_id" => Field::SpanId,
        "event_name" => Field::EventName,
        "scope_name" => Field::ScopeName,
        _ => Field::Attribute(name.into()),
    }
}

/// The name of a field as it is written in a query.
pub(crate) fn name_of(field: &Field) -> String {
    let name = match field {
        Field::Time => "time",
        Field::Body => "body",
        Field::Service => "service",
        Field::Level => "level",
        Field::TraceId => "trace_id",
        Field::SpanId => "span_id",
        Field::EventName => "event_name",
        Field::ScopeName => "scope_name",
        Field::Attribute(key) => {
            let is_bare = bare_name(key) == Some(key) && matches!(named(key), Field::Attribute(_));
            return if is_bare { key.to_string() } else { quote(key) };
        }
    };
    name.to_owned()
}

fn bare_name(text: &str) -> Option<&str> {
    let goes_on = |next: char| next.is_alphanumeric() || matches!(next, '_' | '.' | '-' | '/' | '@' | '$');
    let name = &text[..text.find(|next| !goes_on(next)).unwrap_or(text.len())];
    let begins = name.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '@' | '$'));
    let ends = name.ends_with(|last: char| last.is_alphanumeric() || last == '_');
    (begins && ends).then_some(name)
}

/// Reads `:` (inner `None`) or an operator; outer `None` when the name before was text.
#[expect(clippy::option_option, reason = "text, a colon, an operator")]
fn behind_name(scanner: &mut Scanner<'_>, start: usize) -> Result<Option<Option<Operator>>, SearchLangError> {
    if let Some(behind) = scanner.rest().strip_prefix(':') {
        if behind.starts_with("//") || behind.starts_with([':', '\\']) {
            return Ok(None);
        }
        scanner.advance(1);
        return Ok(Some(None));
    }
    let name_end = scanner.at();
    scanner.skip_white_space();
    let is_spaced = scanner.at() > name_end;
    let run = scanner.peek_operator_run();
    if !is_spaced && matches!(run, "=~" | "!~") {
        let span = scanner.at()..scanner.at() + run.len();
        let message =
            format!("{run} is not known: there are no regular expressions, but {}:*part*", scanner.since(start));
        return Err(SearchLangError::new(span, message));
    }
    // `a <b>` is text; `a < 5` and `a >=5` are comparisons.
    let is_tag = is_spaced && run == "<" && scanner.rest()[run.len()..].starts_with(|next: char| !next.is_whitespace());
    Ok(if is_tag { None } else { scanner.operator() }.map(Some))
}
