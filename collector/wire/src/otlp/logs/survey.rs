//! One walk over a request that validates, counts and prices it.
//!
//! Nothing is allocated for a record; only a rejection is noted, at eight bytes. The order of fields does not
//! matter here, so one pass is enough.

use super::{LogLimits, RejectReason, Rejection, Survey};
use crate::WireError;
use crate::limits::{
    ATTRIBUTE_CHARGE_BYTES, ENVELOPES_MAX, HEAD_BYTES_MAX, KEY_CHARGE_BYTES, KEYS_REMEMBERED, NODE_CHARGE_BYTES,
    RECORD_CHARGE_BYTES, RECORDS_MAX, STREAM_CHARGE_BYTES, VALUE_DEPTH_MAX,
};
use crate::otlp::schema::{entity_ref, export_logs_request, log_record, resource, resource_logs, scope, scope_logs};
use crate::otlp::value::Weight;
use crate::protobuf::{Fields, Malformed};
use basics::Timestamp;

/// Validates, counts and prices a log request.
///
/// Refuses the whole request when its encoding is broken anywhere, or when it holds more records, envelopes or
/// memory than any request may. `received` stands in for the time of records that have none.
pub fn survey(body: &[u8], limits: &LogLimits, received: Timestamp) -> Result<Survey, WireError> {
    let mut surveyor =
        Surveyor { limits, received, survey: Survey::default(), envelopes: 0, known_keys: [&[]; KEYS_REMEMBERED] };
    surveyor.request(body)?;
    Ok(surveyor.survey)
}

struct Surveyor<'a> {
    limits: &'a LogLimits,
    received: Timestamp,
    survey: Survey,
    envelopes: u32,
    /// Keys seen lately, each at the place that its bytes hash to.
    known_keys: [&'a [u8]; KEYS_REMEMBERED],
}

/// What a survey remembers of one record while it walks it.
#[derive(Default)]
struct RecordFindings {
    time_unix_nano: u64,
    observed_time_unix_nano: u64,
    trace_id_bytes: usize,
    span_id_bytes: usize,
    attributes: u32,
    new_key_bytes: u64,
    weight: Weight,
    unknown_severity: bool,
}

impl<'a> Surveyor<'a> {
    fn request(&mut self, message: &'a [u8]) -> Result<(), WireError> {
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            if field.number == export_logs_request::RESOURCE_LOGS {
                self.resource_logs(field.bytes()?)?;
            }
        }
        Ok(())
    }

    fn resource_logs(&mut self, message: &'a [u8]) -> Result<(), WireError> {
        self.count_envelope()?;
        // The resource is copied into every stream, and may stand behind the scopes that it belongs to.
        let mut resource_bytes = 0u64;
        let mut streams = 0u64;
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                resource_logs::RESOURCE => resource_bytes += self.resource(field.bytes()?)?,
                resource_logs::SCOPE_LOGS => streams += u64::from(self.scope_logs(field.bytes()?)?),
                resource_logs::SCHEMA_URL => resource_bytes += self.stream_text(field.bytes()?),
                _ => {}
            }
        }
        self.charge(resource_bytes.saturating_mul(streams))
    }

    /// Surveys a ScopeLogs; tells whether it has accepted records, and so makes a stream.
    fn scope_logs(&mut self, message: &'a [u8]) -> Result<bool, WireError> {
        self.count_envelope()?;
        let mut scope_bytes = STREAM_CHARGE_BYTES;
        let mut is_stream = false;
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                scope_logs::SCOPE => scope_bytes += self.scope(field.bytes()?)?,
                scope_logs::LOG_RECORDS => is_stream |= self.record(field.bytes()?)?,
                scope_logs::SCHEMA_URL => scope_bytes += self.stream_text(field.bytes()?),
                _ => {}
            }
        }
        self.charge(if is_stream { scope_bytes } else { 0 })?;
        Ok(is_stream)
    }

    /// Surveys a record; tells whether it is accepted.
    fn record(&mut self, message: &'a [u8]) -> Result<bool, WireError> {
        let limit = self.limits.records_max.min(RECORDS_MAX);
        let ordinal = self.survey.received;
        if ordinal >= limit {
            return Err(WireError::TooManyRecords { limit });
        }
        self.survey.received += 1;
        let findings = self.record_findings(message)?;
        // Even when the record is rejected: its keys are remembered, and whoever repeats them is not charged.
        self.survey.head_bytes = self.survey.head_bytes.saturating_add(findings.new_key_bytes);
        if let Some(reason) = self.fault(message.len() as u64, &findings) {
            self.survey.rejected.push(Rejection { ordinal, reason });
            return Ok(false);
        }
        let notes = &mut self.survey.notes;
        notes.unknown_severities += u32::from(findings.unknown_severity);
        self.note(&findings.weight);
        self.survey.head_bytes = self
            .survey
            .head_bytes
            .saturating_add(RECORD_CHARGE_BYTES)
            .saturating_add(u64::from(findings.attributes) * ATTRIBUTE_CHARGE_BYTES)
            .saturating_add(findings.weight.text_bytes);
        Ok(true)
    }

    fn record_findings(&mut self, message: &'a [u8]) -> Result<RecordFindings, Malformed> {
        let mut findings = RecordFindings::default();
        let weight = &mut findings.weight;
        let depth_max = self.limits.depth_max;
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                log_record::TIME_UNIX_NANO => findings.time_unix_nano = field.fixed64()?,
                log_record::OBSERVED_TIME_UNIX_NANO => findings.observed_time_unix_nano = field.fixed64()?,
                log_record::SEVERITY_NUMBER => findings.unknown_severity = field.varint_u32()? > 24,
                log_record::SEVERITY_TEXT | log_record::EVENT_NAME => weight.add_text(field.bytes()?),
                log_record::BODY => weight.add_value(field.bytes()?, 1, depth_max)?,
                log_record::ATTRIBUTES => {
                    findings.attributes = findings.attributes.saturating_add(1);
                    let key = weight.add_key_value(field.bytes()?, 1, depth_max)?;
                    findings.new_key_bytes += remember_key(&mut self.known_keys, key, weight);
                }
                log_record::DROPPED_ATTRIBUTES_COUNT => {
                    field.varint()?;
                }
                log_record::FLAGS => {
                    field.fixed32()?;
                }
                log_record::TRACE_ID => findings.trace_id_bytes = field.bytes()?.len(),
                log_record::SPAN_ID => findings.span_id_bytes = field.bytes()?.len(),
                _ => {}
            }
        }
        Ok(findings)
    }

    /// The first rule that the record breaks.
    fn fault(&self, record_bytes: u64, findings: &RecordFindings) -> Option<RejectReason> {
        if record_bytes > self.limits.record_bytes_max {
            return Some(RejectReason::RecordTooLarge);
        }
        if findings.attributes > self.limits.attributes_max {
            return Some(RejectReason::TooManyAttributes);
        }
        if findings.weight.is_too_deep {
            return Some(RejectReason::TooDeep);
        }
        if !matches!(findings.trace_id_bytes, 0 | 16) {
            return Some(RejectReason::BadTraceId);
        }
        if !matches!(findings.span_id_bytes, 0 | 8) {
            return Some(RejectReason::BadSpanId);
        }
        let times = Timestamp::from_unsigned_nanos(findings.time_unix_nano)
            .zip(Timestamp::from_unsigned_nanos(findings.observed_time_unix_nano));
        let Some((own, observed)) = times else { return Some(RejectReason::TimeUnreadable) };
        let time = [own, observed].into_iter().find(|time| time.0 != 0).unwrap_or(self.received);
        if time < self.limits.oldest {
            return Some(RejectReason::TooOld);
        }
        (time > self.limits.newest).then_some(RejectReason::ClockAhead)
    }

    fn resource(&mut self, message: &[u8]) -> Result<u64, WireError> {
        let mut weight = Weight::default();
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                resource::ATTRIBUTES => self.stream_attribute(field.bytes()?, &mut weight)?,
                resource::DROPPED_ATTRIBUTES_COUNT => {
                    field.varint()?;
                }
                resource::ENTITY_REFS => survey_entity_ref(field.bytes()?, &mut weight)?,
                _ => {}
            }
        }
        Ok(self.stream_charge(&weight))
    }

    fn scope(&mut self, message: &[u8]) -> Result<u64, WireError> {
        let mut weight = Weight::default();
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match field.number {
                scope::NAME | scope::VERSION => weight.add_text(field.bytes()?),
                scope::ATTRIBUTES => self.stream_attribute(field.bytes()?, &mut weight)?,
                scope::DROPPED_ATTRIBUTES_COUNT => {
                    field.varint()?;
                }
                _ => {}
            }
        }
        Ok(self.stream_charge(&weight))
    }

    fn stream_attribute(&self, message: &[u8], weight: &mut Weight) -> Result<(), WireError> {
        let depth_max = self.limits.depth_max;
        weight.nodes += 1;
        let key = weight.add_key_value(message, 1, depth_max)?;
        weight.add_text(key);
        if weight.is_too_deep {
            return Err(WireError::StreamTooDeep { limit: depth_max.min(VALUE_DEPTH_MAX) });
        }
        Ok(())
    }

    fn stream_text(&mut self, text: &[u8]) -> u64 {
        let mut weight = Weight::default();
        weight.add_text(text);
        self.stream_charge(&weight)
    }

    fn stream_charge(&mut self, weight: &Weight) -> u64 {
        self.note(weight);
        weight.text_bytes.saturating_add(weight.nodes.saturating_mul(NODE_CHARGE_BYTES))
    }

    fn note(&mut self, weight: &Weight) {
        let notes = &mut self.survey.notes;
        notes.replaced_texts = notes.replaced_texts.saturating_add(weight.replaced_texts);
        notes.string_indexes = notes.string_indexes.saturating_add(weight.string_indexes);
    }

    fn count_envelope(&mut self) -> Result<(), WireError> {
        self.envelopes += 1;
        if self.envelopes > ENVELOPES_MAX {
            return Err(WireError::TooManyEnvelopes { limit: ENVELOPES_MAX });
        }
        Ok(())
    }

    fn charge(&mut self, bytes: u64) -> Result<(), WireError> {
        self.survey.head_bytes = self.survey.head_bytes.saturating_add(bytes);
        if self.survey.head_bytes > HEAD_BYTES_MAX {
            return Err(WireError::TooMuchMemory { needed_bytes: self.survey.head_bytes, limit_bytes: HEAD_BYTES_MAX });
        }
        Ok(())
    }
}

fn survey_entity_ref(message: &[u8], weight: &mut Weight) -> Result<(), Malformed> {
    weight.nodes += 1;
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.number {
            entity_ref::SCHEMA_URL | entity_ref::TYPE | entity_ref::ID_KEYS | entity_ref::DESCRIPTION_KEYS => {
                weight.nodes += 1;
                weight.add_text(field.bytes()?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// What `key` costs the batch's dictionary of keys: nothing when it was seen lately.
///
/// A key that was pushed out in between is charged again, so the estimate errs upwards only.
#[inline]
fn remember_key<'a>(known_keys: &mut [&'a [u8]; KEYS_REMEMBERED], key: &'a [u8], weight: &mut Weight) -> u64 {
    let place = key_place(key);
    let Some(known) = known_keys.get_mut(place) else { return KEY_CHARGE_BYTES };
    if *known == key {
        return 0;
    }
    *known = key;
    let before = weight.text_bytes;
    weight.add_text(key);
    // The dictionary and its index each hold the text.
    (weight.text_bytes - before).saturating_add(KEY_CHARGE_BYTES)
}

/// Where a key is remembered: mixes its length, its first and its last eight bytes, which tells real keys apart.
#[inline]
fn key_place(key: &[u8]) -> usize {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (first, last) = if key.len() >= 8 {
        (word(key.first_chunk()), word(key.last_chunk()))
    } else {
        (key.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte)), 0)
    };
    let mixed = (first ^ last.rotate_left(23) ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let [high, low, ..] = mixed.to_be_bytes();
    usize::from(u16::from_be_bytes([high, low])) % KEYS_REMEMBERED
}
