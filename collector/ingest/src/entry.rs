//! What one entry of the logs' write-ahead log holds: the verdict and the request as it came.
//!
//! The format is drawn in docs/formats/ingest-entry.md. The log's own checksum covers all of it; what is checked
//! here is that the parts fit each other.

use crate::admission::Format;
use basics::{TenantId, Timestamp};
use wire::inflate::Coding;
use wire::otlp::logs::{RejectReason, Rejection};

/// The kind of a log entry that holds OTLP logs.
pub const ENTRY_KIND_LOGS: u8 = 1;

const VERSION: u8 = 1;
/// Everything before the rejections.
const HEADER_BYTES: usize = 32;
/// A reason and an ordinal.
const REJECTION_BYTES: usize = 5;

/// One request in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Whose it is.
    pub tenant: TenantId,
    /// The body's format.
    pub format: Format,
    /// The body's compression.
    pub coding: Coding,
    /// When it was received: the time of records that have none.
    pub received_at: Timestamp,
    /// Records counted in it.
    pub received: u32,
    /// What the decoded records take in the head.
    pub head_bytes: u64,
    /// Records the sender was told are not taken, by ordinal, ascending.
    pub rejections: Vec<Rejection>,
}

/// Why an entry cannot be read although its checksum is right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Written by a newer program.
    #[error("the entry has version {0}, which is newer than this program understands")]
    TooNew(u8),
    /// A bug of the program that wrote it.
    #[error("the entry is malformed: {0}")]
    Malformed(&'static str),
}

impl LogEntry {
    /// The bytes that stand before the request.
    pub fn encode_header(&self) -> Vec<u8> {
        let count = u32::try_from(self.rejections.len()).expect("rejections are counted in 32 bits");
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.rejections.len() * REJECTION_BYTES);
        bytes.extend_from_slice(&[VERSION, format_code(self.format), coding_code(self.coding), 0]);
        bytes.extend_from_slice(&self.tenant.0.to_le_bytes());
        bytes.extend_from_slice(&self.received_at.0.to_le_bytes());
        bytes.extend_from_slice(&self.received.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&self.head_bytes.to_le_bytes());
        for rejection in &self.rejections {
            bytes.push(reason_code(rejection.reason));
            bytes.extend_from_slice(&rejection.ordinal.to_le_bytes());
        }
        bytes
    }

    /// Reads an entry; returns it and the request as it came.
    pub fn decode(entry: &[u8]) -> Result<(LogEntry, &[u8]), EntryError> {
        let cut_short = EntryError::Malformed("cut short");
        let (header, rest) = entry.split_first_chunk::<HEADER_BYTES>().ok_or(cut_short.clone())?;
        let mut header = Cursor(header);
        let version = header.byte();
        if version != VERSION {
            return Err(EntryError::TooNew(version));
        }
        let format = format_of(header.byte()).ok_or(EntryError::Malformed("unknown format"))?;
        let coding = coding_of(header.byte()).ok_or(EntryError::Malformed("unknown coding"))?;
        header.byte();
        let tenant = TenantId(u32::from_le_bytes(header.take()));
        let received_at = Timestamp(i64::from_le_bytes(header.take()));
        let received = u32::from_le_bytes(header.take());
        let count = u32::from_le_bytes(header.take());
        let head_bytes = u64::from_le_bytes(header.take());
        if count > received {
            return Err(EntryError::Malformed("more rejections than records"));
        }
        let rejections_bytes = usize::try_from(count).ok().and_then(|count| count.checked_mul(REJECTION_BYTES));
        let (rejections, request) =
            rejections_bytes.and_then(|length| rest.split_at_checked(length)).ok_or(cut_short)?;
        let rejections = decode_rejections(rejections)?;
        if rejections.last().is_some_and(|last| last.ordinal >= received) {
            return Err(EntryError::Malformed("a rejection beyond the records"));
        }
        Ok((LogEntry { tenant, format, coding, received_at, received, head_bytes, rejections }, request))
    }
}

fn decode_rejections(bytes: &[u8]) -> Result<Vec<Rejection>, EntryError> {
    let mut rejections: Vec<Rejection> = Vec::with_capacity(bytes.len() / REJECTION_BYTES);
    for chunk in bytes.chunks_exact(REJECTION_BYTES) {
        let mut chunk = Cursor(chunk);
        let reason = reason_of(chunk.byte()).ok_or(EntryError::Malformed("unknown reject reason"))?;
        let ordinal = u32::from_le_bytes(chunk.take());
        if rejections.last().is_some_and(|last| last.ordinal >= ordinal) {
            return Err(EntryError::Malformed("rejections out of order"));
        }
        rejections.push(Rejection { ordinal, reason });
    }
    Ok(rejections)
}

/// Reads from bytes whose length was checked.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const COUNT: usize>(&mut self) -> [u8; COUNT] {
        let (taken, rest) = self.0.split_first_chunk::<COUNT>().expect("the length was checked");
        self.0 = rest;
        *taken
    }

    fn byte(&mut self) -> u8 {
        self.take::<1>()[0]
    }
}

fn format_code(format: Format) -> u8 {
    match format {
        Format::Protobuf => 1,
        Format::Json => 2,
    }
}

fn format_of(code: u8) -> Option<Format> {
    [Format::Protobuf, Format::Json].into_iter().find(|format| format_code(*format) == code)
}

fn coding_code(coding: Coding) -> u8 {
    match coding {
        Coding::Identity => 0,
        Coding::Gzip => 1,
        Coding::Zstd => 2,
    }
}

fn coding_of(code: u8) -> Option<Coding> {
    [Coding::Identity, Coding::Gzip, Coding::Zstd].into_iter().find(|coding| coding_code(*coding) == code)
}

/// A code is never given to another reason: it stands in logs that later versions read.
fn reason_code(reason: RejectReason) -> u8 {
    match reason {
        RejectReason::BadTraceId => 1,
        RejectReason::BadSpanId => 2,
        RejectReason::TooDeep => 3,
        RejectReason::RecordTooLarge => 4,
        RejectReason::TooManyAttributes => 5,
        RejectReason::TooOld => 6,
        RejectReason::ClockAhead => 7,
        RejectReason::TimeUnreadable => 8,
    }
}

fn reason_of(code: u8) -> Option<RejectReason> {
    RejectReason::ALL.into_iter().find(|reason| reason_code(*reason) == code)
}

/// For fuzzers: reads any bytes as an entry.
pub fn fuzz_entry(bytes: &[u8]) {
    if let Ok((entry, request)) = LogEntry::decode(bytes) {
        let mut again = entry.encode_header();
        again.extend_from_slice(request);
        assert_eq!(LogEntry::decode(&again), Ok((entry, request)));
    }
}

#[cfg(test)]
mod tests;
