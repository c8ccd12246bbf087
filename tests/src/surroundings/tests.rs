use super::*;

#[test]
fn a_test_that_could_not_run_is_told_to_whoever_counts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("not-run");
    note_not_run(&file, "cuts: this needs root");
    note_not_run(&file, "faults: this needs ptrace");
    assert_eq!(fs::read_to_string(file).unwrap(), "cuts: this needs root\nfaults: this needs ptrace\n");
}

#[test]
fn a_test_with_all_it_needs_runs() {
    assert!(!is_not_run(None));
}
