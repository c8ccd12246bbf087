use super::*;
use crate::StoreCheck;
use crate::store::PARTS_DIR;
use crate::store::dir_name;
use crate::store::tests::{
    DIR, FAULTS, Request, Step, TENANTS, all_sequences, expected, merge_all, open, part_dirs, perform,
};
use crate::tests::new_layout;
use std::path::PathBuf;
use testkit::faulty_disk::{Fault, FaultyDisk, Unsynced};

fn store_of_three(disk: &Arc<FaultyDisk>) -> Vec<Request> {
    let store = open(disk).unwrap();
    let mut requests = Vec::new();
    for time in 0..9 {
        perform(&store, &Step::Append(Request { tenant: TENANTS[0], time }), &mut requests);
        if time % 3 == 2 {
            perform(&store, &Step::Seal, &mut requests);
        }
    }
    requests
}

fn run(disk: &Arc<FaultyDisk>) -> Result<Option<RebuildReport>, StoreError> {
    let disk: Arc<dyn Disk> = disk.clone();
    RebuildReport::run(&disk, Path::new(DIR), new_layout(), PartSettings::SEALED)
}

fn check(disk: &Arc<FaultyDisk>) -> StoreCheck {
    let disk: Arc<dyn Disk> = disk.clone();
    StoreCheck::run(&disk, Path::new(DIR), new_layout()).unwrap().unwrap()
}

fn file(id: u64, name: &str) -> PathBuf {
    Path::new(DIR).join(PARTS_DIR).join(dir_name(PartId(id))).join(name)
}

#[test]
fn an_index_that_is_gone_or_damaged_is_made_anew_and_the_answers_are_as_before() {
    let disk = Arc::new(FaultyDisk::new(1));
    assert_eq!(run(&disk).unwrap(), None, "where there is no store, none is made");
    let requests = store_of_three(&disk);
    disk.take_away(&file(1, "index"));
    disk.flip(&file(3, "index"), 30, 2);
    assert!(!check(&disk).is_sound());
    let report = run(&disk).unwrap().unwrap();
    let rebuilt: Vec<u64> = report.rebuilt.iter().map(|(old, _)| old.0).collect();
    assert_eq!((report.whole, rebuilt, report.damaged.len()), (1, vec![1, 3], 0));
    let found = check(&disk);
    assert!(found.is_sound() && found.orphans.is_empty(), "{found:?}");
    assert_eq!(part_dirs(&disk), 3);
    assert_eq!(all_sequences(&open(&disk).unwrap()), expected(&requests));
    assert_eq!(run(&disk).unwrap().unwrap(), RebuildReport { whole: 3, ..RebuildReport::default() });
}

#[test]
fn a_part_in_quarantine_comes_back_when_its_records_are_whole() {
    let disk = Arc::new(FaultyDisk::new(1));
    let requests = store_of_three(&disk);
    disk.flip(&file(2, "index"), 20, 2);
    let store = open(&disk).unwrap();
    store.quarantine(PartId(2), "a reader said so").unwrap();
    drop(store);
    assert_eq!(run(&disk).unwrap().unwrap().rebuilt.len(), 1);
    assert!(check(&disk).is_sound());
    assert_eq!(all_sequences(&open(&disk).unwrap()), expected(&requests));
}

#[test]
fn damaged_records_are_never_made_to_look_whole() {
    let disk = Arc::new(FaultyDisk::new(1));
    store_of_three(&disk);
    let path = file(2, "records.parquet");
    let whole = disk.bytes_of(&path);
    disk.take_away(&file(2, "index"));
    // The first four bytes are constant, and nothing is read from them.
    for byte in (4..whole.len()).step_by(37) {
        disk.put(&path, &whole);
        disk.flip(&path, u64::try_from(byte).unwrap(), 3);
        let report = run(&disk).unwrap().unwrap();
        match report.damaged.as_slice() {
            [(id, what)] => assert!(id.0 == 2 && what.contains("records.parquet"), "byte {byte}: {what}"),
            _ => panic!("byte {byte}: {report:?}"),
        }
        assert_eq!(part_dirs(&disk), 3, "nothing is left over");
    }
}

#[test]
fn no_fault_at_any_call_of_a_rebuild_loses_or_doubles_a_record() {
    let prepare = |seed| {
        let disk = Arc::new(FaultyDisk::new(seed));
        let requests = store_of_three(&disk);
        disk.take_away(&file(2, "index"));
        (disk, requests)
    };
    let (first, calls) = {
        let (disk, _) = prepare(1);
        let first = disk.call_count();
        run(&disk).unwrap();
        (first, disk.calls())
    };
    for (call, kind) in calls.into_iter().enumerate().skip(first) {
        // To end before or after a call that alters nothing is the same as at the next one that does.
        let is_worth_it = |fault: &Fault| kind.alters() || *fault == Fault::Eio;
        for fault in FAULTS.into_iter().filter(|fault| fault.befalls(kind)).filter(is_worth_it) {
            let (disk, requests) = prepare(u64::try_from(call).unwrap());
            disk.fail_at(call, fault);
            carry_on(run(&disk), "the fault under test");
            disk.fail_no_more();
            disk.cut_power(Unsynced::Lost);
            disk.start_again();
            let report = run(&disk).unwrap_or_else(|error| panic!("{fault:?} at {call}: {error}"));
            assert_eq!(report.unwrap().damaged, [], "{fault:?} at {call}");
            assert!(check(&disk).is_sound(), "{fault:?} at {call}");
            assert_eq!(all_sequences(&open(&disk).unwrap()), expected(&requests), "{fault:?} at {call}");
            assert_eq!(part_dirs(&disk), 3, "{fault:?} at {call}");
        }
    }
}

#[test]
fn a_damaged_list_of_words_is_told_and_its_part_left_out_of_merges_until_it_is_made_anew() {
    let disk = Arc::new(FaultyDisk::new(1));
    let requests = store_of_three(&disk);
    let path = file(1, "index");
    let whole = disk.bytes_of(&path);
    // A byte that answers can do without: records are found, and only the words cannot be asked.
    let is_in_words = |byte: &usize| {
        disk.put(&path, &whole);
        disk.flip(&path, u64::try_from(*byte).unwrap(), 3);
        let store = open(&disk).unwrap();
        let part = store.snapshot(TENANTS[0]).parts().iter().find(|part| part.id() == PartId(1)).unwrap().clone();
        assert_eq!(store.damaged_indexes(), []);
        let is_told = part.part().groups().is_ok() && part.part().may_hold_words(&[7]).is_err();
        assert_eq!(store.part_stats().damaged_indexes, u64::from(is_told), "byte {byte}");
        is_told
    };
    assert!((16..whole.len()).any(|byte| is_in_words(&byte)));
    let store = open(&disk).unwrap();
    let part = store.snapshot(TENANTS[0]).parts().iter().find(|part| part.id() == PartId(1)).unwrap().clone();
    assert!(part.part().may_hold_words(&[7]).is_err());
    assert!(store.damaged_indexes()[0].1.contains("words"), "{:?}", store.damaged_indexes());
    merge_all(&store).unwrap();
    assert_eq!((store.part_stats().parts, store.part_stats().quarantined), (2, 0), "the two others are one now");
    assert_eq!(all_sequences(&store), expected(&requests), "and all is there");
    drop(part);
    drop(store);
    assert_eq!(run(&disk).unwrap().unwrap().rebuilt.len(), 1);
    let store = open(&disk).unwrap();
    merge_all(&store).unwrap();
    assert_eq!((store.part_stats().parts, store.part_stats().damaged_indexes), (1, 0));
    assert_eq!(all_sequences(&store), expected(&requests));
}
