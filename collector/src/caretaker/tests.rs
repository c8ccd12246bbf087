use super::*;
use basics::{TenantId, Timestamp};
use log_store::NewLogs;
use model::{LogRecord, RecordPosition, Severity, Value};
use parts::BytesRead;
use std::path::Path;
use testkit::faulty_disk::FaultyDisk;
use testkit::log_batch::log_batch_of;
use wal::WalSettings;

const FIGURES: HeadFigures =
    HeadFigures { records: 1, memory_bytes: 10, age: Duration::from_secs(1), at_rest: Duration::ZERO, log_bytes: 100 };

#[track_caller]
fn check(sealing: Sealing, figures: HeadFigures, want: bool) {
    assert_eq!(sealing.is_due(&figures), want, "{sealing:?} {figures:?}");
}

#[test]
fn a_head_is_sealed_when_it_is_large_or_old_or_left_alone_or_its_log_is_long() {
    let sealing = Sealing { is_on: true, head_bytes: 1_000, head_age: Duration::from_secs(60), log_bytes: 5_000 };
    check(sealing, FIGURES, false);
    check(sealing, HeadFigures { memory_bytes: 1_000, ..FIGURES }, true);
    check(sealing, HeadFigures { age: Duration::from_secs(60), ..FIGURES }, true);
    check(sealing, HeadFigures { log_bytes: 5_000, ..FIGURES }, true);
    check(sealing, HeadFigures { memory_bytes: 125, at_rest: REST, ..FIGURES }, true);
    check(sealing, HeadFigures { memory_bytes: 124, at_rest: REST, ..FIGURES }, false);
    check(sealing, HeadFigures { memory_bytes: 999, at_rest: REST - Duration::from_millis(1), ..FIGURES }, false);
    check(sealing, HeadFigures { records: 0, memory_bytes: 1_000, log_bytes: 5_000, ..FIGURES }, false);
    check(Sealing { is_on: false, ..sealing }, HeadFigures { memory_bytes: u64::MAX, ..FIGURES }, false);
}

#[test]
fn ceilings_fit_into_small_budgets() {
    let fitted = Sealing::default().fit_into(64 * MIB, 40 * MIB);
    assert_eq!((fitted.head_bytes, fitted.log_bytes), (16 * MIB, 10 * MIB));
    let roomy = Sealing::default().fit_into(4096 * MIB, 4096 * MIB);
    assert_eq!((roomy.head_bytes, roomy.log_bytes), (128 * MIB, 1024 * MIB));
}

/// A clock that is set by hand.
#[derive(Debug, Default)]
struct HeldClock {
    now: Mutex<Timestamp>,
    monotonic: Mutex<Duration>,
}

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.monotonic.lock().unwrap()
    }
}

const DAY: i64 = 86_400_000_000_000;
const DAYS_KEPT: u64 = 2;

/// A store on a disk in memory, and a clock that stands at the end of its tenth day.
fn store_and_clock() -> (Arc<FaultyDisk>, Arc<LogStore>, Arc<HeldClock>) {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = Arc::new(LogStore::open(disk.clone(), Path::new("/data/logs")).unwrap());
    let clock = HeldClock { now: Mutex::new(Timestamp(10 * DAY)), ..HeldClock::default() };
    (disk, store, Arc::new(clock))
}

/// Adds one record of this time.
fn append_one(store: &LogStore, position: u64, time: i64) {
    let record = LogRecord {
        position: RecordPosition { time: Timestamp(time), sequence: 0 },
        observed: Timestamp(time),
        severity: Severity(9),
        severity_text: "".into(),
        body: Value::Str("order 5 paid".into()),
        trace_id: None,
        span_id: None,
        flags: 0,
        event_name: "".into(),
        dropped_attributes: 0,
        attributes: Vec::new(),
        stream: Arc::default(),
    };
    store.append(vec![NewLogs {
        tenant: TenantId::DEFAULT,
        position,
        received: Timestamp(time),
        batch: log_batch_of(&[record]),
        ordinals: None,
        reservation: None,
    }]);
}

/// One part with one record of this time.
fn seal_one(store: &LogStore, position: u64, time: i64) {
    append_one(store, position, time);
    assert!(store.freeze());
    assert_eq!(store.seal().unwrap().unwrap().parts, 1);
}

#[test]
fn a_head_is_left_alone_from_when_it_last_grew_by_much() {
    let (disk, store, clock) = store_and_clock();
    let settings = WalSettings { segment_bytes: MIB, budget_bytes: 16 * MIB, ..WalSettings::new("/data/wal") };
    let wal = wal::open(disk, settings, 7).unwrap().wal;
    let retention = RetentionSettings { keep: Duration::from_secs(DAYS_KEPT * 86_400), bytes_max: None };
    append_one(&store, 1, 9 * DAY);
    // Of this size one record takes an eighth already, and a hundred are no small growth.
    let sealing = Sealing { head_bytes: store.stats().memory_bytes * 8, ..Sealing::default() };
    let mut caretaker = Caretaker::new(store.clone(), wal, clock.clone(), sealing, retention);
    let mut parts_at = |seconds| {
        *clock.monotonic.lock().unwrap() = Duration::from_secs(seconds);
        caretaker.look();
        store.part_stats().parts
    };
    assert_eq!([100, 129].map(&mut parts_at), [0, 0]);
    (2..100).for_each(|position| append_one(&store, position, 9 * DAY));
    assert_eq!([130, 159].map(&mut parts_at), [0, 0], "it has grown");
    assert_eq!(parts_at(160), 1);
    append_one(&store, 100, 9 * DAY);
    assert_eq!([200, 229, 230].map(&mut parts_at), [1, 1, 2], "the next head begins anew");
    append_one(&store, 101, 9 * DAY);
    assert_eq!([300, 329, 330].map(&mut parts_at), [2, 2, 3], "also one that is as large as the one before");
}

#[test]
fn every_minute_parts_go_that_are_too_old() {
    let (disk, store, clock) = store_and_clock();
    seal_one(&store, 1, 5);
    seal_one(&store, 2, 9 * DAY);
    let settings = WalSettings { segment_bytes: MIB, budget_bytes: 16 * MIB, ..WalSettings::new("/data/wal") };
    let wal = wal::open(disk, settings, 7).unwrap().wal;
    let keep = Duration::from_secs(DAYS_KEPT * 86_400);
    let retention = RetentionSettings { keep, bytes_max: None };
    let mut caretaker = Caretaker::new(store.clone(), wal, clock.clone(), Sealing::default(), retention);
    caretaker.look();
    assert_eq!(store.part_stats().parts, 1, "the older one is gone");
    seal_one(&store, 3, 7);
    *clock.monotonic.lock().unwrap() = Duration::from_secs(59);
    caretaker.look();
    assert_eq!(store.part_stats().parts, 2);
    *clock.monotonic.lock().unwrap() = Duration::from_secs(60);
    caretaker.look();
    assert_eq!(store.part_stats().parts, 1);
}

#[test]
fn parts_are_merged_unless_a_replay_or_a_stop_is_under_way() {
    let (_, store, clock) = store_and_clock();
    for position in 1..14 {
        seal_one(&store, position, i64::try_from(position).unwrap());
    }
    let (merger, stop) = (Merger::new(store.clone(), clock), StopSign::default());
    store.set_replaying(true);
    assert!(merger.look(&stop) > Duration::ZERO);
    assert_eq!(store.part_stats().parts, 13);
    store.set_replaying(false);
    let stopped = StopSign::default();
    stopped.set();
    merger.look(&stopped);
    assert_eq!(store.part_stats().parts, 13);
    assert_eq!(merger.look(&stop), Duration::ZERO, "there may be more to merge");
    while merger.look(&stop) == Duration::ZERO {}
    assert!(store.part_stats().parts <= 12);
    assert_eq!(store.part_stats().records, 13);
}

#[test]
fn indexes_are_read_ahead_when_no_part_has_come_for_a_while() {
    let (_, store, clock) = store_and_clock();
    seal_one(&store, 1, 5);
    let (merger, stop) = (Merger::new(store.clone(), clock.clone()), StopSign::default());
    let read_in_a_look_at = |seconds| {
        *clock.monotonic.lock().unwrap() = Duration::from_secs(seconds);
        let before = BytesRead::of_this_thread();
        merger.look(&stop);
        BytesRead::of_this_thread().since(before).index
    };
    assert_eq!([1, 2, 3].map(read_in_a_look_at), [0, 0, 0]);
    assert!(read_in_a_look_at(4) > 0);
    assert_eq!(read_in_a_look_at(5), 0, "once");
    seal_one(&store, 2, 6);
    assert_eq!([10, 12].map(read_in_a_look_at), [0, 0]);
    assert!(read_in_a_look_at(13) > 0);
}
