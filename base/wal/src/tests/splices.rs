//! A batch that is whole, in its segment, at its turn, and yet not the one that followed: two copies of a data
//! directory went different ways and were mixed.

use super::bodies::{body, kind};
use super::run::settings;
use super::witness::{Verdict, violation};
use crate::{NewEntry, Position, ReadEntry, WalError};
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

const SEGMENT: &str = "data/logs-wal/0000000000000001.wal";

/// A log whose entries are these, each in a batch of its own.
fn log_of(numbers: &[usize]) -> FaultyDisk {
    let disk = FaultyDisk::new(0);
    let mut opened = crate::open(Arc::new(disk.clone()), settings(), 5).expect("a disk without faults");
    for number in numbers {
        let entry = NewEntry { kind: kind(*number), slices: vec![body(*number, 100)] };
        opened.wal.append(entry, Box::new(|_| {})).expect("a log without limits");
        opened.writer.step();
    }
    disk
}

/// Puts the second batch of one copy into the place of the other's. What is read then must be one of the two histories,
/// and what is missing of it must be called lost.
pub(super) fn splice() -> Verdict {
    let (one, other) = (log_of(&[1, 2, 3, 4]), log_of(&[11, 12, 13, 14]));
    let path = Path::new(SEGMENT);
    let mut bytes = one.bytes_of(path);
    bytes[2 * 4096..3 * 4096].copy_from_slice(&other.bytes_of(path)[2 * 4096..3 * 4096]);
    one.put(path, &bytes);
    let opened = crate::open(Arc::new(one), settings(), 6).expect("a disk without faults");
    let mut reader = opened.wal.reader(Position(0));
    let (mut found, mut lost): (Vec<ReadEntry>, Vec<Position>) = (Vec::new(), Vec::new());
    loop {
        match reader.next() {
            Ok(Some(entry)) => found.push(entry),
            Ok(None) => break,
            Err(WalError::Lost { first, .. }) => lost.push(first),
            Err(error) => return violation(format!("a disk without faults gave {error}")),
        }
    }
    if found.iter().any(|entry| entry.body == body(12, 100)) {
        return violation("an entry of another history is served");
    }
    if lost != [Position(2)] || found.len() != 3 {
        return violation(format!("{} entries found, lost {lost:?}", found.len()));
    }
    Ok(())
}

#[test]
fn a_batch_that_continues_another_history_is_damage() {
    splice().unwrap();
}
