//! The two files of a part as they lie on disk: every question is answered, whole or not.
#![no_main]

use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

libfuzzer_sys::fuzz_target!(|input: &[u8]| query::fuzz::part(Arc::new(FaultyDisk::new(0)), input));
