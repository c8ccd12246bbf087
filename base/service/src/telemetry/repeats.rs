//! Repeated log records are counted instead of written.
//!
//! A broken disk or a wrong client can make one place in the code speak ten thousand times a second. The first
//! few of each window pass; how many did not is said once the window is over.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::limits::{REPEAT_SITES_MAX, REPEAT_WINDOW, REPEATS_PER_WINDOW};
use crate::metrics::Counter;

/// A place in the code that speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Site {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

/// What a place has said in its window, and what of earlier windows nobody was told yet.
#[derive(Debug, Clone, Copy)]
struct Window {
    started: Duration,
    passed: u32,
    suppressed: u64,
    owed: u64,
}

/// How many records of one place were not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) site: Site,
    pub(crate) suppressed: u64,
}

/// The windows of all places that spoke lately.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    windows: Mutex<HashMap<Site, Window>>,
    suppressed: Counter,
}

impl Repeats {
    /// Tells whether a record of `site` is written, and counts it when it is not.
    pub(crate) fn passes(&self, site: Site, now: Duration) -> bool {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        // Places are lines of code, so the ceiling is out of reach; beyond it nothing is held back.
        if windows.len() >= REPEAT_SITES_MAX && !windows.contains_key(&site) {
            return true;
        }
        let window = windows.entry(site).or_insert(Window { started: now, passed: 0, suppressed: 0, owed: 0 });
        if is_over(window, now) {
            *window = Window { started: now, passed: 0, suppressed: 0, owed: window.owed + window.suppressed };
        }
        if window.passed < REPEATS_PER_WINDOW {
            window.passed += 1;
            return true;
        }
        window.suppressed += 1;
        self.suppressed.inc();
        false
    }

    /// Says what was kept back in windows that are over, each once, and forgets who has been silent since.
    pub(crate) fn summaries(&self, now: Duration) -> Vec<Summary> {
        let mut summaries = Vec::new();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.retain(|site, window| {
            let is_over = is_over(window, now);
            let suppressed = std::mem::take(&mut window.owed) + if is_over { window.suppressed } else { 0 };
            if suppressed > 0 {
                summaries.push(Summary { site: *site, suppressed });
            }
            !is_over
        });
        summaries
    }

    /// Counts the records that were not written.
    pub(crate) fn suppressed(&self) -> Counter {
        self.suppressed.clone()
    }
}

fn is_over(window: &Window, now: Duration) -> bool {
    now.saturating_sub(window.started) >= REPEAT_WINDOW
}

#[cfg(test)]
mod tests;
