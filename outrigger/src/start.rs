//! Starts everything, waits for the wish to stop, and stops it in the order data flows.

use crate::command_line::StartArgs;
use crate::config::{self, Loaded, OutriggerConfig};
use crate::credentials::Credentials;
use crate::failure::Failure;
use crate::start_text::{StartFacts, program_name};
use basics::{ErrorClass, MemoryBudget, OsDisk};
use collector::{Collector, CollectorError, Prepared, Surroundings};
use service::clock::random_u64;
use service::telemetry::Telemetry;
use service::{DataLock, ExitCode, Health, Registry, Shutdown, SystemClock, Tasks, machine, telemetry};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long stopping may take, telemetry included: a container engine kills after ten seconds.
const STOP_DEADLINE: Duration = Duration::from_secs(8);
/// Of it, for telemetry before the listeners stop, and at the very end.
const FLUSH_DEADLINE: Duration = Duration::from_millis(500);
/// How long what is left of searches may hold up the end.
const RUNTIME_DEADLINE: Duration = Duration::from_millis(200);

/// Runs until the process is told to stop.
pub(crate) fn run(args: &StartArgs) -> Result<(), Failure> {
    let mut loaded = config::load(&args.config)?;
    if let Some(data_dir) = &args.data_dir {
        loaded.config.data_dir.clone_from(data_dir);
    }
    let credentials = Credentials::open(&loaded.config)?;
    if credentials.has_secrets() {
        forbid_core_dumps();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("outrigger").build();
    let runtime = runtime.map_err(|error| Failure::unavailable(format!("cannot start threads: {error}")))?;
    let outcome = runtime.block_on(live(&loaded, credentials));
    runtime.shutdown_timeout(RUNTIME_DEADLINE);
    outcome
}

/// From the first log record to the last.
async fn live(loaded: &Loaded, credentials: Credentials) -> Result<(), Failure> {
    let mut telemetry =
        telemetry::init(&loaded.config.telemetry).map_err(|error| Failure::of(error.class(), &error))?;
    service::tasks::install_panic_hook(|| ());
    let outcome = serve(loaded, credentials, &telemetry).await;
    telemetry.note_own_collector_stopped();
    telemetry.shutdown(FLUSH_DEADLINE);
    outcome
}

async fn serve(loaded: &Loaded, credentials: Credentials, telemetry: &Telemetry) -> Result<(), Failure> {
    let config = &loaded.config;
    // Heard from here on, so that a stop during a long start is a stop and no kill.
    let mut signals = Signals::listen()?;
    let _lock = DataLock::take(&config.data_dir).map_err(|error| Failure::of(error.class(), &error))?;
    let registry = Registry::new();
    let surroundings = Surroundings {
        disk: Arc::new(OsDisk),
        clock: Arc::new(SystemClock::new()),
        budget: MemoryBudget::new(memory_budget_bytes(config)),
        salt_seed: random_u64(),
        data_dir: config.data_dir.clone(),
        auth: credentials.auth.clone(),
        guard: credentials.guard.clone(),
        tls: credentials.tls.clone(),
        health: Health::new(),
        registry: registry.clone(),
    };
    let prepared = Collector::prepare(&config.collector, surroundings).await;
    let prepared = prepared.map_err(|error| failure_of(&error))?;
    // Told first, so that whoever gets an answer finds the text printed.
    tell_start(&facts(loaded, &credentials, &prepared));
    let mut collector = prepared.serve();
    telemetry.report(&registry);
    telemetry.export_logs_to(collector.own_endpoint(), credentials.auth.own_token());

    let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
    tasks.spawn("watch of credentials", credentials.watch(shutdown.clone()));
    let failure = tokio::select! {
        name = signals.next() => {
            tracing::info!(signal = name, "stopping");
            None
        }
        error = collector.failed() => {
            let failure = failure_of(&error);
            tracing::error!(error = failure.message.as_str(), "stopping, because the collector cannot go on");
            Some(failure)
        }
    };
    tasks.spawn("second signal", end_at_once(signals, shutdown.clone()));
    telemetry.flush(FLUSH_DEADLINE).await;
    let late = collector.stop(STOP_DEADLINE - 2 * FLUSH_DEADLINE).await;
    if late.is_empty() {
        tracing::info!("stopped");
    } else {
        let late = late.join(", ");
        tracing::warn!(
            late = late.as_str(),
            "stopped without waiting longer; what was acknowledged is in the write-ahead log"
        );
    }
    shutdown.request();
    tasks.join(RUNTIME_DEADLINE).await;
    failure.map_or(Ok(()), Err)
}

fn memory_budget_bytes(config: &OutriggerConfig) -> u64 {
    config.memory.budget.bytes(machine::memory_bytes())
}

fn failure_of(error: &CollectorError) -> Failure {
    Failure::of(error.class(), error)
}

/// The wishes to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Signals, Failure> {
        let listen = |kind| {
            let cannot = |error| Failure::of(ErrorClass::Unavailable, &error);
            signal(kind).map_err(cannot)
        };
        Ok(Signals { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Whoever asks a second time does not want to wait. What was acknowledged is in the log either way.
async fn end_at_once(mut signals: Signals, shutdown: Shutdown) {
    tokio::select! {
        name = signals.next() => {
            tracing::warn!(signal = name, "second signal, ending at once");
            std::process::exit(ExitCode::Fine.number());
        }
        () = shutdown.requested() => {}
    }
}

/// Memory of this process holds keys; none of it is to be written to a file by a crash.
fn forbid_core_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let forbidden = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    basics::carry_on(forbidden, "where it cannot be forbidden, the machine decides about core dumps");
}

fn facts(loaded: &Loaded, credentials: &Credentials, prepared: &Prepared) -> StartFacts {
    let config = &loaded.config;
    StartFacts {
        addresses: prepared.addresses(),
        data_dir: readable(&config.data_dir),
        room_left_days: prepared.room_left_days(),
        configuration: loaded.source.to_string(),
        memory_budget_bytes: memory_budget_bytes(config),
        memory_budget_written: config.memory.budget.to_string(),
        wal_budget_bytes: config.collector.wal.budget.0,
        request_bytes_max: prepared.request_bytes_max(),
        has_tls: credentials.tls.is_some(),
        wants_certificates: credentials.tls.as_ref().is_some_and(|tls| tls.asks_for_certificates()),
        has_tokens: credentials.token_count().is_some(),
        program: program_name(std::env::args().next().as_deref()),
        keeps_own_logs: config.telemetry.self_logs,
    }
}

/// The whole path, so that it is found from anywhere.
fn readable(dir: &Path) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    service::escape::escaped(&whole.display().to_string()).into_owned()
}

/// Text for a person on standard output, and a record for whoever collects records.
fn tell_start(facts: &StartFacts) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(facts.text().as_bytes()).and_then(|()| stdout.flush());
    basics::carry_on(written, "nobody reads standard output; the process runs all the same");
    let addresses = facts.addresses;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        otlp_grpc = %addresses.otlp_grpc,
        otlp_http = %addresses.otlp_http,
        web = %addresses.web,
        data_dir = facts.data_dir.as_str(),
        memory_budget_bytes = facts.memory_budget_bytes,
        wal_budget_bytes = facts.wal_budget_bytes,
        "started"
    );
}

#[cfg(test)]
mod tests;
