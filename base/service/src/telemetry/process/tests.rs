//! The process that runs the tests, as the kernel sees it.

use super::*;

#[test]
fn a_name_with_blanks_and_parentheses_does_not_move_the_columns() {
    let line = "17 (a) b (c) R 1 17 17 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 200";
    assert_eq!(cpu_ticks(line), Some(300));
    for wrong in ["", "17 (a) R", "17 a R 1 2 3"] {
        assert_eq!(cpu_ticks(wrong), None);
    }
}

#[test]
fn this_process_can_be_measured() {
    assert!(resident_bytes().unwrap() > 1_000_000);
    assert!(cpu_time().is_some());
    let before = open_fds().unwrap();
    assert!(before >= 3, "{before}");
    assert!(max_fds().is_none_or(|most| most >= before));
}
