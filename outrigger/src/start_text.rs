//! What a person reads when the process has started: what listens where, where the data is, what to try first.
//!
//! Decided from facts, so that every form of it is a plain test. It goes to standard output; log records go to
//! standard error.

use crate::connection::URL_DEFAULT;
use collector::Addresses;
use std::net::SocketAddr;

/// What is so.
#[derive(Debug, Clone)]
pub(crate) struct StartFacts {
    pub(crate) addresses: Addresses,
    /// As a person finds it.
    pub(crate) data_dir: String,
    /// Until no more parts fit, at the rate of the last days; `None` when old ones go by age before.
    pub(crate) room_left_days: Option<f64>,
    /// Where the configuration is from.
    pub(crate) configuration: String,
    pub(crate) memory_budget_bytes: u64,
    pub(crate) memory_budget_written: String,
    pub(crate) wal_budget_bytes: u64,
    pub(crate) request_bytes_max: u64,
    pub(crate) has_tls: bool,
    /// Whether whoever connects must show a certificate.
    pub(crate) wants_certificates: bool,
    pub(crate) has_tokens: bool,
    /// How this program was called.
    pub(crate) program: String,
    /// Whether the log records of this process can be searched here.
    pub(crate) keeps_own_logs: bool,
}

/// The record that the first command sends.
const FIRST_RECORD: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"logRecords":[{"severityText":"INFO","body":{"stringValue":"hello outrigger"}}]}]}]}"#;

/// What this version lacks.
const NOT_THERE_YET: &str = "
Not there yet: traces and metrics are answered with \"not implemented\".
Ctrl-C stops it. What was acknowledged is there again at the next start.

";

/// Where a credential comes from: the token file of the collector holds hashes, and no token to copy.
const CREDENTIAL: &str = "
`outrigger token new NAME --scope ingest,query > FILE-WITH-TOKEN` makes a TOKEN, and says what to add to security.token_file.
";

impl StartFacts {
    /// The text, with its last line end.
    pub(crate) fn text(&self) -> String {
        let Addresses { otlp_grpc, otlp_http, web } = self.addresses;
        let own_logs = if self.keeps_own_logs { "kept as tenant _self" } else { "not kept" };
        let rows = [
            ("OTLP gRPC", self.url(otlp_grpc), "collector.otlp.grpc.listen"),
            ("OTLP HTTP", self.url(otlp_http), "collector.otlp.http.listen"),
            ("search, pages", self.url(web), "collector.http.listen"),
            ("data", self.data_dir.clone(), "data_dir"),
            ("write-ahead log", format!("at most {}", rounded(self.wal_budget_bytes)), "collector.wal.budget"),
            ("memory", self.memory(), "memory.budget"),
            ("one request", format!("at most {}", rounded(self.request_bytes_max)), "collector.otlp.request_size"),
            ("own log records", own_logs.to_owned(), "telemetry.self_logs"),
        ];
        let room =
            self.room_left_days.map(|days| ("room for parts", room_left(days), "collector.logs.retention_bytes"));
        let version = env!("CARGO_PKG_VERSION");
        let mut text = format!("Outrigger {version} is running: it takes logs by OTLP and answers searches.\n\n");
        for (name, value, key) in rows.into_iter().chain(room) {
            text.push_str(&format!("  {name:<16} {value:<36} {key}\n"));
        }
        let configuration = &self.configuration;
        text.push_str(&format!("  configuration    {configuration} (outrigger config default prints all)\n"));
        text.push_str("\nSend a first record from another terminal, and find it:\n");
        text.push_str(&format!("  {}\n  {}\n", self.send_command(), self.find_command()));
        if self.has_tokens {
            text.push_str(CREDENTIAL);
        }
        text.push_str(NOT_THERE_YET);
        text
    }

    fn url(&self, address: SocketAddr) -> String {
        format!("{}://{address}", if self.has_tls { "https" } else { "http" })
    }

    /// An address as a command on this machine writes it.
    fn local_url(&self, address: SocketAddr) -> String {
        let ip = address.ip();
        let host = match (ip.is_unspecified(), ip.is_ipv6()) {
            (true, false) => "127.0.0.1".to_owned(),
            (true, true) => "[::1]".to_owned(),
            (false, false) => ip.to_string(),
            (false, true) => format!("[{ip}]"),
        };
        format!("{}://{host}:{}", if self.has_tls { "https" } else { "http" }, address.port())
    }

    fn memory(&self) -> String {
        let bytes = rounded(self.memory_budget_bytes);
        if self.memory_budget_written.ends_with('%') {
            format!("at most {bytes}, {} of the machine", self.memory_budget_written)
        } else {
            format!("at most {bytes}")
        }
    }

    fn send_command(&self) -> String {
        let mut command = format!("curl -sS {}/v1/logs", self.local_url(self.addresses.otlp_http));
        if self.has_tls {
            command.push_str(" --cacert AUTHORITY.pem");
        }
        if self.wants_certificates {
            command.push_str(" --cert CERTIFICATE.pem --key KEY.pem");
        }
        if self.has_tokens {
            command.push_str(" -H 'authorization: Bearer TOKEN'");
        }
        format!("{command} -H 'content-type: application/json' -d '{FIRST_RECORD}'")
    }

    fn find_command(&self) -> String {
        let url = self.local_url(self.addresses.web);
        let mut command = format!("{} logs hello", self.program);
        if url != URL_DEFAULT {
            command.push_str(&format!(" --url {url}"));
        }
        if self.has_tls {
            command.push_str(" --ca-file AUTHORITY.pem");
        }
        if self.wants_certificates {
            command.push_str(" --certificate-file CERTIFICATE.pem --key-file KEY.pem");
        }
        if self.has_tokens {
            command.push_str(" --token-file FILE-WITH-TOKEN");
        }
        command
    }
}

/// How long the room lasts, to read: no more exact than it is known.
fn room_left(days: f64) -> String {
    let hours = days * 24.0;
    match days {
        days if days > 3_650.0 => "for years at the present rate".to_owned(),
        days if days >= 2.0 => format!("for about {days:.0} days at this rate"),
        _ if hours >= 1.0 => format!("for about {hours:.0} hours at this rate"),
        _ => "for less than an hour at this rate".to_owned(),
    }
}

/// A size to read: `11.6GiB` says more than an exact number of bytes.
fn rounded(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(basics::GIB, "GiB"), (basics::MIB, "MiB"), (basics::KIB, "KiB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let tenths = bytes / (unit / 10);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            return if tenth == 0 { format!("{whole}{name}") } else { format!("{whole}.{tenth}{name}") };
        }
    }
    format!("{bytes}B")
}

/// The name to call this program by, as it was called; a name that a shell would read otherwise is replaced.
pub(crate) fn program_name(called: Option<&str>) -> String {
    let is_plain = |name: &&str| {
        !name.is_empty()
            && name.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '/' | '.' | '_' | '-'))
    };
    called.filter(is_plain).unwrap_or("outrigger").to_owned()
}

#[cfg(test)]
mod tests;
