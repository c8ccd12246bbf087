//! `| sort by count desc, user`: in which order.

use super::words;
use crate::error::SearchLangError;
use crate::scanner::Scanner;
use model::{Pipe, SortKey};

pub(super) fn sort(scanner: &mut Scanner<'_>) -> Result<Pipe, SearchLangError> {
    words::take_keyword(scanner, "by");
    let keys = words::list(scanner, |scanner| {
        let field = words::name(scanner, "sort is followed by names, as in | sort by count desc, user")?;
        let is_descending = words::take_keyword(scanner, "desc");
        if !is_descending {
            words::take_keyword(scanner, "asc");
        }
        Ok(SortKey { field, is_descending })
    })?;
    Ok(Pipe::Sort(keys))
}
