//! One entry that brings the process down must not keep it down for ever.

use super::bodies::body;
use super::run::settings;
use super::witness::{Verdict, violation};
use crate::{NewEntry, Opened, Position, WalError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

/// Three segments of their own, with entries 1, 2 and 3.
fn disk() -> FaultyDisk {
    let disk = FaultyDisk::new(0);
    let mut opened = open(&disk);
    for number in 1..=3 {
        let entry = NewEntry { kind: 1, slices: vec![body(number, 9_000)] };
        opened.wal.append(entry, Box::new(|_| {})).unwrap();
        opened.writer.step();
    }
    disk
}

fn open(disk: &FaultyDisk) -> Opened {
    disk.start_again();
    crate::open(Arc::new(disk.clone()), settings(), 1).unwrap()
}

/// A start whose replay panics at an entry. Tells which entries it got through and which were called lost.
fn start(disk: &FaultyDisk, poison: u64) -> (Vec<u64>, Vec<u64>, bool) {
    let (mut applied, mut lost) = (Vec::new(), Vec::new());
    let replay = || {
        let opened = open(disk);
        let mut reader = opened.wal.replay(Position(0));
        loop {
            match reader.next() {
                Ok(None) => break,
                Ok(Some(entry)) if entry.position.0 == poison => std::panic::resume_unwind(Box::new("poison")),
                Ok(Some(entry)) => applied.push(entry.position.0),
                Err(WalError::Lost { first, .. }) => lost.push(first.0),
                Err(error) => panic!("a disk without faults gave {error}"),
            }
        }
        opened.wal.end_replay().unwrap();
    };
    let is_up = catch_unwind(AssertUnwindSafe(replay)).is_ok();
    (applied, lost, is_up)
}

/// The process comes up in the end, without the segment that brings it down, and comes up at once from then on.
pub(super) fn poison_is_passed_over() -> Verdict {
    let disk = disk();
    for attempt in 1..=3 {
        if start(&disk, 2) != (vec![1], vec![], false) {
            return violation(format!("attempt {attempt} is made as usual"));
        }
    }
    for attempt in 4..=6 {
        let (applied, lost, is_up) = start(&disk, 2);
        if !is_up {
            return violation(format!("attempt {attempt} goes down like the others"));
        }
        assert_eq!((applied, lost), (vec![1, 3], vec![2]), "attempt {attempt}");
    }
    Ok(())
}

#[test]
fn a_segment_within_whose_replay_the_process_keeps_ending_is_passed_over_and_reported() {
    poison_is_passed_over().unwrap();
}

#[test]
fn a_segment_that_was_passed_over_is_set_aside_when_it_is_trimmed() {
    let disk = disk();
    for _ in 0..4 {
        start(&disk, 2);
    }
    let opened = open(&disk);
    while !matches!(opened.wal.replay(Position(3)).next(), Ok(None | Some(_))) {}
    let mut reader = opened.wal.replay(Position(0));
    while !matches!(reader.next(), Ok(None)) {}
    drop(reader);
    opened.wal.trim(Position(3)).unwrap();
    let is_quarantined = |path: &std::path::PathBuf| path.to_string_lossy().contains("quarantine");
    assert!(disk.paths().iter().any(is_quarantined), "{:?}", disk.paths());
}

/// A kill in the middle of a replay is an attempt; a replay that is stopped on purpose is none.
#[test]
fn a_replay_that_is_given_up_in_an_orderly_way_does_not_count() {
    let disk = disk();
    for _ in 0..10 {
        let opened = open(&disk);
        let mut reader = opened.wal.replay(Position(0));
        assert_eq!(reader.next().unwrap().map(|entry| entry.position), Some(Position(1)));
        assert_eq!(reader.next().unwrap().map(|entry| entry.position), Some(Position(2)));
    }
    assert_eq!(start(&disk, 0), (vec![1, 2, 3], vec![], true));
}

#[test]
fn a_read_that_fails_again_and_again_in_one_process_is_one_attempt() {
    use testkit::faulty_disk::Fault;
    let disk = disk();
    let opened = open(&disk);
    let mut reader = opened.wal.replay(Position(0));
    disk.fail_from(disk.call_count() + 3, Fault::Eio);
    for _ in 0..10 {
        assert!(matches!(reader.next(), Err(WalError::Disk { .. })));
    }
    disk.fail_no_more();
    assert_eq!(reader.next().unwrap().map(|entry| entry.position), Some(Position(1)));
}
