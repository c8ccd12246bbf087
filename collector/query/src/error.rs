//! Why there is no answer at all.

use crate::limits::{BUCKETS_MAX, FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX};
use basics::ErrorClass;

/// Why there is no answer at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Whoever asked has gone.
    #[error("the query was cancelled")]
    Cancelled,
    /// Parentheses in parentheses.
    #[error("a filter is at most {FILTER_DEPTH_MAX} deep")]
    FilterTooDeep,
    /// Too many words and comparisons.
    #[error("a filter has at most {FILTER_CONDITIONS_MAX} conditions")]
    FilterTooLarge,
    /// A bucket of a histogram has no width.
    #[error("a bucket must have a width")]
    BucketWithoutWidth,
    /// The range is too long for buckets that narrow.
    #[error("a histogram has at most {BUCKETS_MAX} buckets, and this one would have {buckets}")]
    TooManyBuckets {
        /// How many it would have.
        buckets: u128,
    },
}

impl QueryError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            // Nobody is there to read it.
            QueryError::Cancelled => ErrorClass::Unavailable,
            QueryError::FilterTooDeep
            | QueryError::FilterTooLarge
            | QueryError::BucketWithoutWidth
            | QueryError::TooManyBuckets { .. } => ErrorClass::Invalid,
        }
    }
}
