use super::LostRanges;

#[track_caller]
fn check(added: &[(u64, u64)], want: &[(u64, u64)]) {
    let mut ranges = LostRanges::default();
    for (from, to) in added {
        ranges.add(*from, *to);
    }
    let got: Vec<(u64, u64)> = ranges.0.into_iter().collect();
    assert_eq!(got, want, "after {added:?}");
}

#[test]
fn an_entry_that_is_reported_twice_is_lost_once() {
    check(&[(3, 7), (3, 7)], &[(3, 7)]);
    check(&[(3, 7), (4, 5)], &[(3, 7)]);
    check(&[(4, 5), (3, 7)], &[(3, 7)]);
}

#[test]
fn ranges_that_touch_or_overlap_become_one() {
    check(&[(1, 3), (3, 5)], &[(1, 5)]);
    check(&[(3, 5), (1, 3)], &[(1, 5)]);
    check(&[(1, 3), (8, 9), (2, 8)], &[(1, 9)]);
}

#[test]
fn separate_ranges_stay_separate_and_empty_ones_are_none() {
    check(&[(1, 3), (5, 6), (4, 4), (9, 2)], &[(1, 3), (5, 6)]);
}
