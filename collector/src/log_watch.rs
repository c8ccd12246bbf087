//! Tells operators when the house stops taking requests, before it has to, and when it goes on.
//!
//! The rooms below report by answers and figures; somebody has to look at the figures while nobody asks. Decided in
//! [`Watched::look`], said in [`run`].

use basics::MemoryBudget;
use ingest::{LogIngest, LogView};
use service::Shutdown;
use std::sync::Arc;
use std::time::Duration;

/// How often the figures are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Above this share of its limit a thing is called nearly full.
const NEARLY_FULL_PERCENT: u64 = 80;
/// Below this share it is no longer; apart from the other, so that it is not said again and again.
const RELAXED_PERCENT: u64 = 70;

/// What is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Requests are refused from here on.
    LogRefuses { condition: &'static str },
    /// Requests are taken again.
    LogTakes,
    /// A limit is near.
    NearlyFull { what: &'static str, used_bytes: u64, limit_bytes: u64 },
    /// Entries turned out to be lost.
    EntriesLost { lost_entries: u64 },
}

/// What has been said so far.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    refuses: Option<&'static str>,
    is_log_near: bool,
    is_memory_near: bool,
    lost_entries: u64,
}

/// The figures at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) log: LogView,
    pub(crate) memory_used_bytes: u64,
    pub(crate) memory_limit_bytes: u64,
}

impl Watched {
    /// Compares with what was said before. Decides only; the caller says it.
    pub(crate) fn look(&mut self, figures: &Figures) -> Vec<Notice> {
        let mut notices = Vec::new();
        let log = &figures.log;
        let refuses = (!log.is_ok()).then_some(log.condition);
        if refuses != self.refuses {
            notices.push(refuses.map_or(Notice::LogTakes, |condition| Notice::LogRefuses { condition }));
            self.refuses = refuses;
        }
        if log.lost_entries > self.lost_entries {
            self.lost_entries = log.lost_entries;
            notices.push(Notice::EntriesLost { lost_entries: log.lost_entries });
        }
        if is_newly_near(&mut self.is_log_near, log.used_bytes, log.limit_bytes) {
            notices.push(Notice::NearlyFull {
                what: "write-ahead log",
                used_bytes: log.used_bytes,
                limit_bytes: log.limit_bytes,
            });
        }
        if is_newly_near(&mut self.is_memory_near, figures.memory_used_bytes, figures.memory_limit_bytes) {
            notices.push(Notice::NearlyFull {
                what: "memory budget",
                used_bytes: figures.memory_used_bytes,
                limit_bytes: figures.memory_limit_bytes,
            });
        }
        notices
    }
}

/// True when the limit came near since the last look.
fn is_newly_near(is_near: &mut bool, used_bytes: u64, limit_bytes: u64) -> bool {
    let percent_of = |percent: u64| limit_bytes / 100 * percent;
    if !*is_near && used_bytes > percent_of(NEARLY_FULL_PERCENT) {
        *is_near = true;
        return true;
    }
    if *is_near && used_bytes < percent_of(RELAXED_PERCENT) {
        *is_near = false;
    }
    false
}

/// Looks until the process stops.
pub(crate) async fn run(ingest: Arc<LogIngest>, budget: MemoryBudget, shutdown: Shutdown) {
    let mut watched = Watched::default();
    let mut interval = tokio::time::interval(LOOK_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            () = shutdown.requested() => return,
        }
        let figures = Figures {
            log: ingest.log_view(),
            memory_used_bytes: budget.used_bytes(),
            memory_limit_bytes: budget.limit_bytes(),
        };
        for notice in watched.look(&figures) {
            say(&notice);
        }
    }
}

fn say(notice: &Notice) {
    match notice {
        Notice::LogRefuses { condition } => {
            tracing::error!(condition, "requests are refused, because the write-ahead log takes no entries");
        }
        Notice::LogTakes => tracing::info!("requests are taken again"),
        Notice::NearlyFull { what, used_bytes, limit_bytes } => {
            tracing::warn!(
                what,
                used_bytes,
                limit_bytes,
                "nearly full; when it is full, senders are refused with a retry hint"
            );
        }
        Notice::EntriesLost { lost_entries } => {
            tracing::error!(lost_entries, "the write-ahead log is damaged, acknowledged entries cannot be read");
        }
    }
}

#[cfg(test)]
mod tests;
