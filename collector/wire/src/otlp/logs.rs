//! Log requests (`ExportLogsServiceRequest`): surveyed at admission, decoded behind the write-ahead log.
//!
//! Always true:
//! - a record is counted, and gets its ordinal, in the order in which it stands in the request;
//! - a broken encoding anywhere refuses the whole request; a record that breaks a rule is rejected alone;
//! - the verdict depends on the bytes, the limits and the time of receipt, and on nothing else.
//!
//! Start at [`survey`].

mod decode;
mod keys;
mod streams;
mod survey;

pub use decode::decode;
pub use survey::survey;

use basics::Timestamp;

/// What a record must keep to. The ceilings of [`crate::limits`] hold besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    /// Most records of the request; one more refuses it.
    pub records_max: u32,
    /// Largest record, in bytes of protobuf.
    pub record_bytes_max: u64,
    /// Most attributes of a record.
    pub attributes_max: u32,
    /// Deepest nesting of a value; a scalar is one level deep.
    pub depth_max: u32,
    /// The earliest time a record may have.
    pub oldest: Timestamp,
    /// The latest time a record may have.
    pub newest: Timestamp,
}

/// What is known of a request before anything is allocated for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// Records in the request, rejected ones included.
    pub received: u32,
    /// The rejected ones, by ordinal.
    pub rejected: Vec<Rejection>,
    /// Upper estimate of the memory of the accepted records, decoded and then in the head. Texts whose buffers grow
    /// while they are decoded take up to as much again until the buffers are cut to length.
    pub head_bytes: u64,
    /// What is odd, but no reason to reject.
    pub notes: SurveyNotes,
}

/// Oddities of a request that its sender may want to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SurveyNotes {
    /// Texts in which something that is not UTF-8 is replaced by U+FFFD.
    pub replaced_texts: u32,
    /// `key_strindex` and `string_value_strindex` fields, which have no meaning outside of profiles.
    pub string_indexes: u32,
    /// Severity numbers beyond 24 or below 0, kept as "not given".
    pub unknown_severities: u32,
}

/// A record that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// Which record of the request, from 0.
    pub ordinal: u32,
    /// Why.
    pub reason: RejectReason,
}

/// Why a record is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// More bytes than a record may have.
    RecordTooLarge,
    /// More attributes than a record may have.
    TooManyAttributes,
    /// Values nested deeper than allowed.
    TooDeep,
    /// A trace id that has neither 16 bytes nor none.
    BadTraceId,
    /// A span id that has neither 8 bytes nor none.
    BadSpanId,
    /// A time that does not fit 63 bits of nanoseconds (year 2262).
    TimeUnreadable,
    /// Older than what is kept.
    TooOld,
    /// Further in the future than clocks may differ.
    ClockAhead,
}

impl RejectReason {
    /// All reasons.
    pub const ALL: [RejectReason; 8] = [
        RejectReason::RecordTooLarge,
        RejectReason::TooManyAttributes,
        RejectReason::TooDeep,
        RejectReason::BadTraceId,
        RejectReason::BadSpanId,
        RejectReason::TimeUnreadable,
        RejectReason::TooOld,
        RejectReason::ClockAhead,
    ];

    /// The reason as it stands in metric labels and in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            RejectReason::RecordTooLarge => "record_too_large",
            RejectReason::TooManyAttributes => "too_many_attributes",
            RejectReason::TooDeep => "too_deep",
            RejectReason::BadTraceId => "bad_trace_id",
            RejectReason::BadSpanId => "bad_span_id",
            RejectReason::TimeUnreadable => "time_unreadable",
            RejectReason::TooOld => "too_old",
            RejectReason::ClockAhead => "clock_ahead",
        }
    }

    /// The reason in words for the sender.
    pub fn message(self) -> &'static str {
        match self {
            RejectReason::RecordTooLarge => "record is larger than allowed",
            RejectReason::TooManyAttributes => "record has more attributes than allowed",
            RejectReason::TooDeep => "record has values nested deeper than allowed",
            RejectReason::BadTraceId => "trace id must have 16 bytes (32 hexadecimal digits) or be absent",
            RejectReason::BadSpanId => "span id must have 8 bytes (16 hexadecimal digits) or be absent",
            RejectReason::TimeUnreadable => "time is beyond the year 2262",
            RejectReason::TooOld => "time is older than the retention",
            RejectReason::ClockAhead => "time is too far in the future",
        }
    }
}

#[cfg(test)]
mod tests;
