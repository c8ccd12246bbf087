//! `/regex/`: a regular expression in a text as it was sent.
//!
//! Time is linear in the text whatever the expression; how large it becomes is limited where it is compiled.

mod automaton;
mod literal;

pub(crate) use automaton::Automaton;
pub(crate) use literal::Required;

use crate::error::QueryError;
use model::limits::{REGEX_BYTES_MAX, REGEX_PROGRAM_BYTES_MAX};
use regex::{Regex, RegexBuilder};

/// Compiles an expression; too long and too large ones are refused like mistaken ones.
pub(crate) fn compile(text: &str) -> Result<Regex, QueryError> {
    if text.len() > REGEX_BYTES_MAX {
        return Err(QueryError::RegexRefused);
    }
    RegexBuilder::new(text)
        .size_limit(REGEX_PROGRAM_BYTES_MAX)
        .dfa_size_limit(REGEX_PROGRAM_BYTES_MAX)
        .build()
        .map_err(|_| QueryError::RegexRefused)
}

#[cfg(test)]
mod tests;
