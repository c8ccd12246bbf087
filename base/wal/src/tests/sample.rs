//! The log that version 1 of the format left behind, which must open for ever.
//!
//! It lies in tests/formats/wal-1. `UPDATE_EXPECT=1` writes it anew, which only a new version of the format is a reason
//! for; that version then gets a directory of its own, and this one stays as it is.

use super::bodies::body;
use super::plain_log::PlainLog;
use super::run::settings;
use crate::format::BatchHeader;
use crate::log::Segment;
use crate::{Position, Step};
use std::fs;
use std::path::PathBuf;
use testkit::faulty_disk::{Fault, FaultyDisk};

/// Lengths of the bodies of entries 1 to 10; body N carries the number N.
const LENGTHS: [usize; 10] = [7_000, 7_000, 7_000, 7_000, 9_000, 100, 5_000, 8, 300, 17];
/// Entries below were forgotten.
const KEPT_FROM: u64 = 4;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/wal-1"))
}

/// Everything that the format has: a trimmed past, a file that is used again and holds old batches behind the new one,
/// an entry with a segment of its own, a segment that was abandoned, a batch of two entries, the mark of an orderly
/// close, a spare.
fn make() -> FaultyDisk {
    let mut log = PlainLog::new();
    for (number, length) in (1..).zip(LENGTHS) {
        if number == 7 {
            log.disk.fail_at(log.disk.call_count() + 1, Fault::Eio);
        }
        log.append(number, length).unwrap();
        if number != 8 {
            assert_eq!(log.step(), Step::Worked);
        }
        if number == 4 {
            log.opened.wal.trim(Position(KEPT_FROM)).unwrap();
        }
    }
    assert!(log.answers().iter().all(|(number, result)| *result == Ok(*number as u64)));
    log.opened.preparer.step();
    log.reopened().disk
}

/// Reads the folder in.
fn load() -> FaultyDisk {
    let disk = FaultyDisk::new(0);
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        disk.put(&settings().dir.join(path.file_name().unwrap()), &fs::read(&path).unwrap());
    }
    disk
}

fn store(disk: &FaultyDisk) {
    if folder().exists() {
        fs::remove_dir_all(folder()).unwrap();
    }
    fs::create_dir_all(folder()).unwrap();
    for path in disk.paths() {
        fs::write(folder().join(path.file_name().unwrap()), disk.bytes_of(&path)).unwrap();
    }
}

#[test]
fn a_log_of_version_1_is_opened_read_and_gone_on_with() {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        store(&make());
    }
    let mut log = PlainLog::on(load(), settings());
    let recovery = &log.opened.recovery;
    assert!(recovery.lost.is_empty() && recovery.damaged_files.is_empty() && !recovery.is_position_lost, "{recovery}");
    assert_eq!((recovery.first, recovery.next), (Position(KEPT_FROM), Position(LENGTHS.len() as u64 + 1)));
    let want: Vec<(u64, usize)> = (4..=10).zip(4..=10).collect();
    assert_eq!(log.read_all(), want);
    let mut reader = log.opened.wal.reader(Position(5));
    assert_eq!(reader.next().unwrap().unwrap().body, body(5, LENGTHS[4]));
    drop(reader);
    assert_eq!(log.add(11, 500), 11);
    assert_eq!(log.restarted().read_all().len(), 8);
}

/// The sample stays what it is for: each of its parts is there.
#[test]
fn the_sample_has_every_part_of_the_format() {
    let disk = load();
    let names: Vec<PathBuf> = disk.paths();
    assert!(names.contains(&settings().dir.join("position")), "{names:?}");
    let bytes: usize = names.iter().map(|path| disk.bytes_of(path).len()).sum();
    assert!(bytes < 200 * 1024, "{bytes} bytes are more than a sample");
    let log = PlainLog::on(disk, settings());
    let state = log.opened.wal.shared.lock();
    assert!(!state.spares.is_empty());
    assert!(state.segments.iter().any(|segment| segment.is_suspect.load(std::sync::atomic::Ordering::Acquire)));
    assert!(state.segments.len() >= 3);
    let holds_an_older_life = |segment: &Segment| {
        let bytes = log.disk.bytes_of(&segment.path);
        let headers = bytes.chunks(4096).skip(1).filter_map(BatchHeader::decode);
        headers.into_iter().any(|header| header.segment_id < segment.id)
    };
    assert!(state.segments.iter().any(|segment| holds_an_older_life(segment)));
}
