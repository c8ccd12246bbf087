//! Tests that could not run on this machine: a green line that proved nothing is told as such.
//!
//! Cargo keeps what a passed test prints to itself, so such a test adds a line to a file whose path it finds in its
//! environment.
//!
//! Start at [`NotRun::begin`].

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::stage;

const VARIABLE: &str = "OUTRIGGER_NOT_RUN";

/// The file that tests write to.
pub(crate) struct NotRun {
    file: PathBuf,
}

impl NotRun {
    /// Forgets what earlier rounds noted.
    pub(crate) fn begin() -> Result<NotRun, Failure> {
        NotRun::in_file(stage::target_folder().join("tests-not-run"))
    }

    fn in_file(file: PathBuf) -> Result<NotRun, Failure> {
        match fs::remove_file(&file) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(Failure::Disk { action: "remove", path: file.display().to_string(), source })
            }
            Ok(()) | Err(_) => Ok(NotRun { file }),
        }
    }

    /// Tells the tests where to write.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(VARIABLE, &self.file)
    }

    /// The tests that did not run, each with what it needs.
    pub(crate) fn noted(&self) -> Result<Vec<String>, Failure> {
        match fs::read_to_string(&self.file) {
            Ok(text) => Ok(text.lines().map(str::to_string).collect()),
            Err(source) if source.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(Failure::Disk { action: "read", path: self.file.display().to_string(), source }),
        }
    }
}

#[cfg(test)]
mod tests;
