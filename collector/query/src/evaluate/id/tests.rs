use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn an_id_is_found_where_it_is_and_nowhere_between(
        ids in prop::collection::vec(prop::collection::vec(0u8..2, 3), 0..60), wanted in prop::collection::vec(0u8..2, 2..4),
    ) {
        let bytes: Vec<u8> = ids.iter().flatten().copied().collect();
        let is_wanted = |id: &Vec<u8>| *id == wanted && id.iter().any(|byte| *byte != 0);
        let expected: Vec<usize> = (0..ids.len()).filter(|row| is_wanted(&ids[*row])).collect();
        prop_assert_eq!(equal_ids(&bytes, 3, &wanted).rows().collect::<Vec<_>>(), expected);
    }
}
