//! Why bytes are not taken, in words for their sender.

use crate::protobuf::Malformed;
use basics::ErrorClass;

/// Why a whole request is refused. Single bad records are rejected in a survey instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// More bytes come out of the body than are allowed.
    #[error("request is larger than {limit_bytes} bytes after decompression; send smaller batches")]
    BodyTooLarge {
        /// The most bytes.
        limit_bytes: u64,
    },
    /// More records than are allowed.
    #[error("request holds more than {limit} records; send smaller batches")]
    TooManyRecords {
        /// The most records.
        limit: u32,
    },
    /// More ResourceLogs and ScopeLogs than are allowed.
    #[error("request holds more than {limit} resources and scopes; send smaller batches")]
    TooManyEnvelopes {
        /// The most of both together.
        limit: u32,
    },
    /// The records would take more memory than any request may.
    #[error(
        "records of the request need an estimated {needed_bytes} bytes of memory of at most {limit_bytes}; send smaller batches"
    )]
    TooMuchMemory {
        /// The estimate.
        needed_bytes: u64,
        /// The most bytes.
        limit_bytes: u64,
    },
    /// The body is not what its Content-Encoding or grpc-encoding says.
    #[error("cannot decompress the request as {coding}: {problem}")]
    Compression {
        /// The coding named by the sender.
        coding: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// The body is no protobuf message of its type.
    #[error("cannot read the request as protobuf: {0}")]
    Protobuf(#[from] Malformed),
    /// An attribute of a resource or scope, which no single record answers for, is nested too deeply.
    #[error("an attribute of a resource or scope is nested deeper than {limit} levels")]
    StreamTooDeep {
        /// The most levels.
        limit: u32,
    },
    /// The body is no JSON, or not of the expected shape.
    #[error("cannot read the request as JSON: {problem} at byte {at}{}", field_suffix(.field))]
    Json {
        /// Bytes before the place.
        at: usize,
        /// The field in which the place is; empty outside of all.
        field: String,
        /// What is wrong.
        problem: &'static str,
    },
}

impl WireError {
    /// Who must act.
    pub fn class(&self) -> ErrorClass {
        match self {
            WireError::BodyTooLarge { .. }
            | WireError::TooManyRecords { .. }
            | WireError::TooManyEnvelopes { .. }
            | WireError::TooMuchMemory { .. } => ErrorClass::TooLarge,
            WireError::Compression { .. }
            | WireError::Protobuf(_)
            | WireError::StreamTooDeep { .. }
            | WireError::Json { .. } => ErrorClass::Invalid,
        }
    }

    /// The field to name in a `BadRequest` detail; empty when it is the body as a whole.
    pub fn field(&self) -> &str {
        match self {
            WireError::Json { field, .. } => field,
            WireError::StreamTooDeep { .. } => "resource_logs",
            WireError::BodyTooLarge { .. }
            | WireError::TooManyRecords { .. }
            | WireError::TooManyEnvelopes { .. }
            | WireError::TooMuchMemory { .. }
            | WireError::Compression { .. }
            | WireError::Protobuf(_) => "",
        }
    }
}

fn field_suffix(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(" in {field}") }
}
