use super::*;
use crate::tests::{Sample, attribute, batch, batch_with_streams_of, layout, read, sample, shown, stream, text};
use model::Value;

#[test]
fn a_batch_shows_its_records_in_the_order_of_answers() {
    let first = stream("first");
    let sent = [
        Sample { stream: stream("second"), ..sample(20, 1) },
        Sample { stream: first.clone(), ..sample(10, 5) },
        Sample { stream: first, ..sample(10, 3) },
    ];
    let batch = batch(&sent);
    assert_eq!(shown(&read(&batch)), shown(&[sent[2].clone(), sent[1].clone(), sent[0].clone()]));
    assert_eq!(batch.position(0), RecordPosition { time: Timestamp(10), sequence: 3 });
    assert_eq!((batch.len(), batch.is_empty(), batch.streams().len()), (3, false, 2));
}

#[test]
fn its_ranges_hold_every_record_and_no_more() {
    let batch = batch(&[sample(-5, 9), sample(7, 2), sample(0, 4)]);
    assert_eq!(batch.time_range(), TimeRange { start: Timestamp(-5), end: Timestamp(8) });
    assert_eq!(batch.sequence_range(), 2..10);
}

#[test]
fn the_ends_of_time_and_of_sequences_are_no_obstacle() {
    let batch = batch(&[sample(i64::MIN, 0), sample(i64::MAX, u64::MAX)]);
    assert_eq!(batch.time_range(), TimeRange { start: Timestamp::MIN, end: Timestamp::MAX });
    assert_eq!(batch.sequence_range(), 0..u64::MAX);
    assert_eq!(batch.times(), [i64::MIN, i64::MAX]);
}

/// Checks the bytes that a batch of these says it holds against what it really took.
#[track_caller]
fn check_memory(samples: &[Sample]) {
    layout();
    let (batch, taken) = testkit::allocation::measure(|| batch(samples));
    let said = batch.memory_bytes();
    assert!(taken.held_bytes <= said, "holds {} and says {said}", taken.held_bytes);
    assert!(said <= taken.held_bytes * 3 / 2 + 2_000, "holds {} and says {said}", taken.held_bytes);
}

#[test]
fn a_batch_holds_no_more_than_it_says_and_not_much_less() {
    let long = |sequence| Sample {
        text: "x".repeat(10_000),
        attributes: vec![attribute("k", text(&"v".repeat(5_000))), attribute("n", Value::Int(1))],
        ..sample(0, sequence)
    };
    check_memory(&(0..10).map(long).collect::<Vec<_>>());
    check_memory(&(0..3_000).map(|sequence| sample(0, sequence)).collect::<Vec<_>>());
    check_memory(&[sample(0, 0)]);
    let wide = |count: u16| -> Vec<_> { (0..count).map(|key| attribute(&format!("key {key}"), text("v"))).collect() };
    check_memory(&[Sample { attributes: wide(100), ..sample(0, 0) }]);
    check_memory(&[Sample { attributes: wide(1_000), ..sample(0, 0) }]);
    let other_streams = |sequence| Sample { stream: stream("s"), ..sample(0, sequence) };
    check_memory(&(0..500).map(other_streams).collect::<Vec<_>>());
}

#[test]
fn a_stream_is_paid_for_by_the_batch_that_brought_it() {
    let held = |stream_bytes| batch_with_streams_of(&[sample(1, 1)], stream_bytes).memory_bytes();
    assert_eq!(held(700) - held(0), 700);
}

#[test]
fn a_batch_without_records_is_not_made() {
    assert!(std::panic::catch_unwind(|| batch(&[])).is_err());
}
