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
    /// The store of logs cannot be opened.
    #[error("cannot open the store of logs")]
    Store(#[from] log_store::StoreError),
    /// The write-ahead log is not the one that the store was filled from.
    #[error(
        "the write-ahead log of logs ends before position {log_next}, and the store holds everything before {sealed}: \
         the log's directory was emptied or replaced; put the old one back, or move the whole data directory away"
    )]
    LogBehindStore {
        /// The log's next position.
        log_next: u64,
        /// Where the store would go on.
        sealed: u64,
    },
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
            CollectorError::Store(error) => error.class(),
            CollectorError::LogBehindStore { .. } => ErrorClass::Corrupt,
            CollectorError::Listen(error) => error.class(),
            CollectorError::Thread { .. } => ErrorClass::Unavailable,
        }
    }
}
