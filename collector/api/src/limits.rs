//! Ceilings of the API.

use std::time::Duration;

/// Records in one answer when the caller names no limit.
pub(crate) const LIMIT_DEFAULT: usize = 100;
/// Most records in one answer; more are reached with the cursor.
pub(crate) const LIMIT_MAX: usize = 5_000;
/// Rows in the answer of a query with pipes when the caller names no limit.
pub(crate) const ROWS_DEFAULT: usize = 1_000;
/// Most rows in the answer of a query with pipes: as many as `top` gives.
pub(crate) const ROWS_MAX: usize = 10_000;
/// How far back a search goes when the caller names no time.
pub(crate) const SINCE_DEFAULT: Duration = Duration::from_secs(3_600);
/// Most buckets of a histogram.
pub(crate) const BUCKETS_MAX: u32 = 10_000;
/// Buckets of a histogram when the caller names none.
pub(crate) const BUCKETS_DEFAULT: u32 = 60;
/// Largest request body of a search; the query text itself is limited by the language.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;
/// The text of an answer is written, charged and sent in chunks of this size.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;
/// What searches may hold of the memory of queries, in quarters; the rest is there for the texts of their answers.
pub(crate) const SEARCH_QUARTERS: u64 = 3;
/// What texts that wait for slow readers may hold of it, in quarters; the rest is there for the next searches.
pub(crate) const TEXT_QUARTERS: u64 = 2;
const _: () = assert!(SEARCH_QUARTERS < 4 && TEXT_QUARTERS < 4);
/// Queries that may wait for a thread; one more is refused with a hint.
pub(crate) const WAITING_QUERIES_MAX: usize = 64;

/// Fields in one answer when the caller names no limit, and at most.
pub(crate) const FIELDS_DEFAULT: usize = 500;
/// See [`FIELDS_DEFAULT`].
pub(crate) const FIELDS_MAX: usize = 10_000;
/// Records that fields are counted over when the caller does not say: some tenths of a second.
pub(crate) const FIELDS_SAMPLE_DEFAULT: usize = 20_000;
/// Most of them.
pub(crate) const FIELDS_SAMPLE_MAX: usize = 1_000_000;
/// Values of a field when the caller names no limit.
pub(crate) const VALUES_DEFAULT: usize = 10;
/// Patterns in one answer when the caller names no limit, and at most: each has a record and a trend.
pub(crate) const PATTERNS_DEFAULT: usize = 20;
/// See [`PATTERNS_DEFAULT`].
pub(crate) const PATTERNS_MAX: usize = 500;
/// Buckets of a trend when the caller names none.
pub(crate) const PATTERN_BUCKETS_DEFAULT: u32 = 30;
/// Most buckets of a trend.
pub(crate) const PATTERN_BUCKETS_MAX: u32 = 500;
/// Records on either side of one when the caller does not say, and at most.
pub(crate) const CONTEXT_DEFAULT: usize = 10;
/// See [`CONTEXT_DEFAULT`].
pub(crate) const CONTEXT_MAX: usize = 1_000;

/// Fields of a question that are looked for when nothing was found; no more than a question has conditions that are counted.
pub(crate) const UNKNOWN_FIELDS_MAX: usize = 8;

/// Clients that follow at once; one more is refused with a hint.
pub(crate) const TAIL_CLIENTS_MAX: usize = 64;
/// Those of one tenant, so that no tenant takes all places.
pub(crate) const TAIL_CLIENTS_PER_TENANT_MAX: usize = 32;
const _: () = assert!(TAIL_CLIENTS_PER_TENANT_MAX < TAIL_CLIENTS_MAX);
/// How often each of them looks for what arrived.
pub(crate) const TAIL_INTERVAL: Duration = Duration::from_millis(200);
/// Longest time for one look. What could not be looked through by then is left out, and the client is told.
pub(crate) const TAIL_ROUND_MAX: Duration = Duration::from_secs(5);
/// After so much silence a comment is sent, by which proxies and clients know that the stream lives.
pub(crate) const TAIL_QUIET_MAX: Duration = Duration::from_secs(10);
/// Most records that one look gives.
pub(crate) const TAIL_RECORDS: usize = 500;
/// When more records than this wait for a client, the older ones are left out, and the client is told how many.
pub(crate) const TAIL_BACKLOG_RECORDS: usize = 10_000;
/// A chunk of a stream ends behind the record that reaches this size.
pub(crate) const TAIL_CHUNK_BYTES: usize = 256 * 1024;

/// Exports at once, each a thread that waits for its reader; one more is refused with a hint.
pub(crate) const EXPORTS_MAX: usize = 4;
/// Chunks of an export that wait for its reader; then the thread waits.
pub(crate) const EXPORT_QUEUE_CHUNKS: usize = 4;
/// How long an export holds one snapshot of the store, and with it what is removed meanwhile.
pub(crate) const EXPORT_SNAPSHOT_MAX: Duration = Duration::from_secs(30);
/// How long an export waits for memory before it is cut short.
pub(crate) const EXPORT_PATIENCE: Duration = Duration::from_secs(10);

/// What an operator may set about queries.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// Longest run time of one query.
    pub query_timeout: Duration,
    /// Most memory of all queries together, in bytes.
    pub query_memory_bytes: u64,
    /// Queries that run at the same time.
    pub query_threads: usize,
}

impl Default for ApiSettings {
    fn default() -> Self {
        ApiSettings { query_timeout: Duration::from_secs(30), query_memory_bytes: 256 * basics::MIB, query_threads: 2 }
    }
}
