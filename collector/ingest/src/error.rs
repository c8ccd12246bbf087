//! Why a request was not taken.

use crate::ledger::RefuseReason;
use crate::quota::OverQuota;
use basics::ErrorClass;
use wal::WalError;
use wire::WireError;

/// Why a whole request was turned away. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The body cannot be taken as it is.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The request can never fit the memory budget.
    #[error(
        "the request needs {needed_bytes} bytes of memory and at most {limit_bytes} are given to one request; send smaller batches"
    )]
    TooLargeForBudget {
        /// Raw bytes, decompressed bytes and decoded records together.
        needed_bytes: u64,
        /// The ceiling.
        limit_bytes: u64,
    },
    /// No memory at the moment.
    #[error("the memory budget of {limit_bytes} bytes is in use; try again")]
    Memory {
        /// The ceiling.
        limit_bytes: u64,
    },
    /// The tenant has sent more than it may.
    #[error(transparent)]
    Quota(#[from] OverQuota),
    /// The store is behind, and did not catch up while the request waited.
    #[error("records come in faster than they can be written to disk; try again")]
    StoreBusy,
    /// The write-ahead log did not take it.
    #[error("the request could not be made durable")]
    Log(#[from] WalError),
    /// The process is stopping.
    #[error("the collector is stopping; try again")]
    Stopping,
}

impl IngestError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            IngestError::Wire(error) => error.class(),
            IngestError::TooLargeForBudget { .. } => ErrorClass::TooLarge,
            IngestError::Memory { .. } | IngestError::StoreBusy | IngestError::Stopping => ErrorClass::Overloaded,
            IngestError::Quota(_) => ErrorClass::Quota,
            IngestError::Log(error) => match error.class() {
                // A request that the log cannot hold will never fit; everything else may pass.
                ErrorClass::TooLarge => ErrorClass::TooLarge,
                ErrorClass::Overloaded | ErrorClass::Quota => ErrorClass::Overloaded,
                ErrorClass::Invalid
                | ErrorClass::Forbidden
                | ErrorClass::NotFound
                | ErrorClass::Unavailable
                | ErrorClass::Corrupt
                | ErrorClass::Internal => ErrorClass::Unavailable,
            },
        }
    }

    /// The ledger's reason for it.
    pub fn refuse_reason(&self) -> RefuseReason {
        match self {
            IngestError::Wire(error) => match error.class() {
                ErrorClass::TooLarge => RefuseReason::TooLarge,
                ErrorClass::Invalid
                | ErrorClass::Forbidden
                | ErrorClass::NotFound
                | ErrorClass::Quota
                | ErrorClass::Overloaded
                | ErrorClass::Unavailable
                | ErrorClass::Corrupt
                | ErrorClass::Internal => RefuseReason::Malformed,
            },
            IngestError::TooLargeForBudget { .. } => RefuseReason::TooLarge,
            IngestError::Memory { .. } => RefuseReason::Memory,
            IngestError::Quota(_) => RefuseReason::Quota,
            IngestError::StoreBusy => RefuseReason::StoreBusy,
            IngestError::Log(error) => refuse_reason_of(error),
            IngestError::Stopping => RefuseReason::Stopping,
        }
    }
}

/// By the error itself, since a full disk and a broken one are of one class and ask different things of an operator.
fn refuse_reason_of(error: &WalError) -> RefuseReason {
    match error {
        WalError::EntryTooLarge { .. } => RefuseReason::TooLarge,
        WalError::Full { .. } | WalError::DiskFull => RefuseReason::LogFull,
        WalError::Disk { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => RefuseReason::LogFull,
        WalError::Busy { .. } => RefuseReason::LogBusy,
        WalError::Closed => RefuseReason::Stopping,
        WalError::ReadOnly
        | WalError::Disk { .. }
        | WalError::Lost { .. }
        | WalError::TooNew { .. }
        | WalError::Settings(_) => RefuseReason::ReadOnly,
    }
}
