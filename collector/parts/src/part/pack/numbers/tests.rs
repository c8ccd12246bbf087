//! What is packed here, read back by what reads files.

use super::{put_deltas, put_hybrid, put_levels, put_varint, width_of};
use crate::part::packed_numbers::{read_deltas, read_levels, read_places};
use crate::part::thrift::read_varint;
use arrow_buffer::NullBuffer;
use proptest::prelude::*;

/// Numbers below `1 << width`, in runs of all lengths.
fn in_runs(width: u8) -> impl Strategy<Value = Vec<u32>> {
    let most = u32::MAX.checked_shr(32 - u32::from(width)).unwrap_or(0);
    let run = (0..=most, prop_oneof![3 => Just(1usize), 1 => 1..40usize]);
    prop::collection::vec(run, 0..60)
        .prop_map(|runs| runs.into_iter().flat_map(|(number, times)| vec![number; times]).collect())
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn places_come_back((width, places) in (0..=31u8).prop_flat_map(|width| (Just(width), in_runs(width)))) {
        let mut packed = vec![width];
        put_hybrid(&mut packed, width, &places);
        let found = read_places(&packed, places.len()).unwrap();
        let found: Vec<u32> = found.into_iter().map(i32::cast_unsigned).collect();
        prop_assert_eq!(found, places);
    }

    #[test]
    fn levels_come_back(valid in prop::collection::vec(any::<bool>(), 0..200), start in any::<prop::sample::Index>()) {
        let rows = start.index(valid.len() + 1)..valid.len();
        let expected = &valid[rows.clone()];
        let nulls = NullBuffer::from(valid.clone());
        let mut page = vec![];
        put_levels(&mut page, Some(&nulls), rows.clone());
        page.push(7);
        let (levels, behind) = read_levels(&page, rows.len()).unwrap();
        prop_assert_eq!(levels.iter().collect::<Vec<bool>>(), expected);
        prop_assert_eq!(behind, &[7]);
        page.clear();
        put_levels(&mut page, None, rows.clone());
        let (levels, behind) = read_levels(&page, rows.len()).unwrap();
        prop_assert_eq!((levels.count_set_bits(), behind.len()), (rows.len(), 0));
    }

    #[test]
    fn numbers_come_back_from_their_differences(
        numbers in prop::collection::vec(prop_oneof![any::<u64>(), 0..9u64, Just(u64::MAX), Just(1 << 63)], 1..600),
    ) {
        let mut packed = Vec::new();
        put_deltas(&mut packed, numbers.iter().copied());
        prop_assert_eq!(read_deltas(&packed, numbers.len()).unwrap(), numbers);
    }

    #[test]
    fn a_varint_comes_back(number in any::<u64>()) {
        let mut packed = Vec::new();
        put_varint(&mut packed, number);
        prop_assert_eq!(read_varint(&packed).unwrap(), (number, &[][..]));
        prop_assert!(u64::MAX.checked_shr(64 - u32::from(width_of(number))).unwrap_or(0) >= number);
    }
}

#[test]
fn a_run_is_no_list_of_the_same() {
    let mut packed = Vec::new();
    put_hybrid(&mut packed, 14, &[9; 16_384]);
    assert!(packed.len() < 8, "{packed:?}");
    assert_eq!([0, 1, 2, 255, 256].map(width_of), [0, 1, 2, 8, 9]);
}
