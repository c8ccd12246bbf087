//! `| fields a, b, -c`: which fields are shown.

use super::words;
use crate::error::SearchLangError;
use crate::scanner::Scanner;
use model::{ChosenField, Pipe};

pub(super) fn fields(scanner: &mut Scanner<'_>) -> Result<Pipe, SearchLangError> {
    let chosen = words::list(scanner, |scanner| {
        let is_left_out = scanner.take("-");
        let field = words::name(scanner, "fields is followed by names, as in | fields user, body.id, -trace_id")?;
        Ok(ChosenField { field, is_left_out })
    })?;
    Ok(Pipe::Fields(chosen))
}
