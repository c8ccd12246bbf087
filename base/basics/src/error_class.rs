//! Who must act when something fails. Faces turn a class into a status; nobody else does.

use std::error::Error;
use std::fmt::Display;

/// Who must act on an error, and whether the sender may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The sender must change the request.
    Invalid,
    /// The sender must send less at once; a retry of the same bytes can never succeed.
    TooLarge,
    /// The sender lacks the right.
    Forbidden,
    /// What was named does not exist.
    NotFound,
    /// The tenant is over its share; a later retry may succeed.
    Quota,
    /// Nobody must act: a ceiling is reached for the moment; a later retry may succeed.
    Overloaded,
    /// The operator must act (a disk, a backend); a later retry may succeed.
    Unavailable,
    /// Stored bytes are damaged; the operator must act.
    Corrupt,
    /// A bug of ours.
    Internal,
}

impl ErrorClass {
    /// Tells whether the same request may succeed later without any change by its sender.
    pub fn is_retryable(self) -> bool {
        match self {
            ErrorClass::Quota | ErrorClass::Overloaded | ErrorClass::Unavailable => true,
            ErrorClass::Invalid
            | ErrorClass::TooLarge
            | ErrorClass::Forbidden
            | ErrorClass::NotFound
            | ErrorClass::Corrupt
            | ErrorClass::Internal => false,
        }
    }

    /// The class as it stands in log fields and metric labels.
    pub fn name(self) -> &'static str {
        match self {
            ErrorClass::Invalid => "invalid",
            ErrorClass::TooLarge => "too_large",
            ErrorClass::Forbidden => "forbidden",
            ErrorClass::NotFound => "not_found",
            ErrorClass::Quota => "quota",
            ErrorClass::Overloaded => "overloaded",
            ErrorClass::Unavailable => "unavailable",
            ErrorClass::Corrupt => "corrupt",
            ErrorClass::Internal => "internal",
        }
    }
}

/// Goes on in spite of an error; `because` states why that is harmless.
///
/// The reason is a parameter, not a comment, so that a reader of the call cannot miss it.
pub fn carry_on<T, E: Display>(result: Result<T, E>, because: &'static str) -> Option<T> {
    debug_assert!(!because.is_empty(), "a reason is owed");
    result.ok()
}
/// The error and its causes on one line, the outermost first. A cause that its error quotes already is not said again.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
