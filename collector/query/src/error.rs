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
    /// A regular expression that is none, or is too long or too large. The language tells why; this is for filters that
    /// did not come through it.
    #[error("a regular expression of the filter is mistaken or too large")]
    RegexRefused,
    /// Two columns of one name could not be told apart.
    #[error("two columns have the same name; give one of them another with as")]
    ColumnTwice,
    /// All fields that are named are also left out.
    #[error("fields leaves out all that it shows")]
    NoColumns,
    /// A record always has its time, and a body is left out whole.
    #[error("time and parts of the body cannot be left out; name the fields to show instead")]
    FieldStays,
    /// What stands around a record is only known of whole records.
    #[error("context is about records; it stands before fields, stats, top and patterns")]
    ContextWithoutRecords,
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
            | QueryError::RegexRefused
            | QueryError::ColumnTwice
            | QueryError::NoColumns
            | QueryError::FieldStays
            | QueryError::ContextWithoutRecords
            | QueryError::BucketWithoutWidth
            | QueryError::TooManyBuckets { .. } => ErrorClass::Invalid,
        }
    }
}
