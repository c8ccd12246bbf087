//! How a command ends when it fails: a message for the person, an exit code for the script.

use basics::{ErrorClass, error_chain};
use service::ExitCode;
use service::config::Mistakes;
use std::error::Error;

/// A message and an exit code (docs/operations/exit-codes.md).
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) exit_code: u8,
    /// The collector refused who asked: asking again does not help.
    pub(crate) is_of_credential: bool,
}

impl Failure {
    /// The command line is wrong.
    pub(crate) fn usage(message: String) -> Failure {
        Failure::with(ExitCode::Usage, message)
    }

    /// The collector refuses this caller.
    pub(crate) fn credential(message: String) -> Failure {
        Failure { is_of_credential: true, ..Failure::usage(message) }
    }

    /// Something outside does not answer.
    pub(crate) fn unavailable(message: String) -> Failure {
        Failure::with(ExitCode::Unavailable, message)
    }

    /// Stored data is damaged.
    pub(crate) fn corrupt(message: String) -> Failure {
        Failure::with(ExitCode::of(ErrorClass::Corrupt), message)
    }

    /// An error of this class at start-up, on one line with everything that led to it.
    pub(crate) fn of(class: ErrorClass, error: &dyn Error) -> Failure {
        Failure::with(ExitCode::of(class), error_chain(error))
    }

    /// Every mistake of a file, one a line.
    pub(crate) fn of_mistakes(what: &str, mistakes: &Mistakes) -> Failure {
        let count = mistakes.list().len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        Failure::with(ExitCode::of(mistakes.class()), format!("{what} has {count} {noun}:\n{mistakes}"))
    }

    fn with(code: ExitCode, message: String) -> Failure {
        Failure { message, exit_code: u8::try_from(code.number()).unwrap_or(70), is_of_credential: false }
    }
}

#[cfg(test)]
mod tests;
