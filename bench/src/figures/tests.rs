//! The sums are what their names say.

use super::{SizeOf, median, p50, p95, p99, seconds_per_million};
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

#[test]
fn of_fifty_answers_the_third_slowest_is_the_p95() {
    let delays: Vec<_> = (1..=50).map(Duration::from_millis).collect();
    assert_eq!(p95(&delays), Duration::from_millis(48));
    assert_eq!(p50(&delays), Duration::from_millis(25));
}

#[test]
fn processor_time_is_told_for_a_million_records() {
    assert_eq!(seconds_per_million(Duration::from_secs(60), 10_000_000), 6.0);
    assert_eq!(seconds_per_million(Duration::from_secs(3), 500_000), 6.0);
}

#[test]
fn a_sample_may_have_another_number_of_records_than_what_it_is_compared_with() {
    let parts = SizeOf { bytes: 600_000_000, records: 10_000_000 };
    let sample = SizeOf { bytes: 10_000_000, records: 200_000 };
    assert_eq!(parts.per_record(), 60.0);
    assert_eq!(parts.over(sample), 1.2);
}
