//! What who uses a log notices, one thing at a time.

use super::plain_log::PlainLog;
use super::run::settings;
use crate::limits::{ENTRY_BYTES_MAX, PAGE_BYTES, SEGMENT_BYTES, shared_entry_bytes_max};
use crate::{NewEntry, Position, RefusalReason, Step, WalError, WalSettings, WalState};
use basics::{ErrorClass, MIB};
use bytes::Bytes;
use std::path::Path;
use testkit::faulty_disk::{Call, Fault};

#[test]
fn all_that_waits_is_one_write_and_one_sync_and_is_answered_in_order() {
    let mut log = PlainLog::new();
    log.add(0, 100);
    let calls = log.disk.call_count();
    for number in 1..=100 {
        log.append(number, 60).unwrap();
    }
    assert_eq!(log.step(), Step::Worked);
    assert_eq!(log.disk.calls()[calls..], [Call::Write, Call::Sync]);
    let want: Vec<_> = (1..=100).map(|number| (number, Ok(number as u64 + 1))).collect();
    assert_eq!(log.answers(), want);
    assert_eq!(log.step(), Step::Idle);
    assert_eq!((log.stats().syncs, log.stats().entries), (2, 101));
}

#[test]
fn nothing_is_answered_before_its_step_and_a_reader_sees_only_what_is_durable() {
    let mut log = PlainLog::new();
    log.append(1, 100).unwrap();
    assert!(log.answers().is_empty() && log.read_all().is_empty());
    log.step();
    log.append(2, 100).unwrap();
    assert_eq!(log.read_all(), [(1, 1)]);
}

#[test]
fn a_body_may_be_empty_and_may_come_in_any_number_of_slices() {
    let mut log = PlainLog::new();
    let long = Bytes::from(vec![7; 8_000]);
    let bodies = [vec![], vec![Bytes::new()], vec![Bytes::from_static(b"ab"), long.clone(), Bytes::from_static(b"c")]];
    for slices in bodies.clone() {
        log.opened.wal.append(NewEntry { kind: 9, slices }, Box::new(|_| {})).unwrap();
    }
    log.step();
    let log = log.restarted();
    let mut reader = log.opened.wal.reader(Position(0));
    for slices in bodies {
        let entry = reader.next().unwrap().unwrap();
        assert_eq!((entry.kind, entry.body), (9, slices.concat()));
    }
}

#[test]
fn reading_begins_where_it_is_asked_to() {
    let mut log = PlainLog::new();
    for number in 1..=12 {
        log.add(number, 3_000);
    }
    for from in 0..=14 {
        let mut reader = log.opened.wal.reader(Position(from));
        let first = reader.next().unwrap().map(|entry| entry.position.0);
        assert_eq!(first, Some(from.max(1)).filter(|first| *first <= 12));
    }
}

#[test]
fn an_entry_over_16_mib_gets_a_segment_of_its_own_length() {
    assert_eq!(shared_entry_bytes_max(SEGMENT_BYTES), 16 * MIB);
    let mut log = PlainLog::with(WalSettings::new("log"));
    let long = usize::try_from(17 * MIB).unwrap();
    assert_eq!((log.add(1, 500), log.add(2, long), log.add(3, 500)), (1, 2, 3));
    let segments = log.segments();
    assert_eq!(segments.len(), 3);
    let bytes = log.disk.bytes_of(&segments[1]).len() as u64;
    assert_eq!(bytes, 4096 + (48 + 16 + 17 * MIB).next_multiple_of(4096));
    let log = log.restarted();
    assert_eq!(log.read_all(), [(1, 1), (2, 2), (3, 3)]);
    log.opened.wal.trim(Position(3)).unwrap();
    assert!(!log.files().contains(&segments[1]), "it is of no use as an ordinary segment");
}

#[test]
fn an_entry_that_could_never_be_written_is_refused_as_too_large() {
    let log = PlainLog::new();
    let slices = vec![Bytes::from(vec![0; usize::try_from(ENTRY_BYTES_MAX / 4).unwrap()]); 5];
    let error = log.opened.wal.append(NewEntry { kind: 1, slices }, Box::new(|_| {})).unwrap_err();
    assert_eq!(error.class(), ErrorClass::TooLarge);
    assert_eq!(log.stats().used_bytes, 0);
}

#[test]
fn a_full_log_refuses_until_it_is_trimmed() {
    let mut log = PlainLog::with(WalSettings { budget_bytes: 4 * 32_768, ..settings() });
    let mut number = 0;
    let error = loop {
        match log.append(number, 6_000) {
            Ok(()) => drop(log.step()),
            Err(error) => break error,
        }
        number += 1;
    };
    assert!(matches!(error, WalError::Full { limit_bytes: 131_072, .. }) && error.class() == ErrorClass::Overloaded);
    assert!(number > 8, "{number} entries fit");
    while log.append(number, 8).is_ok() {
        log.step();
    }
    assert_eq!(log.stats().state, WalState::Refusing { reason: RefusalReason::LogFull });
    log.opened.wal.trim(log.stats().next).unwrap();
    assert_eq!(log.stats().state, WalState::Ok);
    log.answers();
    log.add(number, 6_000);
}

#[test]
fn what_waits_in_memory_is_bounded() {
    let mut log = PlainLog::with(WalSettings { pending_bytes: 10_000, ..settings() });
    log.append(1, 20_000).unwrap();
    let error = log.append(2, 10).unwrap_err();
    assert!(matches!(error, WalError::Busy { .. }) && error.class() == ErrorClass::Overloaded);
    log.step();
    log.append(2, 9_000).unwrap();
    assert!(log.append(3, 2_000).is_err());
}

/// The old file is not touched again; the batch is acknowledged from a new one, whose header says where the old one
/// ends.
#[test]
fn a_failed_sync_moves_the_batch_to_a_new_segment() {
    for fault in [Fault::Eio, Fault::LostSync, Fault::LyingSync, Fault::Enospc] {
        let mut log = PlainLog::new();
        log.add(1, 100);
        log.append(2, 100).unwrap();
        log.disk.fail_at(log.disk.call_count() + 1, fault);
        let calls = log.disk.call_count();
        log.step();
        assert_eq!(log.answers(), [(2, Ok(2))]);
        let made: Vec<Call> = log.disk.calls()[calls..].to_vec();
        let want = [
            // The batch, and the sync that fails.
            Call::Write,
            Call::Sync,
            // How long the old file is, how much room there is, and the new file with its header and its name.
            Call::Length,
            Call::FreeBytes,
            Call::Create,
            Call::Write,
            Call::Sync,
            Call::SyncDir,
            // The batch again.
            Call::Write,
            Call::Sync,
        ];
        assert_eq!(made, want);
        assert_eq!((log.segments().len(), log.stats().failures, log.stats().state), (2, 1, WalState::Ok));
        let log = log.restarted();
        assert_eq!(log.read_all(), [(1, 1), (2, 2)]);
        log.opened.wal.trim(Position(3)).unwrap();
        assert_eq!(
            log.files(),
            log.segments(),
            "the file whose sync failed is not kept for use, not even after a restart"
        );
    }
}

#[test]
fn a_second_failure_makes_the_log_read_only_until_a_probe_succeeds() {
    let mut log = PlainLog::new();
    log.add(1, 100);
    log.append(2, 100).unwrap();
    log.append(3, 8_100).unwrap();
    log.append(4, 8_100).unwrap();
    log.append(5, 8_100).unwrap();
    log.disk.fail_from(log.disk.call_count(), Fault::LostSync);
    log.step();
    let answers = log.answers();
    assert_eq!(
        answers.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        [2, 3, 4, 5],
        "all that waits is refused, in order"
    );
    assert!(answers.iter().all(|(_, result)| result.is_err()), "{answers:?}");
    assert_eq!(log.stats().state, WalState::ReadOnly);
    let error = log.append(6, 10).unwrap_err();
    assert!(matches!(error, WalError::ReadOnly) && error.class() == ErrorClass::Unavailable);
    assert_eq!(log.step(), Step::Failed);
    assert_eq!(log.read_all(), [(1, 1)], "reading goes on");
    log.opened.wal.trim(Position(1)).unwrap();

    log.opened.writer.probe();
    assert_eq!(log.stats().state, WalState::ReadOnly, "the disk has not become well");
    log.disk.fail_no_more();
    log.opened.writer.probe();
    assert_eq!(log.stats().state, WalState::Ok);
    assert_eq!(log.add(7, 100), 2);
    assert_eq!(log.restarted().read_all(), [(1, 1), (2, 7)], "what was refused is gone");
}

#[test]
fn a_closed_log_takes_nothing_and_writes_what_waits() {
    let mut log = PlainLog::new();
    log.append(1, 100).unwrap();
    log.opened.wal.close();
    let error = log.append(2, 100).unwrap_err();
    assert!(matches!(error, WalError::Closed) && error.class() == ErrorClass::Unavailable);
    assert_eq!((log.step(), log.step(), log.step()), (Step::Worked, Step::Closed, Step::Closed));
    assert_eq!(log.answers(), [(1, Ok(1))]);
    assert_eq!(log.opened.preparer.step(), Step::Closed);
    assert_eq!(log.restarted().read_all(), [(1, 1)]);
}

/// A segment is a lot of disk for the few entries of a process that starts and stops again and again.
#[test]
fn orderly_restarts_do_not_fill_the_log() {
    let mut log = PlainLog::new();
    for number in 0..40 {
        log.opened.preparer.step();
        log.add(number, 50);
        log = log.reopened();
    }
    assert_eq!(log.read_all().len(), 40);
    assert_eq!(log.stats().used_bytes, 40 * 3 * 4096, "a header, a batch and the closing mark each");
}

#[test]
fn trimmed_files_are_used_again_and_the_disk_does_not_fill() {
    let mut log = PlainLog::new();
    let mut most = 0;
    for number in 0..300 {
        log.opened.preparer.step();
        let position = log.add(number, 7_000);
        log.opened.wal.trim(Position(position.saturating_sub(3))).unwrap();
        most = most.max(log.bytes_of_files());
    }
    assert!(most <= 6 * 32_768, "{most} bytes at the most");
}

/// Files that hold nothing any more and are of no use do not stay for ever.
#[test]
fn a_start_removes_what_is_not_worth_keeping() {
    let mut log = PlainLog::new();
    for number in 0..6 {
        log.add(number, 9_000);
    }
    // Trimmed, and the process ended before it removed anything.
    log.disk.fail_at(log.disk.call_count() + 3, Fault::StopBefore);
    log.opened.wal.trim(Position(6)).unwrap();
    assert!(log.disk.is_stopped());
    assert_eq!(log.files().len(), 6);
    let log = log.restarted();
    assert_eq!(log.files().len(), 1);
    assert_eq!(log.read_all(), [(6, 5)]);
}

#[test]
fn a_newer_format_is_refused_with_one_clear_line() {
    let mut log = PlainLog::new();
    log.add(1, 100);
    let name = "data/logs-wal/0000000000000001.wal";
    let mut bytes = log.disk.bytes_of(Path::new(name));
    (bytes[8], bytes[10]) = (3, 2);
    crate::format::SegmentHeader::make_checksum_fit(&mut bytes);
    log.disk.put(Path::new(name), &bytes);
    let error = crate::open(std::sync::Arc::new(log.disk.clone()), settings(), 1).err().unwrap();
    assert_eq!(error.to_string(), format!("{name} has format 3, which needs a newer program (this one reads up to 1)"));
    assert_eq!(error.class(), ErrorClass::Unavailable);
}

#[test]
fn without_its_position_file_the_log_begins_where_its_headers_say() {
    let mut log = PlainLog::new();
    for number in 1..=8 {
        log.add(number, 7_000);
    }
    log.opened.wal.trim(Position(6)).unwrap();
    for number in 9..=12 {
        log.add(number, 7_000);
    }
    log.disk.take_away(Path::new("data/logs-wal/position"));
    let log = log.restarted();
    assert!(log.opened.recovery.is_position_lost && log.opened.recovery.lost.is_empty());
    assert_eq!(log.read_all().first(), Some(&(6, 6)));
    assert!(!log.restarted().opened.recovery.is_position_lost, "it is written anew");
}

#[test]
fn a_segment_file_that_is_gone_is_a_gap_that_is_named() {
    let mut log = PlainLog::new();
    for number in 1..=9 {
        log.add(number, 9_000);
    }
    let segments = log.segments();
    log.disk.take_away(&segments[3]);
    let mut reader = log.opened.wal.reader(Position(0));
    let mut lost = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => lost.push(error.to_string()),
        }
    }
    assert_eq!(lost.len(), 1);
    assert!(lost[0].starts_with("entries 4 to 4 are lost"), "while it runs: {lost:?}");
    let log = log.restarted();
    log.disk.take_away(&segments[0]);
    let log = log.restarted();
    let lost: Vec<_> = log.opened.recovery.lost.iter().map(|lost| (lost.first, lost.last)).collect();
    assert_eq!(lost, [(Position(1), Position(1))]);
    assert_eq!(log.opened.recovery.first, Position(2));
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let too_short = WalSettings { segment_bytes: 16 * 1024, ..settings() };
    let crooked = WalSettings { segment_bytes: 33_000, ..settings() };
    let too_little = WalSettings { budget_bytes: 33_000, ..settings() };
    for settings in [too_short, crooked, too_little] {
        let disk = std::sync::Arc::new(testkit::faulty_disk::FaultyDisk::new(0));
        let error = crate::open(disk, settings, 1).err().unwrap();
        assert_eq!(error.class(), ErrorClass::Invalid, "{error}");
    }
}

#[test]
fn an_opened_log_describes_itself_in_one_line() {
    let mut log = PlainLog::new();
    log.add(1, 100);
    log.add(2, 100);
    let log = log.restarted();
    assert_eq!(log.opened.recovery.to_string(), "entries 1 to before 3 in 1 segments of 12KiB");
}

#[test]
fn a_process_that_dies_again_and_again_does_not_use_up_the_budget() {
    let mut log = PlainLog::new();
    for number in 0..20 {
        // The next segment is a spare, zero-filled to its full length.
        while log.opened.preparer.step() == Step::Worked {}
        log.add(number, 100);
        log = log.restarted();
        assert_eq!(log.stats().used_bytes, log.opened.recovery.live_bytes);
    }
    // A header and a batch each, a page both.
    assert_eq!(log.stats().used_bytes, 20 * 2 * PAGE_BYTES);
    assert_eq!(log.read_all().len(), 20);
}

/// Fails a batch of entry `number` twice: on the segment at hand, and on the spare that it moves to.
fn fail_twice(log: &mut PlainLog, number: usize) {
    while log.opened.preparer.step() == Step::Worked {}
    log.append(number, 100).unwrap();
    let calls = log.disk.call_count();
    for sync in [1, 7] {
        log.disk.fail_at(calls + sync, Fault::LostSync);
    }
    log.step();
    let made = log.disk.calls()[calls..].to_vec();
    let moved = [Call::Length, Call::Open, Call::Write, Call::Sync];
    let want = [&[Call::Write, Call::Sync][..], &moved, &[Call::Write, Call::Sync, Call::Length]].concat();
    assert_eq!(made, want, "the spare's header, and the batch once more");
    assert!(matches!(&log.answers()[..], [(_, Err(_))]));
    log.disk.fail_no_more();
}

#[test]
fn a_disk_that_fails_now_and_then_does_not_use_up_the_budget() {
    let mut log = PlainLog::new();
    let mut want = Vec::new();
    // Each time a spare of full length is abandoned with an entry in it, and another one with none.
    for number in 0..100 {
        while log.opened.preparer.step() == Step::Worked {}
        want.push((log.add(number, 100), number));
        fail_twice(&mut log, 1_000 + number);
        log.opened.writer.probe();
        assert_eq!(log.stats().state, WalState::Ok, "incident {number}");
    }
    // A header and a batch each, a page both; and the header of the segment that the last probe has begun.
    let want_bytes = (100 * 2 + 1) * PAGE_BYTES;
    assert_eq!((log.stats().used_bytes, log.stats().segments), (want_bytes, 101));
    assert_eq!(log.read_all(), want);
    let log = log.restarted();
    assert_eq!(log.stats().used_bytes, want_bytes, "a restart counts the same");
    assert_eq!(log.read_all(), want);
    log.opened.wal.trim(Position(100)).unwrap();
    assert_eq!(log.stats().used_bytes, 3 * PAGE_BYTES, "and gives back what it counted");
}

#[test]
fn an_abandoned_file_without_entries_is_removed_though_it_comes_back_once() {
    let mut log = PlainLog::new();
    while log.opened.preparer.step() == Step::Worked {}
    log.add(1, 100);
    fail_twice(&mut log, 2);
    let abandoned = log.segments()[1].clone();
    let bytes = log.disk.bytes_of(&abandoned);
    log.opened.writer.probe();
    assert!(!log.files().contains(&abandoned) && log.segments().len() == 2);
    log.add(3, 100);
    // The name of a removed file is not synced, so a power cut may bring it back.
    log.disk.put(&abandoned, &bytes);
    let used_bytes = log.stats().used_bytes;
    let log = log.restarted();
    assert!(!log.files().contains(&abandoned));
    assert_eq!((log.stats().segments, log.stats().used_bytes), (2, used_bytes));
    assert_eq!(log.read_all(), [(1, 1), (2, 3)]);
}

/// A log whose first segment, of full length, was abandoned with entry 1 in it, and goes on in another one.
fn abandoned_with_an_entry() -> (PlainLog, std::path::PathBuf) {
    let mut log = PlainLog::new();
    while log.opened.preparer.step() == Step::Worked {}
    log.add(1, 100);
    let abandoned = log.segments()[0].clone();
    log.append(2, 100).unwrap();
    log.disk.fail_at(log.disk.call_count() + 1, Fault::LyingSync);
    // The next segment cannot be begun at first, which uses up an id.
    log.disk.fail_at(log.disk.call_count() + 5, Fault::LyingSync);
    log.step();
    assert!(matches!(&log.answers()[..], [(2, Err(_))]));
    log.disk.fail_no_more();
    log.opened.writer.probe();
    log.add(3, 100);
    (log, abandoned)
}

#[test]
fn a_file_that_was_begun_in_vain_does_not_hide_the_one_whose_sync_failed() {
    let (log, abandoned) = abandoned_with_an_entry();
    // Its removal is undone by a power cut, and it says nothing of the file before it.
    let begun = crate::format::SegmentHeader {
        id: 2,
        first: 2,
        kept_from: 1,
        salt: 5,
        chain_seed: 6,
        is_predecessor_suspect: false,
    };
    log.disk.put(Path::new("data/logs-wal/00000000000000ff.wal"), begun.encode().as_slice());
    let log = log.restarted();
    assert_eq!(log.read_all(), [(1, 1), (2, 3)]);
    log.opened.wal.trim(Position(2)).unwrap();
    assert!(!log.files().contains(&abandoned), "it is not kept for use");
}

#[test]
fn a_header_that_rots_does_not_make_the_file_before_it_fit_for_use() {
    let (log, abandoned) = abandoned_with_an_entry();
    log.disk.flip(&log.segments()[1], 50, 0);
    let log = log.restarted();
    assert_eq!(log.read_all(), [(1, 1), (2, 3)]);
    log.opened.wal.trim(Position(2)).unwrap();
    assert!(!log.files().contains(&abandoned), "it is not kept for use");
}
