//! The front door of the telemetry house: configuration, start, stop. It does no work of its own.
//!
//! Always true:
//! - requests are taken as soon as the end of the log is found, while what an earlier life acknowledged is read back;
//! - stopping follows the way of the data: listeners, admission, write-ahead log, store; each is joined;
//! - a thread that owns data does not limp: its panic ends the process, and the next start replays.
//!
//! Start at [`Collector::prepare`]. `rooms` connects the rooms, `threads` and `listeners` set them in motion.

mod access;
mod apps;
mod caretaker;
mod config;
mod error;
mod front_door;
mod listeners;
mod log_watch;
mod metrics;
mod readiness;
mod rooms;
mod surroundings;
mod threads;

pub use config::{
    CollectorConfig, HttpConfig, LogsConfig, OtlpConfig, OtlpGrpcConfig, OtlpHttpConfig, QueryConfig, QuotaConfig,
    QuotasConfig, WalConfig,
};
pub use error::CollectorError;
pub use front_door::{Collector, Prepared};
pub use listeners::Addresses;
pub use log_store::{PartId, RebuildReport, StoreCheck};
pub use metrics::Metric;
pub use rooms::{check_data, rebuild_indexes};
pub use surroundings::Surroundings;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod whole_body;
