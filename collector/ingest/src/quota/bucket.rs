//! A token bucket: time fills it, requests empty it.
//!
//! Always true:
//! - it begins full and never holds more than its burst;
//! - of requests no larger than the burst, what is let through is at most the burst and what the time since its
//!   beginning has earned;
//! - a larger request is let through when the bucket is full, since more than full it never gets. It leaves a debt, and
//!   nothing passes until that is paid back: in the long run the rate holds for such requests too.
//!
//! The level is counted in billionths of a token, because that is what a nanosecond earns at one token a second: whole
//! numbers are then exact.

use super::Allowance;
use std::time::Duration;

/// Parts of a token.
const PARTS: i128 = 1_000_000_000;

/// What a tenant has saved up of one thing.
#[derive(Debug)]
pub(super) struct Bucket {
    allowance: Allowance,
    /// In billionths of a token; below zero it is a debt.
    level: i128,
    /// Up to when the level counts what was earned.
    filled_at: Duration,
}

impl Bucket {
    pub(super) fn full(allowance: Allowance, now: Duration) -> Bucket {
        Bucket { allowance, level: i128::from(allowance.burst) * PARTS, filled_at: now }
    }

    pub(super) fn per_second(&self) -> u64 {
        self.allowance.per_second.get()
    }

    /// Adds what was earned since the last time. An earlier time than that, as a thread may bring that was held up,
    /// earns nothing.
    pub(super) fn refill(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.filled_at).as_nanos();
        let earned = i128::try_from(elapsed).unwrap_or(i128::MAX).saturating_mul(self.rate());
        self.level = self.level.saturating_add(earned).min(self.burst());
        self.filled_at = self.filled_at.max(now);
    }

    /// How long it takes until a request passes; zero when it passes at once. What costs nothing always does.
    pub(super) fn wait_for(&self, cost: u64) -> Duration {
        if cost == 0 {
            return Duration::ZERO;
        }
        let needed = (i128::from(cost) * PARTS).min(self.burst());
        let missing = needed.saturating_sub(self.level).max(0);
        // Rounded up, so that whoever waits as long as this is let through.
        let nanos = missing / self.rate() + i128::from(missing % self.rate() != 0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Takes out what a request costs, into debt if need be.
    pub(super) fn take(&mut self, cost: u64) {
        self.level = self.level.saturating_sub(i128::from(cost) * PARTS);
    }

    /// Puts back what a request took.
    pub(super) fn give_back(&mut self, cost: u64) {
        self.level = self.level.saturating_add(i128::from(cost) * PARTS).min(self.burst());
    }

    fn burst(&self) -> i128 {
        i128::from(self.allowance.burst) * PARTS
    }

    /// Tokens a second, which is parts of a token a nanosecond.
    fn rate(&self) -> i128 {
        i128::from(self.allowance.per_second.get())
    }
}

#[cfg(test)]
mod tests;
