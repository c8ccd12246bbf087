//! How a command ends when it fails: a message for the person, an exit code for the script.

use basics::ErrorClass;
use service::ExitCode;
use service::config::Mistakes;
use std::error::Error;

/// A message and an exit code (docs/operations/exit-codes.md).
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) exit_code: u8,
}

impl Failure {
    /// The command line is wrong.
    pub(crate) fn usage(message: String) -> Failure {
        Failure::with(ExitCode::Usage, message)
    }

    /// Something outside does not answer.
    pub(crate) fn unavailable(message: String) -> Failure {
        Failure::with(ExitCode::Unavailable, message)
    }

    /// An error of this class at start-up, on one line with everything that led to it.
    pub(crate) fn of(class: ErrorClass, error: &dyn Error) -> Failure {
        Failure::with(ExitCode::of(class), chain(error))
    }

    /// Every mistake of a file, one a line.
    pub(crate) fn of_mistakes(what: &str, mistakes: &Mistakes) -> Failure {
        let count = mistakes.list().len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        Failure::with(ExitCode::of(mistakes.class()), format!("{what} has {count} {noun}:\n{mistakes}"))
    }

    fn with(code: ExitCode, message: String) -> Failure {
        Failure { message, exit_code: u8::try_from(code.number()).unwrap_or(70) }
    }
}

/// The error and its causes, the outermost first. A cause that its error quotes already is not said again.
fn chain(error: &dyn Error) -> String {
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

#[cfg(test)]
mod tests;
