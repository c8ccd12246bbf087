use super::*;
use crate::tests::{
    Sample, attribute, batch, batch_with_streams_of, layout, read, sample, samples, shown, stream, text,
};
use model::Value;
use proptest::prelude::*;

fn merged(parts: &[&[Sample]]) -> Batch {
    let batches: Vec<Batch> = parts.iter().map(|samples| batch(samples)).collect();
    let batches: Vec<&Batch> = batches.iter().collect();
    merge(layout(), &batches)
}

fn in_order(samples: &[Sample]) -> Vec<Sample> {
    let mut sorted = samples.to_vec();
    sorted.sort_by_key(|sample| (sample.time, sample.sequence));
    sorted
}

#[test]
fn records_of_overlapping_times_come_out_in_the_order_of_answers() {
    let (left, right) = ([sample(10, 1), sample(30, 2)], [sample(20, 3), sample(10, 4)]);
    let batch = merged(&[&left, &right]);
    assert_eq!(batch.sequences(), [1, 4, 3, 2]);
    assert_eq!(batch.sequence_range(), 1..5);
}

#[test]
fn a_stream_of_several_batches_stays_one() {
    let (shop, team) = (stream("shop"), stream("team"));
    let of = |stream: &Arc<Stream>, sequence| Sample { stream: stream.clone(), ..sample(0, sequence) };
    let batch = merged(&[&[of(&shop, 0), of(&team, 1)], &[of(&team, 2)], &[of(&shop, 3)]]);
    assert_eq!(batch.streams().len(), 2);
    let names: Vec<String> = read(&batch).iter().map(|sample| sample.stream.scope_name.to_string()).collect();
    assert_eq!(names, ["shop", "team", "team", "shop"]);
}

#[test]
fn streams_that_only_look_alike_are_kept_apart() {
    let of = |sequence| Sample { stream: stream("same"), ..sample(0, sequence) };
    assert_eq!(merged(&[&[of(0)], &[of(1)]]).streams().len(), 2, "who brings streams decides which are one");
}

#[test]
fn a_key_may_move_from_a_column_to_the_list_and_back() {
    let with = |sequence, attributes| Sample { attributes, ..sample(0, sequence) };
    let rare = [with(0, vec![attribute("rare", text("x")), attribute("rare", Value::Empty)])];
    let plain: Vec<Sample> = (1..20).map(|sequence| with(sequence, vec![])).collect();
    let batch = merged(&[&rare, &plain]);
    assert_eq!(batch.attribute_columns("rare").count(), 0, "one of twenty");
    let frequent: Vec<Sample> = (20..60).map(|sequence| with(sequence, vec![attribute("rare", text("y"))])).collect();
    let again = merge(layout(), &[&batch, &crate::tests::batch(&frequent)]);
    assert_eq!(again.attribute_columns("rare").count(), 1);
    let all: Vec<Sample> = rare.into_iter().chain(plain).chain(frequent).collect();
    assert_eq!(shown(&read(&again)), shown(&all));
}

#[test]
fn what_streams_weigh_is_kept() {
    let plain = batch(&[sample(0, 1)]);
    let merged_bytes =
        |bytes| merge(layout(), &[&batch_with_streams_of(&[sample(0, 0)], bytes), &plain]).memory_bytes();
    assert_eq!(merged_bytes(900), merged_bytes(0) + 900);
}

#[test]
fn a_batch_joins_while_it_is_small_beside_what_follows() {
    let of = |count: u64| Arc::new(batch(&(0..count).map(|sequence| sample(0, sequence)).collect::<Vec<_>>()));
    let count =
        |sizes: &[u64], newest| merge_count(&sizes.iter().map(|size| of(*size)).collect::<Vec<_>>(), &of(newest));
    assert_eq!(count(&[], 1), 0);
    assert_eq!(count(&[2], 1), 1);
    assert_eq!(count(&[3], 1), 0);
    assert_eq!(count(&[100, 6, 2], 1), 2);
    assert_eq!(count(&[BATCH_RECORDS_FULL as u64 - 1], BATCH_RECORDS_FULL as u64), 1);
    assert_eq!(count(&[BATCH_RECORDS_FULL as u64], BATCH_RECORDS_FULL as u64), 0, "full is full");
    assert_eq!(count(&[900], BATCH_RECORDS_MAX as u64), 0, "no batch outgrows the ceiling");
}

#[test]
fn a_batch_does_not_outgrow_its_bytes_of_text() {
    let long = |sequence| Sample { text: "x".repeat(9 << 20), ..sample(0, sequence) };
    let first = Arc::new(batch(&[long(0)]));
    assert_eq!(merge_count(&[first], &batch(&[long(1)])), 0);
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(64))]

    #[test]
    fn merging_loses_doubles_and_alters_nothing(
        all in samples(vec![stream("a"), stream("b"), stream("c")]),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(all.len())).collect();
        cuts.extend([0, all.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let parts: Vec<&[Sample]> = cuts.windows(2).map(|ends| &all[ends[0]..ends[1]]).collect();
        let want = shown(&in_order(&all));
        prop_assert_eq!(&shown(&read(&merged(&parts))), &want);

        let backwards: Vec<&[Sample]> = parts.iter().rev().copied().collect();
        prop_assert_eq!(&shown(&read(&merged(&backwards))), &want, "whatever is merged first");
        let step_by_step = parts.iter().map(|part| batch(part)).reduce(|left, right| merge(layout(), &[&left, &right]));
        prop_assert_eq!(&shown(&read(&step_by_step.unwrap())), &want, "in however many steps");
    }
}
