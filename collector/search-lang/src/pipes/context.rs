//! `| context 5`, `| context before 2 after 10`: what stands around each record.

use super::words;
use crate::error::SearchLangError;
use crate::limits::CONTEXT_RECORDS_MAX;
use crate::scanner::Scanner;
use model::Pipe;

const WHAT: &str = "context reads context 5 or context before 2 after 10";

pub(super) fn context(scanner: &mut Scanner<'_>) -> Result<Pipe, SearchLangError> {
    if let Some(both) = words::count(scanner, CONTEXT_RECORDS_MAX, WHAT)? {
        return Ok(Pipe::Context { before: both, after: both });
    }
    let before = side(scanner, "before")?;
    let after = side(scanner, "after")?;
    if before.is_none() && after.is_none() {
        return Err(words::missing(scanner, WHAT));
    }
    Ok(Pipe::Context { before: before.unwrap_or(0), after: after.unwrap_or(0) })
}

fn side(scanner: &mut Scanner<'_>, keyword: &str) -> Result<Option<u32>, SearchLangError> {
    if !words::take_keyword(scanner, keyword) {
        return Ok(None);
    }
    match words::count(scanner, CONTEXT_RECORDS_MAX, WHAT)? {
        Some(count) => Ok(Some(count)),
        None => Err(words::missing(scanner, WHAT)),
    }
}
