use super::*;
use crate::limits::{BATCH_RECORDS_FULL, BATCH_RECORDS_MAX};
use crate::tests::{Sample, batch, new_layout, read, sample, samples, shown, stream};
use basics::{MIB, MemoryBudget};
use proptest::prelude::*;
use std::sync::atomic::AtomicBool;

const TENANT: TenantId = TenantId(16);
const OTHER: TenantId = TenantId(17);

fn sequences(snapshot: &HeadSnapshot) -> Vec<u64> {
    snapshot.batches().iter().flat_map(|batch| batch.sequences().to_vec()).collect()
}

/// Appends one record that nobody paid for.
fn append(head: &Head, tenant: TenantId, sequence: u64) {
    head.append(tenant, batch(&[sample(0, sequence)]), None);
}

/// What the statistics say is what the snapshots hold.
#[track_caller]
fn check_stats(head: &Head, budget: &MemoryBudget, tenants: &[TenantId]) {
    let batches: Vec<Arc<Batch>> =
        tenants.iter().flat_map(|tenant| head.snapshot(*tenant).batches().to_vec()).collect();
    let stats = head.stats();
    assert_eq!(stats.records, batches.iter().map(|batch| batch.len() as u64).sum::<u64>());
    assert_eq!(stats.batches, batches.len() as u64);
    assert_eq!(stats.memory_bytes, batches.iter().map(|batch| batch.memory_bytes()).sum::<u64>());
    assert_eq!(stats.memory_bytes, budget.used_bytes() + stats.uncharged_bytes, "charged, or shown as uncharged");
}

#[test]
fn what_was_appended_is_in_the_next_snapshot() {
    let head = Head::new(Arc::new(new_layout()));
    for sequence in 0..50 {
        append(&head, TENANT, sequence);
        assert_eq!(sequences(&head.snapshot(TENANT)), (0..=sequence).collect::<Vec<_>>());
    }
}

#[test]
fn a_snapshot_never_changes() {
    let head = Head::new(Arc::new(new_layout()));
    let mut taken = Vec::new();
    for sequence in 0..200 {
        append(&head, TENANT, sequence);
        taken.push(head.snapshot(TENANT));
    }
    for (snapshot, last) in taken.iter().zip(0..) {
        assert_eq!(sequences(snapshot), (0..=last).collect::<Vec<_>>());
    }
}

#[test]
fn tenants_see_only_their_own() {
    let head = Head::new(Arc::new(new_layout()));
    append(&head, TENANT, 1);
    append(&head, OTHER, 2);
    append(&head, TENANT, 3);
    assert_eq!(sequences(&head.snapshot(TENANT)), [1, 3]);
    assert_eq!(sequences(&head.snapshot(OTHER)), [2]);
    assert!(head.snapshot(TenantId(99)).batches().is_empty(), "who never sent anything has nothing");
    assert_eq!(head.stats().records, 3);
}

#[test]
fn records_that_come_one_by_one_end_in_few_batches_at_little_cost() {
    let head = Head::new(Arc::new(new_layout()));
    let records = 20_000u64;
    let mut copied = 0;
    for sequence in 0..records {
        append(&head, TENANT, sequence);
        let snapshot = head.snapshot(TENANT);
        // Small batches at the end are each more than twice as large as the next.
        let bound = (sequence + 1) / BATCH_RECORDS_FULL as u64 + u64::from(BATCH_RECORDS_FULL.ilog2()) + 2;
        let batches = snapshot.batches().len() as u64;
        assert!(batches <= bound, "{batches} batches of {} records", sequence + 1);
        copied += snapshot.batches().last().unwrap().len() as u64;
    }
    assert_eq!(sequences(&head.snapshot(TENANT)), (0..records).collect::<Vec<_>>());
    let times = copied / records;
    assert!(times <= 2 * u64::from(BATCH_RECORDS_FULL.ilog2()), "each record was copied {times} times");
}

#[test]
fn no_batch_grows_beyond_its_ceiling() {
    let head = Head::new(Arc::new(new_layout()));
    let mut next = 0;
    for size in [900u64, 999, 1, 4_096, 500, 3_000, 998, 1, 1, 1] {
        head.append(TENANT, batch(&(next..next + size).map(|sequence| sample(0, sequence)).collect::<Vec<_>>()), None);
        next += size;
    }
    let snapshot = head.snapshot(TENANT);
    assert!(snapshot.batches().iter().all(|batch| batch.len() <= BATCH_RECORDS_MAX));
    let mut all = sequences(&snapshot);
    all.sort_unstable();
    assert_eq!(all, (0..next).collect::<Vec<_>>());
}

#[test]
fn a_reservation_is_brought_to_what_is_held() {
    let budget = MemoryBudget::new(MIB);
    let head = Head::new(Arc::new(new_layout()));
    head.append(TENANT, batch(&[sample(0, 0)]), budget.try_reserve(500_000));
    check_stats(&head, &budget, &[TENANT]);
    head.append(TENANT, batch(&[sample(0, 1)]), budget.try_reserve(1));
    check_stats(&head, &budget, &[TENANT]);
    assert_eq!(head.stats().uncharged_bytes, 0);
    drop(head);
    assert_eq!(budget.used_bytes(), 0, "given back with the head");
}

#[test]
fn acknowledged_records_are_kept_when_the_budget_is_used_up_and_show_as_uncharged() {
    let budget = MemoryBudget::new(100_000);
    let others = budget.try_reserve(99_000).unwrap();
    let head = Head::new(Arc::new(new_layout()));
    let long = Sample { text: "x".repeat(20_000), ..sample(0, 0) };
    head.append(TENANT, batch(&[long]), budget.try_reserve(1_000));
    assert!(head.stats().uncharged_bytes > 19_000, "{:?}", head.stats());
    assert_eq!(sequences(&head.snapshot(TENANT)), [0]);
    drop(others);
    // The next merge finds room again and pays for all of it.
    append(&head, TENANT, 1);
    assert_eq!(head.snapshot(TENANT).batches().len(), 1);
    check_stats(&head, &budget, &[TENANT]);
    assert_eq!(head.stats().uncharged_bytes, 0);
}

#[test]
fn whoever_takes_snapshots_while_records_come_sees_each_once_and_none_vanish() {
    let head = Head::new(Arc::new(new_layout()));
    let (appended, is_done) = (AtomicU64::new(0), AtomicBool::new(false));
    let records = 5_000;
    std::thread::scope(|scope| {
        for tenant in [TENANT, OTHER] {
            let (head, appended, is_done) = (&head, &appended, &is_done);
            scope.spawn(move || {
                let mut seen = 0;
                while !is_done.load(Ordering::Acquire) {
                    let before = appended.load(Ordering::Acquire);
                    let found = sequences(&head.snapshot(tenant));
                    assert!(found.len() as u64 >= before, "{} of {before}", found.len());
                    assert!(found.len() >= seen, "records vanished");
                    assert!(found.iter().copied().eq(0..found.len() as u64), "each once, in order");
                    seen = found.len();
                }
            });
        }
        for sequence in 0..records {
            append(&head, TENANT, sequence);
            append(&head, OTHER, sequence);
            appended.store(sequence + 1, Ordering::Release);
        }
        is_done.store(true, Ordering::Release);
    });
    assert_eq!(head.stats().records, 2 * records);
}

/// A request: who sends, how many records, what was reserved for it.
fn appends() -> impl Strategy<Value = Vec<(bool, Vec<Sample>, Option<u64>)>> {
    let reserved = proptest::option::of(prop_oneof![Just(0u64), 1..200_000u64]);
    proptest::collection::vec((any::<bool>(), samples(vec![stream("a"), stream("b")]), reserved), 1..25)
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(32))]

    #[test]
    fn whatever_comes_is_held_once_charged_and_shown(appends in appends(), limit in 0..1_000_000u64) {
        let budget = MemoryBudget::new(limit);
        let head = Head::new(Arc::new(new_layout()));
        let mut sent = [Vec::new(), Vec::new()];
        let mut base = 0;
        for (is_other, mut records, reserved) in appends {
            for record in &mut records {
                record.sequence += base;
            }
            base += records.len() as u64;
            let tenant = if is_other { OTHER } else { TENANT };
            head.append(tenant, batch(&records), reserved.and_then(|bytes| budget.try_reserve(bytes)));
            sent[usize::from(is_other)].extend(records);
            check_stats(&head, &budget, &[TENANT, OTHER]);
        }
        for (tenant, mut sent) in [TENANT, OTHER].into_iter().zip(sent) {
            let mut found: Vec<Sample> = head.snapshot(tenant).batches().iter().flat_map(|batch| read(batch)).collect();
            found.sort_by_key(|sample| sample.sequence);
            sent.sort_by_key(|sample| sample.sequence);
            prop_assert_eq!(shown(&found), shown(&sent));
        }
    }
}
