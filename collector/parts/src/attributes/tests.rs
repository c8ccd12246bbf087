use super::*;
use crate::limits::{ATTRIBUTE_COLUMNS_MAX, RECORDS_PER_VALUE_MAX};
use crate::tests::{Sample, attribute, attributes, batch, exact, read, sample, shown, text};
use proptest::prelude::*;

/// Records that have only attributes, in the order of their sequences.
fn with_attributes(all: Vec<Attributes>) -> Vec<Sample> {
    (0..).zip(all).map(|(sequence, attributes)| Sample { attributes, ..sample(0, sequence) }).collect()
}

#[track_caller]
fn check(all: Vec<Attributes>) -> Batch {
    let sent = with_attributes(all);
    let batch = batch(&sent);
    assert_eq!(shown(&read(&batch)), shown(&sent));
    batch
}

/// The value that answers for a key: of a column if one has it, else the first in the list.
fn answer(batch: &Batch, row: usize, key: &str) -> Option<Value> {
    let in_column = batch.attribute_columns(key).find(|column| column.is_present(row)).map(|column| column.value(row));
    let rest = batch.rest();
    in_column.or_else(|| rest.entries(row).find(|entry| rest.key(*entry) == key).map(|entry| rest.value(entry)))
}

#[test]
fn every_kind_of_value_comes_back_as_sent() {
    let nested = Value::Map(vec![attribute("$odd", Value::Array(vec![Value::Empty, Value::Double(f64::NAN)]))]);
    check(vec![vec![
        attribute("", Value::Empty),
        attribute("text", text("")),
        attribute("flag", Value::Bool(false)),
        attribute("least", Value::Int(i64::MIN)),
        attribute("zero", Value::Double(-0.0)),
        attribute("odd", Value::Double(f64::from_bits(0x7FF8_0000_0000_BEEF))),
        attribute("bytes", Value::Bytes(vec![0, 255].into())),
        attribute("list", Value::Array(vec![])),
        attribute("map", nested),
    ]]);
}

#[test]
fn a_value_as_deep_as_admission_lets_in_comes_back() {
    let deep = (0..64).fold(Value::Int(1), |value, level| {
        if level % 2 == 0 { Value::Array(vec![value]) } else { Value::Map(vec![attribute("k", value)]) }
    });
    check(vec![vec![attribute("deep", deep)]]);
}

#[test]
fn records_without_attributes_stand_between_others() {
    let batch = check(vec![vec![], vec![attribute("k", text("v"))], vec![]]);
    assert!(batch.rest().is_empty());
    let without = check(vec![vec![], vec![]]);
    assert_eq!(without.attribute_columns("k").count(), 0);
}

#[test]
fn a_frequent_key_has_a_column_and_a_rare_one_stands_in_the_list() {
    let records = RECORDS_PER_VALUE_MAX * 2;
    let rare_in = |count: usize| {
        let of_record = |row: usize| {
            let mut attributes = vec![attribute("always", Value::Int(1))];
            attributes.extend((row < count).then(|| attribute("seldom", text("x"))));
            attributes
        };
        check((0..records).map(of_record).collect())
    };
    assert_eq!(rare_in(2).attribute_columns("seldom").count(), 1);
    let batch = rare_in(1);
    assert_eq!((batch.attribute_columns("always").count(), batch.attribute_columns("seldom").count()), (1, 0));
    assert_eq!(answer(&batch, 0, "seldom"), Some(text("x")));
    assert_eq!(answer(&batch, 1, "seldom"), None);
}

#[test]
fn an_integer_and_a_double_of_one_key_are_two_columns() {
    let batch = check(vec![vec![attribute("k", Value::Int(5))], vec![attribute("k", Value::Double(5.0))]]);
    assert_eq!(batch.attribute_columns("k").count(), 2);
    assert_eq!((answer(&batch, 0, "k"), answer(&batch, 1, "k")), (Some(Value::Int(5)), Some(Value::Double(5.0))));
}

#[test]
fn of_a_key_given_twice_the_first_answers_and_both_come_back() {
    let batch = check(vec![
        vec![attribute("k", text("one")), attribute("other", Value::Empty), attribute("k", text("two"))],
        vec![attribute("k", Value::Array(vec![])), attribute("k", text("behind a list"))],
        vec![attribute("k", Value::Int(1)), attribute("k", text("behind a number"))],
    ]);
    assert_eq!(answer(&batch, 0, "k"), Some(text("one")));
    assert_eq!(answer(&batch, 1, "k"), Some(Value::Array(vec![])));
    assert_eq!(answer(&batch, 2, "k"), Some(Value::Int(1)));
}

#[test]
fn beyond_the_most_columns_the_most_frequent_keys_keep_theirs() {
    let keys = ATTRIBUTE_COLUMNS_MAX + 40;
    // Key k stands in the records up to the k-th of those with a column, so later keys are more frequent.
    let records = keys * 2;
    let has = |row: usize, key: usize| row < records / RECORDS_PER_VALUE_MAX + 1 + key;
    let of_record = |row: usize| {
        let present = (0..keys).filter(|key| has(row, *key));
        present.map(|key| attribute(&format!("key {key}"), Value::Int(i64::try_from(row).unwrap()))).collect()
    };
    let batch = check((0..records).map(of_record).collect());
    let columns = |key: usize| batch.attribute_columns(&format!("key {key}")).count();
    assert_eq!((0..keys).map(columns).sum::<usize>(), ATTRIBUTE_COLUMNS_MAX);
    assert!((keys - ATTRIBUTE_COLUMNS_MAX..keys).all(|key| columns(key) == 1));
    assert_eq!(answer(&batch, 0, "key 0"), Some(Value::Int(0)), "from the list");
}

#[test]
fn columns_of_strings_are_listed_whatever_their_key() {
    let batch = check(vec![vec![
        attribute("a", text("x")),
        attribute("n", Value::Int(1)),
        attribute("b", text("y")),
        attribute("list", Value::Array(vec![])),
    ]]);
    let mut found: Vec<&str> = batch.string_attribute_columns().map(|column| column.value(0)).collect();
    found.sort_unstable();
    assert_eq!(found, ["x", "y"]);
}

#[test]
fn a_key_has_one_number_however_often_it_is_asked_for() {
    let mut entries = AttributeEntries::default();
    let (a, b) = (entries.key("a"), entries.key("b"));
    assert_ne!(a, b);
    assert_eq!((entries.key("a"), entries.key("b")), (a, b));
}

/// Up to 300 keys in one batch, so that columns run out.
fn many_keys() -> impl Strategy<Value = Vec<Attributes>> {
    let record = proptest::collection::vec((0..300u16, testkit::generate::value()), 0..40);
    proptest::collection::vec(record, 1..12).prop_map(|records| {
        let named = |(key, value): (u16, Value)| attribute(&format!("key {key}"), value);
        records.into_iter().map(|record| record.into_iter().map(named).collect()).collect()
    })
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(96))]

    #[test]
    fn attributes_come_back_exactly(all in proptest::collection::vec(attributes(), 1..40)) {
        let sent = with_attributes(all);
        prop_assert_eq!(shown(&read(&batch(&sent))), shown(&sent));
    }

    #[test]
    fn attributes_of_very_many_keys_come_back_exactly(all in many_keys()) {
        let sent = with_attributes(all);
        prop_assert_eq!(shown(&read(&batch(&sent))), shown(&sent));
    }

    #[test]
    fn the_first_of_a_key_answers_wherever_it_stands(all in proptest::collection::vec(attributes(), 1..40)) {
        let batch = batch(&with_attributes(all.clone()));
        for (row, attributes) in all.iter().enumerate() {
            for key in testkit::generate::KEYS {
                let first = attributes.iter().find(|(name, _)| **name == **key).map(|(_, value)| exact(value));
                prop_assert_eq!(answer(&batch, row, key).as_ref().map(exact), first, "record {} key {}", row, key);
            }
        }
    }
}
