//! Log records, from `tracing` through OpenTelemetry's SDK into the outboxes of their destinations.

use std::time::{Duration, SystemTime};

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{LogRecord, Severity};
use opentelemetry_otlp::LogExporter;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _, LogProcessor, SdkLogRecord};

use super::gate::is_outside;
use super::health::{EXPORT_TARGET, SendHealth};
use super::outbox::{Inbox, Outbox};
use crate::limits::EXPORT_DELAY;

/// A record and where in the code it was made, as an exporter wants them.
pub(crate) type LogReport = Box<(SdkLogRecord, InstrumentationScope)>;

/// Puts each record into the outbox of every destination.
#[derive(Debug)]
pub(crate) struct LogOutlets {
    pub(crate) outboxes: Vec<Outbox<LogReport>>,
}

impl LogProcessor for LogOutlets {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        // The bridge leaves the time out, and names records after our source files, which tells a reader nothing.
        record.set_timestamp(record.observed_timestamp().unwrap_or_else(SystemTime::now));
        record.set_event_name("");
        for outbox in &self.outboxes {
            outbox.put(Box::new((record.clone(), scope.clone())));
        }
    }

    /// Two things are for the console alone, because sent, each would bring forth the next of its kind: that an export
    /// fails, and what the libraries under our listeners say about each frame of it.
    fn event_enabled(&self, level: Severity, target: &str, _name: Option<&str>) -> bool {
        target != EXPORT_TARGET && (level >= Severity::Warn || !is_outside(target))
    }

    /// The outboxes are flushed by [`Telemetry`](super::Telemetry), which can wait.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Sends the records of one destination until its outbox is gone.
pub(crate) async fn send_logs(inbox: Inbox<LogReport>, exporter: LogExporter, health: SendHealth) {
    let (exporter, health) = (&exporter, &health);
    inbox
        .drain(EXPORT_DELAY, |batch| async move {
            let borrowed: Vec<_> = batch.iter().map(|report| (&report.0, &report.1)).collect();
            let outcome = exporter.export(LogBatch::new(&borrowed)).await;
            health.note(outcome.map_err(|error| error.to_string()), batch.len());
        })
        .await;
}
