//! What the process says about itself: log lines, and logs, spans and metrics by OTLP.
//!
//! Everything begins as a record or span of `tracing`. The `gate` decides what passes; what does goes to the
//! `console`, and through OpenTelemetry's SDK into bounded queues, one per signal and destination. A thread of its own
//! with its own runtime empties them, so that exports neither wait for requests nor hold them up.
//!
//! | what | goes to |
//! |---|---|
//! | log records | standard error; with `self_logs` our own collector as tenant `_self`; the configured endpoint |
//! | spans of requests, in the trace of the caller | the configured endpoint |
//! | metrics | whoever asks `/metrics`; the configured endpoint |
//!
//! Always true:
//! - who reports never waits for an export; what finds a queue full is dropped and counted;
//! - telemetry never reports on itself: its thread, and the requests by which it arrives, run in silence ([`quiet`]);
//! - nothing is read from `OTEL_*` variables that would redirect what is sent, or to whom.
//!
//! Start at [`init`].

mod config;
mod console;
mod endpoint;
mod error;
mod gate;
mod health;
mod log_export;
mod metric_export;
mod metrics;
mod outbox;
mod process;
mod quiet;
mod repeats;
pub(crate) mod request_span;
mod span_export;

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use basics::Clock;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData};
use tokio::sync::oneshot;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;

use crate::clock::{SystemClock, random_u64};
use crate::limits::{EXPORT_QUEUE_RECORDS, EXPORT_QUEUE_SPANS};
use crate::metrics::Registry;
use crate::secret::Secret;
use crate::tasks::Tasks;
use console::{Console, Sink};
use endpoint::Endpoint;
pub use gate::AUDIT_TARGET;
use gate::Gate;
use health::{EXPORT_TARGET, SendHealth};
use log_export::{LogOutlets, LogReport, send_logs};
use metric_export::MetricSender;
use metrics::{Counts, SendCounts};
use outbox::{Inbox, Outbox, outbox};
use quiet::aloud;
use repeats::Repeats;
use span_export::{SpanOutlet, send_spans};

pub use config::{LogConfig, LogFormat, LogLevel, OtlpExportConfig, TelemetryConfig};
pub use error::TelemetryError;
pub use metrics::Metric;
pub use quiet::{is_quiet, quiet, quietly};

/// How often repeated records are summed up.
const SUMMARY_INTERVAL: Duration = Duration::from_secs(1);

/// The telemetry of a running process.
#[derive(Debug)]
pub struct Telemetry {
    config: TelemetryConfig,
    resource: Resource,
    started: SystemTime,
    counts: Counts,
    repeats: Arc<Repeats>,
    endpoint: Option<Endpoint>,
    /// What waits for our own collector, until it is there.
    own_inbox: Mutex<Option<Inbox<LogReport>>>,
    own_logs: Option<Outbox<LogReport>>,
    logs: Option<Outbox<LogReport>>,
    spans: Option<Outbox<SpanData>>,
    metrics: Mutex<Option<Arc<MetricSender>>>,
    thread: ExportThread,
}

/// The thread that exports, and its runtime.
#[derive(Debug)]
struct ExportThread {
    runtime: tokio::runtime::Handle,
    tasks: Tasks,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// Starts log lines on standard error, and exports where they are configured. Call it once, before anything is said.
///
/// # Errors
/// [`TelemetryError`]: the endpoint cannot be used, or telemetry runs already.
pub fn init(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let is_terminal = std::io::stderr().is_terminal();
    let has_colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let clock = Arc::new(SystemClock::new());
    let (telemetry, dispatch) = assemble(config, Box::new(std::io::stderr()), has_colour, clock)?;
    tracing::dispatcher::set_global_default(dispatch).map_err(|_| TelemetryError::Started)?;
    Ok(telemetry)
}

/// All of [`init`] but making it the telemetry of the process.
fn assemble(
    config: &TelemetryConfig,
    sink: Sink,
    has_colour: bool,
    clock: Arc<dyn Clock>,
) -> Result<(Telemetry, Dispatch), TelemetryError> {
    let (thread, speak) = ExportThread::start()?;
    let tasks = &thread.tasks;
    let entered = thread.runtime.enter();
    let resource = resource();
    let counts = Counts::default();
    let repeats = Arc::new(Repeats::default());

    let (own_logs, own_inbox) =
        optional(config.self_logs, || outbox(EXPORT_QUEUE_RECORDS, counts.own_logs.queue_full.clone()));
    let endpoint = match config.otlp.endpoint.as_str() {
        "" => None,
        _ => Some(Endpoint::configured(&config.otlp)?),
    };
    let (logs, inbox) = optional(endpoint.is_some(), || outbox(EXPORT_QUEUE_RECORDS, counts.logs.queue_full.clone()));
    if let (Some(endpoint), Some(inbox)) = (&endpoint, inbox) {
        let health = health("logs", endpoint, &counts.logs);
        tasks.spawn("log export", send_logs(inbox, endpoint.log_exporter(&resource)?, health));
    }
    let (spans, inbox) = optional(endpoint.is_some(), || outbox(EXPORT_QUEUE_SPANS, counts.spans.queue_full.clone()));
    if let (Some(endpoint), Some(inbox)) = (&endpoint, inbox) {
        let health = health("spans", endpoint, &counts.spans);
        tasks.spawn("span export", send_spans(inbox, endpoint.span_exporter(&resource)?, health));
    }
    tasks.spawn("repeated records", say_what_was_held_back(Arc::clone(&repeats), Arc::clone(&clock)));

    let log_outboxes: Vec<_> = own_logs.iter().chain(&logs).cloned().collect();
    let log_bridge = (!log_outboxes.is_empty()).then(|| {
        let outlets = LogOutlets { outboxes: log_outboxes };
        OpenTelemetryTracingBridge::new(&SdkLoggerProvider::builder().with_log_processor(outlets).build())
    });
    let span_bridge = spans.clone().map(|outbox| {
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.otlp.trace_share)));
        let provider =
            SdkTracerProvider::builder().with_sampler(sampler).with_span_processor(SpanOutlet { outbox }).build();
        let tracer = provider.tracer("outrigger");
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
    });
    let gate = Gate::new(config.log.level, span_bridge.is_some(), Arc::clone(&repeats), Arc::clone(&clock));
    let console = Console::new(config.log.format, has_colour, clock, sink);
    // The last is asked first, and what it refuses none of the others sees.
    let subscriber = tracing_subscriber::registry().with(span_bridge).with(log_bridge).with(console).with(gate);
    let dispatch = Dispatch::new(subscriber);

    drop(entered);
    basics::carry_on(speak.send(dispatch.clone()).map_err(|_| "unheard"), "a thread that has ended says nothing");
    let telemetry = Telemetry {
        config: config.clone(),
        resource,
        started: SystemTime::now(),
        counts,
        repeats,
        endpoint,
        own_inbox: Mutex::new(own_inbox),
        own_logs,
        logs,
        spans,
        metrics: Mutex::new(None),
        thread,
    };
    Ok((telemetry, dispatch))
}

impl Telemetry {
    /// Sends this process's own log records to its own collector: an OTLP gRPC listener without TLS on loopback, and
    /// the token by which that knows us ([`Auth::own_token`](crate::auth::Auth::own_token)). What was said before
    /// goes along. Does nothing where `self_logs` is off.
    pub fn export_logs_to(&self, endpoint: &str, token: &Secret<String>) {
        let Some(inbox) = self.own_inbox.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if self
            .endpoint
            .as_ref()
            .is_some_and(|other| other.address().trim_end_matches('/') == endpoint.trim_end_matches('/'))
        {
            tracing::warn!(endpoint, "telemetry.otlp.endpoint is this process itself; self_logs is enough for that");
        }
        let _entered = self.thread.runtime.enter();
        let made =
            Endpoint::local(endpoint, token).and_then(|own| own.log_exporter(&self.resource).map(|made| (own, made)));
        match made {
            Ok((own, exporter)) => {
                let health = health("logs", &own, &self.counts.own_logs);
                self.thread.tasks.spawn("own log export", send_logs(inbox, exporter, health));
            }
            Err(error) => {
                tracing::error!(target: EXPORT_TARGET, error = &error as &dyn std::error::Error, "own log records are not kept");
            }
        }
    }

    /// Adds what is counted about telemetry and the process to `registry` ([`Metric`]), and sends all of the registry to
    /// the configured endpoint.
    pub fn report(&self, registry: &Registry) {
        self.counts.register(registry, Arc::clone(&self.repeats), self.started);
        let Some(endpoint) = &self.endpoint else { return };
        let health = health("metrics", endpoint, &self.counts.metrics);
        let sender = Arc::new(MetricSender::new(registry.clone(), endpoint.clone(), &self.resource, health));
        *self.metrics.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&sender));
        let interval = self.config.otlp.metrics_interval.0;
        let _entered = self.thread.runtime.enter();
        self.thread.tasks.spawn("metric export", async move { sender.send_every(interval).await });
    }

    /// Waits until what was said so far has been sent, or `within` has passed. To be called before the listeners
    /// stop, because our own collector is behind one of them.
    pub async fn flush(&self, within: Duration) {
        let flushed = tokio::time::timeout(within, self.queues().flush()).await;
        if flushed.is_err() {
            tracing::warn!(target: EXPORT_TARGET, "telemetry is not sent in time, going on without");
        }
    }

    /// Gives up what is still said to our own collector, which has stopped: nothing waits for it any more.
    pub fn note_own_collector_stopped(&mut self) {
        self.own_logs = None;
    }

    /// Sends what is left, for at most `deadline`, and ends the thread. The last step of stopping; log lines on
    /// standard error go on.
    pub fn shutdown(self, deadline: Duration) {
        let end = Instant::now() + deadline;
        let queues = self.queues();
        let metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (done, is_done) = std::sync::mpsc::sync_channel(1);
        {
            let _entered = self.thread.runtime.enter();
            self.thread.tasks.spawn("last words", async move {
                queues.flush().await;
                if let Some(metrics) = metrics {
                    metrics.send().await;
                }
                basics::carry_on(done.try_send(()), "the deadline has passed, and nobody waits");
            });
        }
        if is_done.recv_timeout(deadline).is_err() {
            tracing::warn!(target: EXPORT_TARGET, "the last telemetry could not be sent in time");
        }
        self.thread.stop(end);
    }

    fn queues(&self) -> Queues {
        // While nobody empties the queue for our own collector, waiting for it would not end.
        let is_held = self.own_inbox.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let own_logs = if is_held { None } else { self.own_logs.clone() };
        Queues { logs: own_logs.into_iter().chain(self.logs.clone()).collect(), spans: self.spans.clone() }
    }
}

/// The queues that somebody empties.
struct Queues {
    logs: Vec<Outbox<LogReport>>,
    spans: Option<Outbox<SpanData>>,
}

impl Queues {
    async fn flush(self) {
        for outbox in self.logs {
            outbox.flush().await;
        }
        if let Some(outbox) = self.spans {
            outbox.flush().await;
        }
    }
}

impl ExportThread {
    /// Starts the thread. It speaks through what is sent to it; when that is dropped instead, it ends.
    fn start() -> Result<(ExportThread, oneshot::Sender<Dispatch>), TelemetryError> {
        let (give, given) = std::sync::mpsc::sync_channel(1);
        let (speak, dispatch) = oneshot::channel::<Dispatch>();
        let (stop, is_stopped) = oneshot::channel::<()>();
        // Made and dropped on its own thread: a runtime must not be dropped inside another, as a failing start would.
        let work = move || {
            let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let given = give.send(made.as_ref().map(|runtime| runtime.handle().clone()).map_err(|error| error.kind()));
            let (Ok(runtime), Ok(())) = (made, given) else { return };
            quietly(|| {
                runtime.block_on(async {
                    let Ok(dispatch) = dispatch.await else { return };
                    let _speaks_as_the_process = tracing::dispatcher::set_default(&dispatch);
                    basics::carry_on(is_stopped.await, "dropped without a shutdown is stopped as well");
                });
            });
        };
        let thread =
            std::thread::Builder::new().name("telemetry".to_owned()).spawn(work).map_err(TelemetryError::Thread)?;
        let gone = |_| TelemetryError::Thread(io::ErrorKind::BrokenPipe.into());
        let runtime = given.recv().map_err(gone)?.map_err(|kind| TelemetryError::Thread(kind.into()))?;
        Ok((ExportThread { runtime, tasks: Tasks::new(), stop, thread }, speak))
    }

    /// Ends the thread, and leaves it behind when it does not.
    fn stop(self, end: Instant) {
        basics::carry_on(self.stop.send(()).map_err(|()| "unheard"), "the thread has ended already");
        while !self.thread.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.thread.is_finished() && self.thread.join().is_err() {
            tracing::error!(thread = "telemetry", "thread panicked");
        }
    }
}

/// Both ends of a queue that is wanted.
fn optional<T>(is_wanted: bool, make: impl FnOnce() -> (Outbox<T>, Inbox<T>)) -> (Option<Outbox<T>>, Option<Inbox<T>>) {
    is_wanted.then(make).unzip()
}

fn health(signal: &'static str, endpoint: &Endpoint, counts: &SendCounts) -> SendHealth {
    SendHealth::new(signal, endpoint.address(), counts.sent.clone(), counts.send_failed.clone())
}

/// Who speaks. Built from nothing, since the SDK's own detectors read `OTEL_RESOURCE_ATTRIBUTES`.
fn resource() -> Resource {
    let attributes = [
        KeyValue::new("service.name", "outrigger"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", format!("{:016x}", random_u64())),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ];
    Resource::builder_empty().with_attributes(attributes).build()
}

async fn say_what_was_held_back(repeats: Arc<Repeats>, clock: Arc<dyn Clock>) {
    let mut ticks = tokio::time::interval(SUMMARY_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for summary in repeats.summaries(clock.monotonic()) {
            let place = format!("{}:{}", summary.site.file, summary.site.line);
            let suppressed = summary.suppressed;
            aloud(|| {
                tracing::warn!(suppressed, place = place.as_str(), "records repeated themselves and were not written")
            });
        }
    }
}

#[cfg(test)]
mod tests;
