//! What an operator may write about telemetry.

use super::*;
use crate::config::{Config, Mistakes, default_yaml, parse};

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct File {
    telemetry: TelemetryConfig,
}

impl Config for File {
    fn check(&self, check: &mut Check<'_>) {
        self.telemetry.check(check);
    }
}

fn read(text: &str) -> Result<TelemetryConfig, Mistakes> {
    parse::<File>("o.yaml", text, &|_| None).map(|file| file.telemetry)
}

#[track_caller]
fn check(text: &str, want: &str) {
    assert_eq!(read(text).unwrap_err().to_string(), want, "input:\n{text}");
}

#[test]
fn nothing_written_means_text_at_info_and_own_records_kept() {
    let config = read("").unwrap();
    assert_eq!(config, TelemetryConfig::default());
    assert_eq!((config.log.level, config.log.format), (LogLevel::Info, LogFormat::Text));
    assert!(config.self_logs && config.otlp.endpoint.is_empty());
    assert_eq!(read(&default_yaml::<File>()).unwrap(), config, "the written defaults are the defaults");
}

#[test]
fn every_key_can_be_set() {
    let config = read(
        "telemetry:\n  log: {level: debug, format: json}\n  self_logs: false\n  otlp:\n    \
         endpoint: https://telemetry.example:4317\n    trace_share: 0.5\n    metrics_interval: 15s\n",
    )
    .unwrap();
    assert_eq!((config.log.level, config.log.format, config.self_logs), (LogLevel::Debug, LogFormat::Json, false));
    assert!((config.otlp.trace_share - 0.5).abs() < f64::EPSILON);
    assert_eq!(config.otlp.metrics_interval.0.as_secs(), 15);
}

#[test]
fn mistakes_say_where_they_are_and_what_is_allowed() {
    check(
        "telemetry:\n  log: {level: verbose}\n",
        "o.yaml:2:16: telemetry.log.level: \"verbose\" is none of the allowed values; allowed: error, warn, info, debug, trace",
    );
    for endpoint in
        ["localhost:4317", "http://host", "http://host:4318/v1/logs", "grpc://host:4317", "http://user@host:1"]
    {
        check(
            &format!("telemetry:\n  otlp:\n    endpoint: {endpoint}\n"),
            &format!(
                "o.yaml:3:5: telemetry.otlp.endpoint: {endpoint:?} is no OTLP gRPC endpoint; allowed: {ENDPOINT_ALLOWED}"
            ),
        );
    }
    check(
        "telemetry:\n  otlp:\n    endpoint: http://a:1\n    token_file: /nonexistent/token\n",
        "o.yaml:4:5: telemetry.otlp.token_file: cannot read /nonexistent/token: No such file or directory (os error 2); \
         allowed: a file that this process may read",
    );
    check(
        "telemetry:\n  otlp:\n    ca_file: /etc/hostname\n",
        &format!(
            "o.yaml:3:5: telemetry.otlp.ca_file: the key has no effect without an endpoint; allowed: {ENDPOINT_ALLOWED}"
        ),
    );
    check(
        "telemetry:\n  otlp:\n    trace_share: 2\n",
        "o.yaml:3:18: telemetry.otlp.trace_share: 2.0 is out of range; allowed: a number from 0.0 to 1.0",
    );
}
