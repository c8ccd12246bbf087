use super::*;
use std::collections::BTreeSet;

#[test]
fn hints_are_whole_seconds_spread_over_the_span() {
    let hints = RetryHints::default();
    let given: BTreeSet<u64> = (0..100).map(|_| hints.next_seconds()).collect();
    assert_eq!(given, BTreeSet::from([1, 2, 3, 4, 5]));
}
