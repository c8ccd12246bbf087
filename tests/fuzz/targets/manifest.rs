//! A manifest as it lies on disk: it is opened, committed to, and opened again.
#![no_main]

use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

libfuzzer_sys::fuzz_target!(|input: &[u8]| parts::manifest::fuzz::manifest(Arc::new(FaultyDisk::new(0)), input));
