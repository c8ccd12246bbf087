use super::*;
use proptest::collection::btree_set;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn mask_of(rows: &BTreeSet<usize>) -> Mask {
    let mut mask = Mask::EMPTY;
    rows.iter().for_each(|row| mask.set(*row));
    mask
}

fn rows() -> impl Strategy<Value = BTreeSet<usize>> {
    btree_set(prop_oneof![0..SLICE_RECORDS, 60..70usize, Just(0), Just(SLICE_RECORDS - 1)], 0..40)
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_mask_is_a_set(left in rows(), right in rows()) {
        let (mask, other) = (mask_of(&left), mask_of(&right));
        prop_assert_eq!(mask.rows().collect::<Vec<_>>(), left.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(mask.rows_backwards().collect::<Vec<_>>(), left.iter().rev().copied().collect::<Vec<_>>());
        prop_assert_eq!(mask.count(), left.len());
        prop_assert_eq!(mask.is_empty(), left.is_empty());
        prop_assert_eq!(mask.and(other), mask_of(&left.intersection(&right).copied().collect()));
        prop_assert_eq!(mask.or(other), mask_of(&left.union(&right).copied().collect()));
        prop_assert_eq!(mask.and_not(other), mask_of(&left.difference(&right).copied().collect()));
        for mask in [mask, mask.or(Mask::first(200)), Mask::first(700).and_not(mask)] {
            let mut handed_out = Vec::new();
            mask.for_each_row(|row| handed_out.push(row));
            prop_assert_eq!(handed_out, mask.rows().collect::<Vec<_>>());
        }
        let even = mask_of(&left.iter().copied().filter(|row| row % 2 == 0).collect());
        prop_assert_eq!(mask.retain(|row| row % 2 == 0), even);
        prop_assert_eq!(mask.try_retain(|row| Ok::<bool, ()>(row % 2 == 0)), Ok(even));
        let want = left.first().map_or(0..0, |first| *first..left.last().unwrap() + 1);
        prop_assert_eq!(mask.span(), want);
    }
}

#[test]
fn the_first_records_are_as_many_as_asked_for() {
    for count in [0, 1, 63, 64, 65, 1_000, SLICE_RECORDS] {
        assert_eq!(Mask::first(count).rows().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn a_look_that_fails_ends_the_walk() {
    let mut seen = 0;
    let result = Mask::first(100).try_retain(|row| {
        seen += 1;
        if row == 9 { Err("enough") } else { Ok(true) }
    });
    assert_eq!((result, seen), (Err("enough"), 10));
}
