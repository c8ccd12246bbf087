use super::*;
use crate::manifest::PartId;
use crate::merge_plan::MergeSettings;
use crate::store::DeletedRecords;
use crate::store::tests::{DAY, DIR, Request, Step, TENANTS, all_sequences, expected, merge_all, open, perform};
use crate::tests::new_layout;
use crate::{PartSettings, StoreCheck};
use basics::{TenantId, Timestamp};
use std::sync::Arc;
use testkit::faulty_disk::{Fault, FaultyDisk, Unsynced};

const COPY: &str = "/data/backups/one";

fn store_of_some(disk: &Arc<FaultyDisk>) -> (PartStore, Vec<Request>) {
    let store = open(disk).unwrap();
    let mut requests = Vec::new();
    for time in [5, 6, DAY + 1, 7] {
        for tenant in TENANTS {
            perform(&store, &Step::Append(Request { tenant, time }), &mut requests);
        }
        perform(&store, &Step::Seal, &mut requests);
    }
    (store, requests)
}

fn open_copy(disk: &Arc<FaultyDisk>) -> PartStore {
    PartStore::open(disk.clone(), Path::new(COPY), new_layout(), PartSettings::SEALED).unwrap()
}

fn hide(store: &PartStore, tenant: TenantId, sequence: u64) {
    let (time_min, time_max, now) = (Timestamp(0), Timestamp(9), Timestamp(0));
    let deleted = DeletedRecords { tenant, sequences: vec![sequence], time_min, time_max, next: sequence + 1, now };
    store.hide(deleted).unwrap();
}

#[test]
fn a_copy_holds_all_parts_and_outlives_what_becomes_of_the_store() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, requests) = store_of_some(&disk);
    hide(&store, TENANTS[0], 0);
    store.quarantine(PartId(2), "as if a reader had said so").unwrap();
    let before = all_sequences(&store);
    let made = store.backup(Path::new(COPY)).unwrap();
    let stats = store.part_stats();
    assert_eq!((made.parts, made.records, made.file_bytes), (stats.parts, stats.records, stats.file_bytes));
    assert_eq!((made.sealed, made.reached), (8, 8));
    // The store goes on: parts are merged, deleted records removed, everything forgotten in the end.
    merge_all(&store).unwrap();
    let later = Timestamp(900 * DAY);
    while store.merge(MergeSettings::default(), later, &|| false).unwrap() != crate::MergeOutcome::Idle {}
    drop(store);
    disk.remove_dir_all(Path::new(DIR)).unwrap();
    let copy = open_copy(&disk);
    assert_eq!(all_sequences(&copy), before);
    assert!(copy.snapshot(TENANTS[0]).hidden().hides(0), "what was deleted is deleted in the copy");
    assert_eq!((copy.part_stats().quarantined, copy.sealed()), (1, 8));
    let bases: u64 = copy.ledger_bases().iter().map(|(_, stored)| stored).sum();
    assert_eq!(bases, requests.len() as u64);
}

/// The log of a copy begins behind it: a record that comes later must not get a sequence that is hidden.
#[test]
fn a_copy_reaches_behind_what_its_tombstones_know() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, mut requests) = store_of_some(&disk);
    perform(&store, &Step::Append(Request { tenant: TENANTS[0], time: 9 }), &mut requests);
    hide(&store, TENANTS[0], 8);
    let made = store.backup(Path::new(COPY)).unwrap();
    assert_eq!((made.sealed, made.reached), (8, 9));
    assert_eq!(open_copy(&disk).reached(), 9);
}

#[test]
fn parts_that_go_while_they_are_copied_are_in_the_copy() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, requests) = store_of_some(&disk);
    std::thread::scope(|scope| {
        scope.spawn(|| merge_all(&store).unwrap());
        store.backup(Path::new(COPY)).unwrap();
    });
    assert_eq!(all_sequences(&open_copy(&disk)), expected(&requests));
}

#[test]
fn a_copy_is_durable_when_it_is_reported_and_never_looks_whole_before() {
    let calls = {
        let disk = Arc::new(FaultyDisk::new(1));
        let (store, _) = store_of_some(&disk);
        let first = disk.call_count();
        store.backup(Path::new(COPY)).unwrap();
        first..disk.call_count()
    };
    for call in calls {
        for fault in [Fault::Eio, Fault::Enospc, Fault::StopBefore, Fault::StopAfter] {
            let disk = Arc::new(FaultyDisk::new(1));
            let (store, requests) = store_of_some(&disk);
            if !fault.befalls(disk.calls().get(call).copied().unwrap_or(testkit::faulty_disk::Call::Link)) {
                continue;
            }
            disk.fail_at(call, fault);
            let made = store.backup(Path::new(COPY));
            disk.fail_no_more();
            if !disk.is_stopped() {
                assert_eq!(all_sequences(&store), expected(&requests), "the store is as before: {fault:?} at {call}");
            }
            if made.is_ok() && !disk.is_stopped() {
                // Its own name is the caller's business.
                disk.sync_dir(Path::new("/data/backups")).unwrap();
                disk.sync_dir(Path::new("/data")).unwrap();
            }
            let is_stopped = disk.is_stopped();
            disk.cut_power(Unsynced::Lost);
            disk.start_again();
            if made.is_ok() && !is_stopped {
                let shared: Arc<dyn Disk> = disk.clone();
                let check = StoreCheck::run(&shared, Path::new(COPY), new_layout()).unwrap().unwrap();
                assert!(check.is_sound() && check.records == 8, "{fault:?} at {call}: {check:?}");
            }
        }
    }
}

#[test]
fn a_power_cut_behind_a_copy_leaves_it_whole() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, requests) = store_of_some(&disk);
    store.backup(Path::new(COPY)).unwrap();
    disk.sync_dir(Path::new("/data/backups")).unwrap();
    disk.sync_dir(Path::new("/data")).unwrap();
    drop(store);
    disk.cut_power(Unsynced::Lost);
    disk.start_again();
    assert_eq!(all_sequences(&open_copy(&disk)), expected(&requests));
}
