//! Spans, from `tracing` through OpenTelemetry's SDK into their outbox.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter as _, SpanProcessor};

use super::health::SendHealth;
use super::outbox::{Inbox, Outbox};
use crate::limits::EXPORT_DELAY;

/// Puts each span that has ended into the outbox.
#[derive(Debug)]
pub(crate) struct SpanOutlet {
    pub(crate) outbox: Outbox<SpanData>,
}

impl SpanProcessor for SpanOutlet {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.outbox.put(span);
    }

    /// The outbox is flushed by [`Telemetry`](super::Telemetry), which can wait.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Sends spans until their outbox is gone.
pub(crate) async fn send_spans(inbox: Inbox<SpanData>, exporter: SpanExporter, health: SendHealth) {
    let (exporter, health) = (&exporter, &health);
    inbox
        .drain(EXPORT_DELAY, |batch| async move {
            let count = batch.len();
            let outcome = exporter.export(batch).await;
            health.note(outcome.map_err(|error| error.to_string()), count);
        })
        .await;
}
