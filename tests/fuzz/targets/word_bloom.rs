//! Word blooms and letter trigrams as they lie on disk.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| text_index::fuzz::word_bloom(input));
