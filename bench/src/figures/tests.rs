//! The sums are what their names say.

use super::{median, p99};
use std::time::Duration;

#[test]
fn the_median_stands_in_the_middle() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.0);
    assert!(median(&[]).is_nan());
}

#[test]
fn one_of_a_hundred_may_exceed_the_p99() {
    let delays: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
    assert_eq!(p99(&delays), Duration::from_millis(99));
    assert_eq!(p99(&delays[..1]), Duration::from_millis(100));
}
