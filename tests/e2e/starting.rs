//! What a person hears when a collector starts, and when it refuses to.

use crate::endings::{PATIENCE, stopped_cleanly};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use testkit::outrigger_process::{OutriggerProcess, ProcessPlan, binary_path};

fn outrigger(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary_path());
    command.args(arguments).current_dir(dir).stdin(Stdio::null()).env_remove("OUTRIGGER_TEST_MISSING");
    command.output().unwrap()
}

fn all_printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Starts a collector that must refuse, with `exit_code` and all of `words`.
#[track_caller]
fn check_refusal(plan: &ProcessPlan, exit_code: i32, words: &[&str]) {
    let mut process = OutriggerProcess::start(plan).unwrap();
    let status = process.wait_end(PATIENCE).unwrap_or_else(|error| panic!("{error}"));
    let printed = process.printed();
    assert_eq!(status.code(), Some(exit_code), "{printed}");
    for word in words {
        assert!(printed.contains(word), "{word:?} is not in:\n{printed}");
    }
}

#[test]
fn the_start_up_text_says_what_is_where_and_what_to_try() {
    let dir = tempfile::tempdir().unwrap();
    let plan = ProcessPlan::in_dir(dir.path());
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    // Requests are taken a moment before the text that says so is out.
    let log_path = dir.path().join("outrigger.log");
    process
        .wait_until("said how to stop it", PATIENCE, || Ok(fs::read_to_string(&log_path)?.contains("Ctrl-C")))
        .unwrap();
    let printed = process.printed();
    let data_dir = plan.data_dir.display().to_string();
    for word in [
        &process.otlp_grpc.to_string(),
        &process.otlp_http.to_string(),
        &process.web.to_string(),
        &data_dir,
        "outrigger logs",
    ] {
        assert!(printed.contains(word), "{word:?} is not in:\n{printed}");
    }
    stopped_cleanly(process);
}

#[test]
fn a_taken_port_names_itself_its_owner_and_the_key_to_change() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let holder = std::net::TcpListener::bind(taken).unwrap();
    let mut plan = ProcessPlan::in_dir(dir.path());
    plan.otlp_http = Some(taken);
    let owner = std::process::id().to_string();
    check_refusal(&plan, 69, &[&taken.to_string(), "taken", &owner, "collector.otlp.http.listen"]);
    drop(holder);
}

#[test]
fn a_data_directory_has_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let plan = ProcessPlan::in_dir(dir.path());
    let process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let work_dir = tempfile::tempdir().unwrap();
    let second = ProcessPlan { work_dir: work_dir.path().to_owned(), ..plan.clone() };
    let (data_dir, owner) = (plan.data_dir.display().to_string(), process.id().to_string());
    check_refusal(&second, 69, &[&data_dir, "in use", &owner, "data_dir"]);
    stopped_cleanly(process);
}

#[test]
fn a_listener_open_to_the_network_is_refused_with_the_line_to_add() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = ProcessPlan::in_dir(dir.path());
    plan.otlp_http = Some("0.0.0.0:0".parse().unwrap());
    check_refusal(&plan, 78, &["collector.otlp.http.listen", "token_file"]);
}

const MISTAKEN: &str = "\
data_dir: ${env:OUTRIGGER_TEST_MISSING}
colector: {}
collector:
  otlp:
    request_size: 64XB
    grpc: { listen: 4317 }
    http: { listen: \"127.0.0.1:99999\" }
  http:
    listen: \"127.0.0.1:7070\"
    listen: \"127.0.0.1:7071\"
  wal: { segment_size: 1GiB, budget: 2GiB }
  logs: { retention: 1s }
  query: { timeout: soon, concurrency: 0, memory: [] }
telemetry: { log: { level: loud } }
";

/// Where each mistake is, and a word of what is allowed or meant.
const MISTAKES: [(&str, &str); 12] = [
    ("1:11", "OUTRIGGER_TEST_MISSING"),
    ("2:1", "collector"),
    ("5:19", "MiB"),
    ("6:21", "127.0.0.1:4317"),
    ("7:21", "127.0.0.1:4317"),
    ("10:5", "line 9"),
    ("11:", "four segments"),
    ("12:22", "1h"),
    ("13:21", "10s"),
    ("13:40", "1 to 64"),
    ("13:51", "MiB"),
    ("14:28", "warn"),
];

#[test]
fn all_mistakes_of_a_configuration_are_named_at_once_with_their_places() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mistaken.yaml"), MISTAKEN).unwrap();
    let output = outrigger(dir.path(), &["check", "--config", "mistaken.yaml"]);
    let printed = all_printed(&output);
    assert_eq!(output.status.code(), Some(78), "{printed}");
    for (place, word) in MISTAKES {
        let place = format!("mistaken.yaml:{place}");
        let line = printed.lines().find(|line| line.contains(&place));
        let line = line.unwrap_or_else(|| panic!("nothing at {place} in:\n{printed}"));
        assert!(line.contains(word) && line.contains("allowed"), "{word:?} is not in {line:?}");
    }
}

#[test]
fn the_printed_defaults_are_a_configuration_without_mistakes() {
    let dir = tempfile::tempdir().unwrap();
    let defaults = outrigger(dir.path(), &["config", "default"]);
    assert_eq!(defaults.status.code(), Some(0), "{}", all_printed(&defaults));
    fs::write(dir.path().join("outrigger.yaml"), &defaults.stdout).unwrap();
    let check = outrigger(dir.path(), &["check", "--config", "outrigger.yaml"]);
    assert_eq!(check.status.code(), Some(0), "{}", all_printed(&check));
    assert!(!dir.path().join("outrigger-data").exists(), "a check makes nothing");
    let schema = outrigger(dir.path(), &["config", "schema"]);
    assert_eq!(schema.status.code(), Some(0), "{}", all_printed(&schema));
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert!(schema["properties"]["collector"].is_object(), "{schema}");
}

#[test]
fn a_wrong_command_line_ends_with_64() {
    let dir = tempfile::tempdir().unwrap();
    let output = outrigger(dir.path(), &["colect"]);
    assert_eq!(output.status.code(), Some(64), "{}", all_printed(&output));
}
