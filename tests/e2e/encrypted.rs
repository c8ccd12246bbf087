//! TLS with client certificates and tokens, as a fleet runs it; and what the process says about itself.

use crate::endings::PATIENCE;
use crate::tokens::{Token, new_token, write_tokens};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use testkit::outrigger_process::{OutriggerProcess, ProcessPlan, binary_path};
use tests::surroundings::{require_program, run};

/// An authority and what it has signed, as files.
struct Fleet {
    dir: PathBuf,
}

impl Fleet {
    fn new(dir: &Path) -> Fleet {
        require_program("openssl");
        require_program("curl");
        // Without it, certificates get the extensions of whatever the machine is configured for.
        fs::write(dir.join("openssl.cnf"), "[req]\ndistinguished_name = name\n[name]\n").unwrap();
        let fleet = Fleet { dir: dir.to_owned() };
        let extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
        fleet.make("authority", &extensions);
        fleet
    }

    /// Signs a certificate with this subject alternative name.
    fn issue(&self, name: &str, subject: &str) {
        let (authority, key) = (self.path("authority.pem"), self.path("authority.key"));
        let subject = format!("subjectAltName={subject}");
        self.make(name, &["-CA", &authority, "-CAkey", &key, "-addext", &subject]);
    }

    fn make(&self, name: &str, more: &[&str]) {
        let (config, key, certificate) =
            (self.path("openssl.cnf"), self.path(&format!("{name}.key")), self.path(&format!("{name}.pem")));
        let common_name = format!("/CN={name}");
        let mut words =
            vec!["req", "-x509", "-config", &config, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
        words.extend(["-noenc", "-days", "2", "-subj", &common_name, "-keyout", &key, "-out", &certificate]);
        words.extend(more);
        run("openssl", &words).unwrap();
    }

    fn path(&self, file: &str) -> String {
        self.dir.join(file).to_str().unwrap().to_owned()
    }

    /// Asks as the holder of a certificate, or of none.
    fn curl(&self, certificate: Option<&str>, arguments: &[&str]) -> Output {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "20", "--cacert", &self.path("authority.pem")]);
        command.args(["--write-out", "\n%{http_code}"]);
        if let Some(name) = certificate {
            command.args(["--cert", &self.path(&format!("{name}.pem")), "--key", &self.path(&format!("{name}.key"))]);
        }
        command.args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// The status and the body of an answer that comes.
    #[track_caller]
    fn ask(&self, certificate: &str, arguments: &[&str]) -> (String, String) {
        let output = self.curl(Some(certificate), arguments);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.to_owned(), body.to_owned())
    }
}

const RECORD: &str =
    r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"through the tunnel"}}]}]}]}"#;

fn started(fleet: &Fleet, reader: &Token) -> OutriggerProcess {
    let token_file = fleet.dir.join("tokens.yaml");
    write_tokens(&token_file, &[reader]);
    let mut plan = ProcessPlan::in_dir(&fleet.dir);
    plan.more_yaml = format!(
        "tls:\n  certificate_file: {}\n  key_file: {}\n  client_authority_file: {}\n\
         security:\n  token_file: {}\n  client_certificates:\n    - subject: \"dns:gateway.test\"\n      scopes: [ingest]\n      \
         tenants: [shop]\n",
        fleet.path("collector.pem"),
        fleet.path("collector.key"),
        fleet.path("authority.pem"),
        token_file.display()
    );
    let mut process = OutriggerProcess::start(&plan).unwrap();
    let health = format!("https://{}/healthz", process.web);
    let is_alive = || Ok(fleet.curl(Some("gateway"), &[&health]).status.success());
    process.wait_until("listened", PATIENCE, is_alive).unwrap();
    process
}

#[test]
fn a_fleet_sends_and_asks_over_mutual_tls_and_finds_what_the_process_says_about_itself() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = Fleet::new(dir.path());
    fleet.issue("collector", "IP:127.0.0.1");
    fleet.issue("gateway", "DNS:gateway.test");
    fleet.issue("stranger", "DNS:stranger.test");
    let reader = new_token("reader", "query", &["shop", "_self"]);
    let process = started(&fleet, &reader);
    let (send, search) =
        (format!("https://{}/v1/logs", process.otlp_http), format!("https://{}/api/v1/logs/search", process.web));
    let post = ["-H", "content-type: application/json", "--data", RECORD, &send];

    let without = fleet.curl(None, &post);
    assert!(!without.status.success(), "no connection without a certificate: {without:?}");
    let plain = fleet.curl(Some("gateway"), &[&send.replace("https://", "http://")]);
    assert!(!plain.status.success(), "no HTTP without TLS: {plain:?}");
    // By HTTP/1.1: over HTTP/2, curl 7.88 may lose an answer that comes before it has sent its body.
    let post_by_http_1 = [&["--http1.1"], &post[..]].concat();
    assert_eq!(fleet.ask("stranger", &post_by_http_1).0, "403", "a certificate that no rule names may do nothing");
    assert_eq!(fleet.ask("gateway", &post), ("200".to_owned(), "{}".to_owned()));
    assert_eq!(fleet.ask("gateway", &[&search]).0, "403", "a sender does not read");

    let bearer = format!("authorization: Bearer {}", reader.secret);
    let found = |more: &[&str]| {
        let mut arguments = vec!["-H", bearer.as_str()];
        arguments.extend(more);
        let (status, body) = fleet.ask("gateway", &arguments);
        assert_eq!(status, "200", "{body}");
        serde_json::from_str::<serde_json::Value>(&body).unwrap()
    };
    let wait_for = |more: &[&str]| {
        let begun = Instant::now();
        loop {
            let answer = found(more);
            if answer["records"][0].is_object() {
                return answer["records"][0].clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{answer}\n{}", process.printed());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    assert_eq!(wait_for(&[&format!("{search}?q=tunnel")])["body"], "through the tunnel");
    let own = ["-H", "x-scope-orgid: _self", &format!("{search}?q=started")];
    let record = wait_for(&own);
    assert_eq!((&record["body"], &record["service"]), (&"started".into(), &"outrigger".into()), "{record}");
    // What was refused above is told to the operator too.
    let own = ["-H", "x-scope-orgid: _self", &format!("{search}?q=refused")];
    assert_eq!(wait_for(&own)["level"], "warn");

    check_command_line(&fleet, &process, &reader);

    let page = found(&[&format!("https://{}/api/v1/ingest", process.web)]);
    let account = page["accounts"].as_array().unwrap().iter().find(|account| account["tenant"] == "shop").unwrap();
    assert_eq!((&account["stored"], &account["is_balanced"]), (&1.into(), &true.into()), "{page}");
    assert_eq!(process.terminate(PATIENCE).unwrap().code(), Some(0));
}

/// The commands of a terminal come through as well, and say what is missing when they do not.
fn check_command_line(fleet: &Fleet, process: &OutriggerProcess, reader: &Token) {
    let token = fleet.path("reader.token");
    fs::write(&token, &reader.secret).unwrap();
    let (authority, certificate, key) =
        (fleet.path("authority.pem"), fleet.path("gateway.pem"), fleet.path("gateway.key"));
    let asked = |scheme: &str, more: &[&str]| {
        let mut command = Command::new(binary_path());
        command.args(["logs", "tunnel", "--token-file", &token, "--url", &format!("{scheme}://{}", process.web)]);
        for variable in ["URL", "TOKEN_FILE", "CA_FILE", "CERTIFICATE_FILE", "KEY_FILE"] {
            command.env_remove(format!("OUTRIGGER_{variable}"));
        }
        let output = command.args(more).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
    };
    let shown = ["--ca-file", &authority, "--certificate-file", &certificate, "--key-file", &key];
    let (code, told) = asked("https", &shown);
    assert!(code == Some(0) && told.contains("through the tunnel"), "{code:?} {told}");
    for (scheme, more, want) in [
        ("https", &shown[2..], "--ca-file FILE, or OUTRIGGER_CA_FILE"),
        ("https", &shown[..2], "--certificate-file FILE --key-file FILE"),
        ("http", &[][..], "if it speaks TLS there, the URL begins with https://"),
    ] {
        let (code, told) = asked(scheme, more);
        let host = format!("cannot talk to {}: ", process.web);
        assert!(code == Some(69) && told.contains(&host) && told.contains(want), "{want}: {code:?} {told}");
    }
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
