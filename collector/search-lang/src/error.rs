//! Mistakes in a query, said so that the one who typed it can act.

use basics::ErrorClass;
use std::fmt;
use std::ops::Range;

/// A mistake in a query, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchLangError {
    /// The bytes of the query that are mistaken. Both ends are borders of characters; empty only in an empty query.
    pub span: Range<usize>,
    /// What is wrong with them.
    pub message: String,
    /// What could stand in their place.
    pub suggestion: Option<String>,
    is_too_long: bool,
}

impl SearchLangError {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> SearchLangError {
        SearchLangError { span, message: message.into(), suggestion: None, is_too_long: false }
    }

    pub(crate) fn too_long(span: Range<usize>, message: impl Into<String>) -> SearchLangError {
        SearchLangError { is_too_long: true, ..SearchLangError::new(span, message) }
    }

    pub(crate) fn suggest(self, suggestion: impl Into<String>) -> SearchLangError {
        SearchLangError { suggestion: Some(suggestion.into()), ..self }
    }

    /// The same mistake, at a place that can be told more exactly.
    pub(crate) fn at(self, span: Range<usize>) -> SearchLangError {
        if span.is_empty() { self } else { SearchLangError { span, ..self } }
    }

    /// Who must act: the sender, always.
    pub fn class(&self) -> ErrorClass {
        if self.is_too_long { ErrorClass::TooLarge } else { ErrorClass::Invalid }
    }
}

/// The message, and the suggestion as a question.
impl fmt::Display for SearchLangError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(out, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SearchLangError {}
