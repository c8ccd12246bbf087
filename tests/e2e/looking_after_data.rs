//! What an operator does to data: deletes by query, makes and restores backups, makes damaged indexes anew.

use crate::endings::{PATIENCE, balanced, kept_whole, stopped_cleanly};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use testkit::api_client::search_all;
use testkit::http_client::{HttpConnection, get};
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess, ProcessPlan, binary_path};
use tests::senders::{History, LoadPlan, Senders, start_time};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(binary_path());
    command.args(arguments).stdin(Stdio::null()).env_remove("OUTRIGGER_TOKEN_FILE").env_remove("OUTRIGGER_CONFIG");
    command.output().unwrap()
}

#[track_caller]
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn send(process: &OutriggerProcess, bodies: &[String]) {
    let nanos = start_time().0;
    let records: Vec<String> = bodies
        .iter()
        .map(|body| format!(r#"{{"timeUnixNano":"{nanos}","severityNumber":9,"body":{{"stringValue":"{body}"}}}}"#))
        .collect();
    let request = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#, records.join(","));
    let mut connection = HttpConnection::connect(process.otlp_http, NETWORK_DEADLINE).unwrap();
    let headers = [("content-type", "application/json")];
    let answer = connection.request("POST", "/v1/logs", &headers, request.as_bytes()).unwrap();
    assert_eq!(answer.status, 200);
    balanced(process);
}

fn count(process: &OutriggerProcess, query: &str) -> usize {
    let found = search_all(process.web, query).unwrap();
    assert_eq!(found.cut_short, None);
    found.records.len()
}

fn start(dir: &Path) -> OutriggerProcess {
    OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir).with_small_heads(), PATIENCE).unwrap()
}

fn data_dir(dir: &Path) -> PathBuf {
    ProcessPlan::in_dir(dir).data_dir
}

/// Names of users and what they do, each in `times` records.
fn records_of(user: &str, times: usize) -> Vec<String> {
    (0..times).map(|time| format!("user {user} asks for page {time}")).collect()
}

#[test]
fn deleted_records_stay_deleted_through_a_kill_and_the_delete_is_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(dir.path());
    let url = format!("http://{}", process.web);
    send(&process, &records_of("anna", 300));
    send(&process, &records_of("bob", 200));
    let dry = printed(&run(&["delete", "logs", "anna", "--dry-run", "--url", &url]));
    assert!(dry.starts_with("300 records match, from ") && dry.ends_with("nothing was deleted\n"), "{dry}");
    let unsure = run(&["delete", "logs", "anna", "--url", &url]);
    assert_eq!(unsure.status.code(), Some(64), "nothing goes without a word: {unsure:?}");
    assert_eq!(count(&process, "anna"), 300);
    let done = printed(&run(&["delete", "logs", "anna", "--yes", "--url", &url]));
    assert_eq!(done, "300 records deleted\n");
    assert_eq!((count(&process, "anna"), count(&process, "bob")), (0, 200));
    let log = process.printed();
    let line = log.lines().find(|line| line.contains("records deleted")).unwrap_or_else(|| panic!("{log}"));
    for part in ["default", "anonymous", "anna", "300"] {
        assert!(line.contains(part), "{line}");
    }
    process.kill().unwrap();
    let mut process = start(dir.path());
    process.wait_replayed(PATIENCE).unwrap();
    assert_eq!((count(&process, "anna"), count(&process, "bob")), (0, 200));
    send(&process, &records_of("anna", 1));
    assert_eq!(count(&process, "anna"), 1, "what comes later is not hidden");
    assert_eq!(balanced(&process).stored, 501, "what was stored stays counted");
    stopped_cleanly(process);
}

#[test]
fn a_backup_of_a_process_under_load_has_all_that_was_acknowledged_before_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(dir.path());
    let load = |name: &str| LoadPlan {
        name: name.to_owned(),
        senders: 2,
        records_per_request: 10,
        requests_max: u64::MAX,
        pause: Duration::from_millis(2),
    };
    let history = History::default();
    let senders = Senders::start(process.otlp_http, &load("before"), &history);
    std::thread::sleep(Duration::from_millis(1_500));
    senders.stop();
    let before = history.so_far();
    assert!(before.len() > 20, "too little was sent to prove anything");
    // Others go on while the backup is made.
    let others = History::default();
    let senders = Senders::start(process.otlp_http, &load("during"), &others);
    let to = dir.path().join("backup-1");
    let data = data_dir(dir.path());
    let (url, data, to_text) = (format!("http://{}", process.web), data.to_str().unwrap(), to.to_str().unwrap());
    let arguments = ["data", "backup", to_text, "--data-dir", data, "--url", &url];
    let told = printed(&run(&arguments));
    assert!(told.starts_with("backup in ") && told.contains("--data-dir"), "{told}");
    senders.stop();
    let again = run(&arguments);
    assert_eq!(again.status.code(), Some(64), "what is there is not written over: {again:?}");
    assert!(fs::read_dir(Path::new(data).join("backups")).unwrap().next().is_none(), "it was moved away");
    process.kill().unwrap();
    fs::remove_dir_all(data).unwrap();
    let checked = printed(&run(&["data", "check", to_text]));
    assert!(checked.contains("every checksum is right"), "{checked}");
    let mut plan = ProcessPlan::in_dir(dir.path());
    plan.data_dir = to.clone();
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    process.wait_replayed(PATIENCE).unwrap();
    let found = search_all(process.web, "").unwrap();
    let kept = tests::oracle::check_kept(&before, &found.records);
    println!("{kept}; {} records in the backup", found.records.len());
    // What others sent meanwhile may be there too.
    assert!(kept.acknowledged > 100 && [kept.lost, kept.doubled, kept.altered] == [0; 3], "{kept}");
    // It is a data directory like any other: what comes is kept beside what was restored.
    send(&process, &records_of("carol", 3));
    assert_eq!(count(&process, "carol"), 3);
    process.kill().unwrap();
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    process.wait_replayed(PATIENCE).unwrap();
    assert_eq!(count(&process, "carol"), 3);
    stopped_cleanly(process);
}

#[test]
fn a_backup_of_data_that_nobody_uses_has_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::default();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    let load = LoadPlan {
        name: "once".to_owned(),
        senders: 2,
        records_per_request: 10,
        requests_max: 20,
        pause: Duration::ZERO,
    };
    let senders = Senders::start(process.otlp_http, &load, &history);
    std::thread::sleep(Duration::from_millis(800));
    senders.stop();
    // Killed: much of it is in the write-ahead log alone.
    process.kill().unwrap();
    let (data, to) = (data_dir(dir.path()), dir.path().join("backup-2"));
    printed(&run(&["data", "backup", to.to_str().unwrap(), "--data-dir", data.to_str().unwrap()]));
    fs::remove_dir_all(&data).unwrap();
    let mut plan = ProcessPlan::in_dir(dir.path());
    plan.data_dir = to;
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    kept_whole(&mut process, &history.so_far());
    stopped_cleanly(process);
}

#[test]
fn damaged_indexes_are_made_anew_and_the_answers_are_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(dir.path());
    for round in 0..200 {
        send(&process, &records_of(&format!("anna{round}"), 50));
    }
    let (all, some) = (count(&process, ""), count(&process, "anna7"));
    assert_eq!((all, some), (10_000, 50));
    let parts = data_dir(dir.path()).join("logs/parts");
    let give_up = Instant::now() + PATIENCE;
    let is_there = || fs::read_dir(&parts).unwrap().any(|part| part.unwrap().path().join("index").exists());
    while !is_there() && Instant::now() < give_up {
        std::thread::sleep(Duration::from_millis(50));
    }
    // It counts from the commit on, which follows at once.
    std::thread::sleep(Duration::from_millis(500));
    stopped_cleanly(process);
    let data = data_dir(dir.path());
    let mut indexes: Vec<PathBuf> = fs::read_dir(data.join("logs/parts"))
        .unwrap()
        .map(|part| part.unwrap().path().join("index"))
        .filter(|index| index.exists())
        .collect();
    indexes.sort();
    assert!(!indexes.is_empty(), "small heads are sealed soon");
    let (first, others) = indexes.split_first().unwrap();
    fs::remove_file(first).unwrap();
    for other in others {
        let mut bytes = fs::read(other).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(other, bytes).unwrap();
    }
    let data = data.to_str().unwrap();
    let checked = run(&["data", "check", data]);
    assert_eq!(checked.status.code(), Some(65), "{checked:?}");
    let told = printed(&run(&["data", "rebuild-index", data]));
    assert!(told.contains(&format!("{} were made anew", indexes.len())), "{told}");
    assert!(printed(&run(&["data", "check", data])).contains("every checksum is right"));
    let mut process = start(dir.path());
    process.wait_replayed(PATIENCE).unwrap();
    assert_eq!((count(&process, ""), count(&process, "anna7")), (all, some));
    let metrics = get(process.web, "/metrics", NETWORK_DEADLINE).unwrap().text();
    assert!(metrics.contains("outrigger_damaged_index_parts{signal=\"logs\"} 0"), "{metrics}");
    let refused = run(&["data", "rebuild-index", data]);
    assert!(!refused.status.success(), "a process uses it: {refused:?}");
    stopped_cleanly(process);
}
