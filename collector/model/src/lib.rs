//! The vocabulary of the collector: what a log record is, and what may be asked about it.
//!
//! This is the narrow waist: wire formats are translated into these types at the door, languages are compiled
//! into [`Filter`], and stores and queries know nothing else. No wire format, no query syntax, no storage
//! layout is known here, and no JSON is parsed here.
//!
//! Start at [`LogBatch`] for what comes in, at [`LogRecord`] for what goes out, at [`Filter`] for what is asked and at
//! [`Pipe`] for what is made of the answer.

mod filter;
mod ids;
pub mod limits;
mod log_batch;
mod log_record;
mod pipe;
mod severity;
mod stream;
mod text_column;
mod time_range;
mod value;

pub use filter::body_path::BodyPath;
pub use filter::ip_range::IpRange;
pub use filter::wildcard::Wildcard;
pub use filter::{Comparison, Field, Filter, Literal, Term, TextTarget};
pub use ids::{IdError, SpanId, TraceId};
pub use log_batch::{AttributeRows, LogBatch};
pub use log_record::{LogRecord, RecordPosition};
pub use pipe::{ChosenField, ParseSyntax, Pipe, SortKey, StatColumn, StatFunction, StatGroup};
pub use severity::{Level, Severity};
pub use stream::{Attributes, EntityRef, Stream};
pub use text_column::TextColumn;
pub use time_range::TimeRange;
pub use value::{Value, ValueKind};
