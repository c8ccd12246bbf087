//! What the collector shows at `/metrics`, in one list. docs/operations/metrics.md is written from it.
//!
//! Ledger, log, head, parts and memory are counted anyway; they are read when somebody asks. Only the time that requests take
//! is measured on the way, by [`RequestMetrics`].

use basics::{Clock, MemoryBudget};
use http::{HeaderMap, StatusCode};
use ingest::{AccountView, LogIngest, Signal};
use log_store::LogStore;
use parts::retention::RetentionSettings;
use service::metrics::{Counter, Histogram, SECONDS_BOUNDS, Samples};
use service::{MetricDef, Registry, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Every metric of the collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Ledger: records in acknowledged requests.
    ReceivedRecords,
    /// Ledger: records that can be searched.
    StoredRecords,
    /// Ledger: records that senders were told are not taken.
    RejectedRecords,
    /// Ledger: records lost after a yes.
    DroppedRecords,
    /// Ledger: records on their way to the store.
    InFlightRecords,
    /// Requests turned away whole.
    RefusedRequests,
    /// Their bytes.
    RefusedBytes,
    /// Acknowledged requests that wait for the writer of the store.
    QueuedRequests,
    /// Log: space of the live segments.
    WalUsedBytes,
    /// Log: the most they may take.
    WalLimitBytes,
    /// Log: entries made durable.
    WalEntries,
    /// Log: syncs.
    WalSyncs,
    /// Log: failed writes and syncs.
    WalFailures,
    /// Log: entries found lost.
    WalLostEntries,
    /// Log: damaged files kept for the operator.
    WalQuarantinedBytes,
    /// Log: how it is doing.
    WalConditionInfo,
    /// Replay: entries left to read.
    ReplayLeftEntries,
    /// Head: records.
    HeadRecords,
    /// Head: batches.
    HeadBatches,
    /// Head: bytes held.
    HeadMemoryBytes,
    /// Head: bytes beyond the budget.
    HeadUnchargedBytes,
    /// Parts: how many.
    Parts,
    /// Parts: their records.
    PartRecords,
    /// Parts: bytes of their files.
    PartBytes,
    /// Parts: how many are in quarantine.
    QuarantinedParts,
    /// Parts: how many have a damaged index.
    DamagedIndexes,
    /// Records deleted and not removed yet.
    HiddenRecords,
    /// Parts: how long there is room for more.
    RoomLeftDays,
    /// Memory budget: the ceiling.
    MemoryLimitBytes,
    /// Memory budget: reserved.
    MemoryReservedBytes,
    /// Connections open.
    Connections,
    /// Connections served.
    AcceptedConnections,
    /// Connections closed for a reason of ours.
    ClosedConnections,
    /// Requests by answer.
    Requests,
    /// Time until an answer begins.
    RequestSeconds,
    /// Requests refused before a face saw them.
    FrontRefusedRequests,
    /// Handlers that panicked.
    HandlerPanics,
}

impl Metric {
    /// All of them, in the order of the page.
    pub const ALL: [Metric; 37] = [
        Metric::ReceivedRecords,
        Metric::StoredRecords,
        Metric::RejectedRecords,
        Metric::DroppedRecords,
        Metric::InFlightRecords,
        Metric::RefusedRequests,
        Metric::RefusedBytes,
        Metric::QueuedRequests,
        Metric::WalUsedBytes,
        Metric::WalLimitBytes,
        Metric::WalEntries,
        Metric::WalSyncs,
        Metric::WalFailures,
        Metric::WalLostEntries,
        Metric::WalQuarantinedBytes,
        Metric::WalConditionInfo,
        Metric::ReplayLeftEntries,
        Metric::HeadRecords,
        Metric::HeadBatches,
        Metric::HeadMemoryBytes,
        Metric::HeadUnchargedBytes,
        Metric::Parts,
        Metric::PartRecords,
        Metric::PartBytes,
        Metric::QuarantinedParts,
        Metric::DamagedIndexes,
        Metric::HiddenRecords,
        Metric::RoomLeftDays,
        Metric::MemoryLimitBytes,
        Metric::MemoryReservedBytes,
        Metric::Connections,
        Metric::AcceptedConnections,
        Metric::ClosedConnections,
        Metric::Requests,
        Metric::RequestSeconds,
        Metric::FrontRefusedRequests,
        Metric::HandlerPanics,
    ];

    /// Name, meaning, kind and labels.
    pub const fn def(self) -> MetricDef {
        const ACCOUNT: &[&str] = &["tenant", "signal"];
        const ACCOUNT_REASON: &[&str] = &["tenant", "signal", "reason"];
        const SIGNAL: &[&str] = &["signal"];
        match self {
            Metric::ReceivedRecords => MetricDef::counter(
                "outrigger_received_records_total",
                "Records in acknowledged requests; always stored + rejected + dropped + in flight.",
                ACCOUNT,
            ),
            Metric::StoredRecords => {
                MetricDef::counter("outrigger_stored_records_total", "Records that can be searched.", ACCOUNT)
            }
            Metric::RejectedRecords => MetricDef::counter(
                "outrigger_rejected_records_total",
                "Records that their sender was told are not taken.",
                ACCOUNT_REASON,
            ),
            Metric::DroppedRecords => MetricDef::counter(
                "outrigger_dropped_records_total",
                "Records lost after they were acknowledged. Anything above 0 is a fault.",
                ACCOUNT_REASON,
            ),
            Metric::InFlightRecords => MetricDef::gauge(
                "outrigger_in_flight_records",
                "Records that are durable and on their way to the store.",
                ACCOUNT,
            ),
            Metric::RefusedRequests => MetricDef::counter(
                "outrigger_refused_requests_total",
                "Requests turned away whole; their senders still have them.",
                ACCOUNT_REASON,
            ),
            Metric::RefusedBytes => MetricDef::counter(
                "outrigger_refused_bytes_total",
                "Bytes of requests turned away whole, as far as they were read.",
                ACCOUNT_REASON,
            ),
            Metric::QueuedRequests => MetricDef::gauge(
                "outrigger_queued_requests",
                "Acknowledged requests that wait for the writer of the store.",
                SIGNAL,
            ),
            Metric::WalUsedBytes => MetricDef::gauge(
                "outrigger_wal_used_bytes",
                "Disk space of the live segments of the write-ahead log.",
                SIGNAL,
            ),
            Metric::WalLimitBytes => MetricDef::gauge(
                "outrigger_wal_limit_bytes",
                "The most that they may take; then senders are refused.",
                SIGNAL,
            ),
            Metric::WalEntries => {
                MetricDef::counter("outrigger_wal_entries_total", "Entries made durable; one is one request.", SIGNAL)
            }
            Metric::WalSyncs => MetricDef::counter(
                "outrigger_wal_syncs_total",
                "Syncs; one makes all entries durable that waited for it.",
                SIGNAL,
            ),
            Metric::WalFailures => MetricDef::counter(
                "outrigger_wal_failures_total",
                "Writes and syncs of the write-ahead log that failed.",
                SIGNAL,
            ),
            Metric::WalLostEntries => MetricDef::counter(
                "outrigger_wal_lost_entries_total",
                "Acknowledged entries that cannot be read because of damage. Anything above 0 is a fault.",
                SIGNAL,
            ),
            Metric::WalQuarantinedBytes => MetricDef::gauge(
                "outrigger_wal_quarantined_bytes",
                "Damaged files of the write-ahead log that are kept for the operator.",
                SIGNAL,
            ),
            Metric::WalConditionInfo => MetricDef::gauge(
                "outrigger_wal_condition_info",
                "1 for what holds: ok, disk_full, log_full or read_only.",
                &["signal", "condition"],
            ),
            Metric::ReplayLeftEntries => MetricDef::gauge(
                "outrigger_replay_left_entries",
                "Entries that the replay after a restart has still to read.",
                SIGNAL,
            ),
            Metric::HeadRecords => MetricDef::gauge("outrigger_head_records", "Records held in memory.", SIGNAL),
            Metric::HeadBatches => MetricDef::gauge("outrigger_head_batches", "Batches that they are in.", SIGNAL),
            Metric::HeadMemoryBytes => {
                MetricDef::gauge("outrigger_head_memory_bytes", "Memory of the records held in memory.", SIGNAL)
            }
            Metric::HeadUnchargedBytes => MetricDef::gauge(
                "outrigger_head_uncharged_bytes",
                "The part of it that the memory budget had no room for.",
                SIGNAL,
            ),
            Metric::Parts => {
                MetricDef::gauge("outrigger_parts", "Parts on disk, those in quarantine included.", SIGNAL)
            }
            Metric::PartRecords => MetricDef::gauge("outrigger_part_records", "Records in parts.", SIGNAL),
            Metric::PartBytes => MetricDef::gauge("outrigger_part_bytes", "Disk space of parts.", SIGNAL),
            Metric::QuarantinedParts => MetricDef::gauge(
                "outrigger_quarantined_parts",
                "Damaged parts that are not searched and whose files are kept. Anything above 0 needs an operator.",
                SIGNAL,
            ),
            Metric::DamagedIndexes => MetricDef::gauge(
                "outrigger_damaged_index_parts",
                "Parts whose index was found damaged; searches read their records instead. `outrigger data rebuild-index`.",
                SIGNAL,
            ),
            Metric::HiddenRecords => MetricDef::gauge(
                "outrigger_hidden_records",
                "Deleted records that no answer shows and that are still to be removed from disk.",
                SIGNAL,
            ),
            Metric::RoomLeftDays => MetricDef::gauge(
                "outrigger_room_left_days",
                "Days until there is no room for more parts, at the present rate; absent when old parts go by age before.",
                SIGNAL,
            ),
            Metric::MemoryLimitBytes => {
                MetricDef::gauge("outrigger_memory_limit_bytes", "The memory budget of the process.", &[])
            }
            Metric::MemoryReservedBytes => MetricDef::gauge(
                "outrigger_memory_reserved_bytes",
                "Reserved from the memory budget: requests, records, searches.",
                &[],
            ),
            Metric::Connections => MetricDef::gauge("outrigger_connections", "Connections open at the moment.", &[]),
            Metric::AcceptedConnections => {
                MetricDef::counter("outrigger_accepted_connections_total", "Connections served.", &[])
            }
            Metric::ClosedConnections => MetricDef::counter(
                "outrigger_closed_connections_total",
                "Connections closed by us: over_cap, deadline or failed_handshake.",
                &["reason"],
            ),
            Metric::Requests => MetricDef::counter(
                "outrigger_requests_total",
                "Requests answered by a listener, by the class of the answer's status.",
                &["listener", "status"],
            ),
            Metric::RequestSeconds => MetricDef::histogram(
                "outrigger_request_seconds",
                "From the end of a request's header to the beginning of its answer.",
                &["listener"],
                SECONDS_BOUNDS,
            ),
            Metric::FrontRefusedRequests => MetricDef::counter(
                "outrigger_front_refused_requests_total",
                "Requests refused before any face saw them: host, origin, credentials, scope.",
                &[],
            ),
            Metric::HandlerPanics => MetricDef::counter(
                "outrigger_handler_panics_total",
                "Requests that ended in a panic. Anything above 0 is a bug of ours.",
                &[],
            ),
        }
    }
}

/// What the figures are read from.
pub(crate) struct Sources {
    pub(crate) ingest: Arc<LogIngest>,
    pub(crate) store: Arc<LogStore>,
    pub(crate) retention: RetentionSettings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budget: MemoryBudget,
    pub(crate) server: Arc<Server>,
}

/// Shows everything that is counted anyway.
pub(crate) fn show(registry: &Registry, sources: Sources) {
    registry.source(move |samples| {
        read_ledger(samples, &sources.ingest);
        read_log(samples, &sources.ingest);
        read_head(samples, &sources.store);
        read_parts(samples, &sources.store);
        read_room(samples, &sources);
        set(samples, Metric::MemoryLimitBytes, &[], sources.budget.limit_bytes());
        set(samples, Metric::MemoryReservedBytes, &[], sources.budget.used_bytes());
        read_server(samples, &sources.server);
    });
}

// Exact up to 2^53; no figure of ours gets there in a century.
#[allow(clippy::cast_precision_loss)]
fn set(samples: &mut Samples, metric: Metric, labels: &[&str], value: u64) {
    samples.set(&metric.def(), labels, value as f64);
}

fn read_ledger(samples: &mut Samples, ingest: &LogIngest) {
    for ((tenant, signal), account) in ingest.ledger().view() {
        let name = ingest.tenants().name_of(tenant).map_or_else(|| tenant.to_string(), |name| name.to_string());
        show_account(samples, &name, signal, &account);
    }
}

fn show_account(samples: &mut Samples, tenant: &str, signal: Signal, account: &AccountView) {
    let labels = [tenant, signal.name()];
    set(samples, Metric::ReceivedRecords, &labels, account.received);
    set(samples, Metric::StoredRecords, &labels, account.stored);
    set(samples, Metric::InFlightRecords, &labels, account.in_flight);
    for (reason, count) in &account.rejected {
        set(samples, Metric::RejectedRecords, &[tenant, signal.name(), reason], *count);
    }
    for (reason, count) in &account.dropped {
        set(samples, Metric::DroppedRecords, &[tenant, signal.name(), reason], *count);
    }
    for (reason, refused) in &account.refused {
        set(samples, Metric::RefusedRequests, &[tenant, signal.name(), reason], refused.requests);
        set(samples, Metric::RefusedBytes, &[tenant, signal.name(), reason], refused.bytes);
    }
}

fn read_log(samples: &mut Samples, ingest: &LogIngest) {
    let signal = Signal::Logs.name();
    let log = ingest.log_view();
    let (position, end) = ingest.replay_progress();
    let figures = [
        (Metric::QueuedRequests, u64::try_from(ingest.queued_requests()).unwrap_or(u64::MAX)),
        (Metric::WalUsedBytes, log.used_bytes),
        (Metric::WalLimitBytes, log.limit_bytes),
        (Metric::WalEntries, log.entries),
        (Metric::WalSyncs, log.syncs),
        (Metric::WalFailures, log.failures),
        (Metric::WalLostEntries, log.lost_entries),
        (Metric::WalQuarantinedBytes, log.quarantined_bytes),
        (Metric::ReplayLeftEntries, end.saturating_sub(position)),
    ];
    for (metric, value) in figures {
        set(samples, metric, &[signal], value);
    }
    for condition in ["ok", "disk_full", "log_full", "read_only"] {
        set(samples, Metric::WalConditionInfo, &[signal, condition], u64::from(log.condition == condition));
    }
}

fn read_head(samples: &mut Samples, store: &LogStore) {
    let signal = Signal::Logs.name();
    let head = store.stats();
    let figures = [
        (Metric::HeadRecords, head.records),
        (Metric::HeadBatches, head.batches),
        (Metric::HeadMemoryBytes, head.memory_bytes),
        (Metric::HeadUnchargedBytes, head.uncharged_bytes),
    ];
    for (metric, value) in figures {
        set(samples, metric, &[signal], value);
    }
}

fn read_parts(samples: &mut Samples, store: &LogStore) {
    let signal = Signal::Logs.name();
    let parts = store.part_stats();
    let figures = [
        (Metric::Parts, parts.parts),
        (Metric::PartRecords, parts.records),
        (Metric::PartBytes, parts.file_bytes),
        (Metric::QuarantinedParts, parts.quarantined),
        (Metric::DamagedIndexes, parts.damaged_indexes),
        (Metric::HiddenRecords, parts.hidden_records),
    ];
    for (metric, value) in figures {
        set(samples, metric, &[signal], value);
    }
}

fn read_room(samples: &mut Samples, sources: &Sources) {
    let left = sources.store.days_left(sources.retention, sources.clock.now());
    if let Some(days) = left.and_then(|left| left.days) {
        samples.set(&Metric::RoomLeftDays.def(), &[Signal::Logs.name()], days);
    }
}

fn read_server(samples: &mut Samples, server: &Server) {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let counts = &server.counts;
    set(samples, Metric::Connections, &[], u64::try_from(server.connections.count()).unwrap_or(u64::MAX));
    set(samples, Metric::AcceptedConnections, &[], count(&counts.accepted));
    set(samples, Metric::ClosedConnections, &["over_cap"], count(&counts.over_cap));
    set(samples, Metric::ClosedConnections, &["deadline"], count(&counts.timed_out));
    set(samples, Metric::ClosedConnections, &["failed_handshake"], count(&counts.failed_handshakes));
    set(samples, Metric::FrontRefusedRequests, &[], count(&counts.refused));
    set(samples, Metric::HandlerPanics, &[], count(&counts.panics));
}

/// Counts and times the requests of one listener.
#[derive(Debug, Clone)]
pub(crate) struct RequestMetrics {
    seconds: Histogram,
    /// 2xx, 3xx, 4xx, 5xx.
    answers: [Counter; 4],
}

const STATUS_CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

impl RequestMetrics {
    pub(crate) fn new(registry: &Registry, listener: &str) -> RequestMetrics {
        let seconds = registry.histogram(&Metric::RequestSeconds.def(), &[listener]);
        let answers = STATUS_CLASSES.map(|class| registry.counter(&Metric::Requests.def(), &[listener, class]));
        RequestMetrics { seconds, answers }
    }

    pub(crate) fn note(&self, status: StatusCode, headers: &HeaderMap, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
        let [ok, moved, refused, failed] = &self.answers;
        let counter = match status_of(status, headers) {
            300..=399 => moved,
            400..=499 => refused,
            500..=599 => failed,
            _ => ok,
        };
        counter.inc();
    }
}

/// The status, or what a gRPC status that stands in the header comes to. (gRPC says 200 to everything; a refusal has no
/// body, so its status stands in the header.)
fn status_of(status: StatusCode, headers: &HeaderMap) -> u16 {
    match headers.get("grpc-status").map(http::HeaderValue::as_bytes) {
        None | Some(b"0") => status.as_u16(),
        // UNKNOWN, INTERNAL, UNAVAILABLE, DATA_LOSS.
        Some(b"2" | b"13" | b"14" | b"15") => 500,
        Some(_) => 400,
    }
}

#[cfg(test)]
mod tests;
