//! The search language: text that people type, compiled to a [`model::Filter`].
//!
//! Always true:
//! - any text gets an answer in time linear in its length: a filter, or a mistake with its place;
//! - a filter made here is at most [`limits::DEPTH_MAX`] parentheses deep, so that walking and dropping it is safe;
//! - nothing is looked up: an unknown field name is an attribute's key, and whether any record has it is not known here.
//!
//! What the operators mean is told in docs/search.md, what a filter means in [`model::Filter`].
//!
//! Behind a filter may stand pipes; they are read here and run elsewhere.
//!
//! Start at [`parse`] and [`parse_pipeline`].

mod error;
mod field;
#[doc(hidden)]
pub mod fuzz;
mod grammar;
mod ip;
pub mod limits;
mod list;
mod nearest;
mod pipes;
mod range;
mod regex;
mod render;
mod scanner;
mod time;
mod value;

pub use error::SearchLangError;
pub use field::{name_of as field_name, parse_field, parse_fields};
pub use render::render;
pub use time::parse_time;

use basics::Timestamp;
use model::{Filter, Pipe};

/// Compiles a query. White space alone is the filter that matches every record.
///
/// Relative times (`time>=-1h`) are counted from `now`.
pub fn parse(text: &str, now: Timestamp) -> Result<Filter, SearchLangError> {
    grammar::parse(text, now)
}

/// Compiles a query with pipes behind it: `level>=warn | stats count() by service`.
///
/// The filter is read as [`parse`] reads it, but that a `|` at the beginning of a word begins a pipe.
pub fn parse_pipeline(text: &str, now: Timestamp) -> Result<(Filter, Vec<Pipe>), SearchLangError> {
    pipes::parse_pipeline(text, now)
}

#[cfg(test)]
mod tests;
