//! Answers questions about records: which of them match, and how many when.
//!
//! A question meets a snapshot: immutable batches, read without a lock. The newest unread slice of any batch is always
//! read next, so the records found so far are the answer's beginning, without gaps, and the search stops as soon as
//! nothing newer can follow.
//!
//! Always true:
//! - answers are exact: what matches is said in [`model::Filter`], and records come in the order of their positions;
//! - a search ends soon after its deadline, its memory or its caller is gone: [`QueryGuard`] is asked in every loop;
//! - an answer that is not whole says why ([`CutShort`]), and `next` goes on where it stopped;
//! - no text, number or filter makes it panic; what it holds for an answer is charged to the guard's memory.
//!
//! Not done here: the language (`search-lang`), the columns of a record (`log-store`), JSON (`api`).
//!
//! Start at [`search`], [`histogram`], [`pipeline`] and [`matching`]; the operators are listed in `evaluate.rs`, the pipes in
//! `pipeline.rs`.

mod answer;
mod context;
mod crew;
mod cut_short;
mod error;
mod evaluate;
mod export;
mod fields;
mod found_rows;
pub mod fuzz;
mod guard;
mod histogram;
mod limits;
mod matching;
mod newest;
mod nothing;
mod patterns;
mod pipeline;
mod plan;
mod search;
mod sources;
mod tail;
mod work;

pub use context::{ContextAnswer, ContextRequest, context};
pub use crew::{Crew, Piece};
pub use cut_short::CutShort;
pub use error::QueryError;
pub use export::{ExportAnswer, ExportEnd, ExportRequest, ExportRow, export};
pub use fields::{FieldFacts, FieldsAnswer, FieldsRequest, fields};
pub use guard::QueryGuard;
pub use histogram::{HistogramAnswer, HistogramBucket, HistogramRequest, histogram};
pub use matching::{MatchingAnswer, MatchingRequest, matching};
pub use nothing::{Counted, Near, NothingAnswer, NothingRequest, nothing};
pub use patterns::{PatternFacts, PatternsAnswer, PatternsRequest, patterns};
pub use pipeline::{Cell, PipelineAnswer, PipelineRecord, PipelineRequest, PipelineRows, pipeline};
pub use search::{SearchAnswer, SearchRequest, search};
pub use tail::{TailAnswer, TailRequest, newest_sequence, tail};
pub use work::Work;

#[cfg(test)]
mod tests;
