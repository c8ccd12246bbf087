//! The write-ahead log as the rooms above see it, none of which may know the log itself.

use wal::{RefusalReason, WalState, WalStats};

/// How the log is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogView {
    /// `ok`, or why entries are refused: `disk_full`, `log_full`, `read_only`.
    pub condition: &'static str,
    /// Space of the live segments.
    pub used_bytes: u64,
    /// The most they may take.
    pub limit_bytes: u64,
    /// Syncs since the start; one makes a whole batch of requests durable.
    pub syncs: u64,
    /// Entries made durable since the start.
    pub entries: u64,
    /// Writes and syncs that failed since the start.
    pub failures: u64,
    /// Entries found lost since the start.
    pub lost_entries: u64,
    /// Bytes of damaged files, kept for the operator.
    pub quarantined_bytes: u64,
}

impl LogView {
    /// True when entries are taken.
    pub fn is_ok(&self) -> bool {
        self.condition == "ok"
    }

    pub(crate) fn of(stats: WalStats) -> LogView {
        let condition = match stats.state {
            WalState::Ok => "ok",
            WalState::Refusing { reason: RefusalReason::DiskFull } => "disk_full",
            WalState::Refusing { reason: RefusalReason::LogFull } => "log_full",
            WalState::ReadOnly => "read_only",
        };
        LogView {
            condition,
            used_bytes: stats.used_bytes,
            limit_bytes: stats.limit_bytes,
            syncs: stats.syncs,
            entries: stats.entries,
            failures: stats.failures,
            lost_entries: stats.lost_entries,
            quarantined_bytes: stats.quarantined_bytes,
        }
    }
}
