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
