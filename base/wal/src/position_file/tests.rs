use super::{Attempts, PositionFile, Remembered, SLOT_USED, Verdict, decode, encode};
use crate::limits::ATTEMPTS_KEPT_MAX;
use basics::Disk;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::{Fault, FaultyDisk, Unsynced};

const DIR: &str = "log";
const FILE: &str = "log/position";

fn kept_from(position: u64) -> Remembered {
    Remembered { kept_from: position, ..Remembered::NOTHING }
}

fn open(disk: &FaultyDisk) -> (PositionFile, Option<Remembered>) {
    disk.create_dir_all(Path::new(DIR)).unwrap();
    disk.sync_dir(Path::new("")).unwrap();
    PositionFile::open(Arc::new(disk.clone()), Path::new(DIR)).unwrap()
}

fn slot(remembered: Remembered) -> [u8; SLOT_USED] {
    let page = encode(5, remembered);
    page[..SLOT_USED].try_into().unwrap()
}

#[test]
fn a_slot_is_read_as_it_was_written_and_a_damaged_one_is_none() {
    let mut remembered = kept_from(77);
    remembered.attempts[0] = Attempts { segment_id: 9, count: 2 };
    remembered.attempts[7] = Attempts { segment_id: 4, count: 3 };
    let bytes = slot(remembered);
    assert_eq!(decode(&bytes, Path::new(FILE)).unwrap(), Some((5, remembered)));
    for bit in 0..SLOT_USED * 8 {
        let mut flipped = bytes;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decode(&flipped, Path::new(FILE)).unwrap(), None, "bit {bit}");
    }
}

/// The bytes of docs/formats/wal.md, spelled out.
#[test]
fn a_slot_is_laid_out_as_drawn() {
    let mut remembered = kept_from(0x0102);
    remembered.attempts[1] = Attempts { segment_id: 0x0304, count: 2 };
    let mut want = b"ORWALPOS\x01\0\x01\0\0\0\0\0\x05\0\0\0\0\0\0\0\x02\x01\0\0\0\0\0\0".to_vec();
    want.extend([0; 16]);
    want.extend(b"\x04\x03\0\0\0\0\0\0\x02\0\0\0\0\0\0\0");
    want.resize(SLOT_USED - 4, 0);
    want.extend(crc32c::crc32c(&want).to_le_bytes());
    assert_eq!(slot(remembered).as_slice(), want);
}

#[test]
fn a_missing_a_short_and_a_damaged_file_are_no_position() {
    let disk = FaultyDisk::new(0);
    assert_eq!(open(&disk).1, None);
    for bytes in [vec![], vec![1; 100], vec![0; 8192]] {
        disk.put(Path::new(FILE), &bytes);
        assert_eq!(open(&disk).1, None);
    }
}

#[test]
fn either_slot_alone_is_enough() {
    let disk = FaultyDisk::new(0);
    let (mut position, _) = open(&disk);
    for kept in 2..6 {
        position.write(kept_from(kept)).unwrap();
        for offset in [0, 4096] {
            let copy = disk.copy();
            copy.flip(Path::new(FILE), offset + 20, 3);
            assert_eq!(open(&copy).1, Some(kept_from(kept)));
        }
    }
}

/// Overwritten where it lies: on a full disk forgetting must still work.
#[test]
fn the_file_is_created_once_and_overwritten_from_then_on() {
    let disk = FaultyDisk::new(0);
    let (mut position, _) = open(&disk);
    position.write(kept_from(2)).unwrap();
    disk.set_capacity(Some(8192));
    for kept in 3..10 {
        position.write(kept_from(kept)).unwrap();
    }
    assert_eq!(disk.bytes_of(Path::new(FILE)).len(), 8192);
    disk.cut_power(Unsynced::Lost);
    assert_eq!(open(&disk).1, Some(kept_from(9)));
}

/// After a failed sync nothing that this file says later may be believed, so another one takes its place.
#[test]
fn after_a_failed_sync_the_file_is_replaced() {
    let disk = FaultyDisk::new(0);
    let (mut position, _) = open(&disk);
    position.write(kept_from(2)).unwrap();
    disk.fail_at(disk.call_count() + 1, Fault::LyingSync);
    assert!(position.write(kept_from(3)).is_err());
    assert_eq!(position.remembered(), kept_from(2));
    position.write(kept_from(4)).unwrap();
    disk.cut_power(Unsynced::Lost);
    assert_eq!(open(&disk).1, Some(kept_from(4)));
}

/// What an earlier process wrote may not be durable, and its file may not be fit for anything.
#[test]
fn a_start_makes_what_it_found_durable_in_a_new_file() {
    let disk = FaultyDisk::new(0);
    let (mut position, _) = open(&disk);
    position.write(kept_from(2)).unwrap();
    disk.fail_at(disk.call_count() + 1, Fault::LyingSync);
    assert!(position.write(kept_from(3)).is_err());
    disk.start_again();
    let (mut position, found) = open(&disk);
    assert_eq!(found, Some(kept_from(3)), "the system's memory has it");
    let copy = disk.copy();
    copy.cut_power(Unsynced::Lost);
    assert_eq!(open(&copy).1, Some(kept_from(3)));
    position.write(kept_from(4)).unwrap();
    disk.cut_power(Unsynced::Lost);
    assert_eq!(open(&disk).1, Some(kept_from(4)));
}

#[test]
fn a_start_on_a_full_disk_makes_do_with_the_old_file() {
    let disk = FaultyDisk::new(0);
    let (mut position, _) = open(&disk);
    position.write(kept_from(2)).unwrap();
    disk.fail_at(disk.call_count() + 1, Fault::StopBefore);
    assert!(position.write(kept_from(3)).is_err());
    disk.start_again();
    disk.set_capacity(Some(8192));
    let (mut position, found) = open(&disk);
    assert_eq!(found, Some(kept_from(3)));
    position.write(kept_from(4)).unwrap();
    disk.cut_power(Unsynced::Lost);
    assert_eq!(open(&disk).1, Some(kept_from(4)));
}

fn read(verdict: Verdict) -> Remembered {
    match verdict {
        Verdict::Read(remembered) => remembered,
        Verdict::PassOver(_) => panic!("passed over"),
    }
}

#[test]
fn three_attempts_at_a_segment_are_made_and_then_it_is_passed_over_for_good() {
    let mut remembered = Remembered::NOTHING;
    for _ in 0..3 {
        remembered = read(remembered.replay_comes_to(1, None));
        remembered = read(remembered.replay_comes_to(2, Some(1)));
    }
    for _ in 0..3 {
        remembered = read(remembered.replay_comes_to(1, None));
        let Verdict::PassOver(next) = remembered.replay_comes_to(2, Some(1)) else { panic!("a fourth attempt") };
        remembered = read(next.replay_comes_to(3, None)).replay_ended();
    }
    let kept: Vec<u64> = remembered.attempts.iter().map(|kept| kept.segment_id).filter(|id| *id > 0).collect();
    assert_eq!(kept, [2]);
}

#[test]
fn a_replay_that_ended_or_was_broken_off_leaves_no_trace() {
    let remembered = read(Remembered::NOTHING.replay_comes_to(1, None));
    assert_eq!(remembered.replay_ended(), Remembered::NOTHING);
    assert_eq!(remembered.take_back(1), Remembered::NOTHING);
    assert_eq!(remembered.take_back(2), remembered);
    let twice = read(remembered.replay_comes_to(1, None));
    assert_eq!(twice.take_back(1), remembered);
}

#[test]
fn of_too_many_troubled_segments_the_oldest_is_tried_again() {
    let mut remembered = Remembered::NOTHING;
    let count = ATTEMPTS_KEPT_MAX as u64 + 1;
    for id in 1..=count {
        for _ in 0..3 {
            remembered = read(remembered.replay_comes_to(id, None));
        }
    }
    assert!(matches!(remembered.replay_comes_to(count, None), Verdict::PassOver(_)));
    assert!(matches!(remembered.replay_comes_to(1, None), Verdict::Read(_)));
}
