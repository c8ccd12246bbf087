//! What the process tells its supervisor when it ends. docs/operations/exit-codes.md is the operator's view.

use basics::ErrorClass;

/// The codes the process ends with; the numbers are those of sysexits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// All went well, or the process was told to stop and did.
    Fine,
    /// The command line is wrong.
    Usage,
    /// Stored data is damaged in a way that start-up must not pass over.
    Corrupt,
    /// Something outside is missing: a port, a disk, a backend.
    Unavailable,
    /// A bug of ours.
    Internal,
    /// The process lacks a right.
    Forbidden,
    /// The configuration is wrong.
    Config,
}

impl ExitCode {
    /// All codes.
    pub const ALL: [ExitCode; 7] = [
        ExitCode::Fine,
        ExitCode::Usage,
        ExitCode::Corrupt,
        ExitCode::Unavailable,
        ExitCode::Internal,
        ExitCode::Forbidden,
        ExitCode::Config,
    ];

    /// The number the supervisor sees.
    pub fn number(self) -> i32 {
        match self {
            ExitCode::Fine => 0,
            ExitCode::Usage => 64,
            ExitCode::Corrupt => 65,
            ExitCode::Unavailable => 69,
            ExitCode::Internal => 70,
            ExitCode::Forbidden => 77,
            ExitCode::Config => 78,
        }
    }

    /// The code for an error of this class at start-up.
    pub fn of(class: ErrorClass) -> ExitCode {
        match class {
            ErrorClass::Invalid => ExitCode::Config,
            ErrorClass::Forbidden | ErrorClass::NotFound => ExitCode::Forbidden,
            ErrorClass::TooLarge | ErrorClass::Quota | ErrorClass::Overloaded | ErrorClass::Unavailable => {
                ExitCode::Unavailable
            }
            ErrorClass::Corrupt => ExitCode::Corrupt,
            ErrorClass::Internal => ExitCode::Internal,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        std::process::ExitCode::from(u8::try_from(code.number()).unwrap_or(70))
    }
}

#[cfg(test)]
mod tests;
