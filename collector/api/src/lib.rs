//! HTTP out: the native search API, the ledger, the status page's data.
//!
//! This room translates: parameters into questions, answers into JSON. What a question means is said in
//! `search-lang` and `model`, how it is answered in `query`. It never reaches the write-ahead log.
//!
//! Always true:
//! - a query runs on a thread of its own pool, never on the event loop, and stops soon after its caller has gone;
//! - the text of an answer is charged to the memory of queries until the socket has taken it;
//! - an answer that is not whole says so in `cut_short`;
//! - a mistake is answered with its place in the text and, where one is near, a suggestion.
//!
//! Start at [`Api`].

mod answer_text;
mod backup;
mod csv;
mod cursor;
mod error;
mod ingest_page;
mod limits;
mod logs_context;
mod logs_delete;
mod logs_export;
mod logs_field_values;
mod logs_fields;
mod logs_histogram;
mod logs_patterns;
mod logs_query;
mod logs_search;
mod logs_tail;
mod named_fields;
mod nothing;
mod openapi;
mod params;
mod query_crew;
mod query_pool;
mod render;
mod routes;
mod start_page;
mod time_param;
mod work;

pub use limits::ApiSettings;
pub use routes::{Api, ApiState};
pub use start_page::Doors;
