//! The log API beyond searching, on the real binary: export, explanation, why nothing was found, and the live tail.

use crate::endings::{PATIENCE, balanced, stopped_cleanly};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::Instant;
use testkit::http_client::HttpConnection;
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess, ProcessPlan, binary_path};
use tests::senders::start_time;

fn send(process: &OutriggerProcess, bodies: &[&str]) {
    let records: Vec<String> = bodies
        .iter()
        .zip(0..)
        .map(|(body, number): (&&str, i64)| {
            let nanos = start_time().0 + number * 1_000_000_000;
            format!(r#"{{"timeUnixNano":"{nanos}","severityNumber":17,"body":{{"stringValue":"{body}"}}}}"#)
        })
        .collect();
    let request = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#, records.join(","));
    let mut connection = HttpConnection::connect(process.otlp_http, NETWORK_DEADLINE).unwrap();
    let answer = connection.request("POST", "/v1/logs", &[("content-type", "application/json")], request.as_bytes());
    assert_eq!(answer.unwrap().status, 200);
    balanced(process);
}

fn logs(process: &OutriggerProcess, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary_path());
    command.arg("logs").args(["--url", &format!("http://{}", process.web)]).args(arguments);
    command.stdin(Stdio::null()).env_remove("OUTRIGGER_TOKEN_FILE").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn records_are_exported_and_answers_explained_in_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    send(&process, &["payment timeout 1", "payment timeout 2", "disk full, \\\"really\\\""]);

    let exported = logs(&process, &["--format", "ndjson", "payment"]);
    assert!(exported.status.success(), "{exported:?}");
    let bodies: Vec<String> = text(&exported.stdout)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["body"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(bodies, ["payment timeout 2", "payment timeout 1"], "newest first, and no summary among the records");
    let exported = logs(&process, &["--format", "csv", "--columns", "level,body", "disk"]);
    assert_eq!(text(&exported.stdout), "level,body\r\nerror,\"disk full, \"\"really\"\"\"\r\n");

    let explained = logs(&process, &["--explain", "payment"]);
    assert_eq!(text(&explained.stdout).lines().count(), 2);
    assert!(text(&explained.stderr).contains("explain: 3 records were tested"), "{explained:?}");

    let nothing = logs(&process, &["timeuot"]);
    assert!(nothing.status.success() && nothing.stdout.is_empty(), "{nothing:?}");
    let told = text(&nothing.stderr);
    assert!(told.contains("nothing in this range matches timeuot") && told.contains("try: timeout"), "{told}");
    stopped_cleanly(process);
}

#[test]
fn the_tail_is_served_as_events_and_does_not_hold_up_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let process = OutriggerProcess::start_accepting(&ProcessPlan::in_dir(dir.path()), PATIENCE).unwrap();
    let mut stream = TcpStream::connect(process.web).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET /api/v1/logs/tail?q=tick HTTP/1.1\r\nhost: {}\r\n\r\n", process.web);
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let deadline = Instant::now() + PATIENCE;
    let mut until = |mark: &str| {
        let mut line = String::new();
        while !line.contains(mark) {
            // A stream without events goes on with comments for ever.
            assert!(Instant::now() < deadline, "{mark} did not come in time");
            line.clear();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the stream ended before {mark}");
        }
    };
    until("event: begin");
    send(&process, &["tick 1", "other", "tick 2"]);
    until("tick 1");
    until("tick 2");
    let stopping = Instant::now();
    let ended = std::thread::spawn(move || {
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        rest
    });
    stopped_cleanly(process);
    assert!(stopping.elapsed() < std::time::Duration::from_secs(3), "{:?}", stopping.elapsed());
    let rest = ended.join().unwrap();
    assert!(rest.contains("event: end") && rest.ends_with("0\r\n\r\n"), "{rest}");
}
