//! The tenant directory as it lies on disk.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ingest::fuzz::fuzz_tenant_directory(input));
