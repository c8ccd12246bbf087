//! What an operator sees of a place in the code that speaks too often.

use super::*;

const DISK: Site = Site { file: "disk.rs", line: 1 };
const OTHER: Site = Site { file: "other.rs", line: 1 };

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn passed(repeats: &Repeats, site: Site, times: u32, now: Duration) -> u32 {
    (0..times).map(|_| u32::from(repeats.passes(site, now))).sum()
}

#[test]
fn the_first_records_of_a_window_pass_and_the_rest_are_counted_once() {
    let repeats = Repeats::default();
    assert_eq!(passed(&repeats, DISK, 10_000, at(100)), REPEATS_PER_WINDOW);
    assert!(repeats.summaries(at(101)).is_empty(), "the window is still open");
    let want = [Summary { site: DISK, suppressed: 10_000 - u64::from(REPEATS_PER_WINDOW) }];
    assert_eq!(repeats.summaries(at(110)), want);
    assert!(repeats.summaries(at(111)).is_empty(), "said once");
    assert_eq!(repeats.suppressed().get(), want[0].suppressed);
}

#[test]
fn a_place_that_goes_on_is_heard_again_in_the_next_window_and_nothing_is_forgotten() {
    let repeats = Repeats::default();
    passed(&repeats, DISK, 100, at(0));
    assert_eq!(passed(&repeats, DISK, 100, at(10)), REPEATS_PER_WINDOW);
    let kept_back = 100 - u64::from(REPEATS_PER_WINDOW);
    assert_eq!(repeats.summaries(at(11)), [Summary { site: DISK, suppressed: kept_back }]);
    assert_eq!(repeats.summaries(at(20)), [Summary { site: DISK, suppressed: kept_back }]);
}

#[test]
fn one_place_does_not_silence_another() {
    let repeats = Repeats::default();
    passed(&repeats, DISK, 1_000, at(0));
    assert_eq!(passed(&repeats, OTHER, 1, at(0)), 1);
}

#[test]
fn places_that_fell_silent_are_forgotten() {
    let repeats = Repeats::default();
    passed(&repeats, DISK, 1, at(0));
    assert!(repeats.summaries(at(10)).is_empty());
    assert!(repeats.windows.lock().unwrap().is_empty());
}
