//! Tokens: who may send, who may ask, for whom; and how one is replaced while everything runs.

use crate::endings::PATIENCE;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use testkit::api_client::{ledger, ledger_at_rest_as};
use testkit::http_client::{self, HttpAnswer, HttpConnection};
use testkit::log_load::LogLoad;
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess, ProcessPlan, binary_path};
use tests::senders::start_time;

/// A token, and the entry of the token file that lets it in.
pub(crate) struct Token {
    pub(crate) secret: String,
    entry: String,
}

/// Makes a token as an operator does: the secret is for its holder, the lines below `tokens:` for the file.
pub(crate) fn new_token(name: &str, scope: &str, tenants: &[&str]) -> Token {
    let mut arguments = vec!["token", "new", name, "--scope", scope];
    arguments.extend(tenants.iter().flat_map(|tenant| ["--tenant", *tenant]));
    let output = Command::new(binary_path()).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (secret, explanation) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(secret.starts_with("otr_") && !explanation.contains(secret.trim()), "{explanation}");
    let below = explanation.lines().skip_while(|line| *line != "tokens:").skip(1);
    let entry: Vec<&str> = below.take_while(|line| line.starts_with(' ')).collect();
    Token { secret: secret.trim().to_owned(), entry: entry.join("\n") + "\n" }
}

pub(crate) fn write_tokens(path: &Path, tokens: &[&Token]) {
    let entries: String = tokens.iter().map(|token| token.entry.as_str()).collect();
    // As an editor does it: the file is whole at any moment.
    let next = path.with_extension("next");
    fs::write(&next, format!("tokens:\n{entries}")).unwrap();
    fs::rename(next, path).unwrap();
}

fn send(process: &OutriggerProcess, token: Option<&Token>, body: &[u8]) -> HttpAnswer {
    ask(process.otlp_http, "POST", "/v1/logs", token, body)
}

fn search(process: &OutriggerProcess, token: Option<&Token>) -> HttpAnswer {
    ask(process.web, "GET", "/api/v1/logs/search?since=1h", token, &[])
}

fn ask(at: std::net::SocketAddr, method: &str, path: &str, token: Option<&Token>, body: &[u8]) -> HttpAnswer {
    let bearer = token.map(|token| format!("Bearer {}", token.secret));
    let mut headers = vec![("content-type", "application/x-protobuf")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    HttpConnection::connect(at, NETWORK_DEADLINE).unwrap().request(method, path, &headers, body).unwrap()
}

#[test]
fn a_token_opens_what_its_scope_and_tenant_say_and_is_replaced_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tokens.yaml");
    let shop = new_token("shop-gateway", "ingest", &["shop"]);
    let reader = new_token("shop-reader", "query", &["shop"]);
    let other = new_token("bank-reader", "query", &["bank"]);
    write_tokens(&file, &[&shop, &reader, &other]);
    let mut plan = ProcessPlan::in_dir(dir.path());
    plan.more_yaml = format!("security: {{ token_file: \"{}\" }}\n", file.display());
    let mut process = OutriggerProcess::start(&plan).unwrap();
    let web = process.web;
    let is_alive = || Ok(http_client::get(web, "/healthz", NETWORK_DEADLINE)?.status == 200);
    process.wait_until("listened", PATIENCE, is_alive).unwrap();
    let body = LogLoad::new("tokens", 1, start_time()).request(3).body;
    assert_eq!(send(&process, None, &body).status, 401);
    assert_eq!(send(&process, Some(&reader), &body).status, 403, "a reader does not send");
    assert_eq!(send(&process, Some(&shop), &body).status, 200);
    assert_eq!(search(&process, None).status, 401);
    assert_eq!(search(&process, Some(&shop)).status, 403, "a sender does not read");
    let begun = Instant::now();
    while search(&process, Some(&reader)).json().unwrap()["records"].as_array().unwrap().len() != 3 {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
    let others = search(&process, Some(&other)).json().unwrap();
    assert_eq!(others["records"].as_array().unwrap().len(), 0, "one tenant never sees another's records");

    let renewed = new_token("shop-gateway", "ingest", &["shop"]);
    write_tokens(&file, &[&renewed, &reader, &other]);
    let begun = Instant::now();
    while send(&process, Some(&renewed), &body).status != 200 {
        assert!(begun.elapsed() < PATIENCE, "the changed file is not read\n{}", process.printed());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(send(&process, Some(&shop), &body).status, 401, "the old token is out");

    let account = ledger_at_rest_as(process.web, Some(&reader.secret), "shop", PATIENCE).unwrap();
    assert_eq!((account.received, account.stored), (6, 6));
    let seen_by_other = ledger(process.web, Some(&other.secret)).unwrap();
    assert!(seen_by_other.iter().all(|account| account.tenant == "bank"), "{seen_by_other:?}");

    let send_one_more = || assert_eq!(send(&process, Some(&renewed), &body).status, 200);
    check_revoked_tail(&process, dir.path(), &reader, send_one_more, || write_tokens(&file, &[&renewed, &other]));
    assert_eq!(process.terminate(PATIENCE).unwrap().code(), Some(0));
}

/// A live tail in a terminal ends when its token goes, and says why.
fn check_revoked_tail(
    process: &OutriggerProcess,
    dir: &Path,
    token: &Token,
    send_one_more: impl Fn(),
    revoke: impl Fn(),
) {
    let token_file = dir.join("follower.token");
    fs::write(&token_file, &token.secret).unwrap();
    let mut command = Command::new(binary_path());
    command.args(["logs", "-f", "-n", "0", "--url", &format!("http://{}", process.web), "--token-file"]);
    command.arg(&token_file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["CA_FILE", "CERTIFICATE_FILE", "KEY_FILE"] {
        command.env_remove(format!("OUTRIGGER_{variable}"));
    }
    let mut follower = command.spawn().unwrap();
    let mut stdout = BufReader::new(follower.stdout.take().unwrap());
    let (printed, first_line) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let read = stdout.read_line(&mut String::new()).map(drop);
        basics::carry_on(printed.send(read.is_ok()), "the test has failed already");
        basics::carry_on(io::copy(&mut stdout, &mut io::sink()), "the follower has gone");
    });
    // Records are sent until one comes: then the stream is open.
    let begun = Instant::now();
    while first_line.recv_timeout(Duration::from_millis(200)).is_err() {
        assert!(begun.elapsed() < PATIENCE, "nothing is followed");
        send_one_more();
    }
    revoke();
    let begun = Instant::now();
    while follower.try_wait().unwrap().is_none() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    basics::carry_on(follower.kill(), "it has ended by itself, as it should");
    let told = follower.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&told.stderr);
    assert!(text.contains("the collector no longer permits this with this token"), "{told:?}");
    assert!(told.status.code() == Some(64) && text.contains("does not know the token in"), "{told:?}");
}
