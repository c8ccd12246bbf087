//! A directory of the write-ahead log as it lies on disk: it is opened, read, appended to, and opened again.
#![no_main]

use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

libfuzzer_sys::fuzz_target!(|input: &[u8]| wal::fuzz::recovery(Arc::new(FaultyDisk::new(0)), input));
