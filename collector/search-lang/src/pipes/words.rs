//! The small parts that pipes are made of: words, names, counts, lists.

use crate::error::SearchLangError;
use crate::field;
use crate::limits::PIPE_ITEMS_MAX;
use crate::scanner::Scanner;
use model::Field;
use std::ops::Range;

/// Reads a run of ASCII letters, digits and `_`; empty where none stands.
pub(super) fn word<'a>(scanner: &mut Scanner<'a>) -> &'a str {
    let word = peek_word(scanner);
    scanner.advance(word.len());
    word
}

fn peek_word<'a>(scanner: &Scanner<'a>) -> &'a str {
    let rest = scanner.rest();
    let length = rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(rest.len());
    &rest[..length]
}

/// Reads past white space, and past a keyword where it stands behind it by itself.
pub(super) fn take_keyword(scanner: &mut Scanner<'_>, keyword: &str) -> bool {
    scanner.skip_white_space();
    let is_there = begins_with_keyword(scanner.rest(), keyword);
    if is_there {
        scanner.advance(keyword.len());
    }
    is_there
}

/// True where a keyword stands at the beginning of a text by itself.
pub(super) fn begins_with_keyword(text: &str, keyword: &str) -> bool {
    text.strip_prefix(keyword).is_some_and(|behind| behind.is_empty() || behind.starts_with(is_behind_keyword))
}

/// `by.x` and `by-x` are names.
fn is_behind_keyword(next: char) -> bool {
    next.is_whitespace() || matches!(next, ',' | '|' | '(' | ')' | '"' | '/')
}

/// Reads past white space, and past a character where it stands behind it.
pub(super) fn take(scanner: &mut Scanner<'_>, mark: &str) -> bool {
    scanner.skip_white_space();
    scanner.take(mark)
}

/// Reads a field's name.
pub(super) fn name(scanner: &mut Scanner<'_>, what: &str) -> Result<Field, SearchLangError> {
    scanner.skip_white_space();
    let start = scanner.at();
    match field::take_name(scanner)? {
        Some(field) => Ok(field),
        None => {
            scanner.return_to(start);
            Err(missing(scanner, what))
        }
    }
}

/// Reads a whole number up to `most`; `None` where no digit stands.
pub(super) fn count(scanner: &mut Scanner<'_>, most: u32, what: &str) -> Result<Option<u32>, SearchLangError> {
    scanner.skip_white_space();
    let start = scanner.at();
    let word = word(scanner);
    if !word.starts_with(|first: char| first.is_ascii_digit()) {
        scanner.return_to(start);
        return Ok(None);
    }
    match word.parse::<u32>() {
        Ok(number) if (1..=most).contains(&number) => Ok(Some(number)),
        _ => {
            let mistake = SearchLangError::new(start..scanner.at(), format!("{what}: a whole number from 1 to {most}"));
            let is_above = word.bytes().all(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte != b'0');
            Err(if is_above { mistake.suggest(most.to_string()) } else { mistake })
        }
    }
}

/// Reads items with commas between them; at least one.
pub(super) fn list<T>(
    scanner: &mut Scanner<'_>,
    mut item: impl FnMut(&mut Scanner<'_>) -> Result<T, SearchLangError>,
) -> Result<Vec<T>, SearchLangError> {
    let mut items = Vec::new();
    loop {
        scanner.skip_white_space();
        if items.len() == PIPE_ITEMS_MAX {
            let message = format!("a list in a pipe has at most {PIPE_ITEMS_MAX} parts");
            return Err(SearchLangError::new(span_of_next(scanner), message));
        }
        items.push(item(scanner)?);
        if !take(scanner, ",") {
            return Ok(items);
        }
    }
}

/// A mistake about what stands here instead of what should.
pub(super) fn missing(scanner: &Scanner<'_>, what: &str) -> SearchLangError {
    SearchLangError::new(span_of_next(scanner), what)
}

/// What stands here up to the next white space; the last character at the end.
pub(super) fn span_of_next(scanner: &Scanner<'_>) -> Range<usize> {
    let here = scanner.span_here();
    let length = scanner.rest().find(|next: char| next.is_whitespace() || matches!(next, ',' | '|' | '(' | ')'));
    match length.unwrap_or(scanner.rest().len()) {
        0 => here,
        length => scanner.at()..scanner.at() + length,
    }
}
