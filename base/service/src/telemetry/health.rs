//! Whether a destination takes what it is sent. Said once when it stops, and once when it goes on.

use std::sync::atomic::{AtomicBool, Ordering};

use super::quiet::aloud;
use crate::metrics::Counter;

/// The target of what is said about exports, by which exporters know to leave it out.
pub(crate) const EXPORT_TARGET: &str = "telemetry_export";

/// The state of one signal on its way to one destination.
#[derive(Debug)]
pub(crate) struct SendHealth {
    signal: &'static str,
    address: String,
    is_failing: AtomicBool,
    sent: Counter,
    lost: Counter,
}

impl SendHealth {
    pub(crate) fn new(signal: &'static str, address: &str, sent: Counter, lost: Counter) -> SendHealth {
        SendHealth { signal, address: address.to_owned(), is_failing: AtomicBool::new(false), sent, lost }
    }

    /// Notes how the sending of `count` pieces went; a batch that failed is given up, after the exporter's retries.
    pub(crate) fn note(&self, outcome: Result<(), String>, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let (signal, endpoint) = (self.signal, self.address.as_str());
        match outcome {
            Ok(()) => {
                self.sent.add(count);
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    aloud(|| tracing::info!(target: EXPORT_TARGET, signal, endpoint, "telemetry is sent again"));
                }
            }
            Err(error) => {
                self.lost.add(count);
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    let error = error.as_str();
                    aloud(
                        || tracing::warn!(target: EXPORT_TARGET, signal, endpoint, error, "telemetry cannot be sent, and is dropped meanwhile"),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
