use super::*;
use crate::ledger::RefuseReason;
use crate::tests::{DAY, NOW, Setup, Shop, TENANT, bad_record, encoded, entry_body, record};
use crate::{IngestSettings, ReplayReport};
use basics::{KIB, MIB};
use bytes::Bytes;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use std::path::PathBuf;
use testkit::faulty_disk::{Fault, Unsynced};
use wal::NewEntry;
use wire::inflate::Coding;

/// Appends an entry as it stands, past admission.
fn append(shop: &mut Shop, kind: u8, body: Bytes) {
    shop.wal.append(NewEntry { kind, slices: vec![body] }, Box::new(|result| assert!(result.is_ok()))).unwrap();
    shop.sync();
}

fn header(records: u32) -> LogEntry {
    LogEntry {
        tenant: TENANT,
        format: Format::Protobuf,
        coding: Coding::Identity,
        received_at: NOW,
        received: records,
        head_bytes: 1_000,
        rejections: vec![],
    }
}

#[test]
fn a_restart_finds_the_same_records_with_the_same_sequences() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record("first"), bad_record(), record("third")]);
    let json =
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"zz"},{"body":{"stringValue":"as json"}}]}]}]}"#;
    let mut replies = vec![shop.send_json(json)];
    for coding in [Coding::Gzip, Coding::Zstd] {
        let protobuf = shop.request(Format::Protobuf, coding, encoded(vec![record(coding.name())]));
        replies.push(shop.admit(protobuf));
        replies.push(shop.admit(shop.request(Format::Json, coding, json.as_bytes().to_vec())));
    }
    shop.sync();
    shop.feed();
    replies.iter().for_each(|reply| drop(reply.receipt()));
    let (stored, account) = (shop.stored(), shop.account());
    assert_eq!(stored.len(), 7);

    let shop = shop.crash();
    assert_eq!(shop.stored(), []);
    assert_eq!(shop.replay(), ReplayReport { entries: 6, records: 7, dropped: 0, damages: 0 });
    assert_eq!(shop.stored(), stored);
    assert_eq!(shop.account(), account, "rejected records stay rejected and are counted again");
    assert_eq!(shop.ingest.replay_progress(), (6, 6));
}

#[test]
fn a_power_cut_takes_nothing_that_was_acknowledged() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record("durable")]);
    let open = shop.send(vec![record("on its way")]);
    assert!(open.is_open());
    let shop = shop.crash_into(|setup| setup.disk.cut_power(Unsynced::Lost));
    shop.replay();
    assert_eq!(shop.bodies(), ["durable"]);
}

#[test]
fn the_verdict_is_that_of_the_day_of_receipt() {
    let old = LogRecord { time_unix_nano: NOW.saturating_sub(20 * DAY).0.cast_unsigned(), ..record("20 days old") };
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record("now"), old, bad_record()]);
    let stored = shop.stored();
    assert_eq!(stored.len(), 2);
    let shop = shop.crash_into(|setup| {
        setup.settings = IngestSettings { retention: DAY, ahead_max: Duration::ZERO, ..setup.settings.clone() };
    });
    shop.clock.set(NOW.saturating_sub(100 * DAY));
    shop.replay();
    assert_eq!(shop.stored(), stored, "neither retention nor clock are asked again");
}

#[test]
fn a_record_without_a_time_keeps_the_time_of_its_receipt() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![LogRecord { time_unix_nano: 0, ..record("timeless") }]);
    let shop = shop.crash();
    shop.clock.set(NOW.saturating_add(DAY));
    shop.replay();
    assert_eq!(shop.store.snapshot(TENANT).batches()[0].times(), [NOW.0]);
}

#[test]
fn requests_that_come_during_a_replay_stand_behind_it() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record("before")]);
    let mut shop = shop.crash();
    let reply = shop.send(vec![record("meanwhile")]);
    shop.sync();
    reply.receipt();
    assert_eq!((shop.ingest.queued_requests(), shop.stored().len()), (1, 0));
    let report = shop.replay();
    assert_eq!(report.records, 1, "up to where the log ended at the start");
    shop.feed();
    assert_eq!(shop.bodies(), ["before", "meanwhile"]);
    assert_eq!(shop.account().stored, 2);
}

#[test]
fn an_entry_that_nobody_can_read_is_left_alone_and_others_are_served() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record("first")]);
    append(&mut shop, 99, entry_body(&header(1), &encoded(vec![record("of another kind")])));
    let mut newer = entry_body(&header(1), &encoded(vec![record("newer")])).to_vec();
    newer[0] = 200;
    append(&mut shop, ENTRY_KIND_LOGS, newer.into());
    append(&mut shop, ENTRY_KIND_LOGS, Bytes::from_static(b"short"));
    shop.deliver(vec![record("last")]);
    let shop = shop.crash();
    let report = shop.replay();
    assert_eq!((report.entries, report.records, report.dropped), (5, 2, 0));
    assert_eq!(shop.bodies(), ["first", "last"]);
    assert_eq!(shop.account().received, 2, "nobody knows how many records the others hold");
}

#[test]
fn records_that_cannot_be_decoded_are_counted_as_dropped() {
    let mut shop = Shop::open(Setup::default());
    append(&mut shop, ENTRY_KIND_LOGS, entry_body(&header(7), b"\x0a\x7f"));
    append(&mut shop, ENTRY_KIND_LOGS, entry_body(&LogEntry { coding: Coding::Gzip, ..header(2) }, b"no gzip"));
    append(&mut shop, ENTRY_KIND_LOGS, entry_body(&LogEntry { format: Format::Json, ..header(3) }, b"{"));
    shop.deliver(vec![record("good")]);
    let shop = shop.crash();
    let report = shop.replay();
    assert_eq!(report.records, 1);
    let account = shop.account();
    assert_eq!((account.received, account.stored), (13, 1));
    assert_eq!(account.dropped, [("undecodable", 12)].into());
    assert_eq!(shop.bodies(), ["good"]);
    let stats = shop.store.stats();
    assert_eq!(shop.budget.used_bytes() + stats.uncharged_bytes, stats.memory_bytes, "their memory came back");
}

#[test]
fn damage_in_the_log_is_reported_and_what_lies_around_it_is_served() {
    let mut shop = Shop::open(Setup::default());
    for number in 0..30 {
        shop.deliver(vec![record(&format!("record {number}"))]);
    }
    let shop = shop.crash_into(|setup| {
        let place_in = |path: &PathBuf| setup.disk.bytes_of(path).windows(9).position(|bytes| bytes == b"record 15");
        let paths = setup.disk.paths();
        let (path, place) = paths.iter().find_map(|path| place_in(path).map(|place| (path, place))).unwrap();
        setup.disk.flip(path, place as u64, 3);
    });
    let report = shop.replay();
    assert!(report.damages >= 1, "{report:?}");
    assert_eq!(shop.ingest.log_view().lost_entries, 1);
    let bodies = shop.bodies();
    assert_eq!(bodies.len(), 29);
    assert!(!bodies.contains(&"record 15".to_owned()) && bodies.contains(&"record 29".to_owned()));
}

/// From its first call on, a replay meets a disk that fails once, with every call in turn.
#[test]
fn a_replay_outlasts_a_disk_that_fails_for_a_moment() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record("a")]);
    let mut shop = shop.crash();
    let mut faults = 0;
    for number in 0.. {
        let (disk, begin) = (shop.setup.disk.clone(), shop.setup.disk.call_count());
        disk.fail_at(begin + number, Fault::Eio);
        assert_eq!(shop.replay(), ReplayReport { entries: 1, records: 1, dropped: 0, damages: 0 }, "call {number}");
        let is_beyond = disk.call_count() <= begin + number;
        disk.fail_no_more();
        if is_beyond {
            break;
        }
        faults += 1;
        shop = shop.crash();
    }
    assert!(faults >= 4, "an attempt is noted, a file opened and read, the end noted; seen {faults}");
}

#[test]
fn a_replay_ends_with_what_the_disk_says_when_it_does_not_recover() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record("a")]);
    let shop = shop.crash();
    shop.setup.disk.fail_from(shop.setup.disk.call_count(), Fault::Eio);
    let found = shop.found;
    let error = std::thread::scope(|scope| {
        let replay = scope.spawn(|| shop.log_writer.replay(found.0, found.1).unwrap_err());
        while !replay.is_finished() {
            shop.clock.pass(REPLAY_READ_PATIENCE / 4);
            std::thread::sleep(Duration::from_millis(1));
        }
        replay.join().unwrap()
    });
    assert!(matches!(error, WalError::Disk { action: "open", .. }), "{error}");
}

#[test]
fn a_replay_ends_when_the_collector_is_stopped() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record(&"x".repeat(100_000))]);
    let settings = IngestSettings { replay_memory_wait: Duration::from_secs(3_600), ..IngestSettings::default() };
    let shop = shop.crash_into(|setup| setup.settings = settings);
    let held = shop.budget.try_reserve(shop.budget.limit_bytes()).unwrap();
    shop.ingest.close();
    let report = shop.log_writer.replay(shop.found.0, shop.found.1).unwrap();
    assert_eq!((report.entries, report.records), (1, 0));
    drop(held);
}

#[test]
fn what_was_acknowledged_is_found_again_although_the_memory_is_in_use() {
    let mut shop = Shop::open(Setup::default());
    for number in 0..50 {
        shop.deliver(vec![record(&format!("{number} {}", "x".repeat(2_000)))]);
    }
    let shop = shop.crash_into(|setup| setup.memory_bytes = 500 * KIB);
    // Requests that wait for this replay hold all there is.
    let held = shop.budget.try_reserve(500 * KIB).unwrap();
    assert_eq!(shop.replay().records, 50);
    let stats = shop.store.stats();
    assert_eq!(stats.uncharged_bytes, stats.memory_bytes, "it shows");
    drop(held);
}

#[test]
fn a_replay_takes_no_more_than_a_share_beyond_its_budget() {
    let mut shop = Shop::open(Setup::default());
    for _ in 0..20 {
        shop.deliver(vec![record(&"x".repeat(50_000))]);
    }
    let shop = shop.crash_into(|setup| setup.memory_bytes = 400 * KIB);
    let (found, ingest) = (shop.found, shop.ingest.clone());
    std::thread::scope(|scope| {
        let replay = scope.spawn(|| shop.log_writer.replay(found.0, found.1).unwrap());
        // It waits once the share is used up: a process that the system kills would only begin again.
        while shop.store.stats().uncharged_bytes < 100 * KIB {
            assert!(!replay.is_finished(), "{:?}", shop.store.stats());
            std::thread::yield_now();
        }
        ingest.close();
        let report = replay.join().unwrap();
        assert!(report.records < 20, "{report:?}");
    });
    assert!(shop.store.stats().memory_bytes < 600 * KIB + 60 * KIB, "{:?}", shop.store.stats());
}

#[test]
fn a_replay_pays_for_what_comes_out_of_compressed_entries() {
    let mut shop = Shop::open(Setup::default());
    // Zeroes in an unknown field: 4 MiB that become a few kilobytes and hold no record.
    let plain = {
        let mut plain = encoded(vec![record("small")]);
        plain.extend_from_slice(&[0xfa, 0x01, 0x80, 0x80, 0x80, 0x02]);
        plain.extend_from_slice(&vec![0; 4 << 20]);
        plain
    };
    let reply = shop.admit(shop.request(Format::Protobuf, Coding::Gzip, plain));
    shop.sync();
    shop.feed();
    reply.receipt();
    let settings = IngestSettings { replay_memory_wait: Duration::from_secs(3_600), ..IngestSettings::default() };
    let shop = shop.crash_into(|setup| {
        setup.memory_bytes = 2 * MIB;
        setup.settings = settings;
    });
    let held = shop.budget.try_reserve(512 * KIB).unwrap();
    let (found, ingest, budget) = (shop.found, shop.ingest.clone(), shop.budget.clone());
    std::thread::scope(|scope| {
        let replay = scope.spawn(|| shop.log_writer.replay(found.0, found.1).unwrap());
        while budget.used_bytes() < MIB {
            assert!(!replay.is_finished(), "4 MiB do not fit");
            std::thread::yield_now();
        }
        ingest.close();
        assert_eq!(replay.join().unwrap().records, 0);
    });
    drop(held);
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn an_entry_that_holds_other_records_than_were_acknowledged_is_dropped() {
    for records in [1, 3] {
        let mut shop = Shop::open(Setup::default());
        append(&mut shop, ENTRY_KIND_LOGS, entry_body(&header(records), &encoded(vec![record("a"), record("b")])));
        let shop = shop.crash();
        assert_eq!(shop.replay().records, 0);
        let account = shop.account();
        assert_eq!((account.received, account.in_flight), (u64::from(records), 0));
        assert_eq!(account.dropped, [("undecodable", u64::from(records))].into());
    }
}

#[test]
fn the_writer_ends_when_everything_taken_is_stored() {
    let mut shop = Shop::open(Setup::default());
    let replies: Vec<_> = (0..20).map(|number| shop.send(vec![record(&number.to_string())])).collect();
    shop.sync();
    shop.wal.close();
    shop.ingest.close();
    shop.log_writer.run();
    replies.iter().for_each(|reply| drop(reply.receipt()));
    assert_eq!(shop.account().stored, 20);
    assert_eq!(shop.send(vec![record("late")]).error().refuse_reason(), RefuseReason::Stopping);
}
