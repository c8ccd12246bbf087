//! What a fuzzer calls: any bytes in, a panic out when a promise of this crate is broken.

use crate::WireError;
use crate::inflate::{Coding, Inflater};
use crate::limits;
use crate::otlp::logs::{LogLimits, Survey, decode, survey};
use crate::otlp_json;
use basics::{Timestamp, carry_on};

const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000_000);
const INFLATED_BYTES_MAX: u64 = 1 << 20;

/// Limits that reject some of what random bytes hold, and not all of it.
fn limits() -> LogLimits {
    LogLimits {
        records_max: limits::RECORDS_MAX,
        record_bytes_max: limits::RECORD_BYTES_MAX,
        attributes_max: 8,
        depth_max: 8,
        oldest: Timestamp(0),
        newest: Timestamp(i64::MAX / 2),
    }
}

/// What is surveyed is decoded, with the same count, and in the memory that was estimated.
pub fn otlp_logs_protobuf(body: &[u8]) {
    if let Ok(survey) = survey(body, &limits(), RECEIVED) {
        check_decodes(body, &survey);
    }
}

/// What is transcoded is surveyed and decoded.
pub fn otlp_logs_json(body: &[u8]) {
    let mut message = Vec::new();
    let Ok(notes) = otlp_json::logs_to_protobuf(body, &limits(), &mut message) else { return };
    assert!(message.len() <= body.len() * otlp_json::GROWTH_MAX, "{} bytes became {}", body.len(), message.len());
    let survey = match survey(&message, &limits(), RECEIVED) {
        Ok(survey) => survey,
        Err(error) => {
            assert!(!matches!(error, WireError::Protobuf(_)), "transcoded protobuf is sound: {error}");
            return;
        }
    };
    assert!(notes.rejections.iter().all(|rejection| rejection.ordinal < survey.received));
    check_decodes(&message, &survey);
}

fn check_decodes(body: &[u8], survey: &Survey) {
    let rejected: Vec<u32> = survey.rejected.iter().map(|rejection| rejection.ordinal).collect();
    let batch = decode(body, &rejected).expect("what was surveyed is decoded");
    assert_eq!(batch.len() + rejected.len(), survey.received as usize);
    assert_eq!(batch.attributes.ends.len(), batch.len());
    assert_eq!(batch.attributes.text.len(), batch.attributes.key.len());
    let (body_text, _) = batch.body.as_parts();
    let (attribute_text, _) = batch.attributes.text.as_parts();
    let least = body_text.len() + attribute_text.len() + batch.len() * 80 + batch.attributes.key.len() * 20;
    assert!(least as u64 <= survey.head_bytes, "estimated {} bytes, holds {least}", survey.head_bytes);
}

/// Never more comes out than allowed. The first byte chooses the coding.
pub fn inflate(input: &[u8]) {
    let Some((first, body)) = input.split_first() else { return };
    let coding = if first & 1 == 0 { Coding::Gzip } else { Coding::Zstd };
    let mut inflater = Inflater::new(coding, INFLATED_BYTES_MAX);
    let mut out = Vec::new();
    for chunk in body.chunks(usize::from(*first) + 1) {
        let result = inflater.push(chunk, &mut out);
        assert!(out.len() as u64 <= INFLATED_BYTES_MAX);
        if result.is_err() {
            return;
        }
    }
    carry_on(inflater.finish(&mut out), "a body that ends too early is refused, which is all that is asked");
    assert!(out.len() as u64 <= INFLATED_BYTES_MAX);
}
