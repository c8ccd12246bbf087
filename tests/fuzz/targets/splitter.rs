//! Texts split into shape and variables, and what the shape says of a needle.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| text_index::fuzz::splitter(input));
