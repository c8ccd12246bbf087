//! received = stored + rejected + dropped + in_flight, whatever happens, at every moment.

use super::{Setup, Shop, TENANT, bad_record, encoded, record};
use crate::{Allowance, Format, LogRequest, Signal};
use basics::KIB;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use proptest::collection::vec;
use proptest::prelude::*;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::faulty_disk::Fault;
use wire::inflate::Coding;

/// Something that happens to a collector.
#[derive(Debug, Clone)]
enum Event {
    /// A request of so many good and bad records comes.
    Request {
        good: u8,
        bad: u8,
        coding: Coding,
    },
    /// A request that cannot be read comes.
    Malformed,
    /// The log's writer gets its turn.
    Sync,
    /// The store's writer gets its turn.
    Feed,
    /// The disk fails from here on, or works again.
    Break,
    Mend,
    /// Half a second goes by.
    Rest,
    /// The process ends and starts again.
    Crash,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let coding = prop_oneof![Just(Coding::Identity), Just(Coding::Gzip), Just(Coding::Zstd)];
    let event = prop_oneof![
        8 => (0..6u8, 0..3u8, coding).prop_map(|(good, bad, coding)| Event::Request { good, bad, coding }),
        1 => Just(Event::Malformed),
        4 => Just(Event::Sync),
        3 => Just(Event::Feed),
        1 => Just(Event::Break),
        1 => Just(Event::Mend),
        1 => Just(Event::Rest),
        1 => Just(Event::Crash),
    ];
    vec(event, 1..60)
}

fn records(good: u8, bad: u8) -> Vec<LogRecord> {
    let good = (0..good).map(|number| record(&format!("good {number}")));
    good.chain((0..bad).map(|_| bad_record())).collect()
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(48))]

    #[test]
    fn every_record_is_in_one_account(events in events(), has_quota in any::<bool>()) {
        let mut setup = Setup { wal_bytes: 1_024 * KIB, memory_bytes: 512 * KIB, ..Setup::default() };
        if has_quota {
            setup.settings.quotas.each_tenant.bytes =
                Some(Allowance { per_second: NonZeroU64::new(100).unwrap(), burst: 400 });
        }
        let mut shop = Shop::open(setup);
        let mut replies = Vec::new();
        let (mut sent, mut acknowledged, mut stored_before) = (0u64, 0u64, 0u64);
        for event in events {
            match event {
                Event::Request { good, bad, coding } => {
                    let plain = encoded(records(good, bad));
                    sent += 1;
                    // A face refuses what it finds no memory for; that stands beside the ledger too.
                    let room = shop.budget.try_reserve(2 * plain.len() as u64 + 200);
                    drop(room);
                    replies.push((shop.admit(shop.request(Format::Protobuf, coding, plain)), u64::from(good)));
                }
                Event::Malformed => {
                    sent += 1;
                    replies.push((shop.admit(shop.request(Format::Protobuf, Coding::Identity, vec![0x0a, 0x7f])), 0));
                }
                Event::Sync => shop.sync(),
                Event::Feed => shop.feed(),
                Event::Break => shop.setup.disk.fail_from(shop.setup.disk.call_count(), Fault::Eio),
                Event::Mend => {
                    shop.setup.disk.fail_no_more();
                    shop.wal_writer.probe();
                }
                Event::Rest => shop.clock.pass(Duration::from_millis(500)),
                Event::Crash => {
                    // What was answered counts; what was not may be found or not.
                    for (reply, good) in replies.drain(..) {
                        acknowledged += if !reply.is_open() && reply.take().is_ok() { good } else { 0 };
                    }
                    sent = 0;
                    shop.setup.disk.fail_no_more();
                    shop = shop.crash();
                    shop.replay();
                    let stored = shop.account().stored;
                    prop_assert!(stored >= acknowledged, "{} acknowledged, {} found", acknowledged, stored);
                    (acknowledged, stored_before) = (stored, stored);
                }
            }
            shop.account();
        }
        shop.setup.disk.fail_no_more();
        shop.wal_writer.probe();
        shop.sync();
        shop.feed();
        let account = shop.account();
        prop_assert_eq!(account.in_flight, 0);
        let (mut taken, mut good_records) = (0u64, 0u64);
        for (reply, good) in replies {
            if let Ok(receipt) = reply.take() {
                taken += 1;
                good_records += good;
                prop_assert_eq!(u64::from(receipt.received - receipt.rejected), good);
            }
        }
        prop_assert_eq!(account.stored, stored_before + good_records);
        let refused: u64 = account.refused.values().map(|refused| refused.requests).sum();
        prop_assert_eq!(refused + taken, sent, "refused and received is sent");
    }
}

#[test]
fn the_equation_holds_while_everybody_works_at_once() {
    const SENDERS: u64 = 4;
    const REQUESTS: u64 = 150;
    let Shop { ingest, store, log_writer, wal, wal_writer, preparer, budget, .. } = Shop::open(Setup::default());
    let (is_done, looks) = (AtomicBool::new(false), AtomicU64::new(0));
    let answers = Arc::new(AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| wal_writer.run());
        scope.spawn(|| preparer.run());
        let feeder = scope.spawn(|| log_writer.run());
        scope.spawn(|| {
            while !is_done.load(Ordering::Acquire) {
                for account in ingest.ledger().view().values() {
                    assert!(account.is_balanced(), "{account:?}");
                }
                looks.fetch_add(1, Ordering::Relaxed);
                std::thread::yield_now();
            }
        });
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let (ingest, budget, answers) = (&ingest, &budget, answers.clone());
                scope.spawn(move || {
                    for number in 0..REQUESTS {
                        let body = bytes::Bytes::from(encoded(vec![record(&number.to_string()), bad_record()]));
                        let reservation = budget.try_reserve(body.len() as u64).unwrap();
                        let request = LogRequest {
                            tenant: TENANT,
                            format: Format::Protobuf,
                            coding: Coding::Identity,
                            raw: vec![body.clone()],
                            plain: body,
                            reservation,
                        };
                        let answers = answers.clone();
                        ingest.admit(request, move |verdict| {
                            assert_eq!(verdict.unwrap().rejected, 1);
                            answers.fetch_add(1, Ordering::AcqRel);
                        });
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        // The order in which a process stops.
        ingest.stop();
        wal.close();
        while wal.stats().entries < SENDERS * REQUESTS {
            std::thread::yield_now();
        }
        while answers.load(Ordering::Acquire) < SENDERS * REQUESTS {
            std::thread::yield_now();
        }
        ingest.close();
        feeder.join().unwrap();
        is_done.store(true, Ordering::Release);
    });
    let account = ingest.ledger().view().remove(&(TENANT, Signal::Logs)).unwrap();
    assert_eq!((account.received, account.stored, account.in_flight), (1_200, 600, 0));
    assert_eq!(account.rejected.values().sum::<u64>(), 600);
    assert!(looks.into_inner() > 0);
    // All that is held is what the store holds.
    assert_eq!(budget.used_bytes() + store.stats().uncharged_bytes, store.stats().memory_bytes);
}
