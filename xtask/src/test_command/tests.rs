use super::*;

fn outcome(name: &'static str, holds: bool) -> Outcome {
    let failure = (!holds).then(|| Failure::Refused("planted".to_string()));
    Outcome { name, took: Duration::from_millis(1500), failure }
}

#[track_caller]
fn check(outcomes: &[Outcome], tests_passed: u64, tests_failed: u64, want: &str) {
    let tally = Tally { passed: tests_passed, failed: tests_failed, ..Tally::default() };
    let summary = summary(outcomes, &tally, Duration::from_secs(3));
    assert_eq!(summary.text.lines().last(), Some(want));
}

#[test]
fn the_last_line_counts_tests_and_checks() {
    check(&[outcome("format", true), outcome("tests", true)], 40, 0, "41 passed, 0 failed");
    check(&[outcome("format", false), outcome("tests", true)], 40, 0, "40 passed, 1 failed");
    check(&[outcome("format", true), outcome("tests", false)], 38, 2, "39 passed, 2 failed");
}

#[test]
fn tests_that_died_before_they_could_count_are_a_failure() {
    check(&[outcome("tests", false)], 7, 0, "7 passed, 1 failed");
}

#[test]
fn a_proof_that_did_not_run_is_named_and_counts_as_nothing() {
    let not_run = vec!["power cut: this needs root".to_string()];
    let tally = Tally { passed: 40, not_run, ..Tally::default() };
    let summary = summary(&[outcome("format", true), outcome("tests", true)], &tally, Duration::from_secs(3));
    assert!(
        summary.text.contains("\nnot run on this machine: 1\nnot run: power cut: this needs root\n"),
        "{}",
        summary.text
    );
    assert_eq!(summary.text.lines().last(), Some("40 passed, 0 failed"));
    assert_eq!(summary.failed, 0);
}
