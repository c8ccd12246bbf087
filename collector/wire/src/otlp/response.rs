//! Answers to OTLP exports, in protobuf and JSON.
//!
//! A success says nothing at all (no bytes, `{}`) unless records were rejected or something is odd; a failure is a
//! `google.rpc.Status`, whatever its reason. Which failure gets which code and hint is decided by the receivers.
//!
//! Always true: no text in an answer is longer than [`MESSAGE_BYTES_MAX`], so that no answer is ever too large.

use crate::limits::{MESSAGE_BYTES_MAX, VIOLATIONS_MAX};
use crate::protobuf::{Fields, Malformed, MessageWriter, text};
use std::fmt::Write;
use std::time::Duration;

/// What a sender hears besides success.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartialSuccess {
    /// Records that were not taken. The sender never sends them again.
    pub rejected: u64,
    /// Why; with nothing rejected, a warning.
    pub message: String,
}

impl PartialSuccess {
    /// True when there is nothing to say, so that the field has to be left out.
    pub fn is_empty(&self) -> bool {
        self.rejected == 0 && self.message.is_empty()
    }
}

/// `ExportLogsServiceResponse` in protobuf.
pub fn logs_success_protobuf(partial: &PartialSuccess) -> Vec<u8> {
    let mut bytes = Vec::new();
    if partial.is_empty() {
        return bytes;
    }
    let mut writer = MessageWriter::new(&mut bytes);
    let open = writer.begin(1);
    if partial.rejected > 0 {
        writer.varint(1, partial.rejected);
    }
    write_text(&mut writer, 2, capped(&partial.message));
    writer.end_short(open);
    bytes
}

/// `ExportLogsServiceResponse` in JSON.
pub fn logs_success_json(partial: &PartialSuccess) -> String {
    if partial.is_empty() {
        return "{}".to_owned();
    }
    let mut json = String::from("{\"partialSuccess\":{");
    if partial.rejected > 0 {
        push(&mut json, format_args!("\"rejectedLogRecords\":\"{}\"", partial.rejected));
    }
    if !partial.message.is_empty() {
        if partial.rejected > 0 {
            json.push(',');
        }
        json.push_str("\"errorMessage\":");
        push_quoted(&mut json, capped(&partial.message));
    }
    json.push_str("}}");
    json
}

/// A `google.rpc.Status`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// A code of `google.rpc.Code`.
    pub code: i32,
    /// For people.
    pub message: String,
    /// For programs.
    pub details: Vec<Detail>,
}

/// A detail of a [`Status`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// `google.rpc.RetryInfo`: the sender may try again, but not sooner.
    RetryInfo(Duration),
    /// `google.rpc.BadRequest`: what the sender has to change.
    BadRequest(Vec<FieldViolation>),
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path of the field; empty for the request as a whole.
    pub field: String,
    /// What is wrong.
    pub description: String,
}

const RETRY_INFO_TYPE: &str = "type.googleapis.com/google.rpc.RetryInfo";
const BAD_REQUEST_TYPE: &str = "type.googleapis.com/google.rpc.BadRequest";

impl Status {
    /// In protobuf, as an HTTP body or in `grpc-status-details-bin`.
    pub fn to_protobuf(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = MessageWriter::new(&mut bytes);
        if self.code != 0 {
            writer.varint(1, i64::from(self.code).cast_unsigned());
        }
        write_text(&mut writer, 2, capped(&self.message));
        for detail in &self.details {
            let open = writer.begin(3);
            match detail {
                Detail::RetryInfo(delay) => write_retry_info(&mut writer, *delay),
                Detail::BadRequest(violations) => write_bad_request(&mut writer, violations),
            }
            writer.end_short(open);
        }
        bytes
    }

    /// In JSON, as an HTTP body.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        if self.code != 0 {
            push(&mut json, format_args!("\"code\":{},", self.code));
        }
        json.push_str("\"message\":");
        push_quoted(&mut json, capped(&self.message));
        if !self.details.is_empty() {
            json.push_str(",\"details\":[");
            for (index, detail) in self.details.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                match detail {
                    Detail::RetryInfo(delay) => push_retry_info(&mut json, *delay),
                    Detail::BadRequest(violations) => push_bad_request(&mut json, violations),
                }
            }
            json.push(']');
        }
        json.push('}');
        json
    }

    /// Reads what [`Status::to_protobuf`] writes. Details of other types are passed over.
    pub fn from_protobuf(message: &[u8]) -> Result<Status, Malformed> {
        let mut status = Status::default();
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => status.code = field.varint_u32()?.cast_signed(),
                2 => status.message = text::lossy(field.bytes()?).into_owned(),
                3 => status.details.extend(read_detail(field.bytes()?)?),
                _ => {}
            }
        }
        Ok(status)
    }
}

/// `google.protobuf.Any`: type_url = 1, value = 2. RetryInfo: retry_delay = 1. Duration: seconds = 1, nanos = 2.
fn write_retry_info(writer: &mut MessageWriter<'_>, delay: Duration) {
    write_text(writer, 1, RETRY_INFO_TYPE);
    let value = writer.begin(2);
    let duration = writer.begin(1);
    if delay.as_secs() > 0 {
        writer.varint(1, delay.as_secs());
    }
    if delay.subsec_nanos() > 0 {
        writer.varint(2, u64::from(delay.subsec_nanos()));
    }
    writer.end_short(duration);
    writer.end_short(value);
}

/// BadRequest: field_violations = 1. FieldViolation: field = 1, description = 2.
fn write_bad_request(writer: &mut MessageWriter<'_>, violations: &[FieldViolation]) {
    write_text(writer, 1, BAD_REQUEST_TYPE);
    let value = writer.begin(2);
    for violation in violations.iter().take(VIOLATIONS_MAX) {
        let open = writer.begin(1);
        write_text(writer, 1, capped(&violation.field));
        write_text(writer, 2, capped(&violation.description));
        writer.end_short(open);
    }
    writer.end_short(value);
}

fn write_text(writer: &mut MessageWriter<'_>, number: u32, text: &str) {
    if !text.is_empty() {
        writer.bytes(number, text.as_bytes());
    }
}

fn push_retry_info(json: &mut String, delay: Duration) {
    push(json, format_args!("{{\"@type\":\"{RETRY_INFO_TYPE}\",\"retryDelay\":\"{}", delay.as_secs()));
    match delay.subsec_nanos() {
        0 => {}
        nanos if nanos % 1_000_000 == 0 => push(json, format_args!(".{:03}", nanos / 1_000_000)),
        nanos => push(json, format_args!(".{nanos:09}")),
    }
    json.push_str("s\"}");
}

fn push_bad_request(json: &mut String, violations: &[FieldViolation]) {
    push(json, format_args!("{{\"@type\":\"{BAD_REQUEST_TYPE}\",\"fieldViolations\":["));
    for (index, violation) in violations.iter().take(VIOLATIONS_MAX).enumerate() {
        json.push_str(if index > 0 { ",{\"field\":" } else { "{\"field\":" });
        push_quoted(json, capped(&violation.field));
        json.push_str(",\"description\":");
        push_quoted(json, capped(&violation.description));
        json.push('}');
    }
    json.push_str("]}");
}

fn read_detail(any: &[u8]) -> Result<Option<Detail>, Malformed> {
    let mut type_url: &[u8] = &[];
    let mut value: &[u8] = &[];
    let mut fields = Fields::new(any);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => type_url = field.bytes()?,
            2 => value = field.bytes()?,
            _ => {}
        }
    }
    if type_url == RETRY_INFO_TYPE.as_bytes() {
        return Ok(Some(Detail::RetryInfo(read_retry_info(value)?)));
    }
    if type_url == BAD_REQUEST_TYPE.as_bytes() {
        return Ok(Some(Detail::BadRequest(read_bad_request(value)?)));
    }
    Ok(None)
}

fn read_retry_info(message: &[u8]) -> Result<Duration, Malformed> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        if field.number != 1 {
            continue;
        }
        let mut fields = Fields::new(field.bytes()?);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => seconds = field.varint()?,
                2 => nanos = field.varint_u32()?,
                _ => {}
            }
        }
    }
    Ok(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(u64::from(nanos))))
}

fn read_bad_request(message: &[u8]) -> Result<Vec<FieldViolation>, Malformed> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        if field.number != 1 || violations.len() == VIOLATIONS_MAX {
            continue;
        }
        let mut violation = FieldViolation { field: String::new(), description: String::new() };
        let mut fields = Fields::new(field.bytes()?);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => violation.field = text::lossy(field.bytes()?).into_owned(),
                2 => violation.description = text::lossy(field.bytes()?).into_owned(),
                _ => {}
            }
        }
        violations.push(violation);
    }
    Ok(violations)
}

/// The longest front of `text` that fits an answer and ends at a character.
fn capped(text: &str) -> &str {
    let end = (0..=text.len().min(MESSAGE_BYTES_MAX)).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or("")
}

/// Appends a JSON string.
fn push_quoted(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            control if u32::from(control) < 0x20 => push(json, format_args!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
}

fn push(json: &mut String, text: std::fmt::Arguments<'_>) {
    json.write_fmt(text).expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests;
