//! Deletes, removals, seals, merges and restarts: what was deleted stays so, what was not stays too.

use super::*;
use crate::manifest::ManifestError;
use crate::merge_plan::MergeSettings;
use crate::store::MergeOutcome;
use crate::store::tests::{
    DAY, DIR, FAULTS, Request, TENANTS, append, first_several, open, part_dirs, replay, sequences,
};
use proptest::prelude::*;
use std::cell::RefCell;
use testkit::faulty_disk::{FaultyDisk, Unsynced};

/// A moment at which every delete is old enough.
const LATER: Timestamp = Timestamp(400 * DAY);

/// One thing that happens to a store.
#[derive(Debug, Clone)]
enum Deed {
    Append(Request),
    Seal,
    Merge,
    /// The records of a tenant go whose position divided by the first number leaves the second.
    Delete(usize, u64, u64),
    /// Deleted records leave their parts, and tombstones go.
    Remove,
}

/// What should be there: each request, and whether it was deleted.
#[derive(Debug, Clone, Default)]
struct Model {
    requests: Vec<Request>,
    deleted: BTreeSet<u64>,
    /// What a delete in doubt may have deleted as well, from the next start on.
    maybe: BTreeSet<u64>,
}

impl Model {
    fn visible(&self, tenant: TenantId, deleted: &BTreeSet<u64>) -> Vec<u64> {
        let all = (0u64..).zip(&self.requests).filter(|(_, request)| request.tenant == tenant);
        all.map(|(position, _)| position).filter(|position| !deleted.contains(position)).collect()
    }

    fn all_visible(&self) -> Vec<Vec<u64>> {
        TENANTS.into_iter().map(|tenant| self.visible(tenant, &self.deleted)).collect()
    }

    fn perform(&mut self, store: &PartStore, deed: &Deed) {
        match deed {
            Deed::Append(request) => {
                append(store, self.requests.len() as u64, *request);
                self.requests.push(*request);
            }
            Deed::Seal => {
                store.freeze(self.requests.len() as u64);
                twice(|| store.seal().map(drop));
            }
            Deed::Merge => {
                let merge_all = || {
                    while store.merge_picked(&first_several, &|| false)? != MergeOutcome::Idle {}
                    Ok(())
                };
                twice(merge_all);
            }
            Deed::Remove => twice(|| remove_all(store)),
            Deed::Delete(tenant, divisor, rest) => {
                let tenant = TENANTS[*tenant];
                let known = self.visible(tenant, &self.deleted);
                let found = known.into_iter().filter(|sequence| sequence % divisor == *rest);
                let found: BTreeSet<u64> = found.collect();
                match delete(store, tenant, found.iter().copied().collect()) {
                    Ok(_) => self.deleted.extend(found),
                    Err(StoreError::Manifest(ManifestError::InDoubt { .. })) => self.maybe.extend(found),
                    Err(_) => {}
                }
            }
        }
    }

    /// A process has started: what was in doubt is decided, as a whole.
    fn settle(&mut self, store: &PartStore) {
        let maybe = std::mem::take(&mut self.maybe);
        let with: BTreeSet<u64> = self.deleted.union(&maybe).copied().collect();
        if TENANTS.into_iter().all(|tenant| visible(store, tenant) == self.visible(tenant, &with)) {
            self.deleted = with;
        }
    }
}

fn twice(work: impl Fn() -> Result<(), StoreError>) {
    if work().is_err() {
        carry_on(work(), "the fault under test may last");
    }
}

fn remove_all(store: &PartStore) -> Result<(), StoreError> {
    // The plan would merge, too; here only what was deleted is looked for.
    loop {
        match store.next_removal(LATER, &|| false)? {
            crate::store::removal::Removal::Rewrite(merge) => {
                store.merge_picked(&|_| Some(merge.clone()), &|| false)?;
            }
            _ => return Ok(()),
        }
    }
}

fn delete(store: &PartStore, tenant: TenantId, sequences: Vec<u64>) -> Result<u64, StoreError> {
    let next = sequences.iter().max().map_or(0, |last| last + 1);
    let (time_min, time_max) = (Timestamp(0), Timestamp(9 * DAY));
    store.hide(DeletedRecords { tenant, sequences, time_min, time_max, next, now: Timestamp(0) })
}

/// What a reader sees.
fn visible(store: &PartStore, tenant: TenantId) -> Vec<u64> {
    let hidden = store.snapshot(tenant).hidden().clone();
    let mut found = sequences(store, tenant);
    found.retain(|sequence| !hidden.hides(*sequence));
    found
}

fn all_visible(store: &PartStore) -> Vec<Vec<u64>> {
    TENANTS.into_iter().map(|tenant| visible(store, tenant)).collect()
}

/// What is stored, deleted or not.
fn all_stored(store: &PartStore) -> Vec<Vec<u64>> {
    TENANTS.into_iter().map(|tenant| sequences(store, tenant)).collect()
}

fn tombstone_files(disk: &FaultyDisk) -> usize {
    disk.list(&Path::new(DIR).join(TOMBSTONES_DIR)).unwrap().len()
}

fn append_some(times: &[(usize, i64)]) -> Vec<Deed> {
    times.iter().map(|(tenant, time)| Deed::Append(Request { tenant: TENANTS[*tenant], time: *time })).collect()
}

fn perform_all(store: &PartStore, model: &mut Model, deeds: &[Deed]) {
    for deed in deeds {
        model.perform(store, deed);
        assert_eq!(all_visible(store), model.all_visible(), "behind {deed:?}");
    }
}

/// Deletes from head and parts, and removals that rewrite, merge and empty parts.
fn workload() -> Vec<Deed> {
    let mut deeds = append_some(&[(0, 10), (0, 11), (1, 12), (0, DAY)]);
    deeds.push(Deed::Seal);
    deeds.extend(append_some(&[(0, 13), (1, 14), (0, 15)]));
    // Of tenant 0 positions 0 and 3 in parts, 4 and 6 in the head: 0, 4, 6 go, then 3.
    deeds.extend([Deed::Delete(0, 2, 0), Deed::Seal, Deed::Delete(0, 3, 0), Deed::Merge, Deed::Remove]);
    deeds.extend(append_some(&[(0, 16), (1, 17)]));
    deeds.extend([Deed::Delete(1, 1, 0), Deed::Seal, Deed::Remove]);
    deeds
}

#[test]
fn what_was_deleted_is_seen_no_more_and_leaves_the_disk() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let mut model = Model::default();
    perform_all(&store, &mut model, &workload());
    assert_eq!(all_stored(&store), model.all_visible(), "deleted records are in no part any more");
    assert_eq!(model.all_visible(), [vec![1, 7], vec![]]);
    assert_eq!((tombstone_files(&disk), store.hidden_records()), (0, 0), "and nobody needs the tombstones");
    assert!(store.view().hidden.is_empty());
    let bases: u64 = store.ledger_bases().iter().map(|(_, stored)| stored).sum();
    assert_eq!(bases, 9, "what was stored stays counted");
    assert_eq!(part_dirs(&disk), store.part_stats().parts);
}

#[test]
fn a_delete_of_records_in_memory_outlives_a_kill_and_the_replay() {
    let disk = Arc::new(FaultyDisk::new(1));
    let mut model = Model::default();
    {
        let store = open(&disk).unwrap();
        perform_all(&store, &mut model, &append_some(&[(0, 1), (0, 2), (0, 3)]));
        perform_all(&store, &mut model, &[Deed::Delete(0, 3, 1)]);
    }
    disk.cut_power(Unsynced::Lost);
    disk.start_again();
    let store = open(&disk).unwrap();
    // Nothing of it is replayed yet: the tombstone must not go for lack of records.
    remove_all(&store).unwrap();
    replay(&store, &model.requests);
    assert_eq!(visible(&store, TENANTS[0]), [0, 2]);
    perform_all(&store, &mut model, &[Deed::Remove, Deed::Seal]);
    assert_eq!(sequences(&store, TENANTS[0]), [0, 1, 2], "a seal keeps them, hidden");
    perform_all(&store, &mut model, &[Deed::Remove]);
    assert_eq!((sequences(&store, TENANTS[0]), tombstone_files(&disk)), (vec![0, 2], 0));
}

#[test]
fn a_snapshot_that_is_older_than_a_delete_is_not_changed_by_it() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    perform_all(&store, &mut Model::default(), &append_some(&[(0, 1), (0, 2)]));
    let before = store.snapshot(TENANTS[0]);
    delete(&store, TENANTS[0], vec![1, 0, 1]).unwrap();
    assert!(before.hidden().is_empty());
    assert_eq!(store.snapshot(TENANTS[0]).hidden().len(), 2);
    assert!(store.snapshot(TENANTS[1]).hidden().is_empty(), "another tenant's records are untouched");
    assert_eq!(delete(&store, TENANTS[0], vec![]).unwrap(), 0);
    assert_eq!(tombstone_files(&disk), 1, "a delete of nothing writes nothing");
}

#[test]
fn a_merge_that_began_before_a_delete_does_not_bring_its_records_back() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let mut deeds = append_some(&[(0, 1), (0, 2)]);
    deeds.push(Deed::Seal);
    deeds.extend(append_some(&[(0, 3)]));
    deeds.push(Deed::Seal);
    perform_all(&store, &mut Model::default(), &deeds);
    let is_done = RefCell::new(false);
    let merged = store.merge_picked(&first_several, &|| {
        if !is_done.replace(true) {
            delete(&store, TENANTS[0], vec![1]).unwrap();
            assert!(matches!(store.next_removal(LATER, &|| true), Ok(crate::store::removal::Removal::Stopped)));
        }
        false
    });
    assert!(matches!(merged, Ok(MergeOutcome::Merged(_))), "{merged:?}");
    assert_eq!((visible(&store, TENANTS[0]), sequences(&store, TENANTS[0])), (vec![0, 2], vec![0, 1, 2]));
    remove_all(&store).unwrap();
    assert_eq!((sequences(&store, TENANTS[0]), tombstone_files(&disk)), (vec![0, 2], 0));
}

#[test]
fn a_removal_waits_a_minute_and_takes_what_was_deleted_meanwhile_with_it() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let mut deeds = append_some(&[(0, 1), (0, 2), (0, 3)]);
    deeds.push(Deed::Seal);
    perform_all(&store, &mut Model::default(), &deeds);
    delete(&store, TENANTS[0], vec![0]).unwrap();
    let merge = |seconds| store.merge(MergeSettings::default(), Timestamp::from_seconds(seconds), &|| false).unwrap();
    assert_eq!(merge(59), MergeOutcome::Idle);
    delete(&store, TENANTS[0], vec![1]).unwrap();
    let MergeOutcome::Merged(report) = merge(61) else { panic!("it is due") };
    assert_eq!((report.parts, report.records, report.deleted), (1, 1, 2));
    assert_eq!(merge(62), MergeOutcome::Idle);
    assert_eq!((sequences(&store, TENANTS[0]), tombstone_files(&disk)), (vec![2], 0));
}

#[test]
fn a_tombstone_whose_removal_is_not_due_yet_stays_while_another_goes() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let mut deeds = append_some(&[(0, 1), (1, 2)]);
    deeds.push(Deed::Seal);
    perform_all(&store, &mut Model::default(), &deeds);
    delete(&store, TENANTS[0], vec![0]).unwrap();
    let (time_min, time_max, tenant) = (Timestamp(0), Timestamp(9), TENANTS[1]);
    store.hide(DeletedRecords { tenant, sequences: vec![1], time_min, time_max, next: 2, now: LATER }).unwrap();
    remove_all(&store).unwrap();
    assert_eq!((sequences(&store, TENANTS[0]), tombstone_files(&disk)), (vec![], 1), "the older one is done with");
    assert_eq!(
        (sequences(&store, tenant), visible(&store, tenant)),
        (vec![1], vec![]),
        "the other record is still there"
    );
}

#[test]
fn a_part_in_quarantine_keeps_the_tombstone_that_hides_its_records() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let mut deeds = append_some(&[(0, 1), (0, 2)]);
    deeds.push(Deed::Seal);
    perform_all(&store, &mut Model::default(), &deeds);
    delete(&store, TENANTS[0], vec![1]).unwrap();
    let part = store.snapshot(TENANTS[0]).parts()[0].clone();
    disk.flip(&part.part().dir().join("records.parquet"), 40, 3);
    let outcome = store.merge(MergeSettings::default(), LATER, &|| false).unwrap();
    assert!(matches!(outcome, MergeOutcome::Damaged { .. }), "{outcome:?}");
    assert_eq!(store.part_stats().quarantined, 1);
    remove_all(&store).unwrap();
    assert_eq!((tombstone_files(&disk), store.hidden_records()), (1, 1));
}

#[test]
fn too_many_are_refused_before_anything_is_written() {
    let disk = Arc::new(FaultyDisk::new(1));
    let store = open(&disk).unwrap();
    let calls = disk.call_count();
    let most = HIDDEN_PER_DELETE_MAX as u64;
    let error = delete(&store, TENANTS[0], (0..=most).collect()).unwrap_err();
    assert_eq!(error.class(), basics::ErrorClass::TooLarge);
    assert!(error.to_string().contains("in steps"), "{error}");
    assert_eq!(disk.call_count(), calls);
    for step in 0..4 {
        delete(&store, TENANTS[0], (step * most..(step + 1) * most).collect()).unwrap();
    }
    let error = delete(&store, TENANTS[1], vec![9]).unwrap_err();
    assert_eq!(error.class(), basics::ErrorClass::Overloaded);
    assert!(error.to_string().contains("try again in a minute"), "{error}");
}

#[test]
fn a_damaged_tombstone_stops_the_start_and_is_named() {
    let disk = Arc::new(FaultyDisk::new(1));
    {
        let store = open(&disk).unwrap();
        perform_all(&store, &mut Model::default(), &append_some(&[(0, 1), (0, 2)]));
        delete(&store, TENANTS[0], vec![1]).unwrap();
    }
    let path = Path::new(DIR).join(TOMBSTONES_DIR).join(file_name(TombstoneId(1)));
    let whole = disk.bytes_of(&path);
    disk.flip(&path, 33, 1);
    let error = open(&disk).unwrap_err();
    assert_eq!(error.class(), basics::ErrorClass::Corrupt);
    assert!(error.to_string().contains("tombstones/0000000000000001"), "{error}");
    let shared: Arc<dyn Disk> = disk.clone();
    let check = || crate::StoreCheck::run(&shared, Path::new(DIR), crate::tests::new_layout()).unwrap().unwrap();
    assert!(!check().is_sound() && check().damaged_tombstones.len() == 1, "{:?}", check());
    disk.put(&path, &whole);
    assert!(check().is_sound());
    open(&disk).unwrap();
}

#[test]
fn no_fault_at_any_call_of_a_delete_or_a_removal_shows_or_loses_a_record() {
    let calls = {
        let disk = Arc::new(FaultyDisk::new(1));
        let store = open(&disk).unwrap();
        let mut model = Model::default();
        workload().iter().for_each(|deed| model.perform(&store, deed));
        disk.calls()
    };
    let mut in_doubt = 0;
    for (call, kind) in calls.into_iter().enumerate() {
        for fault in FAULTS.into_iter().filter(|fault| fault.befalls(kind)) {
            // A call that alters nothing leaves nothing to chance.
            let lots = if kind.alters() { &[Unsynced::Lost, Unsynced::ByLot][..] } else { &[Unsynced::Lost] };
            for unsynced in lots.iter().copied() {
                let what = format!("{fault:?} at {call} ({kind:?}), {unsynced:?}");
                let disk = Arc::new(FaultyDisk::new(u64::try_from(call).unwrap()));
                disk.fail_at(call, fault);
                let mut model = Model::default();
                if let Ok(store) = open(&disk) {
                    workload().iter().for_each(|deed| model.perform(&store, deed));
                    disk.fail_no_more();
                    if !disk.is_stopped() {
                        assert_eq!(all_visible(&store), model.all_visible(), "{what}, while it runs");
                    }
                }
                disk.fail_no_more();
                disk.cut_power(unsynced);
                disk.start_again();
                let store = open(&disk).unwrap_or_else(|error| panic!("{what}: {error}"));
                replay(&store, &model.requests);
                in_doubt += usize::from(!model.maybe.is_empty());
                model.settle(&store);
                assert_eq!(all_visible(&store), model.all_visible(), "{what}");
                let bases: u64 = store.ledger_bases().iter().map(|(_, stored)| stored).sum();
                assert_eq!(bases, store.sealed(), "{what}: every record of a sealed position was stored");
                assert_eq!(part_dirs(&disk), store.part_stats().parts, "{what}: nothing is left over");
                assert_eq!(tombstone_files(&disk), store.state().tombstones().len(), "{what}: nothing is left over");
                [Deed::Seal, Deed::Remove].iter().for_each(|deed| model.perform(&store, deed));
                assert_eq!(all_stored(&store), model.all_visible(), "{what}: removed in the end");
            }
        }
    }
    println!("{in_doubt} deletes were in doubt");
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        5 => (0..2usize, 0..3 * DAY).prop_map(|(tenant, time)| Deed::Append(Request { tenant: TENANTS[tenant], time })),
        2 => Just(Deed::Seal),
        1 => Just(Deed::Merge),
        2 => (0..2usize, 1..6u64, 0..6u64).prop_map(|(tenant, divisor, rest)| Deed::Delete(tenant, divisor, rest % divisor)),
        2 => Just(Deed::Remove),
    ]
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(96))]

    #[test]
    fn whatever_is_deleted_when_it_is_gone_and_all_else_is_there(
        deeds in proptest::collection::vec(deed(), 1..50), kill_at in 0..50usize,
    ) {
        let disk = Arc::new(FaultyDisk::new(1));
        let mut model = Model::default();
        let (before, after) = deeds.split_at(kill_at.min(deeds.len()));
        perform_all(&open(&disk).unwrap(), &mut model, before);
        disk.cut_power(Unsynced::Lost);
        disk.start_again();
        let store = open(&disk).unwrap();
        replay(&store, &model.requests);
        prop_assert_eq!(all_visible(&store), model.all_visible());
        perform_all(&store, &mut model, after);
        perform_all(&store, &mut model, &[Deed::Seal, Deed::Remove]);
        prop_assert_eq!(all_stored(&store), model.all_visible());
        prop_assert_eq!(tombstone_files(&disk), 0);
    }
}
