//! Real threads: appenders, a reader, somebody who trims, the writer and the preparer; and a close in the middle.

use super::bodies::{body, kind, number_of};
use super::run::settings;
use crate::{NewEntry, Opened, Position, Wal, WalError, WalSettings};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use testkit::faulty_disk::{FaultyDisk, Unsynced};

const APPENDERS: usize = 8;

fn settings_of_threads() -> WalSettings {
    let segment_bytes = 256 * 1024;
    WalSettings { segment_bytes, budget_bytes: 256 * segment_bytes, ..settings() }
}

/// Waits for the answer to one entry.
#[derive(Default)]
struct Told {
    answer: Mutex<Option<Result<Position, WalError>>>,
    bell: Condvar,
}

impl Told {
    fn wait(&self) -> Result<Position, WalError> {
        let answer = self.answer.lock().unwrap();
        self.bell.wait_while(answer, |answer| answer.is_none()).unwrap().take().unwrap()
    }
}

/// Appends one entry and waits for its answer. `answers` counts answers.
fn append(wal: &Wal, number: usize, answers: &AtomicUsize) -> Result<Position, WalError> {
    let told = Arc::new(Told::default());
    let teller = told.clone();
    let entry = NewEntry { kind: kind(number), slices: vec![body(number, 20 + number * 37 % 3_000)] };
    wal.append(
        entry,
        Box::new(move |result| {
            assert!(teller.answer.lock().unwrap().replace(result).is_none(), "one answer each");
            teller.bell.notify_one();
        }),
    )?;
    let answer = told.wait();
    answers.fetch_add(1, Ordering::AcqRel);
    answer
}

/// Runs the two threads of a log beside `work`, closes it, and sees both end.
fn beside_the_threads(disk: &FaultyDisk, work: impl FnOnce(&Wal)) {
    let Opened { wal, writer, preparer, .. } = crate::open(Arc::new(disk.clone()), settings_of_threads(), 3).unwrap();
    thread::scope(|scope| {
        let writing = scope.spawn(move || writer.run());
        let preparing = scope.spawn(move || preparer.run());
        work(&wal);
        wal.close();
        writing.join().unwrap();
        preparing.join().unwrap();
    });
}

fn read_all(disk: &FaultyDisk) -> BTreeMap<u64, usize> {
    disk.cut_power(Unsynced::Lost);
    let opened = crate::open(Arc::new(disk.clone()), settings_of_threads(), 4).unwrap();
    let mut reader = opened.wal.reader(Position(0));
    let mut found = BTreeMap::new();
    while let Some(entry) = reader.next().unwrap() {
        let number = number_of(&entry.body).unwrap();
        assert_eq!(entry.body, body(number, entry.body.len()));
        found.insert(entry.position.0, number);
    }
    found
}

#[test]
fn many_appenders_a_reader_and_a_trimmer_get_along() {
    const EACH: usize = 400;
    let disk = FaultyDisk::new(0);
    let (answers, forgotten) = (AtomicUsize::new(0), AtomicU64::new(1));
    let acknowledged = Mutex::new(BTreeMap::new());
    beside_the_threads(&disk, |wal| {
        thread::scope(|scope| {
            for appender in 0..APPENDERS {
                let (answers, acknowledged) = (&answers, &acknowledged);
                scope.spawn(move || {
                    let mut last = Position(0);
                    for number in (0..EACH).map(|index| appender * EACH + index) {
                        let position = append(wal, number, answers).unwrap();
                        assert!(position > last, "the answers of one appender come in its order");
                        last = position;
                        acknowledged.lock().unwrap().insert(position.0, number);
                    }
                });
            }
            let (answers, forgotten) = (&answers, &forgotten);
            scope.spawn(move || {
                while answers.load(Ordering::Acquire) < APPENDERS * EACH {
                    let from = Position(forgotten.load(Ordering::Acquire));
                    let mut reader = wal.reader(from);
                    let mut last = 0;
                    while let Some(entry) = reader.next().unwrap() {
                        assert!(last == 0 || entry.position.0 == last + 1);
                        last = entry.position.0;
                    }
                    let before = last.saturating_sub(200);
                    wal.trim(Position(before)).unwrap();
                    forgotten.fetch_max(before, Ordering::AcqRel);
                }
            });
        });
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert_eq!(acknowledged.len(), APPENDERS * EACH);
    let found = read_all(&disk);
    let forgotten = forgotten.into_inner();
    assert!(forgotten > 1_000, "{forgotten}");
    for (position, number) in acknowledged.range(forgotten..) {
        assert_eq!(found.get(position), Some(number));
    }
    assert!(found.keys().all(|position| *position >= forgotten));
}

#[test]
fn a_log_that_is_closed_half_way_answers_everybody() {
    let disk = FaultyDisk::new(0);
    let (answers, closed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let acknowledged = Mutex::new(BTreeMap::new());
    beside_the_threads(&disk, |wal| {
        thread::scope(|scope| {
            for appender in 0..APPENDERS {
                let (answers, closed, acknowledged) = (&answers, &closed, &acknowledged);
                scope.spawn(move || {
                    for number in (0..).map(|index| appender + index * APPENDERS) {
                        match append(wal, number, answers) {
                            Ok(position) => drop(acknowledged.lock().unwrap().insert(position.0, number)),
                            Err(WalError::Closed) => break,
                            Err(error) => panic!("{error}"),
                        }
                    }
                    closed.fetch_add(1, Ordering::AcqRel);
                });
            }
            while answers.load(Ordering::Acquire) < 500 {
                thread::yield_now();
            }
            wal.close();
        });
    });
    assert_eq!(closed.into_inner(), APPENDERS);
    assert_eq!(read_all(&disk), acknowledged.into_inner().unwrap(), "all that was answered, and nothing else");
}
