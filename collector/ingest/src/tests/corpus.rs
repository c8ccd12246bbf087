//! The seeds of tests/fuzz and their neighbours: any bytes on the disk are read or refused, and what is read reads back.

use crate::LogEntry;
use crate::fuzz::{fuzz_entry, fuzz_tenant_directory};
use testkit::fuzz_corpus::{Effort, replay, seeds};

#[test]
fn ingest_entry() {
    replay("ingest_entry", Effort::default(), fuzz_entry);
}

#[test]
fn tenant_directory() {
    replay("tenant_directory", Effort::default(), fuzz_tenant_directory);
}

#[test]
fn good_entries_are_read_and_hostile_ones_are_not() {
    let read: Vec<String> = seeds("ingest_entry")
        .into_iter()
        .filter(|seed| LogEntry::decode(&seed.bytes).is_ok())
        .map(|seed| seed.name)
        .collect();
    for good in ["protobuf", "json_in_gzip", "zstd", "every_reason", "all_rejected", "no_request"] {
        assert!(read.iter().any(|name| name == good), "{good} is refused");
    }
    for bad in ["lying_count", "newer_version", "rejection_twice", "rejection_beyond_the_records", "header_cut_short"] {
        assert!(!read.iter().any(|name| name == bad), "{bad} is read");
    }
}
