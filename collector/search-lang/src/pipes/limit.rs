//! `| limit 100`: no more than so many.

use super::words;
use crate::error::SearchLangError;
use crate::limits::PIPE_LIMIT_MAX;
use crate::scanner::Scanner;
use model::Pipe;

const WHAT: &str = "limit is followed by a number, as in | limit 100";

pub(super) fn limit(scanner: &mut Scanner<'_>) -> Result<Pipe, SearchLangError> {
    match words::count(scanner, PIPE_LIMIT_MAX, WHAT)? {
        Some(count) => Ok(Pipe::Limit(u64::from(count))),
        None => Err(words::missing(scanner, WHAT)),
    }
}
