//! Why telemetry does not start.

use std::io;
use std::path::PathBuf;

use basics::ErrorClass;

use super::config::ENDPOINT_ALLOWED;

/// Why telemetry does not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// It was started before in this process.
    #[error("telemetry is started already in this process")]
    Started,
    /// The thread that exports cannot be had.
    #[error("cannot start the telemetry thread")]
    Thread(#[source] io::Error),
    /// The endpoint cannot be sent to.
    #[error(
        "telemetry cannot be sent to {endpoint:?}; allowed: {ENDPOINT_ALLOWED}, with usable authorities in PEM for https"
    )]
    Endpoint {
        /// The endpoint as it is written.
        endpoint: String,
    },
    /// A file cannot be read.
    #[error("cannot read {what} for the telemetry endpoint from {}", path.display())]
    File {
        /// What it should hold.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The token holds what no header may hold.
    #[error("the token for the telemetry endpoint holds characters that cannot be sent")]
    Token,
    /// The system has no list of authorities where it is looked for.
    #[error("this system has no list of trusted authorities; name one in telemetry.otlp.ca_file")]
    NoAuthorities,
}

impl TelemetryError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            TelemetryError::Started => ErrorClass::Internal,
            TelemetryError::Thread(_) => ErrorClass::Unavailable,
            TelemetryError::Endpoint { .. }
            | TelemetryError::File { .. }
            | TelemetryError::Token
            | TelemetryError::NoAuthorities => ErrorClass::Invalid,
        }
    }
}
