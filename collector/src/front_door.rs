//! Starts the house and stops it in the order data flows.
//!
//! Start: ports are bound, the log's end is found, threads run, ports are served. From then on requests are taken; what
//! an earlier life acknowledged is read back behind them. Stop: readiness says no, listeners, admission, log, store.

use crate::apps::WebApp;
use crate::config::CollectorConfig;
use crate::error::CollectorError;
use crate::listeners::{Addresses, Bound, Faces, Listeners};
use crate::metrics::RequestMetrics;
use crate::readiness::Readiness;
use crate::rooms::{self, Rooms, World};
use crate::surroundings::Surroundings;
use crate::threads::Threads;
use crate::{log_watch, metrics};
use api::Doors;
use basics::MemoryBudget;
use service::{Health, Server, ServerSettings, Shutdown, Tasks};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wal::Recovery;

/// Requests that run when the process is told to stop may go on for this long: all of stopping has to fit into the ten
/// seconds that container engines wait before they kill.
const DRAIN: Duration = Duration::from_secs(3);
/// What connections may send before it is read is at most this part of the memory budget.
const CONNECTION_SHARE_OF_BUDGET: u64 = 4;

/// A collector whose ports are bound and whose threads run. Whoever connects waits until it is served.
#[must_use = "a prepared collector answers nobody before it is served"]
pub struct Prepared {
    rooms: Rooms,
    threads: Threads,
    bound: Bound,
    server: Arc<Server>,
    replay_first: u64,
    surroundings: Surroundings,
}

/// A running collector. It is ended by [`Collector::stop`]; dropped instead, its threads run on until the process ends.
#[must_use = "a collector that is dropped is not stopped"]
pub struct Collector {
    rooms: Rooms,
    threads: Threads,
    listeners: Listeners,
    watch: Tasks,
    watch_shutdown: Shutdown,
    health: Health,
    addresses: Addresses,
    own_endpoint: String,
}

impl Prepared {
    /// Where it is going to listen, with the real ports.
    pub fn addresses(&self) -> Addresses {
        self.bound.addresses()
    }

    /// The largest request that is going to be taken, in bytes.
    pub fn request_bytes_max(&self) -> u64 {
        self.rooms.ingest.request_bytes_max()
    }

    /// Days until there is no room for more parts, at the present rate; `None` when old ones go by age before, or nobody
    /// knows.
    pub fn room_left_days(&self) -> Option<f64> {
        self.rooms.store.days_left(self.rooms.retention, self.surroundings.clock.now())?.days
    }

    /// Begins to answer; nothing can fail any more. Must be called inside a runtime.
    pub fn serve(self) -> Collector {
        let Prepared { rooms, threads, bound, server, replay_first, surroundings } = self;
        let Surroundings { budget, health, registry, .. } = &surroundings;
        metrics::show(
            registry,
            metrics::Sources {
                ingest: rooms.ingest.clone(),
                store: rooms.store.clone(),
                retention: rooms.retention,
                clock: surroundings.clock.clone(),
                budget: budget.clone(),
                server: server.clone(),
            },
        );
        let (addresses, own_endpoint) = (bound.addresses(), bound.own_endpoint());
        let Addresses { otlp_grpc, otlp_http, web } = addresses;
        let web = WebApp {
            api: rooms.api.clone(),
            doors: Doors {
                otlp_grpc,
                otlp_http,
                web,
                has_tls: surroundings.tls.is_some(),
                has_credentials: surroundings.auth.is_configured(),
            },
            health: health.clone(),
            readiness: Readiness::new(health.clone(), rooms.ingest.clone(), rooms.store.clone(), replay_first),
            registry: registry.clone(),
            metrics: RequestMetrics::new(registry, "web"),
        };
        let listeners = bound.serve(Faces { otlp: rooms.otlp.clone(), web }, &server, &surroundings);
        let (watch, watch_shutdown) = (Tasks::new(), Shutdown::new());
        watch.spawn("watch of the log", log_watch::run(rooms.ingest.clone(), budget.clone(), watch_shutdown.clone()));
        let health = health.clone();
        Collector { rooms, threads, listeners, watch, watch_shutdown, health, addresses, own_endpoint }
    }
}

impl Collector {
    /// Binds the ports, opens what is on disk and starts the threads. Must be called inside a runtime.
    ///
    /// # Errors
    /// Why not; nothing runs then.
    pub async fn prepare(config: &CollectorConfig, surroundings: Surroundings) -> Result<Prepared, CollectorError> {
        let bound = Bound::bind(config, &surroundings)?;
        let Surroundings { disk, clock, budget, salt_seed, .. } = &surroundings;
        let world = World { disk: disk.clone(), clock: clock.clone(), budget: budget.clone(), salt_seed: *salt_seed };
        let (rooms, workers) = rooms::open(config.room_settings(surroundings.data_dir.clone()), world)?;
        say_recovered(&workers.recovery);
        let replay_first = workers.replay_first.0;
        let threads = Threads::start(&rooms, workers).await?;
        let server = Server::new(server_settings(budget));
        Ok(Prepared { rooms, threads, bound, server, replay_first, surroundings })
    }

    /// Starts everything. Returns when requests are taken. Must be called inside a runtime.
    ///
    /// # Errors
    /// Why not; nothing runs then.
    pub async fn start(config: &CollectorConfig, surroundings: Surroundings) -> Result<Collector, CollectorError> {
        Collector::prepare(config, surroundings).await.map(Prepared::serve)
    }

    /// Where it listens, with the real ports.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Where this process sends its own telemetry to: OTLP gRPC without TLS, on this machine.
    pub fn own_endpoint(&self) -> &str {
        &self.own_endpoint
    }

    /// Waits until the house cannot go on, and says why. The process is to stop then, and to be started again.
    pub async fn failed(&mut self) -> CollectorError {
        self.threads.failed().await
    }

    /// Stops in the order data flows; returns what was late and is left behind. Late threads are no loss: what was
    /// acknowledged is in the log.
    pub async fn stop(self, deadline: Duration) -> Vec<&'static str> {
        let end = Instant::now() + deadline;
        let left = || end.saturating_duration_since(Instant::now());
        self.health.wait_for("collector", "stopping");
        // Half of the time for the callers, so that whatever they do, the log is closed in order.
        // Streams without an end of their own would hold the listeners up.
        self.rooms.api.end_streams();
        let mut late = self.listeners.stop_otlp(left().mul_f32(0.6)).await;
        late.extend(self.listeners.stop_web(left().mul_f32(0.3)).await);
        self.rooms.ingest.stop();
        self.watch_shutdown.request();
        late.extend(self.watch.join(left().mul_f32(0.1)).await);
        late.extend(self.threads.stop_log(&self.rooms.wal, left().mul_f32(0.7)).await);
        late.extend(self.threads.stop_store(&self.rooms.ingest, left().mul_f32(0.7)).await);
        late.extend(self.threads.stop_parts(left()).await);
        late
    }
}

fn server_settings(budget: &MemoryBudget) -> ServerSettings {
    let settings = ServerSettings { drain: DRAIN, ..ServerSettings::default() };
    settings.fit_into(budget.limit_bytes() / CONNECTION_SHARE_OF_BUDGET)
}

fn say_recovered(recovery: &Recovery) {
    if recovery.segments > 0 {
        let Recovery { first, next, segments, live_bytes, torn_bytes, .. } = recovery;
        let (first, next) = (first.0, next.0);
        tracing::info!(first, next, segments, live_bytes, torn_bytes, "write-ahead log opened");
    }
    for lost in &recovery.lost {
        let (first, last) = (lost.first.0, lost.last.0);
        let file = lost.path.display().to_string();
        tracing::error!(
            first,
            last,
            file = file.as_str(),
            "the write-ahead log is damaged, acknowledged entries are lost"
        );
    }
    for file in &recovery.damaged_files {
        let file = file.display().to_string();
        tracing::error!(
            file = file.as_str(),
            "a file of the write-ahead log is damaged; it is kept, keep it too, and look at the disk"
        );
    }
    if recovery.is_position_lost {
        tracing::warn!(
            "the position file of the write-ahead log was lost; entries may be read that were forgotten before"
        );
    }
}

#[cfg(test)]
mod tests;
