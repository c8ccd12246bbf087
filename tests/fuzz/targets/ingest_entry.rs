//! The body of an entry of the logs' write-ahead log.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ingest::fuzz::fuzz_entry(input));
