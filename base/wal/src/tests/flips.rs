//! Bits that flip where they lie: each byte of a small log in turn.

use super::bodies::body;
use super::run::{End, Run, settings};
use super::script::Op;
use super::stops::during;
use super::witness::{Excuse, Findings, Verdict, violation};
use crate::batch::{BatchPlace, EncodedBatch, Queued};
use crate::format::{BatchHeader, verify_entries};
use crate::{NewEntry, Position, WalSettings};
use basics::ErrorClass;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use testkit::faulty_disk::{Fault, FaultyDisk};

/// A log that was trimmed once, in files as short as possible, closed in an orderly way. Entries 2 and 3 stand in its
/// first segment, 4 in one of its own, 5 to 7 and 8 in the last one.
fn small_log() -> Verdict<Run> {
    let mut run = Run::new(1, Excuse::default());
    run.start()?;
    for (count, bytes) in [(1, 20_000), (2, 100), (1, 9_000), (3, 50), (1, 30)] {
        run.perform_all(&[Op::Append { count, bytes }, Op::Step], End::Kill)?;
    }
    run.perform_all(&[Op::Trim { leave: 7 }, Op::Reopen], End::Kill)?;
    Ok(run)
}

fn segments_of(disk: &FaultyDisk) -> Vec<PathBuf> {
    disk.paths().into_iter().filter(|path| path.extension().is_some_and(|end| end == "wal")).collect()
}

/// Flips one bit of each byte of every file in turn. Nothing that was acknowledged is missing unless it is called lost,
/// nothing is served that was not sent, and the end of the log is found.
pub(super) fn flips() -> Verdict<usize> {
    let mut log = small_log()?;
    let mut runs = 0;
    for path in log.disk.paths() {
        // The position is there twice, so that nothing at all may follow from one flipped bit.
        log.witness.excuse.damage = path.extension().is_some();
        for at in 0..log.disk.bytes_of(&path).len() {
            flip(&log, &path, at)?;
            runs += 1;
        }
    }
    Ok(runs)
}

fn flip(log: &Run, path: &Path, at: usize) -> Verdict {
    let what = || format!("byte {at} of {} was flipped", path.display());
    let disk = log.disk.copy();
    disk.flip(path, at as u64, u32::try_from(at % 8).unwrap_or(0));
    let opened = match crate::open(Arc::new(disk), settings(), 99) {
        Ok(opened) => opened,
        Err(error) => return violation(format!("the log does not open: {error}; {}", what())),
    };
    let findings = Findings::read(&mut opened.wal.reader(Position(0)))?;
    // Closed in an orderly way, the log has a mark behind its last entries: nothing may look torn.
    let (next, want) = (opened.recovery.next, log.witness.next());
    if next < want {
        return violation(format!("{next} comes next and {want} should; {}", what()));
    }
    log.witness.compare_running(&findings, &log.witness.known_now()).map_err(during(what))
}

/// Flips each bit of a batch in turn: none of them goes unnoticed, not even where nothing stands.
pub(super) fn flips_in_a_batch() -> Verdict<usize> {
    let queued = |number: usize, length| {
        let body = body(number, length);
        let body_crc = crc32c::crc32c(&body);
        let body_bytes = u32::try_from(body.len()).unwrap_or(0);
        let entry = NewEntry { kind: 3, slices: vec![body] };
        Queued { entry, body_bytes, body_crc, done: Box::new(|_| {}) }
    };
    let mut encoded = EncodedBatch::default();
    let place = BatchPlace { segment_id: 7, salt: 0x1234_5678_9abc_def0, first: 41, chain: 0xdead_beef };
    encoded.encode(&[queued(1, 30), queued(2, 8), queued(3, 100)], place);
    let mut bytes: Vec<u8> = encoded.slices().iter().flat_map(|slice| slice.iter().copied()).collect();
    let length = BatchHeader::decode(&bytes).map_or(0, |header| header.length as usize);
    bytes.truncate(length);
    let is_whole = |bytes: &[u8]| {
        let header = BatchHeader::decode(bytes).filter(|header| header.length as usize == length);
        header.is_some_and(|header| verify_entries(bytes, &header).is_some())
    };
    if !is_whole(&bytes) {
        return violation("a batch is not whole as it was written");
    }
    for bit in 0..length * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if is_whole(&flipped) {
            return violation(format!("bit {bit} of a batch can flip unnoticed"));
        }
    }
    Ok(length * 8)
}

#[test]
fn no_flipped_bit_of_a_closed_log_loses_an_entry_in_silence() {
    println!("{} flips", flips().unwrap());
}

#[test]
fn no_flipped_bit_of_a_batch_goes_unnoticed() {
    println!("{} flips", flips_in_a_batch().unwrap());
}

/// The damage that is reported is the damage that was done: file, place and entries.
#[test]
fn damage_is_named_with_its_file_its_place_and_its_entries() {
    let log = small_log().unwrap();
    let path = segments_of(&log.disk).pop().unwrap();
    log.disk.flip(&path, 4096 + 100, 3);
    let opened = crate::open(Arc::new(log.disk.clone()), settings(), 99).unwrap();
    let lost = opened.recovery.lost.first().expect("the last segment is looked at when the log is opened");
    assert_eq!((lost.first, lost.last, &lost.path), (Position(5), Position(7), &path));
    assert_eq!(opened.recovery.damaged_files, std::slice::from_ref(&path));
    let mut reader = opened.wal.reader(Position(0));
    let error = loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the damage was not reported"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.class(), ErrorClass::Corrupt);
    let at = format!("{} is damaged at byte 4096", path.display());
    assert_eq!(error.to_string(), format!("entries 5 to 7 are lost: {at}; keep the file and look at the disk"));
    assert_eq!(reader.next().unwrap().map(|entry| entry.position), Some(Position(8)));
    let stats = opened.wal.stats();
    assert_eq!(stats.lost_entries, 3, "though the damage was come across twice");
    assert_eq!(stats.quarantined_bytes, log.disk.bytes_of(&path).len() as u64);
}

/// One bad sector must not hide what lies before and behind it.
#[test]
fn a_page_that_the_disk_cannot_read_is_damage_like_any_other() {
    let mut log = small_log().unwrap();
    log.witness.excuse.damage = true;
    for path in segments_of(&log.disk) {
        for page_at in (0..log.disk.bytes_of(&path).len() as u64).step_by(4096) {
            let disk = log.disk.copy();
            disk.spoil(&path, page_at + 700, 50);
            let opened = crate::open(Arc::new(disk), settings(), 99).unwrap();
            let findings = Findings::read(&mut opened.wal.reader(Position(0))).unwrap();
            log.witness.compare_running(&findings, &log.witness.known_now()).unwrap();
            assert!(opened.recovery.next >= log.witness.next(), "{}", opened.recovery);
            assert!(opened.wal.stats().lost_entries <= 3 || page_at == 3 * 4096, "{}", opened.recovery);
        }
    }
}

/// When the unreadable place is at the end, nobody can say how much it held. Then no position that it may have held is
/// given again.
#[test]
fn positions_that_an_unreadable_end_may_have_held_are_not_given_again() {
    let log = small_log().unwrap();
    let path = segments_of(&log.disk).pop().unwrap();
    let mut bytes = log.disk.bytes_of(&path);
    bytes.truncate(3 * 4096);
    log.disk.put(&path, &bytes);
    log.disk.spoil(&path, 2 * 4096, 1);
    let mut opened = crate::open(Arc::new(log.disk.clone()), settings(), 99).unwrap();
    let next = opened.recovery.next;
    assert_eq!(next, Position(8 + 4096 / 16), "as many as fit into a page");
    assert!(opened.recovery.to_string().contains("lost 8 to 263 at the most"), "{}", opened.recovery);
    let entry = NewEntry { kind: 1, slices: vec![body(100, 10)] };
    opened.wal.append(entry, Box::new(move |result| assert_eq!(result.unwrap(), next))).unwrap();
    opened.writer.step();
    let mut reader = opened.wal.reader(Position(7));
    assert_eq!(reader.next().unwrap().map(|entry| entry.position), Some(Position(7)));
    let lost = reader.next().unwrap_err().to_string();
    assert!(lost.starts_with("entries 8 to 263 are lost"), "{lost}");
    assert_eq!(reader.next().unwrap().map(|entry| entry.position), Some(next));
}

/// A disk that gives nothing back is no damage: then the log does not open, and says why.
#[test]
fn a_disk_that_cannot_be_read_at_all_is_an_error() {
    let log = small_log().unwrap();
    for path in segments_of(&log.disk) {
        log.disk.spoil(&path, 0, 1 << 20);
    }
    let error = crate::open(Arc::new(log.disk.clone()), settings(), 99).err().unwrap();
    assert_eq!(error.class(), ErrorClass::Unavailable);
    assert!(error.to_string().starts_with("cannot read "), "{error}");
}

/// What could be read before and cannot be now is no damage either: the reader says so, and goes on when the disk is back.
#[test]
fn a_disk_that_goes_away_within_a_segment_loses_nothing() {
    let disk = FaultyDisk::new(3);
    let settings = WalSettings { segment_bytes: 8 << 20, budget_bytes: 64 << 20, ..settings() };
    let mut opened = crate::open(Arc::new(disk.clone()), settings.clone(), 1).unwrap();
    for number in 1..=60 {
        let entry = NewEntry { kind: 1, slices: vec![body(number, 100_000)] };
        opened.wal.append(entry, Box::new(|_| {})).unwrap();
        opened.writer.step();
    }
    disk.start_again();
    let opened = crate::open(Arc::new(disk.clone()), settings, 2).unwrap();
    let mut reader = opened.wal.replay(Position(0));
    let (mut read, mut outages) = (Vec::new(), 0);
    assert_eq!(reader.next().unwrap().map(|entry| entry.position), Some(Position(1)));
    for _ in 0..1_000 {
        disk.fail_from(disk.call_count(), Fault::Eio);
        let found = reader.next();
        disk.fail_no_more();
        match found {
            Ok(Some(entry)) => read.push(entry.position.0),
            Ok(None) => break,
            Err(error) => {
                assert_eq!(error.class(), ErrorClass::Unavailable, "{error}");
                outages += 1;
                read.push(reader.next().unwrap().unwrap().position.0);
            }
        }
    }
    assert_eq!(read, (2..=60).collect::<Vec<u64>>());
    assert!(outages > 3, "the segment is read in several steps: {outages}");
}
