//! When a refused sender should come back.

use crate::limits::{RETRY_SECONDS_MAX, RETRY_SECONDS_MIN};
use std::sync::atomic::{AtomicU64, Ordering};

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

#[cfg(test)]
mod tests;
