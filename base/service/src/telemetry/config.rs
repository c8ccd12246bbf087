//! The section `telemetry` of the configuration file.

use std::path::PathBuf;

use http::Uri;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Check, ConfigDuration};
use crate::limits::{METRICS_INTERVAL, TRACE_SHARE};

/// What the process says about itself, and to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// What is written to standard error.
    pub log: LogConfig,
    /// Where spans, metrics and log records of this process go by OTLP.
    pub otlp: OtlpExportConfig,
    /// Whether this process keeps its own log records in its own collector, as tenant `_self`.
    pub self_logs: bool,
}

/// Log records on standard error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The least important records that are written, and exported.
    pub level: LogLevel,
    /// How they are written.
    pub format: LogFormat,
}

/// How much the process says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Somebody must act.
    Error,
    /// And: data or service was affected.
    Warn,
    /// And: the life of the process.
    #[default]
    Info,
    /// And: single requests.
    Debug,
    /// And: what the libraries underneath say.
    Trace,
}

/// How log records are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Another collector that watches this process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpExportConfig {
    /// Its OTLP gRPC endpoint, such as http://127.0.0.1:14317 or https://telemetry.example:4317. Empty sends nothing.
    pub endpoint: String,
    /// A file with the token to send there.
    pub token_file: Option<PathBuf>,
    /// A file with the authorities to trust for https, in PEM; without one those of the system.
    pub ca_file: Option<PathBuf>,
    /// Of the requests without a trace of their own, the share that begins one. A sampled trace of a caller is always
    /// carried on.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub trace_share: f64,
    /// How often metrics are sent.
    #[schemars(extend("x-least" = "1s", "x-most" = "1h"))]
    pub metrics_interval: ConfigDuration,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        TelemetryConfig { log: LogConfig::default(), otlp: OtlpExportConfig::default(), self_logs: true }
    }
}

impl Default for OtlpExportConfig {
    fn default() -> Self {
        OtlpExportConfig {
            endpoint: String::new(),
            token_file: None,
            ca_file: None,
            trace_share: TRACE_SHARE,
            metrics_interval: ConfigDuration(METRICS_INTERVAL),
        }
    }
}

impl TelemetryConfig {
    /// Notes what no schema can say; the section is `telemetry`.
    pub fn check(&self, check: &mut Check<'_>) {
        let otlp = &self.otlp;
        if !otlp.endpoint.is_empty() && parse_endpoint(&otlp.endpoint).is_none() {
            let message = format!("{:?} is no OTLP gRPC endpoint", otlp.endpoint);
            check.refuse(&["telemetry.otlp.endpoint"], message, ENDPOINT_ALLOWED);
        }
        for (key, path) in [("telemetry.otlp.token_file", &otlp.token_file), ("telemetry.otlp.ca_file", &otlp.ca_file)]
        {
            let Some(path) = path else { continue };
            if otlp.endpoint.is_empty() {
                check.refuse(
                    &[key, "telemetry.otlp.endpoint"],
                    "the key has no effect without an endpoint",
                    ENDPOINT_ALLOWED,
                );
            } else if let Err(error) = std::fs::File::open(path) {
                check.refuse(
                    &[key],
                    format!("cannot read {}: {error}", path.display()),
                    "a file that this process may read",
                );
            }
        }
    }
}

pub(crate) const ENDPOINT_ALLOWED: &str = "http://host:port or https://host:port, without a path";

/// The endpoint as a URI, when it is one that gRPC can be sent to.
pub(crate) fn parse_endpoint(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let has_scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    let authority = uri.authority()?;
    let has_host = !authority.host().is_empty() && !authority.as_str().contains('@');
    (has_scheme && is_bare && has_host && uri.port_u16().is_some()).then_some(uri)
}

#[cfg(test)]
mod tests;
