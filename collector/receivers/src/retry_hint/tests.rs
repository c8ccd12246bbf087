use super::*;
use std::collections::BTreeSet;

#[test]
fn hints_are_whole_seconds_spread_over_the_span() {
    let hints = RetryHints::default();
    let given: BTreeSet<u64> = (0..100).map(|_| hints.next_seconds()).collect();
    assert_eq!(given, BTreeSet::from([1, 2, 3, 4, 5]));
}

#[test]
fn a_known_wait_is_told_in_whole_seconds_that_are_long_enough_and_never_too_long() {
    for (wait_ms, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_500, 60), (60_000, 60), (3_600_000, 60)] {
        assert_eq!(seconds_until(Duration::from_millis(wait_ms)), seconds, "{wait_ms} ms");
    }
    assert_eq!(seconds_until(Duration::from_nanos(2_000_000_001)), 3);
    assert_eq!(seconds_until(Duration::MAX), 60);
}
