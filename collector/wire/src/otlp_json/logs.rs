//! `ExportLogsServiceRequest` from JSON to protobuf.

use super::GROWTH_MAX;
use super::reader::Reader;
use crate::WireError;
use crate::limits::{JSON_MESSAGE_BYTES_MAX, RECORDS_MAX, VALUE_DEPTH_MAX};
use crate::otlp::logs::{LogLimits, RejectReason, Rejection};
use crate::otlp::schema::{
    any_value, entity_ref, export_logs_request, key_value, log_record, resource, resource_logs, scope, scope_logs,
    value_list,
};
use crate::protobuf::MessageWriter;

/// What the translation of a request has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonNotes {
    /// Records that protobuf could not express: their ids are no hexadecimal digits of the right number. They stand in
    /// the output without the id, so that ordinals stay as they are.
    pub rejections: Vec<Rejection>,
    /// For the sender: something was passed over that was probably meant.
    pub warning: Option<String>,
    /// Strings in which half a surrogate pair became U+FFFD.
    pub replaced_texts: u32,
}

/// Appends the request in `json` to `out` as protobuf, at most [`GROWTH_MAX`] times as long.
///
/// Of `limits`, only the number of records and the depth of values are looked at. On an error `out` holds nothing of use.
pub fn logs_to_protobuf(json: &[u8], limits: &LogLimits, out: &mut Vec<u8>) -> Result<JsonNotes, WireError> {
    let limit = JSON_MESSAGE_BYTES_MAX / GROWTH_MAX;
    if json.len() > limit {
        return Err(WireError::BodyTooLarge { limit_bytes: limit as u64 });
    }
    let mut transcoder = Transcoder {
        reader: Reader::new(json),
        out: MessageWriter::new(out),
        records_max: limits.records_max.min(RECORDS_MAX),
        depth_max: limits.depth_max.min(VALUE_DEPTH_MAX),
        records: 0,
        rejections: Vec::new(),
        snake_case_key: None,
    };
    transcoder.request()?;
    Ok(JsonNotes {
        rejections: transcoder.rejections,
        warning: transcoder.snake_case_key.map(snake_case_warning),
        replaced_texts: transcoder.reader.replaced_texts(),
    })
}

struct Transcoder<'a, 'o> {
    reader: Reader<'a>,
    out: MessageWriter<'o>,
    records_max: u32,
    depth_max: u32,
    records: u32,
    rejections: Vec<Rejection>,
    /// The first key that is a name of ours in the wrong case.
    snake_case_key: Option<&'static str>,
}

/// Names of OTLP as the protobuf definitions write them, and as JSON has to.
const SNAKE_CASE: [(&str, &str); 24] = [
    ("resource_logs", "resourceLogs"),
    ("scope_logs", "scopeLogs"),
    ("log_records", "logRecords"),
    ("schema_url", "schemaUrl"),
    ("time_unix_nano", "timeUnixNano"),
    ("observed_time_unix_nano", "observedTimeUnixNano"),
    ("severity_number", "severityNumber"),
    ("severity_text", "severityText"),
    ("dropped_attributes_count", "droppedAttributesCount"),
    ("trace_id", "traceId"),
    ("span_id", "spanId"),
    ("event_name", "eventName"),
    ("string_value", "stringValue"),
    ("bool_value", "boolValue"),
    ("int_value", "intValue"),
    ("double_value", "doubleValue"),
    ("array_value", "arrayValue"),
    ("kvlist_value", "kvlistValue"),
    ("bytes_value", "bytesValue"),
    ("entity_refs", "entityRefs"),
    ("id_keys", "idKeys"),
    ("description_keys", "descriptionKeys"),
    ("key_strindex", "keyStrindex"),
    ("string_value_strindex", "stringValueStrindex"),
];

fn snake_case_warning(key: &'static str) -> String {
    let right = SNAKE_CASE.iter().find(|(snake, _)| *snake == key).map_or("", |(_, right)| right);
    format!("field {key} was passed over with what it holds: OTLP/JSON names are written in lowerCamelCase ({right})")
}

type Outcome = Result<(), WireError>;

impl Transcoder<'_, '_> {
    fn request(&mut self) -> Outcome {
        if self.reader.take_null()? {
            return Err(self.reader.error("expected an object"));
        }
        self.object(|this, key| match key {
            b"resourceLogs" => this.list(export_logs_request::RESOURCE_LOGS, Self::resource_logs),
            _ => this.pass_over(key),
        })?;
        self.reader.end()
    }

    fn resource_logs(&mut self) -> Outcome {
        self.object(|this, key| match key {
            b"resource" => this.message(resource_logs::RESOURCE, Self::resource),
            b"scopeLogs" => this.list(resource_logs::SCOPE_LOGS, Self::scope_logs),
            b"schemaUrl" => this.text(resource_logs::SCHEMA_URL),
            _ => this.pass_over(key),
        })
    }

    fn resource(&mut self) -> Outcome {
        self.object(|this, key| match key {
            b"attributes" => this.list(resource::ATTRIBUTES, |this| this.key_value(1)),
            b"droppedAttributesCount" => this.count(resource::DROPPED_ATTRIBUTES_COUNT),
            b"entityRefs" => this.list(resource::ENTITY_REFS, Self::entity_ref),
            _ => this.pass_over(key),
        })
    }

    fn entity_ref(&mut self) -> Outcome {
        self.object(|this, key| match key {
            b"schemaUrl" => this.text(entity_ref::SCHEMA_URL),
            b"type" => this.text(entity_ref::TYPE),
            b"idKeys" => this.texts(entity_ref::ID_KEYS),
            b"descriptionKeys" => this.texts(entity_ref::DESCRIPTION_KEYS),
            _ => this.pass_over(key),
        })
    }

    fn scope_logs(&mut self) -> Outcome {
        self.object(|this, key| match key {
            b"scope" => this.message(scope_logs::SCOPE, Self::scope),
            b"logRecords" => this.list(scope_logs::LOG_RECORDS, Self::log_record),
            b"schemaUrl" => this.text(scope_logs::SCHEMA_URL),
            _ => this.pass_over(key),
        })
    }

    fn scope(&mut self) -> Outcome {
        self.object(|this, key| match key {
            b"name" => this.text(scope::NAME),
            b"version" => this.text(scope::VERSION),
            b"attributes" => this.list(scope::ATTRIBUTES, |this| this.key_value(1)),
            b"droppedAttributesCount" => this.count(scope::DROPPED_ATTRIBUTES_COUNT),
            _ => this.pass_over(key),
        })
    }

    fn log_record(&mut self) -> Outcome {
        let ordinal = self.records;
        if ordinal >= self.records_max {
            return Err(WireError::TooManyRecords { limit: self.records_max });
        }
        self.records += 1;
        let mut fault = None;
        self.object(|this, key| match key {
            b"timeUnixNano" => this.time(log_record::TIME_UNIX_NANO),
            b"observedTimeUnixNano" => this.time(log_record::OBSERVED_TIME_UNIX_NANO),
            b"severityNumber" => this.severity(),
            b"severityText" => this.text(log_record::SEVERITY_TEXT),
            b"body" => this.message(log_record::BODY, |this| this.any_value(1)),
            b"attributes" => this.list(log_record::ATTRIBUTES, |this| this.key_value(1)),
            b"droppedAttributesCount" => this.count(log_record::DROPPED_ATTRIBUTES_COUNT),
            b"flags" => this.flags(),
            b"traceId" => {
                let is_good = this.id::<16>(log_record::TRACE_ID)?;
                fault = fault.or((!is_good).then_some(RejectReason::BadTraceId));
                Ok(())
            }
            b"spanId" => {
                let is_good = this.id::<8>(log_record::SPAN_ID)?;
                fault = fault.or((!is_good).then_some(RejectReason::BadSpanId));
                Ok(())
            }
            b"eventName" => this.text(log_record::EVENT_NAME),
            _ => this.pass_over(key),
        })?;
        self.rejections.extend(fault.map(|reason| Rejection { ordinal, reason }));
        Ok(())
    }

    fn key_value(&mut self, depth: u32) -> Outcome {
        self.object(|this, key| match key {
            b"key" => this.text(key_value::KEY),
            b"value" => this.message(key_value::VALUE, |this| this.any_value(depth)),
            b"keyStrindex" => this.string_index(key_value::KEY_STRINDEX),
            _ => this.pass_over(key),
        })
    }

    /// Translates a value that stands `depth` levels deep (1 = outermost).
    ///
    /// One level more than allowed is written, empty, so that the survey finds the record too deep.
    fn any_value(&mut self, depth: u32) -> Outcome {
        if depth > self.depth_max {
            return self.reader.skip_value();
        }
        self.object(|this, key| {
            // In a oneof, null is not a value but the absence of one.
            match key {
                _ if this.reader.take_null()? => Ok(()),
                b"stringValue" => this.text(any_value::STRING),
                b"boolValue" => {
                    let flag = this.reader.bool()?;
                    this.out.varint(any_value::BOOL, u64::from(flag));
                    Ok(())
                }
                b"intValue" => {
                    let number = this.reader.i64()?;
                    this.out.varint(any_value::INT, number.cast_unsigned());
                    Ok(())
                }
                b"doubleValue" => {
                    let number = this.reader.double()?;
                    this.out.fixed64(any_value::DOUBLE, number.to_bits());
                    Ok(())
                }
                b"bytesValue" => {
                    let bytes = this.reader.base64()?;
                    this.out.bytes(any_value::BYTES, &bytes);
                    Ok(())
                }
                b"arrayValue" => this.message(any_value::ARRAY, |this| this.array_value(depth + 1)),
                b"kvlistValue" => this.message(any_value::KVLIST, |this| this.kvlist_value(depth + 1)),
                b"stringValueStrindex" => this.string_index(any_value::STRING_STRINDEX),
                _ => this.pass_over(key),
            }
        })
    }

    fn array_value(&mut self, depth: u32) -> Outcome {
        self.object(|this, key| match key {
            b"values" => this.list(value_list::VALUES, |this| this.any_value(depth)),
            _ => this.pass_over(key),
        })
    }

    fn kvlist_value(&mut self, depth: u32) -> Outcome {
        self.object(|this, key| match key {
            b"values" => this.list(value_list::VALUES, |this| this.key_value(depth)),
            _ => this.pass_over(key),
        })
    }

    fn time(&mut self, number: u32) -> Outcome {
        let nanos = self.reader.u64()?;
        self.out.fixed64(number, nanos);
        Ok(())
    }

    fn severity(&mut self) -> Outcome {
        let severity = self.reader.enumeration()?;
        self.out.varint(log_record::SEVERITY_NUMBER, i64::from(severity).cast_unsigned());
        Ok(())
    }

    fn count(&mut self, number: u32) -> Outcome {
        let count = self.reader.u32()?;
        self.out.varint(number, u64::from(count));
        Ok(())
    }

    fn flags(&mut self) -> Outcome {
        let flags = self.reader.u32()?;
        self.out.fixed32(log_record::FLAGS, flags);
        Ok(())
    }

    fn string_index(&mut self, number: u32) -> Outcome {
        let index = self.reader.i32()?;
        self.out.varint(number, i64::from(index).cast_unsigned());
        Ok(())
    }

    /// Writes an id of `BYTES` bytes, or nothing when it is empty; tells `false` when it is neither.
    fn id<const BYTES: usize>(&mut self, number: u32) -> Result<bool, WireError> {
        let digits = self.reader.string()?;
        if digits.is_empty() {
            // Replaces an id that was given before.
            self.out.bytes(number, &[]);
            return Ok(true);
        }
        let bytes = id_bytes::<BYTES>(&digits);
        if let Some(bytes) = &bytes {
            self.out.bytes(number, bytes);
        }
        Ok(bytes.is_some())
    }

    fn text(&mut self, number: u32) -> Outcome {
        let text = self.reader.string()?;
        self.out.bytes(number, &text);
        Ok(())
    }

    fn texts(&mut self, number: u32) -> Outcome {
        if self.reader.begin_array()? {
            while self.reader.next_item()? {
                self.text(number)?;
            }
        }
        Ok(())
    }

    fn message(&mut self, number: u32, content: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        let open = self.out.begin(number);
        content(self)?;
        self.out.end(open);
        Ok(())
    }

    fn list(&mut self, number: u32, mut content: impl FnMut(&mut Self) -> Outcome) -> Outcome {
        if self.reader.begin_array()? {
            while self.reader.next_item()? {
                self.message(number, &mut content)?;
            }
        }
        Ok(())
    }

    /// Calls `field` for each key of an object; `field` takes the value. An error is given the innermost key's name.
    fn object(&mut self, mut field: impl FnMut(&mut Self, &[u8]) -> Outcome) -> Outcome {
        if self.reader.begin_object()? {
            while let Some(key) = self.reader.next_key()? {
                field(self, &key).map_err(|error| in_field(error, &key))?;
            }
        }
        Ok(())
    }

    /// Passes over a field that this version does not know.
    fn pass_over(&mut self, key: &[u8]) -> Outcome {
        if self.snake_case_key.is_none() {
            self.snake_case_key = SNAKE_CASE.iter().map(|(snake, _)| *snake).find(|snake| snake.as_bytes() == key);
        }
        self.reader.skip_value()
    }
}

/// Longest name of a field in an error.
const FIELD_NAME_BYTES_MAX: usize = 64;

fn in_field(error: WireError, key: &[u8]) -> WireError {
    match error {
        WireError::Json { at, field, problem } if field.is_empty() => {
            let name = key.get(..FIELD_NAME_BYTES_MAX).unwrap_or(key);
            WireError::Json { at, field: String::from_utf8_lossy(name).into_owned(), problem }
        }
        other => other,
    }
}

fn id_bytes<const BYTES: usize>(digits: &[u8]) -> Option<[u8; BYTES]> {
    if digits.len() != BYTES * 2 {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let digit = char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())?;
            *byte = *byte << 4 | digit;
        }
    }
    Some(bytes)
}
