//! `outrigger logs`, as a person or a script uses it.

use crate::endings::{PATIENCE, balanced, stopped_cleanly};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use testkit::http_client::HttpConnection;
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess, ProcessPlan, binary_path};
use tests::senders::start_time;

fn logs(process: &OutriggerProcess, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary_path());
    command.arg("logs").args(["--url", &format!("http://{}", process.web)]).args(arguments);
    command.stdin(Stdio::null()).env_remove("OUTRIGGER_TOKEN_FILE");
    command
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Sends one record whose body is `body`, given as it stands between quotes in JSON.
fn send(process: &OutriggerProcess, body: &str, seconds_later: i64) {
    let nanos = start_time().0 + seconds_later * 1_000_000_000;
    let request = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},"scopeLogs":[{{"logRecords":[{{"timeUnixNano":"{nanos}","severityNumber":13,"body":{{"stringValue":"{body}"}}}}]}}]}}]}}"#
    );
    let mut connection = HttpConnection::connect(process.otlp_http, NETWORK_DEADLINE).unwrap();
    let headers = [("content-type", "application/json")];
    let answer = connection.request("POST", "/v1/logs", &headers, request.as_bytes()).unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
    balanced(process);
}

#[test]
fn logs_are_printed_oldest_first_for_people_and_as_json_for_programs() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    send(&process, "payment timeout 1", 1);
    send(&process, "payment timeout 2", 2);
    send(&process, "unrelated", 3);
    let text = printed(&logs(&process, &["timeout"]).output().unwrap());
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("WARN") && lines[0].contains("shop") && lines[0].contains("payment timeout 1"), "{text}");
    assert!(lines[1].contains("payment timeout 2"), "{text}");

    let text = printed(&logs(&process, &["--json", "--since", "5m", "timeout"]).output().unwrap());
    let bodies: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["body"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(bodies, ["payment timeout 1", "payment timeout 2"]);
    stopped_cleanly(process);
}

#[test]
fn what_a_sender_wrote_cannot_command_the_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    send(&process, r"red \u001b[31m title \u001b]0;owned\u0007 back \u202e end", 1);
    let output = logs(&process, &["--color", "never"]).output().unwrap();
    let text = printed(&output);
    assert!(text.contains("title"), "{text:?}");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    stopped_cleanly(process);
}

#[test]
fn a_mistake_in_the_query_is_shown_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    let output = logs(&process, &["level>=wran"]).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(complaint.contains("warn"), "{complaint}");
    stopped_cleanly(process);
}

/// A follower, ended with the test.
struct Follower(Child);

impl Drop for Follower {
    fn drop(&mut self) {
        basics::carry_on(self.0.kill(), "the follower has ended already");
        basics::carry_on(self.0.wait(), "the follower has been waited for already");
    }
}

/// Runs `outrigger logs` and hands over what it prints.
fn follow(process: &OutriggerProcess, arguments: &[&str]) -> (Follower, Receiver<String>) {
    let mut follower = Follower(logs(process, arguments).stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(follower.0.stdout.take().unwrap()).lines();
    let (sender, receiver) = sync_channel(100);
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    (follower, receiver)
}

#[test]
fn following_from_nothing_prints_only_what_arrives_later() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    send(&process, "tick before", 5);
    send(&process, "tick before, but late", -600);
    for arguments in [&["-n", "0", "-f", "tick"], &["-n", "1", "-f", "tick"]] {
        let (follower, receiver) = follow(&process, arguments);
        if arguments[1] == "1" {
            assert!(receiver.recv_timeout(PATIENCE).unwrap().ends_with("tick after"));
        } else {
            // Nothing is printed by which to know that it follows.
            std::thread::sleep(std::time::Duration::from_secs(2));
            assert_eq!(receiver.try_recv().ok(), None);
        }
        send(&process, "tick after", 9);
        let line = receiver.recv_timeout(PATIENCE).unwrap();
        assert!(line.ends_with("tick after"), "what was there before is not new: {line}");
        drop(follower);
    }
    stopped_cleanly(process);
}

#[test]
fn following_prints_what_arrives_once() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    send(&process, "tick 0", 1);
    let (follower, receiver) = follow(&process, &["-f", "tick"]);
    for number in 0..5 {
        if number > 0 {
            send(&process, &format!("tick {number}"), 10 - number);
        }
        let line = receiver.recv_timeout(PATIENCE).unwrap();
        assert!(line.contains(&format!("tick {number}")), "{line}");
    }
    drop(follower);
    assert!(receiver.recv_timeout(PATIENCE).is_err(), "a record was printed twice");
    stopped_cleanly(process);
}
