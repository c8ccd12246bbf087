//! When a connection must go, decided on notes alone.

use super::*;

fn settings() -> ServerSettings {
    ServerSettings::default()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[track_caller]
fn check(notes: Notes, want: Verdict) {
    assert_eq!(verdict(&notes, &settings(), seconds(3_600)), want, "{notes:?}");
}

#[test]
fn a_silent_connection_goes_after_five_seconds() {
    check(Notes { age: seconds(4), resting: seconds(4), ..Notes::default() }, Verdict::Stay);
    check(Notes { age: seconds(5), resting: seconds(5), ..Notes::default() }, Verdict::Abort("silent"));
}

#[test]
fn a_dripped_header_goes_after_ten_seconds() {
    let notes = |since| Notes {
        age: seconds(60),
        has_bytes: true,
        resting: seconds(20),
        since_first_byte: Some(seconds(since)),
        ..Notes::default()
    };
    check(notes(9), Verdict::Stay);
    check(notes(10), Verdict::Abort("slow_header"));
}

#[test]
fn half_a_preface_is_a_header_and_a_whole_one_is_a_right_to_rest() {
    let half = Notes {
        age: seconds(12),
        has_bytes: true,
        is_http2: true,
        resting: seconds(12),
        since_first_byte: Some(seconds(11)),
        ..Notes::default()
    };
    check(half, Verdict::Abort("slow_header"));
    check(Notes { has_preface: true, ..half }, Verdict::Stay);
    check(Notes { has_preface: true, resting: seconds(60), ..half }, Verdict::Retire("idle"));
}

#[test]
fn a_resting_connection_is_retired_after_a_minute_and_a_working_one_is_not() {
    let resting = Notes { age: seconds(90), has_bytes: true, resting: seconds(60), ..Notes::default() };
    check(resting, Verdict::Retire("idle"));
    check(Notes { in_flight: 1, ..resting }, Verdict::Stay);
}

#[test]
fn a_connection_whose_last_bytes_are_on_their_way_does_not_rest() {
    let sending = Notes { age: seconds(90), has_bytes: true, resting: seconds(80), ..Notes::default() };
    check(Notes { write_blocked: Some(seconds(1)), ..sending }, Verdict::Stay);
    let watch = Watch::new();
    watch.note_request_over(watch.note_request());
    watch.note_write_blocked();
    assert!(watch.is_busy());
    watch.note_write_progress();
    assert!(!watch.is_busy());
}

#[test]
fn a_peer_that_takes_no_answer_goes_after_half_a_minute_even_while_it_sends() {
    let working = Notes { age: seconds(40), has_bytes: true, in_flight: 2, ..Notes::default() };
    check(Notes { write_blocked: Some(seconds(30)), ..working }, Verdict::Abort("stalled_write"));
    check(Notes { oldest_unsent: Some(seconds(30)), ..working }, Verdict::Abort("stalled_write"));
    check(Notes { oldest_unsent: Some(seconds(29)), ..working }, Verdict::Stay);
}

#[test]
fn an_old_connection_finishes_what_runs_and_takes_nothing_new() {
    let old = Notes { age: seconds(3_600), has_bytes: true, in_flight: 1, ..Notes::default() };
    check(old, Verdict::Retire("old"));
    check(Notes { in_flight: 0, ..old }, Verdict::Retire("old"));
}

#[test]
fn a_slow_body_costs_the_connection_its_future() {
    let slow = Notes { age: seconds(20), has_bytes: true, must_close: true, ..Notes::default() };
    check(slow, Verdict::Retire("slow_body"));
}

#[test]
fn an_answer_that_moves_is_forgotten_and_one_that_waits_is_counted_from_its_last_move() {
    let watch = Watch::new();
    let first = watch.note_request();
    let second = watch.note_request();
    watch.note_answer_waits(first);
    watch.note_answer_waits(second);
    assert!(watch.notes().oldest_unsent.is_some());
    watch.note_answer_moves(first);
    watch.note_request_over(second);
    assert_eq!(watch.notes().oldest_unsent, None);
    assert_eq!(watch.notes().in_flight, 1);
}
