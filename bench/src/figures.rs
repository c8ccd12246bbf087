//! Small sums over measured figures.

use std::time::Duration;

/// The value in the middle; of an even number the lower of the two.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// The delay that 99 of 100 do not exceed.
pub fn p99(delays: &[Duration]) -> Duration {
    percentile(delays, 99)
}

/// The delay that 95 of 100 do not exceed.
pub fn p95(delays: &[Duration]) -> Duration {
    percentile(delays, 95)
}

/// The delay that half of them do not exceed.
pub fn p50(delays: &[Duration]) -> Duration {
    percentile(delays, 50)
}

fn percentile(delays: &[Duration], of_hundred: usize) -> Duration {
    let mut sorted = delays.to_vec();
    sorted.sort();
    let rank = (sorted.len() * of_hundred).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Seconds of processor time that a million records take, when so many took so long.
pub fn seconds_per_million(time: Duration, records: u64) -> f64 {
    time.as_secs_f64() * 1e6 / records as f64
}

/// Bytes, and the records that they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeOf {
    /// Bytes.
    pub bytes: u64,
    /// Records.
    pub records: u64,
}

impl SizeOf {
    /// Bytes of one record.
    pub fn per_record(self) -> f64 {
        self.bytes as f64 / self.records as f64
    }

    /// How many times as large a record is here as there.
    pub fn over(self, other: SizeOf) -> f64 {
        self.per_record() / other.per_record()
    }
}

/// A duration in milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests;
