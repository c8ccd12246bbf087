use super::*;

#[test]
fn what_this_round_noted_is_read_and_what_an_earlier_one_noted_is_not() {
    let file = std::env::temp_dir().join(format!("xtask-not-run-{}", std::process::id()));
    fs::write(&file, "cuts: this needs root\n").unwrap();
    let not_run = NotRun::in_file(file.clone()).unwrap();
    assert_eq!(not_run.noted().unwrap(), Vec::<String>::new());
    let mut test = Command::new("sh");
    test.args(["-c", "echo 'faults: this needs ptrace' >> \"$OUTRIGGER_NOT_RUN\""]);
    assert!(not_run.tell(&mut test).status().unwrap().success());
    assert_eq!(not_run.noted().unwrap(), ["faults: this needs ptrace"]);
    fs::remove_file(file).unwrap();
}
