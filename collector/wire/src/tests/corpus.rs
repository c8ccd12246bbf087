//! The seeds of tests/fuzz and their neighbours: no panic, no wrong count, no more memory than was priced.

use super::build::{self, RECEIVED};
use super::memory::is_priced;
use crate::fuzz;
use crate::otlp::logs::survey;
use crate::otlp_json::{self, logs_to_protobuf};
use testkit::allocation::measure;
use testkit::fuzz_corpus::{Effort, replay, seeds};

#[test]
fn otlp_logs_protobuf() {
    replay("otlp_logs_protobuf", Effort::default(), fuzz::otlp_logs_protobuf);
}

#[test]
fn otlp_logs_json() {
    replay("otlp_logs_json", Effort::default(), fuzz::otlp_logs_json);
}

#[test]
fn inflate() {
    replay("inflate", Effort::default(), fuzz::inflate);
}

#[test]
fn decoding_takes_no_more_memory_than_the_survey_priced() {
    replay("otlp_logs_protobuf", Effort::default(), |body| {
        is_priced(body);
    });
}

#[test]
fn json_takes_memory_in_proportion_to_its_length() {
    replay("otlp_logs_json", Effort::default(), |body| {
        let mut message = Vec::new();
        let (transcoded, taken) = measure(|| logs_to_protobuf(body, &build::wide_limits(), &mut message));
        let limit = 16 * 1024 + body.len() as u64 * 2 * (otlp_json::GROWTH_MAX as u64 + 8);
        assert!(taken.peak_bytes <= limit, "{} bytes for {}", taken.peak_bytes, body.len());
        if transcoded.is_ok() {
            is_priced(&message);
        }
    });
}

/// A seed that everything refuses at its first byte tests nothing.
#[test]
fn good_seeds_are_taken_and_hostile_ones_are_not() {
    let is_taken = |target: &str, body: &[u8]| match target {
        "otlp_logs_protobuf" => survey(body, &build::wide_limits(), RECEIVED).is_ok(),
        _ => logs_to_protobuf(body, &build::wide_limits(), &mut Vec::new()).is_ok(),
    };
    for target in ["otlp_logs_protobuf", "otlp_logs_json"] {
        let all = seeds(target);
        let taken: Vec<&str> =
            all.iter().filter(|seed| is_taken(target, &seed.bytes)).map(|seed| &*seed.name).collect();
        for good in ["one_record", "every_field", "bad_records_between_good", "empty_records"] {
            assert!(taken.contains(&good), "{target}: {good} is refused");
        }
        assert!(!taken.contains(&"cut_short"), "{target}");
        assert!(taken.len() * 3 >= all.len(), "{target}: {taken:?}");
    }
}
