//! 24 simulated hours of 20 tenants: records come, some of them late; every ten minutes the head is sealed, parts are
//! merged and forgotten, and meanwhile tenants page through answers and follow what arrives. Every answer is the naive
//! one, and files stay few.
//!
//! The day begins at noon, so that one day of records ends in the middle of it. Questions are put wherever the store may
//! be between two states: before a seal, between freezing and sealing, and from within merges.

mod asking;
mod counting_disk;
mod tenants;

use crate::limits::OPEN_GROUPS_MAX;
use asking::Asking;
use counting_disk::CountingDisk;
use tenants::Tenant;

use basics::{Disk, Timestamp};
use log_store::{LogStore, PartSettings};
use parts::merge_plan::{CLOSED_DAY_PARTS_MAX, MergeSettings, OPEN_DAY_PARTS_MAX, is_closed};
use parts::retention::RetentionSettings;
use parts::{MergeOutcome, PartStats};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use testkit::faulty_disk::{Chance, FaultyDisk};

const DIR: &str = "/data/logs";
/// 2026-11-23T12:00:00Z.
const BEGIN: Timestamp = Timestamp(1_795_435_200_000_000_000);
const STEP: Duration = Duration::from_secs(600);
const STEPS: u64 = 144;
const TENANTS: u32 = 20;
/// How late a record is at most.
const LATE_MAX: Duration = Duration::from_secs(8 * 3_600);
/// Longer than that, so that nothing is forgotten as it arrives.
const KEEP: Duration = Duration::from_secs(10 * 3_600);
/// The process starts again at these steps.
const RESTARTS: [u64; 2] = [50, 101];

/// What was seen of the store's size, at the most.
#[derive(Debug, Default)]
struct Most {
    files: usize,
    open_files: usize,
    parts: u64,
    open_day_parts: usize,
    closed_day_parts: usize,
    merges: u64,
    merged_parts: u64,
    forgotten: u64,
}

struct Day {
    disk: FaultyDisk,
    counting: Arc<CountingDisk>,
    store: LogStore,
    tenants: Vec<RefCell<Tenant>>,
    chance: RefCell<Chance>,
    position: Cell<u64>,
    answers: Cell<u64>,
    most: Most,
}

fn open(disk: &Arc<CountingDisk>) -> LogStore {
    // Small row groups, so that answers cross many of them, and little room, so that parts are opened again and again.
    let settings = PartSettings { group_records: 512, kept_bytes: 4 << 20, ..PartSettings::SEALED };
    LogStore::open_with(disk.clone() as Arc<dyn Disk>, Path::new(DIR), settings).unwrap()
}

impl Day {
    fn new() -> Day {
        let disk = FaultyDisk::new(1);
        let counting = Arc::new(CountingDisk::new(Arc::new(disk.clone())));
        let store = open(&counting);
        let tenants = (0..TENANTS).map(|number| RefCell::new(Tenant::new(number))).collect();
        Day {
            disk,
            counting,
            store,
            tenants,
            chance: RefCell::new(Chance::new(5)),
            position: Cell::new(1),
            answers: Cell::new(0),
            most: Most::default(),
        }
    }

    /// Ten minutes of records.
    fn receive(&self, step: u64, until: Timestamp) {
        for tenant in &self.tenants {
            let logs = tenant.borrow_mut().send(step, until, self.position.get(), &mut self.chance.borrow_mut());
            self.position.set(self.position.get() + logs.len() as u64);
            self.store.append(logs);
        }
    }

    /// Some tenants take their next page, and some look what has arrived.
    fn ask(&self, of_all: usize, now: Timestamp) {
        for tenant in &self.tenants {
            let chance = self.chance.borrow_mut().index(of_all * 3);
            let mut tenant = tenant.borrow_mut();
            let mut asking = Asking::new(&self.store, &mut tenant, now);
            match chance {
                0 => asking.turn_a_page(),
                1 => asking.follow(),
                2 => asking.look_back(),
                _ => continue,
            }
            self.answers.set(self.answers.get() + 1);
        }
    }

    fn merge(&mut self, now: Timestamp) {
        loop {
            let asked = Cell::new(0_u32);
            let while_it_merges = || {
                // A merge asks once for each row group that it writes; a few of these moments are enough.
                if asked.get().is_multiple_of(4) {
                    self.ask(10, now);
                }
                asked.set(asked.get() + 1);
                false
            };
            match self.store.parts().merge(MergeSettings::default(), now, &while_it_merges).unwrap() {
                MergeOutcome::Idle => return,
                MergeOutcome::Merged(report) => {
                    self.most.merges += 1;
                    self.most.merged_parts += report.parts;
                }
                other => panic!("{other:?}"),
            }
            self.look_at_files();
        }
    }

    fn look_at_files(&mut self) {
        self.most.files = self.most.files.max(self.disk.paths().len());
        self.most.open_files = self.most.open_files.max(self.counting.open_most());
        let PartStats { parts, quarantined, .. } = self.store.part_stats();
        assert_eq!(quarantined, 0);
        self.most.parts = self.most.parts.max(parts);
    }

    /// Parts of each tenant and day, after the merges that were due.
    fn look_at_days(&mut self, now: Timestamp) {
        for tenant in &self.tenants {
            let snapshot = self.store.snapshot(tenant.borrow().id);
            let mut days: BTreeMap<i32, usize> = BTreeMap::new();
            snapshot.parts().iter().for_each(|part| *days.entry(part.entry().day).or_default() += 1);
            for (day, parts) in days {
                if is_closed(day, now) {
                    assert!(parts <= CLOSED_DAY_PARTS_MAX, "{parts} parts an hour after the day's end");
                    self.most.closed_day_parts = self.most.closed_day_parts.max(parts);
                } else {
                    assert!(parts <= OPEN_DAY_PARTS_MAX, "{parts} parts in an open day");
                    self.most.open_day_parts = self.most.open_day_parts.max(parts);
                }
            }
        }
    }

    fn ten_minutes(&mut self, step: u64) {
        let now = BEGIN.saturating_add(STEP * u32::try_from(step + 1).unwrap());
        self.receive(step, now);
        self.ask(3, now);
        assert!(self.store.freeze());
        self.ask(4, now);
        // What holds a snapshot goes on reading it, whatever is merged and forgotten meanwhile.
        let is_due = |number: usize, every: u64| (step + number as u64).is_multiple_of(every);
        let holding = (0..self.tenants.len()).filter(|number| is_due(*number, 5));
        let held: Vec<_> =
            holding.map(|number| (number, Asking::hold(&self.store, &self.tenants[number].borrow(), now))).collect();
        self.store.seal().unwrap().expect("there were records");
        self.look_at_files();
        self.merge(now);
        let retention = RetentionSettings { keep: KEEP, bytes_max: None };
        self.most.forgotten += self.store.parts().forget(retention, now).unwrap().aged;
        held.into_iter().for_each(|(number, held)| held.check(&self.tenants[number].borrow()));
        self.look_at_days(now);
        self.ask(3, now);
        // Nobody stays so far behind that what is late and new at the same time is forgotten before it is read.
        for (_, tenant) in self.tenants.iter().enumerate().filter(|(number, _)| is_due(*number, 4)) {
            Asking::new(&self.store, &mut tenant.borrow_mut(), now).follow();
        }
        let parts = self.store.part_stats().parts;
        assert_eq!(self.disk.paths().len() as u64, 2 * parts + 1, "two files a part, and the manifest");
        assert_eq!(self.counting.open(), 1, "the manifest is open, and nothing else");
        if RESTARTS.contains(&step) {
            // Everything is sealed, so nothing would be replayed.
            self.store = LogStore::new();
            self.store = open(&self.counting);
        }
    }
}

#[test]
fn a_day_of_20_tenants_answers_as_the_reference_does_and_stays_in_few_files() {
    let mut day = Day::new();
    for step in 0..STEPS {
        day.ten_minutes(step);
    }
    let now = BEGIN.saturating_add(STEP * u32::try_from(STEPS).unwrap());
    let mut records = 0;
    for tenant in &day.tenants {
        let mut tenant = tenant.borrow_mut();
        let mut asking = Asking::new(&day.store, &mut tenant, now);
        asking.follow();
        asking.look_back();
        records += tenant.finish();
    }
    let most = &day.most;
    println!("{records} records, {} answers, {most:?}", day.answers.get());
    assert!(records > 20_000 && day.answers.get() > 5_000 && most.merges > 150, "{records}, {most:?}");
    assert!(most.closed_day_parts > 1 && most.forgotten > 0, "{most:?}");
    let parts_max = u64::from(TENANTS) * (OPEN_DAY_PARTS_MAX + CLOSED_DAY_PARTS_MAX) as u64;
    assert!(most.parts <= parts_max, "{most:?}");
    // Inputs of a merge stay until the snapshots that hold them are gone.
    assert!(most.files as u64 <= 2 * 2 * parts_max + 2, "{most:?}");
    // A question holds so many row groups open while it looks, and as many of which it shows records, each with its file.
    assert!(most.open_files <= 2 * OPEN_GROUPS_MAX + 8, "{most:?}");
    // The first day ended twelve hours ago, and all of it was forgotten.
    assert!(day.tenants.iter().all(|tenant| {
        let snapshot = day.store.snapshot(tenant.borrow().id);
        snapshot.parts().iter().all(|part| !is_closed(part.entry().day, now))
    }));
}
