use super::*;
use crate::pipeline::tests::{matching, value};
use crate::tests::world::{guard_of, patient_guard, range, record, record_with, snapshot_of, text, world};
use proptest::prelude::*;
use std::collections::BTreeMap;
use testkit::generate;

/// Counts of a field over records, by kind.
fn kinds(records: &[LogRecord], field: &Field) -> BTreeMap<u8, u64> {
    let mut kinds = BTreeMap::new();
    for found in records.iter().filter_map(|record| value(record, field)) {
        *kinds.entry(found.kind() as u8).or_default() += 1;
    }
    kinds
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn fields_are_those_of_the_newest_records_that_match(
        world in world(), filter in generate::filter(), range in range(), records_max in 1..40usize, slice_records in 1..12usize,
    ) {
        let request = FieldsRequest { filter: filter.clone(), range, records_max };
        let answer = fields_in_slices(&world.snapshot, &request, &patient_guard(), slice_records).unwrap();
        let mut all = matching(&world, &filter);
        all.retain(|record| range.contains(record.position.time));
        let sample = &all[..all.len().min(records_max)];
        prop_assert_eq!(answer.records, sample.len() as u64);
        prop_assert!(answer.is_sample || all.len() <= records_max);
        prop_assert_eq!(answer.cut_short, None);
        for facts in &answer.fields {
            let mut want = kinds(sample, &facts.field);
            let mut got: BTreeMap<u8, u64> = facts.kinds.iter().map(|(kind, count)| (*kind as u8, *count)).collect();
            prop_assert_eq!(facts.records, got.values().sum::<u64>());
            if let Field::BodyPath(_) = facts.field {
                // What is an object in another body is listed by what is in it.
                got.remove(&(ValueKind::Map as u8));
                want.remove(&(ValueKind::Map as u8));
            }
            prop_assert_eq!(got, want, "{:?}", &facts.field);
        }
        let listed = |field: Field| answer.fields.iter().any(|facts| facts.field == field);
        for record in sample {
            for (key, _) in record.attributes.iter().chain(&record.stream.resource).chain(&record.stream.scope) {
                prop_assert!(listed(Field::Attribute(key.clone())), "{key}");
            }
            for field in OWN_FIELDS {
                prop_assert_eq!(value(record, &field).is_some() && !listed(field.clone()), false, "{:?}", field);
            }
        }
        prop_assert!(answer.fields.windows(2).all(|pair| pair[0].records >= pair[1].records));
    }
}

fn shown(answer: &FieldsAnswer) -> Vec<String> {
    let kinds =
        |facts: &FieldFacts| facts.kinds.iter().map(|(kind, count)| format!(" {kind:?}:{count}")).collect::<String>();
    answer.fields.iter().map(|facts| format!("{} {}{}", name_of(&facts.field), facts.records, kinds(facts))).collect()
}

#[test]
fn structured_bodies_have_their_fields_listed_by_the_names_that_find_them() {
    let records = [
        record(r#"{"user":{"id":7},"ok":true}"#),
        record("level=info took=5"),
        record("plain"),
        record_with(&[("k", text("x")), ("k", Value::Int(1))]),
    ];
    let request = FieldsRequest { filter: Filter::All, range: TimeRange::ALL, records_max: 100 };
    let answer = fields(&snapshot_of(&records), &request, &patient_guard()).unwrap();
    assert_eq!(
        shown(&answer),
        [
            "level 4 Str:4",
            "body 3 Str:3",
            "body.level 1 Str:1",
            "body.ok 1 Bool:1",
            "body.took 1 Int:1",
            "body.user.id 1 Int:1",
            "k 1 Str:1",
        ]
    );
    assert_eq!((answer.records, answer.is_sample), (4, false));
}

#[test]
fn without_time_or_memory_the_answer_says_so() {
    let records: Vec<LogRecord> =
        (0..3_000).map(|number| record_with(&[(&format!("key{number}"), text("x"))])).collect();
    let request = FieldsRequest { filter: Filter::All, range: TimeRange::ALL, records_max: 10_000 };
    let snapshot = snapshot_of(&records);
    let answer = fields(&snapshot, &request, &guard_of(2, 1 << 30)).unwrap();
    assert_eq!((answer.cut_short, answer.is_sample), (Some(CutShort::Deadline), true));
    let answer = fields(&snapshot, &request, &guard_of(1 << 30, 400_000)).unwrap();
    assert_eq!(answer.cut_short, Some(CutShort::Memory), "{} fields", answer.fields.len());
}
