//! What the process kit counts about the process and about telemetry itself, in one list.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::process;
use super::repeats::Repeats;
use crate::metrics::{Counter, MetricDef, Registry, Samples};

/// Every metric of the process kit; docs/operations/metrics.md lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Exports that arrived.
    TelemetrySent,
    /// Exports that were lost.
    TelemetryDropped,
    /// Log records held back.
    LogRecordsSuppressed,
    /// Processor time.
    CpuSeconds,
    /// Memory in RAM.
    ResidentMemoryBytes,
    /// Descriptors open.
    OpenFds,
    /// Descriptors allowed.
    MaxFds,
    /// When the process began.
    StartTimeSeconds,
}

impl Metric {
    /// All of them, in the order of the page.
    pub const ALL: [Metric; 8] = [
        Metric::TelemetrySent,
        Metric::TelemetryDropped,
        Metric::LogRecordsSuppressed,
        Metric::CpuSeconds,
        Metric::ResidentMemoryBytes,
        Metric::OpenFds,
        Metric::MaxFds,
        Metric::StartTimeSeconds,
    ];

    /// Name, meaning, kind and labels. Those of the process have the names that every Prometheus client uses.
    pub const fn def(self) -> MetricDef {
        match self {
            Metric::TelemetrySent => MetricDef::counter(
                "outrigger_telemetry_sent_total",
                "Log records, spans and metrics of this process that a collector took.",
                &["signal", "destination"],
            ),
            Metric::TelemetryDropped => MetricDef::counter(
                "outrigger_telemetry_dropped_total",
                "Log records, spans and metrics of this process that were lost: `queue_full`, or `send_failed` after retries.",
                &["signal", "destination", "reason"],
            ),
            Metric::LogRecordsSuppressed => MetricDef::counter(
                "outrigger_log_records_suppressed_total",
                "Log records that were counted instead of written, because their place in the code repeated itself.",
                &[],
            ),
            Metric::CpuSeconds => {
                MetricDef::counter("process_cpu_seconds_total", "Processor time of user and system.", &[])
            }
            Metric::ResidentMemoryBytes => {
                MetricDef::gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", &[])
            }
            Metric::OpenFds => MetricDef::gauge("process_open_fds", "Open file descriptors.", &[]),
            Metric::MaxFds => MetricDef::gauge("process_max_fds", "The most that may be open.", &[]),
            Metric::StartTimeSeconds => {
                MetricDef::gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", &[])
            }
        }
    }
}

/// The counters of one signal to one destination.
#[derive(Debug, Clone, Default)]
pub(crate) struct SendCounts {
    pub(crate) sent: Counter,
    pub(crate) queue_full: Counter,
    pub(crate) send_failed: Counter,
}

/// Every counter of telemetry. They count from the start of the process, before there is a registry to read them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) own_logs: SendCounts,
    pub(crate) logs: SendCounts,
    pub(crate) spans: SendCounts,
    pub(crate) metrics: SendCounts,
}

impl Counts {
    /// Lets `registry` read the counters, and the process.
    pub(crate) fn register(&self, registry: &Registry, repeats: Arc<Repeats>, started: SystemTime) {
        let counts = self.clone();
        registry.source(move |samples| {
            counts.read(samples);
            samples.count(&Metric::LogRecordsSuppressed.def(), &[], repeats.suppressed().get());
            read_process(samples, started);
        });
    }

    fn read(&self, samples: &mut Samples) {
        let all = [
            ("logs", "self", &self.own_logs),
            ("logs", "endpoint", &self.logs),
            ("spans", "endpoint", &self.spans),
            ("metrics", "endpoint", &self.metrics),
        ];
        let (sent, dropped) = (Metric::TelemetrySent.def(), Metric::TelemetryDropped.def());
        for (signal, destination, counts) in all {
            samples.count(&sent, &[signal, destination], counts.sent.get());
            samples.count(&dropped, &[signal, destination, "queue_full"], counts.queue_full.get());
            samples.count(&dropped, &[signal, destination, "send_failed"], counts.send_failed.get());
        }
    }
}

/// What cannot be read is left out: a wrong zero would look like an answer.
fn read_process(samples: &mut Samples, started: SystemTime) {
    let whole = [
        (Metric::ResidentMemoryBytes, process::resident_bytes()),
        (Metric::OpenFds, process::open_fds()),
        (Metric::MaxFds, process::max_fds()),
    ];
    for (metric, value) in whole {
        if let Some(value) = value {
            samples.count(&metric.def(), &[], value);
        }
    }
    if let Some(used) = process::cpu_time() {
        samples.set(&Metric::CpuSeconds.def(), &[], used.as_secs_f64());
    }
    let since_1970 = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    samples.set(&Metric::StartTimeSeconds.def(), &[], since_1970.as_secs_f64());
}

#[cfg(test)]
mod tests;
