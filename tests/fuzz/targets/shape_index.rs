//! The stored shapes of a part.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| text_index::fuzz::shape_index(input));
