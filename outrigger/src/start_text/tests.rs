use super::*;

fn facts() -> StartFacts {
    StartFacts {
        addresses: Addresses {
            otlp_grpc: "127.0.0.1:4317".parse().unwrap(),
            otlp_http: "127.0.0.1:4318".parse().unwrap(),
            web: "127.0.0.1:7070".parse().unwrap(),
        },
        data_dir: "/home/kim/outrigger-data".to_owned(),
        room_left_days: None,
        configuration: "the defaults; there is no ./outrigger.yaml".to_owned(),
        memory_budget_bytes: 12_455_405_158,
        memory_budget_written: "50%".to_owned(),
        wal_budget_bytes: 4 * basics::GIB,
        request_bytes_max: 64 * basics::MIB,
        has_tls: false,
        wants_certificates: false,
        has_tokens: false,
        program: "target/release/outrigger".to_owned(),
        keeps_own_logs: true,
    }
}

#[test]
fn a_newcomer_reads_where_things_are_and_what_to_try() {
    let version = env!("CARGO_PKG_VERSION");
    let want = format!(
        r#"Outrigger {version} is running: it takes logs by OTLP and answers searches.

  OTLP gRPC        http://127.0.0.1:4317                collector.otlp.grpc.listen
  OTLP HTTP        http://127.0.0.1:4318                collector.otlp.http.listen
  search, pages    http://127.0.0.1:7070                collector.http.listen
  data             /home/kim/outrigger-data             data_dir
  write-ahead log  at most 4GiB                         collector.wal.budget
  memory           at most 11.6GiB, 50% of the machine  memory.budget
  one request      at most 64MiB                        collector.otlp.request_size
  own log records  kept as tenant _self                 telemetry.self_logs
  configuration    the defaults; there is no ./outrigger.yaml (outrigger config default prints all)

Send a first record from another terminal, and find it:
  curl -sS http://127.0.0.1:4318/v1/logs -H 'content-type: application/json' -d '{FIRST_RECORD}'
  target/release/outrigger logs hello

Not there yet: traces and metrics are answered with "not implemented".
Ctrl-C stops it. What was acknowledged is there again at the next start.

"#
    );
    assert_eq!(facts().text(), want);
}

#[track_caller]
fn check(facts: &StartFacts, wanted: &[&str]) {
    let text = facts.text();
    for line in wanted {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn how_long_the_room_lasts_is_told_where_it_ends() {
    let told = |days| StartFacts { room_left_days: Some(days), ..facts() };
    let row = "  room for parts   for about 12 days at this rate       collector.logs.retention_bytes";
    check(&told(12.4), &[row]);
    check(&told(1.5), &["for about 36 hours at this rate"]);
    check(&told(0.01), &["for less than an hour at this rate"]);
    check(&told(40_000.0), &["for years at the present rate"]);
}

#[test]
fn the_commands_fit_other_ports_and_other_addresses() {
    let mut facts = facts();
    facts.addresses.otlp_http = "0.0.0.0:14318".parse().unwrap();
    facts.addresses.web = "[::]:17070".parse().unwrap();
    check(&facts, &["curl -sS http://127.0.0.1:14318/v1/logs -H", "outrigger logs hello --url http://[::1]:17070\n"]);
    facts.addresses.web = "10.0.0.7:7070".parse().unwrap();
    check(&facts, &["--url http://10.0.0.7:7070\n"]);
}

#[test]
fn whoever_needs_a_credential_or_tls_reads_commands_with_them() {
    let mut facts = StartFacts { has_tokens: true, ..facts() };
    check(
        &facts,
        &[
            "-H 'authorization: Bearer TOKEN' -H 'content-type",
            "logs hello --token-file FILE-WITH-TOKEN\n",
            "--token-file FILE-WITH-TOKEN\n\n`outrigger token new NAME --scope ingest,query > FILE-WITH-TOKEN` makes a TOKEN",
        ],
    );
    facts.has_tls = true;
    check(
        &facts,
        &[
            "https://127.0.0.1:4317 ",
            "curl -sS https://127.0.0.1:4318/v1/logs --cacert AUTHORITY.pem -H 'authorization: Bearer TOKEN'",
            "logs hello --url https://127.0.0.1:7070 --ca-file AUTHORITY.pem --token-file FILE-WITH-TOKEN\n",
        ],
    );
    facts.wants_certificates = true;
    check(
        &facts,
        &[
            "/v1/logs --cacert AUTHORITY.pem --cert CERTIFICATE.pem --key KEY.pem -H 'authorization",
            "--ca-file AUTHORITY.pem --certificate-file CERTIFICATE.pem --key-file KEY.pem --token-file",
        ],
    );
    facts.has_tokens = false;
    check(&facts, &["--key KEY.pem -H 'content-type", "--key-file KEY.pem\n\nNot there yet"]);
}

#[test]
fn the_first_record_is_an_otlp_request_in_json() {
    let request: serde_json::Value = serde_json::from_str(FIRST_RECORD).unwrap();
    assert_eq!(request["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"]["stringValue"], "hello outrigger");
}

#[test]
fn a_program_is_named_as_it_was_called_when_a_shell_reads_that_as_one_word() {
    assert_eq!(program_name(Some("target/release/outrigger")), "target/release/outrigger");
    assert_eq!(program_name(Some("./outrigger; rm")), "outrigger");
    assert_eq!(program_name(Some("")), "outrigger");
    assert_eq!(program_name(None), "outrigger");
}

#[test]
fn sizes_are_rounded_down_to_what_a_person_compares() {
    let all = [(64 << 20, "64MiB"), (1 << 30, "1GiB"), (12_455_405_158, "11.6GiB"), (1_536, "1.5KiB"), (900, "900B")];
    for (bytes, want) in all {
        assert_eq!(rounded(bytes), want);
    }
}
