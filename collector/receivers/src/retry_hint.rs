//! When a refused sender should come back.

use crate::limits::{QUOTA_RETRY_SECONDS_MAX, RETRY_SECONDS_MAX, RETRY_SECONDS_MIN};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Whole seconds, because intermediaries cut a fraction of a second to zero.
///
/// The hints walk through the allowed span in steps that never fall into step with a crowd of senders (a
/// multiplicative sequence); true randomness would buy nothing here.
#[derive(Default)]
pub(crate) struct RetryHints {
    given: AtomicU64,
}

impl RetryHints {
    pub(crate) fn next_seconds(&self) -> u64 {
        let count = self.given.fetch_add(1, Ordering::Relaxed);
        let mixed = count.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
        RETRY_SECONDS_MIN + mixed % (RETRY_SECONDS_MAX - RETRY_SECONDS_MIN + 1)
    }
}

/// The hint for a wait whose length is known: whole seconds, none cut off, so that whoever keeps to it is taken.
///
/// Not spread: who was refused later comes back later.
pub(crate) fn seconds_until(wait: Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(begun).clamp(RETRY_SECONDS_MIN, QUOTA_RETRY_SECONDS_MAX)
}

#[cfg(test)]
mod tests;
