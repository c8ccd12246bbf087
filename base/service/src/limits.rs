//! The ceilings of the process kit, and why they stand where they stand.

use std::time::Duration;

use basics::MIB;

/// Largest configuration or token file. The full default configuration is below 32 KiB.
pub const CONFIG_BYTES_MAX: u64 = MIB;
/// Deepest nesting of a configuration file; ours needs 8.
pub const CONFIG_DEPTH_MAX: usize = 32;
/// Most scalars, lists and mappings of a configuration file.
pub const CONFIG_NODES_MAX: usize = 50_000;
/// Most mistakes listed at once; the rest is counted.
pub const CONFIG_MISTAKES_MAX: usize = 100;

/// Most tokens in a token file: each is compared on every request (200 ns for a thousand).
pub const TOKENS_MAX: usize = 1_000;
/// Hashes active at once per token: the one in use and the one that replaces it.
pub const TOKEN_HASHES_MAX: usize = 2;
/// Longest credential that is looked at.
pub const CREDENTIAL_BYTES_MAX: usize = 512;
/// Peers whose failed logins are remembered. At the ceiling the oldest is forgotten.
pub const FAILING_PEERS_MAX: usize = 4_096;
/// Failed logins per peer and minute that are answered without delay.
pub const FREE_FAILURES_PER_MINUTE: u32 = 10;
/// What each further failure waits for before it is answered.
pub const FAILURE_DELAY: Duration = Duration::from_secs(1);
/// Failures that may wait at once; beyond, they are answered at once, so that waiting costs us no memory.
pub const DELAYED_FAILURES_MAX: usize = 256;

/// Threads for work that stands back. What asks for them has lower ceilings of its own; beyond this one, work waits.
pub const BACKGROUND_THREADS_MAX: usize = 512;

/// HTTP/2 streams at once per connection (hyper's default is 200).
pub const STREAMS_PER_CONNECTION_MAX: u32 = 100;
/// Header block of a request. hyper's default for HTTP/2.
pub const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// Header lines of an HTTP/1.1 request.
pub const HEADERS_MAX: usize = 100;
/// Read buffer of an HTTP/1.1 connection. Larger reads cost fewer wake-ups per body.
pub const HTTP1_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// What a peer may send on one HTTP/2 stream before it is read.
pub const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// What a peer may send on one HTTP/2 connection before it is read.
pub const CONNECTION_WINDOW_BYTES: u32 = 512 * 1024;
const _: () = assert!(STREAM_WINDOW_BYTES <= CONNECTION_WINDOW_BYTES);
/// What is kept per HTTP/2 stream for a peer that reads slowly.
pub const SEND_BUFFER_BYTES_MAX: usize = 128 * 1024;
/// An answer goes out in pieces of this size; the peer takes each within `ServerSettings::write_stalled`.
pub(crate) const PIECE_BYTES: usize = 32 * 1024;
/// Streams a peer may reset before they are served (rapid reset).
pub const RESET_STREAMS_MAX: usize = 20;
/// Streams we may have to reset because of a peer's mistakes.
pub const LOCAL_RESET_STREAMS_MAX: usize = 1_024;
/// Connections that wait in the kernel to be accepted.
pub const ACCEPT_BACKLOG: i32 = 1_024;
/// Pause after the process ran out of file descriptors.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a connection may take to end after it was told to.
pub const CLOSE_GRACE: Duration = Duration::from_secs(1);

/// Series per metric; further label values are counted under `other`.
pub const SERIES_PER_METRIC_MAX: usize = 256;
/// Longest label value.
pub const LABEL_BYTES_MAX: usize = 128;
/// Longest text of one field on the console; the rest is cut with a mark.
pub const CONSOLE_FIELD_BYTES_MAX: usize = 8 * 1024;
/// Repeats of one message per window that reach the console and the exporter.
pub const REPEATS_PER_WINDOW: u32 = 10;
/// The window of [`REPEATS_PER_WINDOW`].
pub const REPEAT_WINDOW: Duration = Duration::from_secs(10);
/// Places in the code whose repeats are counted apart.
pub const REPEAT_SITES_MAX: usize = 4_096;
/// Log records that wait for their export, per destination. At the ceiling new ones are dropped and counted.
pub const EXPORT_QUEUE_RECORDS: usize = 4_096;
/// Spans that wait for their export. At the ceiling new ones are dropped and counted.
pub const EXPORT_QUEUE_SPANS: usize = 4_096;
/// Log records or spans in one export.
pub const EXPORT_BATCH_MAX: usize = 512;
const _: () = assert!(EXPORT_BATCH_MAX <= EXPORT_QUEUE_RECORDS && EXPORT_BATCH_MAX <= EXPORT_QUEUE_SPANS);
/// How long the first of a batch waits for company.
pub const EXPORT_DELAY: Duration = Duration::from_millis(500);
/// One export with its retries; then its batch is dropped and counted.
pub const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer of a telemetry endpoint that is read.
pub const EXPORT_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Why readiness is missing: reasons kept at once.
pub const HEALTH_REASONS_MAX: usize = 64;
/// How often certificates and tokens are looked at.
pub const RELOAD_INTERVAL: Duration = Duration::from_secs(2);
/// How often metrics are sent unless configured otherwise; what OpenTelemetry's SDKs do.
pub const METRICS_INTERVAL: Duration = Duration::from_secs(60);
/// Share of requests without a caller's trace that begin a trace of ours, unless configured otherwise.
pub const TRACE_SHARE: f64 = 0.1;
