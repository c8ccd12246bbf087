use super::*;
use crate::pipeline::tests::matching;
use crate::tests::world::{NOW, exact, guard_of, patient_guard, range, record, sealed_snapshot_of, world};
use proptest::prelude::*;
use std::collections::BTreeMap;
use testkit::generate;

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn trends_are_those_of_plain_maps(
        world in world(), filter in generate::filter(), range in range(), count in 1..6usize, width in 1..9u64, slice_records in 1..12usize,
    ) {
        let range = TimeRange { start: range.start.max(Timestamp(-50)), end: range.end.min(Timestamp(80)) };
        prop_assume!(!range.is_empty());
        let bucket = Duration::from_nanos(width);
        let request = PatternsRequest { filter: filter.clone(), range, count, bucket, now: NOW };
        let answer = patterns_in_slices(&world.snapshot, &request, &patient_guard(), slice_records).unwrap();
        let mut found = matching(&world, &filter);
        found.retain(|record| range.contains(record.position.time));
        prop_assert_eq!(answer.matched, found.len() as u64);
        // By shape: the newest record first.
        let mut want: BTreeMap<String, Vec<&LogRecord>> = BTreeMap::new();
        let mut splitter = Splitter::new();
        for record in found.iter().filter(|record| record.body != Value::Empty) {
            let mut text = String::new();
            record.body.plain_text(&mut text);
            let shape = shape_of(&mut splitter, &text).to_owned();
            want.entry(shape).or_default().push(record);
        }
        prop_assert_eq!(answer.patterns.len(), want.len().min(count));
        prop_assert_eq!(answer.has_more, want.len() > count);
        for pattern in &answer.patterns {
            let shape = shape_of(&mut splitter, &pattern.example).to_owned();
            let records = &want[&shape];
            prop_assert_eq!(pattern.count, records.len() as u64);
            prop_assert_eq!(exact(pattern.record.as_ref().unwrap()), exact(records[0]));
            let mut trend: BTreeMap<i64, u64> = BTreeMap::new();
            let width = i64::try_from(width).unwrap();
            for record in records {
                *trend.entry(record.position.time.0.div_euclid(width) * width).or_default() += 1;
            }
            let got = answer.bucket_starts.iter().map(|start| start.0).zip(pattern.trend.iter().copied());
            prop_assert_eq!(got.filter(|(_, count)| *count > 0).collect::<BTreeMap<i64, u64>>(), trend);
        }
    }
}

#[test]
fn of_each_shape_of_a_part_one_body_is_enough() {
    // More than one slice; the second one holds no shape that is new.
    let records: Vec<LogRecord> =
        (0..300).map(|number| record(&format!("took {number}ms on node-{}", number % 3))).collect();
    let snapshot = sealed_snapshot_of(&records);
    let range = TimeRange { start: NOW, end: Timestamp(NOW.0 + 1) };
    let request = PatternsRequest { filter: Filter::All, range, count: 5, bucket: Duration::from_secs(1), now: NOW };
    let answer = patterns(&snapshot, &request, &patient_guard()).unwrap();
    let shown: Vec<(&str, u64, &[u64])> =
        answer.patterns.iter().map(|found| (&*found.pattern, found.count, &found.trend[..])).collect();
    assert_eq!(shown, [("took <_> on node-<_>", 300, &[300u64][..])]);
}

#[test]
fn an_answer_that_is_cut_short_has_no_half_trends() {
    let records: Vec<LogRecord> = (0..500).map(|number| record(&format!("a{number}"))).collect();
    let snapshot = sealed_snapshot_of(&records);
    let range = TimeRange { start: NOW, end: Timestamp(NOW.0 + 1) };
    let request = PatternsRequest { filter: Filter::All, range, count: 5, bucket: Duration::from_secs(1), now: NOW };
    for looks in (1..1_500).step_by(3) {
        let answer = patterns(&snapshot, &request, &guard_of(looks, 1 << 30)).unwrap();
        match answer.cut_short {
            Some(reason) => {
                assert_eq!(reason, CutShort::Deadline);
                assert!(answer.patterns.iter().all(|pattern| pattern.trend.is_empty()), "{looks}");
            }
            None => return assert_eq!(answer.patterns[0].trend, [500]),
        }
    }
    panic!("the answer is never whole");
}
