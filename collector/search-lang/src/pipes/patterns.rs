//! `| patterns`, `| patterns 20`: the shapes of the bodies.

use super::words;
use crate::error::SearchLangError;
use crate::limits::TOP_VALUES_MAX;
use crate::scanner::Scanner;
use model::Pipe;

pub(super) fn patterns(scanner: &mut Scanner<'_>) -> Result<Pipe, SearchLangError> {
    let count = words::count(scanner, TOP_VALUES_MAX, "patterns may be followed by a number, as in | patterns 20")?;
    Ok(Pipe::Patterns { count })
}
