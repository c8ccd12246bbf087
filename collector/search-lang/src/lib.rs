//! The search language: text that people type, compiled to a [`model::Filter`].
//!
//! Always true:
//! - any text gets an answer in time linear in its length: a filter, or a mistake with its place;
//! - a filter made here is at most [`limits::DEPTH_MAX`] parentheses deep, so that walking and dropping it is safe;
//! - nothing is looked up: an unknown field name is an attribute's key, and whether any record has it is not known here.
//!
//! What the operators mean is told in docs/search.md, what a filter means in [`model::Filter`].
//!
//! Start at [`parse`].

mod error;
mod field;
#[doc(hidden)]
pub mod fuzz;
mod grammar;
pub mod limits;
mod nearest;
mod range;
mod scanner;
mod time;
mod value;

pub use error::SearchLangError;
pub use time::parse_time;

use basics::Timestamp;
use model::Filter;

/// Compiles a query. White space alone is the filter that matches every record.
///
/// Relative times (`time>=-1h`) are counted from `now`.
pub fn parse(text: &str, now: Timestamp) -> Result<Filter, SearchLangError> {
    grammar::parse(text, now)
}

#[cfg(test)]
mod tests;
