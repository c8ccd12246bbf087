//! A disk that fills up: refuse, go on reading and forgetting, recover without anybody's help.

use super::plain_log::PlainLog;
use super::run::settings;
use crate::{Position, RefusalReason, Step, WalError, WalSettings, WalState};
use basics::{Disk, ErrorClass};
use testkit::faulty_disk::FaultyDisk;

const FULL: WalState = WalState::Refusing { reason: RefusalReason::DiskFull };

/// Fills a disk of `capacity` bytes. Returns the log and how many entries were acknowledged.
fn full(capacity: u64, reserve_bytes: u64) -> (PlainLog, usize) {
    let mut log = PlainLog::with(WalSettings { reserve_bytes, ..settings() });
    log.disk.set_capacity(Some(capacity));
    let mut acknowledged = 0;
    for number in 0..1_000 {
        log.opened.preparer.step();
        if log.append(number, 6_000).is_err() {
            break;
        }
        log.step();
        acknowledged += log.answers().iter().filter(|(_, result)| result.is_ok()).count();
    }
    assert_eq!(log.stats().state, FULL);
    (log, acknowledged)
}

#[test]
fn a_full_disk_refuses_with_a_retryable_error_and_keeps_what_it_took() {
    let (mut log, acknowledged) = full(300_000, 0);
    assert!(acknowledged > 20, "{acknowledged}");
    let error = log.append(2_000, 10).unwrap_err();
    assert!(matches!(error, WalError::DiskFull) && error.class() == ErrorClass::Unavailable);
    assert_eq!(log.step(), Step::Failed);
    assert_eq!(log.read_all().len(), acknowledged);
    assert_eq!(log.restarted().read_all().len(), acknowledged);
}

#[test]
fn a_full_disk_is_left_by_a_probe_as_soon_as_there_is_room() {
    let (mut log, acknowledged) = full(300_000, 0);
    log.opened.writer.probe();
    assert_eq!(log.stats().state, FULL);
    log.disk.set_capacity(Some(600_000));
    log.opened.writer.probe();
    assert_eq!(log.stats().state, WalState::Ok);
    let position = log.add(3_000, 6_000);
    assert_eq!(position, acknowledged as u64 + 1, "what was refused has no position");
    assert_eq!(log.restarted().read_all().len(), acknowledged + 1);
}

/// Forgetting is the way out of a full disk, so it must not need room itself.
#[test]
fn trimming_works_on_a_full_disk_and_makes_room() {
    let (mut log, acknowledged) = full(300_000, 0);
    log.disk.set_capacity(Some(log.bytes_of_files()));
    log.opened.wal.trim(Position(acknowledged as u64 - 2)).unwrap();
    log.opened.writer.probe();
    assert_eq!(log.stats().state, WalState::Ok);
    log.add(3_000, 6_000);
    assert!(log.restarted().read_all().len() < 12);
}

/// Somebody has to look into a full disk, and needs the process for it.
#[test]
fn a_start_on_a_full_disk_reads_and_recovers() {
    let (log, acknowledged) = full(300_000, 0);
    log.disk.set_capacity(Some(0));
    let mut log = log.restarted();
    assert_eq!(log.read_all().len(), acknowledged);
    while log.append(5_000, 6_000).is_ok() {
        log.step();
    }
    assert_eq!(log.stats().state, FULL);
    log.disk.set_capacity(None);
    log.opened.writer.probe();
    log.add(5_001, 100);

    let disk = FaultyDisk::new(0);
    disk.set_capacity(Some(0));
    let mut fresh = PlainLog::on(disk, settings());
    fresh.append(1, 10).unwrap();
    fresh.step();
    assert_eq!(fresh.stats().state, FULL);
    fresh.disk.set_capacity(None);
    fresh.opened.writer.probe();
    fresh.add(2, 10);
    assert_eq!(fresh.restarted().read_all().last(), Some(&(1, 2)));
}

/// What the operator, the position file and the store need is not taken by the log.
#[test]
fn the_reserve_is_left_alone() {
    let reserve_bytes = 100_000;
    let (log, _) = full(400_000, reserve_bytes);
    let left = log.disk.free_bytes(std::path::Path::new("data")).unwrap();
    assert!(left >= reserve_bytes, "{left} bytes are left");
}
