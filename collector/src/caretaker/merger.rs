//! The thread that merges parts, one lot after the other, as long as there is something to merge. When there is nothing, it
//! has the indexes of the newest parts read ahead.

use super::{RETRY_INTERVAL, StopSign};
use basics::{Clock, error_chain};
use log_store::LogStore;
use parts::manifest::PartId;
use parts::merge_plan::MergeSettings;
use parts::{MergeOutcome, MergeReport};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

/// How often is looked whether there is something to merge.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// When no part was written for so long, the indexes of the newest ones are read ahead.
const QUIET: Duration = Duration::from_secs(3);

/// The body of the thread.
pub(crate) struct Merger {
    store: Arc<LogStore>,
    clock: Arc<dyn Clock>,
    /// The newest part, and since when it is; `None` when it was read ahead.
    newest: Cell<(Option<PartId>, Option<Duration>)>,
}

impl Merger {
    pub(crate) fn new(store: Arc<LogStore>, clock: Arc<dyn Clock>) -> Merger {
        let newest = Cell::new((None, None));
        Merger { store, clock, newest }
    }

    pub(crate) fn run(self, stop: &StopSign) {
        let mut pause = LOOK_INTERVAL;
        while !stop.wait(pause) {
            pause = self.look(stop);
        }
    }

    /// Does the merge that is most pressing, and says how long to wait before the next one.
    pub(super) fn look(&self, stop: &StopSign) -> Duration {
        // Replay and merges at once would make each other slow, and replay is what somebody waits for.
        if self.store.is_replaying() {
            return LOOK_INTERVAL;
        }
        let begun = self.clock.monotonic();
        match self.store.parts().merge(MergeSettings::default(), self.clock.now(), &|| stop.is_set()) {
            Ok(MergeOutcome::Merged(report)) => {
                self.say_merged(&report, begun);
                Duration::ZERO
            }
            Ok(MergeOutcome::Damaged { part, reason }) => {
                tracing::error!(
                    part = part.0,
                    reason = reason.as_str(),
                    "a part of the store is damaged; it is not read any more, and its files are kept"
                );
                Duration::ZERO
            }
            Ok(MergeOutcome::Overtaken) => Duration::ZERO,
            Ok(MergeOutcome::Idle) => {
                self.read_ahead(stop);
                LOOK_INTERVAL
            }
            Ok(MergeOutcome::Stopped) => LOOK_INTERVAL,
            Err(error) => {
                let causes = error_chain(&error);
                tracing::warn!(error = causes.as_str(), "parts could not be merged; they stay as they are");
                RETRY_INTERVAL
            }
        }
    }

    /// Where parts come one after the other, most of them are merged into others before anybody asks about them.
    fn read_ahead(&self, stop: &StopSign) {
        let (newest, now) = (self.store.parts().newest_part(), self.clock.monotonic());
        let (known, since) = self.newest.get();
        if newest != known {
            self.newest.set((newest, Some(now)));
        } else if since.is_some_and(|since| now.saturating_sub(since) >= QUIET) {
            self.store.parts().read_ahead(&|| stop.is_set());
            self.newest.set((newest, None));
        }
    }

    fn say_merged(&self, report: &MergeReport, begun: Duration) {
        let took = self.clock.monotonic().saturating_sub(begun);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let MergeReport { tenant, day, parts, records, deleted, bytes_before, bytes_after, reason } = *report;
        let tenant = tenant.to_string();
        tracing::info!(
            tenant = tenant.as_str(),
            day,
            parts,
            records,
            deleted,
            bytes_before,
            bytes_after,
            reason = ?reason,
            took_ms,
            "parts merged"
        );
    }
}
