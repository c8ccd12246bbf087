use super::*;
use crate::tests::world::{World, exact, guard_of, patient_guard, record, snapshot_of, world};
use proptest::prelude::*;
use testkit::generate;

/// By rising sequence.
fn arrived_since(world: &World, filter: &Filter, after: Option<u64>) -> Vec<LogRecord> {
    let is_new = |record: &&LogRecord| after.is_none_or(|after| record.position.sequence > after);
    let mut found: Vec<LogRecord> =
        world.records.iter().filter(is_new).filter(|record| testkit::naive::matches(filter, record)).cloned().collect();
    found.sort_by_key(|record| record.position.sequence);
    found
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn whoever_asks_on_is_given_every_record_once_in_the_order_of_arrival(
        world in world(), filter in generate::filter(), after in proptest::option::of(0..9u64), records_max in 1..6usize,
    ) {
        let mut request =
            TailRequest { filter: filter.clone(), after: after.map(|after| after << 20), records_max, backlog_max: 10_000 };
        let want = arrived_since(&world, &filter, request.after);
        let mut found = Vec::new();
        loop {
            let answer = tail(&world.snapshot, &request, &patient_guard()).unwrap();
            prop_assert_eq!((answer.missed, answer.cut_short), (0, None));
            prop_assert!(answer.records.len() <= records_max && answer.next >= request.after);
            found.extend(answer.records);
            request.after = answer.next;
            if !answer.has_more {
                break;
            }
        }
        prop_assert_eq!(exact(&found), exact(&want));
        let nothing = tail(&world.snapshot, &request, &patient_guard()).unwrap();
        prop_assert_eq!((nothing.records.len(), nothing.next, nothing.has_more), (0, request.after, false));
    }

    #[test]
    fn what_is_too_much_is_counted_and_the_newest_are_given(
        world in world(), filter in generate::filter(), backlog_max in 1..6usize, records_max in 1..6usize,
    ) {
        let mut request = TailRequest { filter: filter.clone(), after: None, records_max, backlog_max };
        let want = arrived_since(&world, &filter, None);
        let first = tail(&world.snapshot, &request, &patient_guard()).unwrap();
        let left_out = want.len().saturating_sub(backlog_max);
        prop_assert_eq!(first.missed, left_out as u64);
        let mut found = first.records;
        let mut has_more = first.has_more;
        request.after = first.next;
        while has_more {
            let answer = tail(&world.snapshot, &request, &patient_guard()).unwrap();
            prop_assert_eq!(answer.missed, 0);
            found.extend(answer.records);
            request.after = answer.next;
            has_more = answer.has_more;
        }
        prop_assert_eq!(exact(&found), exact(&want[left_out..].to_vec()));
    }
}

#[test]
fn what_there_is_no_memory_for_is_missed_and_nothing_else() {
    let mut records = vec![record("small"), record(&"long ".repeat(100_000)), record("last")];
    records.push(record("very last"));
    let snapshot = snapshot_of(&records);
    let mut request = TailRequest { filter: Filter::All, after: None, records_max: 10, backlog_max: 10 };
    let (mut found, mut missed) = (Vec::new(), 0);
    for _ in 0..10 {
        let answer = tail(&snapshot, &request, &guard_of(1 << 30, 400_000)).unwrap();
        assert_eq!(answer.cut_short, None);
        found.extend(answer.records.iter().map(|record| record.body.to_string()));
        missed += answer.missed;
        request.after = answer.next;
    }
    assert_eq!((found, missed), (["\"small\"", "\"last\"", "\"very last\""].map(str::to_owned).to_vec(), 1));
}

#[test]
fn without_time_the_stream_goes_on_behind_what_was_not_looked_through() {
    let snapshot = snapshot_of(&[record("a")]);
    let request = TailRequest { filter: Filter::All, after: None, records_max: 10, backlog_max: 10 };
    let answer = tail(&snapshot, &request, &guard_of(0, 1 << 30)).unwrap();
    assert_eq!((answer.cut_short, answer.next), (Some(CutShort::Deadline), Some(1 << 20)));
}
