//! The two files of a part as they lie on disk: every question is answered, whole or not.
#![no_main]

use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;
use testkit::fuzz_corpus::pass_over_contained_panics;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    pass_over_contained_panics();
    query::fuzz::part(Arc::new(FaultyDisk::new(0)), input);
});
