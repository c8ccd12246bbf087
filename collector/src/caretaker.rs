//! The thread that looks after the parts of a store: seals the head, gives the log's space back, puts damaged parts
//! aside, has those go that are too old or too many. Merges have a thread of their own ([`Merger`]), so that a seal never
//! waits for one.
//!
//! When to seal is decided in [`Sealing::is_due`], what goes in `parts::retention`, from figures alone; what is done then
//! is the store's.

mod merger;

pub(crate) use merger::Merger;

use basics::{Clock, MIB, error_chain};
use log_store::LogStore;
use parts::retention::RetentionSettings;
use parts::{ForgetReport, PartId};
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use wal::{Position, Wal};

/// How often the figures are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// After a seal that failed, the next try waits this long.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);
/// How often is looked which parts are too old or too many.
const FORGET_INTERVAL: Duration = Duration::from_secs(60);
/// The head takes at most this part of the memory budget before it is sealed.
const HEAD_SHARE_OF_BUDGET: u64 = 4;
/// A head of this part of its size is sealed once it has been at rest for [`REST`]: a search looks at each record in memory, and
/// a start reads each from the log (docs/decisions/0007).
const REST_SHARE_OF_HEAD: u64 = 8;
/// How long it must have been at rest.
const REST: Duration = Duration::from_secs(30);
/// It is at rest while it grows by less than this part of its size: the lines that a process logs about itself are no load.
const GROWTH_SHARE_OF_HEAD: u64 = 64;
/// It is sealed when its log takes this part of the log's budget.
const LOG_SHARE_OF_BUDGET: u64 = 4;

/// When the head is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealing {
    /// False: never.
    pub(crate) is_on: bool,
    /// Memory that its records take.
    pub(crate) head_bytes: u64,
    /// How long the oldest of them has been in it.
    pub(crate) head_age: Duration,
    /// Space that the write-ahead log takes.
    pub(crate) log_bytes: u64,
}

/// What is known when that is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadFigures {
    pub(crate) records: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) age: Duration,
    /// How long next to nothing has come.
    pub(crate) at_rest: Duration,
    pub(crate) log_bytes: u64,
}

impl Default for Sealing {
    fn default() -> Self {
        Sealing { is_on: true, head_bytes: 128 * MIB, head_age: Duration::from_secs(600), log_bytes: u64::MAX }
    }
}

impl Sealing {
    /// The same with ceilings that fit the budgets.
    pub(crate) fn fit_into(self, memory_limit_bytes: u64, log_limit_bytes: u64) -> Sealing {
        Sealing {
            head_bytes: self.head_bytes.min(memory_limit_bytes / HEAD_SHARE_OF_BUDGET),
            log_bytes: self.log_bytes.min(log_limit_bytes / LOG_SHARE_OF_BUDGET),
            ..self
        }
    }

    /// True when the head is to be sealed.
    fn is_due(&self, figures: &HeadFigures) -> bool {
        let is_large = figures.memory_bytes >= self.head_bytes || figures.log_bytes >= self.log_bytes;
        let is_left = figures.memory_bytes >= self.head_bytes / REST_SHARE_OF_HEAD && figures.at_rest >= REST;
        self.is_on && figures.records > 0 && (is_large || is_left || figures.age >= self.head_age)
    }
}

/// Tells a thread to end.
#[derive(Debug, Default)]
pub(crate) struct StopSign {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl StopSign {
    pub(crate) fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits; true when it is set.
    fn wait(&self, most: Duration) -> bool {
        let is_set = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_set, most, |is_set| !*is_set);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The body of the thread.
pub(crate) struct Caretaker {
    store: Arc<LogStore>,
    wal: Wal,
    clock: Arc<dyn Clock>,
    sealing: Sealing,
    retention: RetentionSettings,
    /// When parts are looked at next that may go.
    forget_at: Duration,
    /// When the head was first seen with a record in it.
    head_since: Option<Duration>,
    /// How much memory the head took when it last grew by much, and when that was.
    grown: (u64, Duration),
    /// After a failure, when the next try is due.
    retry_at: Option<Duration>,
    /// Parts whose damaged index was told about.
    told_indexes: BTreeSet<PartId>,
}

impl Caretaker {
    pub(crate) fn new(
        store: Arc<LogStore>,
        wal: Wal,
        clock: Arc<dyn Clock>,
        sealing: Sealing,
        retention: RetentionSettings,
    ) -> Caretaker {
        let forget_at = Duration::ZERO;
        Caretaker {
            store,
            wal,
            clock,
            sealing,
            retention,
            forget_at,
            head_since: None,
            grown: (0, Duration::ZERO),
            retry_at: None,
            told_indexes: BTreeSet::new(),
        }
    }

    pub(crate) fn run(mut self, stop: &StopSign) {
        // What an earlier life sealed and did not come to trim.
        self.trim(self.store.sealed());
        while !stop.wait(LOOK_INTERVAL) {
            self.look();
        }
    }

    /// Does what is due.
    pub(crate) fn look(&mut self) {
        for part in self.store.parts().quarantine_damaged() {
            match part {
                Ok((part, reason)) => tracing::error!(
                    part = part.0,
                    reason = reason.as_str(),
                    "a part of the store is damaged; it is not read any more, and its files are kept"
                ),
                Err(error) => {
                    let causes = error_chain(&error);
                    tracing::warn!(error = causes.as_str(), "a damaged part could not be put aside");
                }
            }
        }
        self.tell_damaged_indexes();
        let now = self.clock.monotonic();
        if now >= self.forget_at {
            self.forget_at = now + FORGET_INTERVAL;
            self.forget();
        }
        if self.retry_at.is_some_and(|at| now < at) {
            return;
        }
        if !self.store.parts().is_frozen() && self.is_due(now) && self.store.freeze() {
            self.head_since = None;
            // The next head has not been at rest for as long as this one, however alike in size they are.
            self.grown = (0, now);
        }
        self.seal(now);
    }

    /// Once for each part.
    fn tell_damaged_indexes(&mut self) {
        let damaged = self.store.parts().damaged_indexes();
        self.told_indexes.retain(|told| damaged.iter().any(|(part, _)| part == told));
        for (part, reason) in damaged {
            if self.told_indexes.insert(part) {
                tracing::warn!(
                    part = part.0,
                    reason = reason.as_str(),
                    "the index of a part is damaged; searches read its records instead, which takes longer; stop the \
                     process and run `outrigger data rebuild-index`"
                );
            }
        }
    }

    fn is_due(&mut self, now: Duration) -> bool {
        let head = self.store.parts().active_stats();
        if head.records == 0 {
            self.head_since = None;
            return false;
        }
        let since = *self.head_since.get_or_insert(now);
        let (bytes, _) = self.grown;
        if head.memory_bytes.abs_diff(bytes) >= self.sealing.head_bytes / GROWTH_SHARE_OF_HEAD {
            self.grown = (head.memory_bytes, now);
        }
        self.sealing.is_due(&HeadFigures {
            records: head.records,
            memory_bytes: head.memory_bytes,
            age: now.saturating_sub(since),
            at_rest: now.saturating_sub(self.grown.1),
            log_bytes: self.wal.stats().used_bytes,
        })
    }

    fn seal(&mut self, now: Duration) {
        match self.store.seal() {
            Ok(None) => {}
            Ok(Some(report)) => {
                self.retry_at = None;
                let took = self.clock.monotonic().saturating_sub(now);
                let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                let log_store::SealReport { records, parts, file_bytes, sealed, is_only_own } = report;
                // A line about our own lines would be sealed in its turn, and so on for ever.
                if is_only_own {
                    tracing::debug!(records, parts, file_bytes, sealed, took_ms, "own records written to parts");
                } else {
                    tracing::info!(records, parts, file_bytes, sealed, took_ms, "records written to parts");
                }
                self.trim(sealed);
            }
            Err(error) => {
                self.retry_at = Some(now + RETRY_INTERVAL);
                let causes = error_chain(&error);
                tracing::warn!(
                    error = causes.as_str(),
                    "records could not be written to parts; they stay in memory and in the write-ahead log"
                );
            }
        }
    }

    fn forget(&self) {
        match self.store.parts().forget(self.retention, self.clock.now()) {
            Ok(ForgetReport { aged: 0, surplus: 0, .. }) => {}
            Ok(ForgetReport { aged, surplus, records, file_bytes, waiting }) => {
                tracing::info!(aged, surplus, records, file_bytes, waiting, "parts forgotten");
            }
            Err(error) => {
                let causes = error_chain(&error);
                tracing::warn!(error = causes.as_str(), "parts that are too old or too many could not be forgotten");
            }
        }
    }

    fn trim(&self, sealed: u64) {
        if let Err(error) = self.wal.trim(Position(sealed)) {
            // The next seal trims again; until then the log only takes more space.
            tracing::warn!(error = %error, "the write-ahead log could not be trimmed");
        }
    }
}

#[cfg(test)]
mod tests;
