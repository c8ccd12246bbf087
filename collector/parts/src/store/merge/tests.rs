use super::*;
use crate::store::tests::{
    DAY, Request, Step, TENANTS, all_sequences, append, expected, first_several, merge_all, open, part_dirs, perform,
    sequences,
};
use std::cell::Cell;
use testkit::faulty_disk::FaultyDisk;

/// A store with some parts of one day of one tenant, and what was appended.
fn store_of_parts(disk: &Arc<FaultyDisk>, parts: usize) -> (PartStore, Vec<Request>) {
    let store = open(disk).unwrap();
    let mut requests = Vec::new();
    for part in 0..i64::try_from(parts).unwrap() {
        for time in [20 - part, 15, 30 + part] {
            perform(&store, &Step::Append(Request { tenant: TENANTS[0], time }), &mut requests);
        }
        perform(&store, &Step::Seal, &mut requests);
    }
    assert_eq!(part_dirs(disk), parts as u64);
    (store, requests)
}

#[test]
fn parts_become_one_and_their_files_go() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, requests) = store_of_parts(&disk, 3);
    let before = store.part_stats();
    let outcome = store.merge_picked(&first_several, &|| false).unwrap();
    let MergeOutcome::Merged(report) = outcome else { panic!("{outcome:?}") };
    let after = store.part_stats();
    assert_eq!((report.parts, report.records, report.day), (3, 9, 0));
    assert_eq!((report.bytes_before, report.bytes_after), (before.file_bytes, after.file_bytes));
    assert_eq!((after.parts, after.records, part_dirs(&disk)), (1, 9, 1));
    assert_eq!(all_sequences(&store), expected(&requests));
    assert_eq!(store.merge_picked(&first_several, &|| false).unwrap(), MergeOutcome::Idle);
    assert_eq!(store.ledger_bases(), [(TENANTS[0], 9)], "a merge stores nothing");
    drop(store);
    assert_eq!(all_sequences(&open(&disk).unwrap()), expected(&requests));
}

#[test]
fn a_merge_is_made_when_the_plan_says_so() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, requests) = store_of_parts(&disk, 13);
    let now = Timestamp(3 * DAY);
    let outcome = store.merge(MergeSettings::default(), now, &|| false).unwrap();
    assert!(matches!(outcome, MergeOutcome::Merged(_)), "{outcome:?}");
    while store.merge(MergeSettings::default(), now, &|| false).unwrap() != MergeOutcome::Idle {}
    assert!(store.part_stats().parts <= 12);
    assert_eq!(all_sequences(&store), expected(&requests));
}

#[test]
fn a_snapshot_reads_on_while_its_parts_are_merged_and_their_files_go_with_it() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, _) = store_of_parts(&disk, 3);
    let snapshot = store.snapshot(TENANTS[0]);
    merge_all(&store).unwrap();
    assert_eq!(part_dirs(&disk), 4, "three that the snapshot holds, and the new one");
    for part in snapshot.parts() {
        part.part().verify().unwrap();
    }
    assert_eq!(snapshot.parts().len(), 3);
    drop(snapshot);
    assert_eq!(part_dirs(&disk), 1);
}

#[test]
fn a_damaged_part_is_put_aside_and_not_made_to_look_whole() {
    // A merge needs no word of an input's index, and looks at it all the same.
    for file in ["records.parquet", "index"] {
        let disk = Arc::new(FaultyDisk::new(1));
        let (store, _) = store_of_parts(&disk, 3);
        let damaged = store.snapshot(TENANTS[0]).parts()[1].clone();
        disk.flip(&damaged.part().dir().join(file), 40, 3);
        let outcome = store.merge_picked(&first_several, &|| false).unwrap();
        let MergeOutcome::Damaged { part, reason } = outcome else { panic!("{outcome:?}") };
        assert_eq!(part, damaged.id());
        assert!(reason.contains("checksum") && reason.contains(file), "{reason}");
        assert_eq!(store.part_stats().quarantined, 1);
        merge_all(&store).unwrap();
        assert_eq!(sequences(&store, TENANTS[0]), [0, 1, 2, 6, 7, 8]);
        drop(damaged);
        assert_eq!(part_dirs(&disk), 2, "the damaged one is kept");
    }
}

#[test]
fn a_merge_ends_at_once_when_it_is_told_to_and_leaves_nothing() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, requests) = store_of_parts(&disk, 3);
    let mut stops = 0;
    loop {
        let asked = Cell::new(0);
        let is_stopped = || asked.replace(asked.get() + 1) == stops;
        match store.merge_picked(&first_several, &is_stopped).unwrap() {
            MergeOutcome::Stopped => {
                assert_eq!((part_dirs(&disk), store.part_stats().parts), (3, 3), "stopped when asked {stops}");
                assert_eq!(all_sequences(&store), expected(&requests));
            }
            MergeOutcome::Merged(_) => break,
            other => panic!("{other:?}"),
        }
        stops += 1;
    }
    assert!(stops > 6, "it is asked before each part and each row group, not {stops} times");
}

#[test]
fn seals_and_snapshots_do_not_wait_for_a_merge_and_it_keeps_what_came_meanwhile() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, mut requests) = store_of_parts(&disk, 2);
    let store = &store;
    let sealed = Cell::new(false);
    let requests_cell = std::cell::RefCell::new(&mut requests);
    let outcome = store.merge_picked(&first_several, &|| {
        if !sealed.replace(true) {
            let mut requests = requests_cell.borrow_mut();
            let request = Request { tenant: TENANTS[0], time: 16 };
            append(store, requests.len() as u64, request);
            requests.push(request);
            assert!(store.freeze(requests.len() as u64));
            assert!(store.seal().unwrap().is_some(), "a seal in the middle of a merge");
            assert_eq!(all_sequences(store), expected(&requests));
        }
        false
    });
    assert!(matches!(outcome, Ok(MergeOutcome::Merged(_))), "{outcome:?}");
    assert_eq!(store.part_stats().parts, 2);
    assert_eq!(all_sequences(store), expected(&requests));
}

#[test]
fn a_part_that_comes_into_quarantine_while_it_is_merged_is_not_merged() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, _) = store_of_parts(&disk, 2);
    let part = store.snapshot(TENANTS[0]).parts()[0].clone();
    let outcome = store.merge_picked(&first_several, &|| {
        store.quarantine(part.id(), "as if a reader had said so").ok();
        false
    });
    assert_eq!(outcome.unwrap(), MergeOutcome::Overtaken);
    assert_eq!((store.part_stats().parts, store.part_stats().quarantined, part_dirs(&disk)), (2, 1, 2));
    assert_eq!(sequences(&store, TENANTS[0]), [3, 4, 5]);
}

#[test]
fn a_full_disk_stops_a_merge_and_nothing_else() {
    let disk = Arc::new(FaultyDisk::new(1));
    let (store, requests) = store_of_parts(&disk, 3);
    let used: u64 = disk.paths().iter().map(|path| disk.bytes_of(path).len() as u64).sum();
    disk.set_capacity(Some(used));
    assert!(store.merge_picked(&first_several, &|| false).is_err());
    assert_eq!((part_dirs(&disk), store.part_stats().parts), (3, 3));
    assert_eq!(all_sequences(&store), expected(&requests));
    disk.set_capacity(None);
    merge_all(&store).unwrap();
    assert_eq!(all_sequences(&store), expected(&requests));
}
