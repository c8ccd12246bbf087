//! An OTLP logs request in JSON: what is transcoded is surveyed and decoded.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wire::fuzz::otlp_logs_json(input));
