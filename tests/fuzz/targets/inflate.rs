//! A compressed body, gzip or zstd by the first byte: never more comes out than allowed.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wire::fuzz::inflate(input));
