use super::*;
use crate::tests::world::{patient_guard, snapshot_of};
use proptest::prelude::*;
use testkit::generate;

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    /// So the reservation made before a record is never too small.
    #[test]
    fn a_record_takes_no_more_than_was_expected(record in generate::log_record()) {
        let snapshot = snapshot_of(&[record]);
        let columns = LogColumns::of(&snapshot.batches()[0]);
        prop_assert!(bytes_of(&columns.record(0)) <= bytes_at_most(&columns, 0));
        let mut memory = AnswerMemory::new(&patient_guard()).unwrap();
        memory.expect(&columns, 0, &patient_guard()).unwrap();
        memory.charge(&columns.record(0));
        prop_assert_eq!(memory.settle().bytes(), bytes_of(&columns.record(0)) * ANSWER_COPIES);
    }
}
