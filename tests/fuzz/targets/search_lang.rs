//! A query: a filter, or a mistake with a place inside the text.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| search_lang::fuzz::search_lang(input));
