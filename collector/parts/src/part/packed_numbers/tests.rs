use super::*;
use proptest::prelude::*;

/// Eight numbers side by side, bit by bit.
fn packed(numbers: [u64; GROUP], width: usize) -> Vec<u8> {
    let mut bytes = vec![0u8; width];
    for (place, bit) in numbers.iter().flat_map(|number| (0..width).map(move |bit| number >> bit & 1)).enumerate() {
        bytes[place / 8] |= u8::try_from(bit).unwrap() << (place % 8);
    }
    bytes
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_group_of_any_width_is_unpacked(numbers in any::<[u64; GROUP]>(), width in 1usize..=64) {
        let numbers = numbers.map(|number| number & u64::MAX >> (64 - width));
        prop_assert_eq!(unpacked_group(&packed(numbers, width), width), numbers);
    }

    #[test]
    fn many_groups_of_any_width_are_unpacked(
        groups in prop::collection::vec(any::<[u64; GROUP]>(), 1..80), width in 1usize..=64, cut in 0..GROUP,
    ) {
        let mask = u64::MAX >> (64 - width);
        let groups: Vec<[u64; GROUP]> = groups.into_iter().map(|group| group.map(|number| number & mask)).collect();
        let bytes: Vec<u8> = groups.iter().flat_map(|group| packed(*group, width)).collect();
        let mut numbers = vec![0; groups.len() * GROUP];
        unpack(&bytes, width, &mut numbers);
        prop_assert_eq!(&numbers, &groups.concat());
        // The same numbers as places, the last ones of which are not wanted.
        if width < 31 {
            let (head, count) = (groups.len() << 1 | 1, numbers.len() - cut);
            let head = [u8::try_from(head & 0x7F | 0x80).unwrap(), u8::try_from(head >> 7).unwrap()];
            let page = [&[u8::try_from(width).unwrap()], &head[..], &bytes].concat();
            let places = numbers[..count].iter().map(|number| i32::try_from(*number).unwrap()).collect();
            prop_assert_eq!(read_places(&page, count), Ok(places));
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..120), count in 0usize..300) {
        if let Ok((levels, _)) = read_levels(&bytes, count) {
            prop_assert_eq!(levels.len(), count);
        }
        if let Ok(places) = read_places(&bytes, count) {
            prop_assert_eq!(places.len(), count);
        }
        if let Ok(numbers) = read_deltas(&bytes, count) {
            prop_assert_eq!(numbers.len(), count);
        }
    }
}

#[test]
fn runs_and_groups_follow_each_other() {
    // Width 3: five times 6, then 0 to 7, of which three are wanted.
    let mut bytes = vec![3, 5 << 1, 6, 1 << 1 | 1];
    bytes.extend(packed([0, 1, 2, 3, 4, 5, 6, 7], 3));
    assert_eq!(read_places(&bytes, 8), Ok(vec![6, 6, 6, 6, 6, 0, 1, 2]));
    assert_eq!(read_places(&bytes, 14), Err(Unfamiliar), "there are thirteen");
}

#[test]
fn a_place_outside_of_the_dictionary_is_unfamiliar() {
    let bytes =
        [vec![3, 2 << 1 | 1], packed([0, 1, 2, 3, 4, 0, 1, 2], 3), packed([4, 7, 0, 0, 0, 0, 0, 0], 3)].concat();
    let dictionary = [10, 11, 12, 13, 14];
    assert_eq!(read_values(&bytes, 9, &dictionary), Ok(vec![10, 11, 12, 13, 14, 10, 11, 12, 14]));
    assert_eq!(read_values(&bytes, 10, &dictionary), Err(Unfamiliar));
    assert_eq!(read_values(&[3, 2 << 1, 5], 2, &dictionary), Err(Unfamiliar));
}

#[test]
fn a_width_of_nothing_is_the_first_place() {
    assert_eq!(read_places(&[0, 4 << 1], 4), Ok(vec![0; 4]));
}

#[test]
fn lying_lengths_end_soon() {
    let endless = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(read_places(&endless, 10), Err(Unfamiliar));
    assert_eq!(read_places(&[1, 0, 0, 0, 0, 0, 0], 10), Err(Unfamiliar), "runs of nothing");
    assert_eq!(read_deltas(&[0x80, 1, 0, 1, 0], 1), Err(Unfamiliar), "blocks in no parts");
}
