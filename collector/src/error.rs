//! Why the collector does not start, or had to stop.

use basics::ErrorClass;

/// Why the collector does not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// The write-ahead log cannot be opened.
    #[error("cannot open the write-ahead log of logs")]
    Log(#[from] wal::WalError),
    /// The tenant directory cannot be read.
    #[error("cannot open the tenant directory")]
    Tenants(#[from] ingest::TenantDirectoryError),
    /// A listener cannot be had.
    #[error(transparent)]
    Listen(#[from] service::BindError),
    /// A thread cannot be had.
    #[error("cannot start the thread {name:?}")]
    Thread {
        /// What it would do.
        name: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was acknowledged before the start cannot be read back. The next start tries again.
    #[error("cannot read back what the write-ahead log of logs holds")]
    Replay(#[source] wal::WalError),
}

impl CollectorError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            CollectorError::Log(error) | CollectorError::Replay(error) => error.class(),
            CollectorError::Tenants(error) => error.class(),
            CollectorError::Listen(error) => error.class(),
            CollectorError::Thread { .. } => ErrorClass::Unavailable,
        }
    }
}
