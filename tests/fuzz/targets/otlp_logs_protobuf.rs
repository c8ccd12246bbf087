//! An OTLP logs request in protobuf: what is surveyed is decoded, with the same count.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wire::fuzz::otlp_logs_protobuf(input));
