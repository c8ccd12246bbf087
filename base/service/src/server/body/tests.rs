//! How long a sender may dawdle.

use super::*;

const PACE: Pace = Pace { idle: Duration::from_secs(10), grace: Duration::from_secs(10), bytes_per_second_min: 1024 };

#[track_caller]
fn check(received_bytes: u64, waited_s: u64, want_s: u64) {
    let got = patience(&PACE, received_bytes, Duration::from_secs(waited_s));
    assert_eq!(got, Duration::from_secs(want_s), "{received_bytes} bytes in {waited_s} s");
}

#[test]
fn the_first_ten_seconds_are_free() {
    check(0, 0, 10);
    check(0, 4, 6);
    check(0, 10, 0);
}

#[test]
fn every_kilobyte_earns_a_second_up_to_the_idle_limit() {
    check(5 * 1024, 10, 5);
    check(5 * 1024, 15, 0);
    check(100 * 1024, 20, 10);
}

#[test]
fn a_pace_of_zero_is_no_division_by_zero() {
    let pace = Pace { bytes_per_second_min: 0, ..PACE };
    assert_eq!(patience(&pace, 1, Duration::from_secs(10)), Duration::from_secs(1));
}
