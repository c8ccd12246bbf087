//! What an operator may choose about a log.

use crate::error::WalError;
use crate::limits::{
    BUDGET_BYTES, PAGE_BYTES, PENDING_BYTES_MAX, PROBE_INTERVAL, RESERVE_BYTES, SEGMENT_BYTES, SEGMENT_BYTES_MIN,
};
use std::path::PathBuf;
use std::time::Duration;

/// How a log is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalSettings {
    /// Its directory, which nobody else uses.
    pub dir: PathBuf,
    /// Length of an ordinary segment; whole pages of 4 KiB.
    pub segment_bytes: u64,
    /// Disk space that entries may take before appends are refused. Spares, the segment being written, and what is
    /// unused of files that were abandoned after a failure come on top.
    pub budget_bytes: u64,
    /// Memory that waiting entries may take before appends are refused.
    pub pending_bytes: u64,
    /// Free disk space below which no new file is begun.
    pub reserve_bytes: u64,
    /// Pause between two attempts to write again after the disk refused.
    pub probe_interval: Duration,
}

impl WalSettings {
    /// The defaults for a directory.
    pub fn new(dir: impl Into<PathBuf>) -> WalSettings {
        WalSettings {
            dir: dir.into(),
            segment_bytes: SEGMENT_BYTES,
            budget_bytes: BUDGET_BYTES,
            pending_bytes: PENDING_BYTES_MAX,
            reserve_bytes: RESERVE_BYTES,
            probe_interval: PROBE_INTERVAL,
        }
    }

    pub(crate) fn check(&self) -> Result<(), WalError> {
        if self.segment_bytes < SEGMENT_BYTES_MIN || !self.segment_bytes.is_multiple_of(PAGE_BYTES) {
            return Err(WalError::Settings("a segment is at least 32KiB and whole pages of 4KiB"));
        }
        if self.budget_bytes < 2 * self.segment_bytes {
            return Err(WalError::Settings("the budget holds at least two segments"));
        }
        Ok(())
    }
}
