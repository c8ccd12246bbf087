use crate::merge_plan::MergeSettings;
use crate::retention::RetentionSettings;
use crate::store::tests::{
    DAY, FAULTS, Request, Step, TENANTS, first_several, merge_all, open, part_dirs, perform, sequences,
};
use crate::store::{ForgetReport, MergeOutcome, PartStore, StoreError};
use basics::{TenantId, Timestamp};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use testkit::faulty_disk::{Fault, FaultyDisk, Unsynced};

const TENANT: TenantId = TENANTS[0];
/// One day is kept.
const ONE_DAY: RetentionSettings = RetentionSettings { keep: Duration::from_secs(86_400), bytes_max: None };

/// A store with one record of each of some days, each in a part of its own; sequences are days.
fn store_of_days(disk: &Arc<FaultyDisk>, days: i64) -> PartStore {
    let store = open(disk).unwrap();
    let mut requests = Vec::new();
    for day in 0..days {
        perform(&store, &Step::Append(Request { tenant: TENANT, time: day * DAY + 5 }), &mut requests);
        perform(&store, &Step::Seal, &mut requests);
    }
    store
}

#[test]
fn parts_that_are_too_old_go_with_their_files() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = store_of_days(&disk, 4);
    let before = store.part_stats().file_bytes;
    let report = store.forget(ONE_DAY, Timestamp(3 * DAY + 1)).unwrap();
    let freed = before - store.part_stats().file_bytes;
    assert_eq!(report, ForgetReport { aged: 2, records: 2, file_bytes: freed, ..ForgetReport::default() });
    assert_eq!((sequences(&store, TENANT), part_dirs(&disk)), (vec![2, 3], 2));
    assert_eq!(store.ledger_bases(), [(TENANT, 4)], "what was stored was stored");
    assert_eq!(store.forget(ONE_DAY, Timestamp(3 * DAY + 1)).unwrap(), ForgetReport::default());
    drop(store);
    assert_eq!(sequences(&open(&disk).unwrap(), TENANT), [2, 3]);
}

#[test]
fn with_too_many_bytes_the_oldest_parts_go() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = store_of_days(&disk, 4);
    let two = store.part_stats().file_bytes / 2 + 10;
    let settings = RetentionSettings { keep: Duration::from_secs(86_400 * 365), bytes_max: Some(two) };
    assert_eq!(store.forget(settings, Timestamp(4 * DAY)).unwrap().surplus, 2);
    assert_eq!(sequences(&store, TENANT), [2, 3]);
}

#[test]
fn a_snapshot_reads_on_and_its_files_go_with_it() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = store_of_days(&disk, 3);
    let (first, second) = (store.snapshot(TENANT), store.snapshot(TENANT));
    store.forget(ONE_DAY, Timestamp(9 * DAY)).unwrap();
    assert_eq!((store.snapshot(TENANT).parts().len(), part_dirs(&disk)), (0, 3));
    for snapshot in [first, second] {
        assert_eq!(snapshot.parts().len(), 3);
        assert_eq!(part_dirs(&disk), 3, "held by one snapshot still");
        snapshot.parts().iter().for_each(|part| part.part().verify().unwrap());
    }
    assert_eq!(part_dirs(&disk), 0);
}

#[test]
fn a_part_in_quarantine_stays_and_its_bytes_count() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = store_of_days(&disk, 4);
    let id = store.snapshot(TENANT).parts()[1].id();
    store.quarantine(id, "for this test").unwrap();
    let two = store.part_stats().file_bytes / 2 + 10;
    let settings = RetentionSettings { keep: Duration::from_secs(86_400 * 365), bytes_max: Some(two) };
    assert_eq!(store.forget(settings, Timestamp(4 * DAY)).unwrap().surplus, 2);
    assert_eq!(sequences(&store, TENANT), [3]);
    store.forget(ONE_DAY, Timestamp(99 * DAY)).unwrap();
    assert_eq!((store.part_stats().parts, store.part_stats().quarantined, part_dirs(&disk)), (1, 1, 1));
}

#[test]
fn a_part_that_is_being_merged_goes_afterwards_and_does_not_come_back() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let mut requests = Vec::new();
    for time in [5, 6, 5 * DAY] {
        perform(&store, &Step::Append(Request { tenant: TENANT, time }), &mut requests);
        perform(&store, &Step::Seal, &mut requests);
    }
    let report = Cell::new(None);
    let merged = store.merge_picked(&first_several, &|| {
        report.set(Some(store.forget(ONE_DAY, Timestamp(3 * DAY)).unwrap()));
        false
    });
    assert!(matches!(merged, Ok(MergeOutcome::Merged(_))), "{merged:?}");
    assert_eq!(report.get(), Some(ForgetReport { waiting: 2, ..ForgetReport::default() }));
    assert_eq!(sequences(&store, TENANT), [0, 1, 2]);
    assert_eq!(store.forget(ONE_DAY, Timestamp(3 * DAY)).unwrap().aged, 1);
    assert_eq!((sequences(&store, TENANT), part_dirs(&disk)), (vec![2], 1));
}

#[test]
fn a_store_in_memory_forgets_nothing() {
    let store = PartStore::in_memory(crate::tests::new_layout());
    assert_eq!(store.forget(ONE_DAY, Timestamp(9 * DAY)).unwrap(), ForgetReport::default());
    let merged = store.merge(MergeSettings::default(), Timestamp(9 * DAY), &|| false);
    assert_eq!(merged.unwrap(), MergeOutcome::Idle);
}

/// Two parts of a day are merged, then an older day goes.
fn work(store: &PartStore) -> Result<(), StoreError> {
    merge_all(store)?;
    store.forget(ONE_DAY, Timestamp(4 * DAY)).map(drop)
}

/// Three parts: one of an old day, two of another one.
fn prepared() -> (Arc<FaultyDisk>, PartStore) {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let mut requests = Vec::new();
    for time in [5, 4 * DAY, 4 * DAY + 1] {
        perform(&store, &Step::Append(Request { tenant: TENANT, time }), &mut requests);
        perform(&store, &Step::Seal, &mut requests);
    }
    (disk, store)
}

#[test]
fn while_a_commit_is_in_doubt_nothing_is_removed_that_either_outcome_needs() {
    let (first, last) = {
        let (disk, store) = prepared();
        let first = disk.call_count();
        work(&store).unwrap();
        (first, disk.call_count())
    };
    let mut failed = 0;
    for call in first..last {
        for unsynced in [Unsynced::Kept, Unsynced::Lost] {
            let (disk, store) = prepared();
            // What was written may be there, and no new file can be made that says otherwise; removing would work.
            disk.fail_at(call, Fault::Eio);
            disk.fail_from(call + 1, Fault::Enospc);
            failed += usize::from(work(&store).is_err());
            drop(store);
            disk.fail_no_more();
            disk.cut_power(unsynced);
            disk.start_again();
            let found = sequences(&open(&disk).unwrap(), TENANT);
            assert!(found == [1, 2] || found == [0, 1, 2], "no room from {call} on, {unsynced:?}: {found:?}");
        }
    }
    assert!(failed > 20, "{failed}");
}

#[test]
fn no_fault_at_any_call_brings_a_part_back_or_takes_another_with_it() {
    let (first, calls) = {
        let (disk, store) = prepared();
        let first = disk.call_count();
        work(&store).unwrap();
        drop(store);
        (first, disk.calls())
    };
    assert!(calls.len() > first + 20);
    for (call, kind) in calls.into_iter().enumerate().skip(first) {
        for fault in FAULTS.into_iter().filter(|fault| fault.befalls(kind)) {
            for unsynced in [Unsynced::Lost, Unsynced::ByLot] {
                let context = format!("{fault:?} at {call}, {unsynced:?}");
                let (disk, store) = prepared();
                disk.fail_at(call, fault);
                let worked = work(&store);
                drop(store);
                disk.fail_no_more();
                disk.cut_power(unsynced);
                disk.start_again();
                let store = open(&disk).unwrap_or_else(|error| panic!("{context}: {error}"));
                let found = sequences(&store, TENANT);
                let is_either = found == [1, 2] || (worked.is_err() && found == [0, 1, 2]);
                assert!(is_either, "{context}: {found:?}");
                assert_eq!(part_dirs(&disk), store.part_stats().parts, "{context}");
                work(&store).unwrap();
                assert_eq!((sequences(&store, TENANT), part_dirs(&disk)), (vec![1, 2], 1), "{context}");
            }
        }
    }
}
