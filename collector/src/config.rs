//! The section `collector` of the configuration file.

mod quotas;

pub use quotas::{QuotaConfig, QuotasConfig};

use crate::caretaker::Sealing;
use crate::rooms::RoomSettings;
use api::ApiSettings;
use basics::{GIB, KIB, MIB};
use ingest::IngestSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::config::{Check, ConfigDuration, ConfigSize, ListenAddress};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const OTLP_GRPC_KEY: &str = "collector.otlp.grpc.listen";
pub(crate) const OTLP_HTTP_KEY: &str = "collector.otlp.http.listen";
pub(crate) const WEB_KEY: &str = "collector.http.listen";

/// The log writes whole pages.
const SEGMENT_STEP_BYTES: u64 = 4 * KIB;

/// The collector: telemetry in, searches out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CollectorConfig {
    /// Where OTLP is taken, and how much of it.
    pub otlp: OtlpConfig,
    /// The search API and the pages for operators.
    pub http: HttpConfig,
    /// The write-ahead log, one for each signal.
    pub wal: WalConfig,
    /// What of logs is kept.
    pub logs: LogsConfig,
    /// Searches.
    pub query: QueryConfig,
    /// How much tenants may send. Without it as much as they like; beyond it they are refused with a retry hint.
    pub quotas: QuotasConfig,
}

/// OTLP, OpenTelemetry's protocol. gRPC and HTTP are told apart by content type on either port.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpConfig {
    /// The port where senders expect gRPC.
    pub grpc: OtlpGrpcConfig,
    /// The port where senders expect HTTP.
    pub http: OtlpHttpConfig,
    /// Largest request, on the wire and decompressed. Never above a quarter of the memory budget.
    #[schemars(extend("x-least" = "64KiB", "x-most" = "64MiB"))]
    pub request_size: ConfigSize,
}

/// A listener for OTLP over gRPC.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpGrpcConfig {
    /// Address and port; port 0 lets the system choose.
    pub listen: ListenAddress,
}

/// A listener for OTLP over HTTP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpHttpConfig {
    /// Address and port; port 0 lets the system choose.
    pub listen: ListenAddress,
}

/// The listener of the search API.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port; port 0 lets the system choose.
    pub listen: ListenAddress,
}

/// A write-ahead log: everything is in it, durable, before its sender hears yes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WalConfig {
    /// Length of a segment, the smallest thing the log can forget.
    #[schemars(extend("x-least" = "1MiB", "x-most" = "1GiB"))]
    pub segment_size: ConfigSize,
    /// Space on disk. When it is used up, senders are refused with a retry hint.
    #[schemars(extend("x-least" = "4MiB"))]
    pub budget: ConfigSize,
}

/// Logs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogsConfig {
    /// How long records are kept. Older ones are rejected when they arrive.
    #[schemars(extend("x-least" = "1h"))]
    pub retention: ConfigDuration,
    /// How many bytes on disk they may take, over all tenants. Beyond that the oldest go, even those of today. As many as
    /// the disk has when it is left out.
    #[schemars(extend("x-least" = "64MiB"))]
    pub retention_bytes: Option<ConfigSize>,
    /// How much memory recent records may take before they are written to parts on disk. At most a quarter of the memory
    /// budget.
    #[schemars(extend("x-least" = "1MiB"))]
    pub head_size: ConfigSize,
    /// How long the oldest of them waits in memory at most. An eighth of head_size that nothing is added to for half a minute
    /// is written to parts at once.
    #[schemars(extend("x-least" = "1s"))]
    pub head_age: ConfigDuration,
    /// False holds all records in memory and in the write-ahead log until either is full. For measurements.
    pub seal: bool,
}

/// Searches. They run on threads of their own, so that they never stop what comes in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QueryConfig {
    /// Longest run time of one search; its answer then says `cut_short`.
    #[schemars(extend("x-least" = "100ms", "x-most" = "10m"))]
    pub timeout: ConfigDuration,
    /// Most memory of all searches together. Set aside from the memory budget, and at most a quarter of it.
    #[schemars(extend("x-least" = "8MiB"))]
    pub memory: ConfigSize,
    /// Searches that run at the same time; up to 64 more wait.
    #[schemars(range(min = 1, max = 64))]
    pub concurrency: u16,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        let request_size = ConfigSize(IngestSettings::default().request_bytes_max);
        OtlpConfig { grpc: OtlpGrpcConfig::default(), http: OtlpHttpConfig::default(), request_size }
    }
}

impl Default for OtlpGrpcConfig {
    fn default() -> Self {
        OtlpGrpcConfig { listen: ListenAddress::new("127.0.0.1", 4317) }
    }
}

impl Default for OtlpHttpConfig {
    fn default() -> Self {
        OtlpHttpConfig { listen: ListenAddress::new("127.0.0.1", 4318) }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        HttpConfig { listen: ListenAddress::new("127.0.0.1", 7070) }
    }
}

impl Default for WalConfig {
    fn default() -> Self {
        WalConfig { segment_size: ConfigSize(64 * MIB), budget: ConfigSize(4 * GIB) }
    }
}

impl Default for LogsConfig {
    fn default() -> Self {
        let Sealing { head_bytes, head_age, is_on, .. } = Sealing::default();
        LogsConfig {
            retention: ConfigDuration(IngestSettings::default().retention),
            retention_bytes: None,
            head_size: ConfigSize(head_bytes),
            head_age: ConfigDuration(head_age),
            seal: is_on,
        }
    }
}

impl Default for QueryConfig {
    fn default() -> Self {
        let settings = ApiSettings::default();
        QueryConfig {
            timeout: ConfigDuration(settings.query_timeout),
            memory: ConfigSize(settings.query_memory_bytes),
            concurrency: 2,
        }
    }
}

impl CollectorConfig {
    /// Notes pairs that do not go together.
    pub fn check(&self, check: &mut Check<'_>) {
        let (segment, budget) = (self.wal.segment_size.0, self.wal.budget.0);
        if budget < 4 * segment {
            check.refuse(
                &["collector.wal.segment_size", "collector.wal.budget"],
                format!("{} is less than four segments of {}", self.wal.budget, self.wal.segment_size),
                "a budget of at least four segments",
            );
        }
        if !segment.is_multiple_of(SEGMENT_STEP_BYTES) {
            let message = format!("{} is not a whole number of pages", self.wal.segment_size);
            check.refuse(&["collector.wal.segment_size"], message, "a multiple of 4KiB, such as 64MiB");
        }
        self.quotas.check(check);
        let listeners = self.listeners();
        for (index, (key, address)) in listeners.iter().enumerate() {
            let earlier = listeners.iter().take(index).find(|(_, other)| other == address && address.port() != 0);
            if let Some((other, _)) = earlier {
                check.refuse(
                    &[key, other],
                    format!("{address} is listened on twice"),
                    "an address and port of its own",
                );
            }
        }
    }

    /// Where it listens, with the key that says so.
    pub fn listeners(&self) -> [(&'static str, &ListenAddress); 3] {
        [(OTLP_GRPC_KEY, &self.otlp.grpc.listen), (OTLP_HTTP_KEY, &self.otlp.http.listen), (WEB_KEY, &self.http.listen)]
    }

    /// The settings of the rooms.
    pub(crate) fn room_settings(&self, data_dir: PathBuf) -> RoomSettings {
        RoomSettings {
            data_dir,
            segment_bytes: self.wal.segment_size.0,
            wal_budget_bytes: self.wal.budget.0,
            ingest: IngestSettings {
                request_bytes_max: self.otlp.request_size.0,
                retention: self.logs.retention.0,
                quotas: self.quotas.settings(),
                ..IngestSettings::default()
            },
            api: ApiSettings {
                query_timeout: self.query.timeout.0.max(Duration::from_millis(1)),
                query_memory_bytes: self.query.memory.0,
                query_threads: usize::from(self.query.concurrency),
            },
            sealing: Sealing {
                is_on: self.logs.seal,
                head_bytes: self.logs.head_size.0,
                head_age: self.logs.head_age.0,
                ..Sealing::default()
            },
            retention_bytes: self.logs.retention_bytes.map(|size| size.0),
        }
    }
}
