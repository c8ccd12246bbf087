//! `| top 10 by user`, `| top 10 user`: the most frequent values of a field.

use super::words;
use crate::error::SearchLangError;
use crate::limits::TOP_VALUES_MAX;
use crate::scanner::Scanner;
use model::Pipe;

const WHAT: &str = "top reads top 10 by user";

pub(super) fn top(scanner: &mut Scanner<'_>) -> Result<Pipe, SearchLangError> {
    let Some(count) = words::count(scanner, TOP_VALUES_MAX, WHAT)? else {
        return Err(words::missing(scanner, WHAT));
    };
    words::take_keyword(scanner, "by");
    Ok(Pipe::Top { count, field: words::name(scanner, WHAT)? })
}
