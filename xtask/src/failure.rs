//! Why a chore did not succeed, in words for the person who called it.

use std::fmt;
use std::io;

/// Why a chore failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// A file or directory could not be used.
    Disk { action: &'static str, path: String, source: io::Error },
    /// A program could not be started.
    Start { program: String, source: io::Error },
    /// A program ran and said no.
    Exit { what: String, code: Option<i32> },
    /// What was checked does not hold; the findings are already printed.
    Refused(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Refused(message) => write!(out, "{message}"),
            Failure::Disk { action, path, source } => write!(out, "cannot {action} {path}: {source}"),
            Failure::Start { program, source } => write!(out, "cannot start {program}: {source}"),
            Failure::Exit { what, code: Some(code) } => write!(out, "{what} ended with {code}"),
            Failure::Exit { what, code: None } => write!(out, "{what} was killed by a signal"),
        }
    }
}
