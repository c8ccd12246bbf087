use super::*;
use crate::merge_plan::{Merge, MergeCandidate, MergeReason};
use crate::tests::{Sample, batch, new_layout, read, sample, stream};
use proptest::prelude::*;
use std::collections::BTreeMap;
use testkit::faulty_disk::{Fault, FaultyDisk, Unsynced};

pub(super) const DIR: &str = "/data/logs";
pub(super) const TENANTS: [TenantId; 2] = [TenantId(0), TenantId(17)];
const SETTINGS: PartSettings = PartSettings { group_records: 5, ..PartSettings::SEALED };
pub(super) const DAY: i64 = NANOS_PER_DAY;

/// What one request brought: the sequence of its only record is its position in the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) tenant: TenantId,
    pub(super) time: i64,
}

/// A workload: requests, and behind some of them a seal or a merge.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Append(Request),
    Seal,
    Merge,
}

pub(super) fn open(disk: &Arc<FaultyDisk>) -> Result<PartStore, StoreError> {
    PartStore::open(disk.clone(), Path::new(DIR), new_layout(), SETTINGS)
}

pub(super) fn append(store: &PartStore, position: u64, request: Request) {
    let sample = Sample { stream: stream(&format!("s{}", position % 3)), ..sample(request.time, position) };
    store.append(request.tenant, batch(&[sample]), None);
}

/// The sequences of all records of a tenant, sorted; panics when a part is damaged.
pub(super) fn sequences(store: &PartStore, tenant: TenantId) -> Vec<u64> {
    let snapshot = store.snapshot(tenant);
    let mut found: Vec<u64> = snapshot.batches().flat_map(|batch| batch.sequences().to_vec()).collect();
    for part in snapshot.parts() {
        let mut records = 0;
        for group in part.part().groups().unwrap() {
            let batch = Batch::stored(&new_layout(), group);
            let samples = read(&batch);
            assert!(batch.damage().is_none(), "{:?}", batch.damage());
            assert!(samples.iter().all(|sample| sample.text == format!("record {}", sample.sequence)));
            assert!(samples.iter().all(|sample| day_of(sample.time) == part.entry().day));
            records += samples.len() as u64;
            found.extend(samples.iter().map(|sample| sample.sequence));
        }
        assert_eq!(records, part.entry().records);
    }
    found.sort_unstable();
    found
}

pub(super) fn all_sequences(store: &PartStore) -> BTreeMap<TenantId, Vec<u64>> {
    TENANTS.into_iter().map(|tenant| (tenant, sequences(store, tenant))).collect()
}

pub(super) fn expected(requests: &[Request]) -> BTreeMap<TenantId, Vec<u64>> {
    let of = |tenant| {
        (0u64..).zip(requests).filter(|(_, request)| request.tenant == tenant).map(|(position, _)| position).collect()
    };
    TENANTS.into_iter().map(|tenant| (tenant, of(tenant))).collect()
}

/// What the process would do at a start: all requests from the sealed position on come again.
pub(super) fn replay(store: &PartStore, requests: &[Request]) {
    for (position, request) in (0u64..).zip(requests).skip(usize::try_from(store.sealed()).unwrap()) {
        append(store, position, *request);
    }
}

pub(super) fn workload() -> Vec<Step> {
    let request = |tenant, time| Step::Append(Request { tenant: TENANTS[tenant], time });
    vec![
        request(0, 10),
        request(1, DAY - 1),
        request(0, DAY),
        Step::Seal,
        request(0, 3 * DAY + 5),
        Step::Seal,
        request(1, 20),
        request(1, 21),
        Step::Seal,
        request(0, 30),
    ]
}

/// Two parts of one day are merged, and a record of that day comes late.
fn merging_workload() -> Vec<Step> {
    let request = |tenant, time| Step::Append(Request { tenant: TENANTS[tenant], time });
    vec![request(0, 10), Step::Seal, request(0, 9), Step::Seal, Step::Merge, request(0, 8), Step::Seal]
}

/// Runs a workload, and looks at every moment whether all is there once.
pub(super) fn run(store: &PartStore, steps: &[Step], done: &mut Vec<Request>) {
    for step in steps {
        perform(store, step, done);
        assert_eq!(all_sequences(store), expected(done), "at every moment all is there once");
    }
}

/// One step; what could not be sealed is sealed again, once.
pub(super) fn perform(store: &PartStore, step: &Step, done: &mut Vec<Request>) {
    match step {
        Step::Append(request) => {
            append(store, done.len() as u64, *request);
            done.push(*request);
        }
        Step::Seal => {
            store.freeze(done.len() as u64);
            if store.seal().is_err() {
                carry_on(store.seal(), "the fault under test may last");
            }
        }
        Step::Merge => {
            if merge_all(store).is_err() {
                carry_on(merge_all(store), "the fault under test may last");
            }
        }
    }
}

/// All parts of the first tenant and day that has several.
pub(super) fn first_several(parts: &[MergeCandidate]) -> Option<Merge> {
    let mut days: BTreeMap<(TenantId, i32), Vec<PartId>> = BTreeMap::new();
    for part in parts {
        days.entry((part.tenant, part.day)).or_default().push(part.id);
    }
    let ((tenant, day), parts) = days.into_iter().find(|(_, parts)| parts.len() > 1)?;
    Some(Merge { tenant, day, parts, raw_bytes: 0, reason: MergeReason::TooMany })
}

/// Merges until each tenant has one part for each day.
pub(super) fn merge_all(store: &PartStore) -> Result<(), StoreError> {
    while store.merge_picked(&first_several, &|| false)? != MergeOutcome::Idle {}
    Ok(())
}

/// The directories of parts that are there.
pub(super) fn part_dirs(disk: &FaultyDisk) -> u64 {
    disk.list(&Path::new(DIR).join(PARTS_DIR)).unwrap().len() as u64
}

#[test]
fn a_seal_moves_records_into_parts_and_a_restart_finds_them() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let mut requests = Vec::new();
    run(&store, &workload(), &mut requests);
    assert_eq!(store.part_stats().parts, 5, "one for each tenant and day of a seal");
    assert_eq!((store.head_stats().records, store.part_stats().records), (1, 6));
    assert_eq!(store.ledger_bases(), [(TENANTS[0], 3), (TENANTS[1], 3)]);
    assert_eq!(store.sealed(), 6);
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(store.head_stats().records, 0);
    replay(&store, &requests);
    assert_eq!(all_sequences(&store), expected(&requests));
}

#[test]
fn a_snapshot_is_not_changed_by_a_seal() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    append(&store, 0, Request { tenant: TENANTS[0], time: 5 });
    let before = store.snapshot(TENANTS[0]);
    assert!(store.freeze(1));
    let frozen = store.snapshot(TENANTS[0]);
    append(&store, 1, Request { tenant: TENANTS[0], time: 6 });
    assert!(!store.freeze(2), "the last one is not sealed yet");
    store.seal().unwrap();
    let count = |snapshot: &StoreSnapshot| (snapshot.batches().count(), snapshot.parts().len());
    assert_eq!((count(&before), count(&frozen), count(&store.snapshot(TENANTS[0]))), ((1, 0), (1, 0), (1, 1)));
}

#[test]
fn nothing_is_frozen_without_records_or_without_a_disk() {
    let store = open(&Arc::new(FaultyDisk::new(1))).unwrap();
    assert!(!store.freeze(0));
    assert_eq!(store.seal().unwrap(), None);
    let in_memory = PartStore::in_memory(new_layout());
    append(&in_memory, 0, Request { tenant: TENANTS[0], time: 5 });
    assert!(!in_memory.freeze(1));
    assert_eq!(in_memory.seal().unwrap(), None);
    assert_eq!(sequences(&in_memory, TENANTS[0]), [0]);
}

#[test]
fn a_part_that_needs_a_later_program_is_named_and_not_read() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    append(&store, 0, Request { tenant: TENANTS[0], time: 5 });
    assert!(store.freeze(1));
    store.seal().unwrap();
    let known = store.snapshot(TENANTS[0]).parts()[0].entry().clone();
    let later = PartEntry { id: PartId(77), min_reader: PART_READER_VERSION + 1, ..known };
    lock(store.durable.as_ref().unwrap()).manifest.commit(&[Edit::AddPart(later)]).unwrap();
    drop(store);
    let message = open(&disk).unwrap_err().to_string();
    assert!(message.contains("000000000000004d has format version 2"), "{message}");
}

/// Every way a call can fail, at every call of the workload.
pub(super) const FAULTS: [Fault; 6] =
    [Fault::Eio, Fault::Enospc, Fault::ShortWrite, Fault::TornWrite, Fault::StopBefore, Fault::StopAfter];

#[test]
fn no_fault_at_any_call_loses_or_doubles_a_record() {
    check_every_fault(&workload(), 0);
}

#[test]
fn no_fault_at_any_call_of_a_merge_loses_or_doubles_a_record() {
    check_every_fault(&merging_workload(), 4);
}

/// At every call behind the first steps.
fn check_every_fault(workload: &[Step], first_steps: usize) {
    let (first, calls) = {
        let disk = Arc::new(FaultyDisk::new(1));
        let store = open(&disk).unwrap();
        let mut requests = Vec::new();
        workload[..first_steps].iter().for_each(|step| perform(&store, step, &mut requests));
        let first = if first_steps == 0 { 0 } else { disk.call_count() };
        workload[first_steps..].iter().for_each(|step| perform(&store, step, &mut requests));
        (first, disk.calls())
    };
    for (call, kind) in calls.into_iter().enumerate().skip(first) {
        for fault in FAULTS.into_iter().filter(|fault| fault.befalls(kind)) {
            for unsynced in [Unsynced::Lost, Unsynced::ByLot] {
                let disk = Arc::new(FaultyDisk::new(u64::try_from(call).unwrap()));
                disk.fail_at(call, fault);
                let mut requests = Vec::new();
                // A start that fails is one that the operator hears of; nothing was taken yet.
                if let Ok(store) = open(&disk) {
                    workload.iter().for_each(|step| perform(&store, step, &mut requests));
                    disk.fail_no_more();
                    if !disk.is_stopped() {
                        assert_eq!(all_sequences(&store), expected(&requests), "{fault:?} at {call}, while it runs");
                    }
                }
                disk.fail_no_more();
                disk.cut_power(unsynced);
                disk.start_again();
                let store = open(&disk).unwrap_or_else(|error| panic!("{fault:?} at {call}, {unsynced:?}: {error}"));
                replay(&store, &requests);
                assert_eq!(all_sequences(&store), expected(&requests), "{fault:?} at {call}, {unsynced:?}");
                let bases: u64 = store.ledger_bases().iter().map(|(_, stored)| stored).sum();
                assert_eq!(bases, store.part_stats().records, "{fault:?} at {call}, {unsynced:?}");
                assert_eq!(part_dirs(&disk), store.part_stats().parts, "nothing is left over");
            }
        }
    }
}

#[test]
fn nothing_of_a_store_that_was_read_stays_in_memory_behind_it() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let request = Request { tenant: TENANTS[0], time: 0 };
    let mut requests = Vec::new();
    run(&store, &[Step::Append(request), Step::Seal, Step::Append(request)], &mut requests);
    assert_eq!(all_sequences(&store), expected(&requests));
    drop(store);
    assert_eq!(Arc::strong_count(&disk), 1);
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(24))]

    #[test]
    fn whatever_comes_when_it_is_there_once(
        steps in proptest::collection::vec(
            prop_oneof![
                4 => (0..2usize, 0..4 * DAY).prop_map(|(tenant, time)| Step::Append(Request { tenant: TENANTS[tenant], time })),
                1 => Just(Step::Seal),
                1 => Just(Step::Merge),
            ],
            1..40,
        ),
        kill_at in 0..40usize,
    ) {
        let disk = Arc::new(FaultyDisk::new(1));
        let store = open(&disk).unwrap();
        let mut requests = Vec::new();
        let kill_at = kill_at.min(steps.len());
        run(&store, &steps[..kill_at], &mut requests);
        drop(store);
        disk.cut_power(Unsynced::Lost);
        disk.start_again();
        let store = open(&disk).unwrap();
        replay(&store, &requests);
        run(&store, &steps[kill_at..], &mut requests);
        prop_assert_eq!(all_sequences(&store), expected(&requests));
    }
}
