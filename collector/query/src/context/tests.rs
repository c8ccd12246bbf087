use super::*;
use crate::tests::world::{World, exact, guard_of, patient_guard, record, sealed_snapshot_of, snapshot_of, world};
use proptest::prelude::*;
use proptest::sample::Index;

/// The records around one of the world, by looking at all of them.
fn naive(world: &World, request: &ContextRequest) -> (Vec<LogRecord>, Vec<LogRecord>) {
    let mut all = world.records.clone();
    all.sort_by_key(|record| record.position);
    let hit = all.iter().find(|record| record.position == request.position).unwrap().clone();
    all.retain(|record| !request.is_of_stream || exact(&record.stream) == exact(&hit.stream));
    let place = all.iter().position(|record| record.position == request.position).unwrap();
    let before = all[..place].iter().rev().take(request.before).cloned().collect();
    let mut after: Vec<LogRecord> = all[place + 1..].iter().take(request.after).cloned().collect();
    after.reverse();
    (before, after)
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn what_stands_around_a_record_are_its_neighbours(
        world in world(), of in any::<Index>(), before in 0..5usize, after in 0..5usize, is_of_stream in any::<bool>(),
    ) {
        prop_assume!(!world.records.is_empty());
        let position = of.get(&world.records).position;
        let request = ContextRequest { position, before, after, is_of_stream };
        let answer = context(&world.snapshot, &request, &patient_guard()).unwrap();
        let (before, after) = naive(&world, &request);
        prop_assert_eq!(answer.record.map(|record| record.position), Some(position));
        prop_assert_eq!(exact(&answer.before), exact(&before));
        prop_assert_eq!(exact(&answer.after), exact(&after));
        prop_assert_eq!(answer.cut_short, None);
    }
}

fn bodies(records: &[LogRecord]) -> Vec<String> {
    records.iter().map(|record| record.body.to_string()).collect()
}

#[test]
fn neighbours_are_found_however_far_away_they_are() {
    let seconds = [0, 1, 40, 41, 5_000, 86_400, 400_000, 400_000_000];
    let records: Vec<LogRecord> = seconds
        .iter()
        .map(|seconds| {
            let mut record = record(&format!("at {seconds}"));
            record.position.time = Timestamp(1 + seconds * 1_000_000_000);
            record
        })
        .collect();
    for snapshot in [snapshot_of(&records), sealed_snapshot_of(&records)] {
        for place in 0..records.len() {
            let position = RecordPosition { time: records[place].position.time, sequence: 1 << 20 | place as u64 };
            let request = ContextRequest { position, before: 2, after: 100, is_of_stream: true };
            let answer = context(&snapshot, &request, &patient_guard()).unwrap();
            let near: Vec<LogRecord> = records[place.saturating_sub(2)..place].iter().rev().cloned().collect();
            let later: Vec<LogRecord> = records[place + 1..].iter().rev().cloned().collect();
            assert_eq!((bodies(&answer.before), bodies(&answer.after)), (bodies(&near), bodies(&later)), "{place}");
        }
    }
}

#[test]
fn a_position_without_a_record_has_no_context() {
    let snapshot = snapshot_of(&[record("a")]);
    let position = snapshot.batches()[0].position(0);
    for wrong in [
        RecordPosition { sequence: position.sequence + 1, ..position },
        RecordPosition { sequence: position.sequence - 1, ..position },
        RecordPosition { time: Timestamp(position.time.0 + 1), ..position },
        RecordPosition { time: Timestamp(position.time.0 - 1), ..position },
    ] {
        let request = ContextRequest { position: wrong, before: 5, after: 5, is_of_stream: false };
        let answer = context(&snapshot, &request, &patient_guard()).unwrap();
        assert!(answer.record.is_none() && answer.before.is_empty() && answer.after.is_empty(), "{wrong:?}");
    }
}

#[test]
fn without_time_the_answer_says_so() {
    let snapshot = snapshot_of(&[record("a"), record("b")]);
    let position = snapshot.batches()[0].position(0);
    let request = ContextRequest { position, before: 5, after: 5, is_of_stream: true };
    let cut: Vec<Option<CutShort>> =
        (0..20).map(|looks| context(&snapshot, &request, &guard_of(looks, 1 << 30)).unwrap().cut_short).collect();
    assert_eq!((cut[0], cut[19]), (Some(CutShort::Deadline), None));
}
