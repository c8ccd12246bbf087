//! The whole configuration file: what the process needs, and a section for each house.

use crate::command_line::ConfigArgs;
use crate::failure::Failure;
use basics::MIB;
use collector::CollectorConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::bind::{BindRequest, judge};
use service::config::{Check, Config, MemorySize};
use service::telemetry::TelemetryConfig;
use service::{BindError, Scope};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the configuration is looked for when none is named.
const USUAL_FILE: &str = "outrigger.yaml";
/// Below this no useful request fits.
const MEMORY_BUDGET_MIN: u64 = 64 * MIB;

/// Everything that can be configured.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OutriggerConfig {
    /// The collector: telemetry in, searches out.
    pub(crate) collector: CollectorConfig,
    /// The directory for everything that outlives the process. One process may use it; it is made when it is missing.
    #[schemars(length(min = 1))]
    pub(crate) data_dir: PathBuf,
    /// Memory.
    pub(crate) memory: MemoryConfig,
    /// Who may call. Without any of it only this machine can.
    pub(crate) security: SecurityConfig,
    /// What the process says about itself, and to whom.
    pub(crate) telemetry: TelemetryConfig,
    /// TLS of all listeners. The files are read again when they change.
    pub(crate) tls: TlsConfig,
}

/// Memory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MemoryConfig {
    /// What requests, recent records and searches may take together; at least 64MiB. A share is one of the machine's
    /// memory, or of its control group's.
    pub(crate) budget: MemorySize,
}

/// Who may call.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SecurityConfig {
    /// The file with the tokens that are accepted; `outrigger token new` makes its entries. Read again when it changes.
    pub(crate) token_file: Option<PathBuf>,
    /// What the holders of client certificates may do (see `tls.client_authority_file`).
    pub(crate) client_certificates: Vec<ClientCertificateConfig>,
    /// Names by which callers without a credential may reach this process, beside those of loopback.
    pub(crate) allowed_hosts: Vec<String>,
    /// Origins of web pages that may call and read the answers, such as https://grafana.example.
    pub(crate) allowed_origins: Vec<String>,
}

/// The holders of a certificate.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientCertificateConfig {
    /// A subject alternative name: `dns:gateway.example`, `uri:spiffe://fleet/gateway`, `email:...` or `ip:...`.
    #[schemars(length(min = 1))]
    pub(crate) subject: String,
    /// What its holder may do.
    #[schemars(length(min = 1))]
    pub(crate) scopes: Vec<ScopeName>,
    /// The tenants it may act for; the first is meant when a request names none. `"*"` is every tenant.
    #[serde(default = "default_tenants")]
    #[schemars(length(min = 1))]
    pub(crate) tenants: Vec<String>,
}

/// A scope as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ScopeName {
    /// Send telemetry.
    Ingest,
    /// Search and read telemetry.
    Query,
    /// Publish to and consume from queues.
    Queue,
    /// Use the cache.
    Cache,
    /// See and change how the process runs.
    Admin,
}

/// TLS of all listeners.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TlsConfig {
    /// The certificate chain in PEM, our own first.
    pub(crate) certificate_file: Option<PathBuf>,
    /// Its private key in PEM.
    pub(crate) key_file: Option<PathBuf>,
    /// The authority in PEM that the certificates of clients must come from.
    pub(crate) client_authority_file: Option<PathBuf>,
}

fn default_tenants() -> Vec<String> {
    vec!["default".to_owned()]
}

impl Default for OutriggerConfig {
    fn default() -> Self {
        OutriggerConfig {
            collector: CollectorConfig::default(),
            data_dir: PathBuf::from("./outrigger-data"),
            memory: MemoryConfig::default(),
            security: SecurityConfig::default(),
            telemetry: TelemetryConfig::default(),
            tls: TlsConfig::default(),
        }
    }
}

impl Default for MemoryConfig {
    fn default() -> Self {
        MemoryConfig { budget: MemorySize::Percent(50) }
    }
}

impl ScopeName {
    pub(crate) fn scope(self) -> Scope {
        match self {
            ScopeName::Ingest => Scope::Ingest,
            ScopeName::Query => Scope::Query,
            ScopeName::Queue => Scope::Queue,
            ScopeName::Cache => Scope::Cache,
            ScopeName::Admin => Scope::Admin,
        }
    }
}

impl OutriggerConfig {
    /// Whether callers have to say who they are.
    pub(crate) fn has_credentials(&self) -> bool {
        self.security.token_file.is_some() || !self.security.client_certificates.is_empty()
    }

    /// A listener that everybody in the network could use is a mistake of the file, so it is told with its place.
    fn check_listeners(&self, check: &mut Check<'_>) {
        // Credentials that cannot be read are left out; that they are missing would be a second mistake made of the first.
        if check.is_mistaken("security.token_file") || check.is_mistaken("security.client_certificates") {
            return;
        }
        for (key, address) in self.collector.listeners() {
            let request = BindRequest { key, address, has_credentials: self.has_credentials(), tls: None };
            match judge(&request) {
                Err(BindError::Open { address, port, .. }) => check.refuse(
                    &[key],
                    format!("{address} can be reached from the network, and nobody would have to say who they are"),
                    format!(
                        "127.0.0.1:{port}, or any address together with the line \
                         `security: {{ token_file: /etc/outrigger/tokens.yaml }}` (`outrigger token new` makes its entries) \
                         or with tls.client_authority_file and security.client_certificates"
                    ),
                ),
                Err(BindError::Unresolvable { source, .. }) => check.refuse(
                    &[key],
                    format!("the host of {address} has no address ({source})"),
                    "host:port with a host of this machine",
                ),
                Ok(_) | Err(BindError::Taken { .. } | BindError::NotAllowed { .. } | BindError::Failed { .. }) => {}
            }
        }
    }

    fn check_security(&self, check: &mut Check<'_>) {
        let SecurityConfig { token_file, client_certificates, .. } = &self.security;
        check_file(check, "security.token_file", token_file.as_deref());
        if !client_certificates.is_empty() && self.tls.client_authority_file.is_none() {
            check.refuse(
                &["security.client_certificates"],
                "certificates of clients are not asked for",
                "together with tls.client_authority_file",
            );
        }
        for (index, rule) in client_certificates.iter().enumerate() {
            let kinds = ["dns:", "uri:", "email:", "ip:"];
            if !kinds.iter().any(|kind| rule.subject.len() > kind.len() && rule.subject.starts_with(kind)) {
                let key = format!("security.client_certificates[{index}].subject");
                check.refuse(
                    &[&key],
                    format!("{:?} is no subject", rule.subject),
                    "dns:NAME, uri:URI, email:ADDRESS, ip:ADDRESS",
                );
            }
            for (at, tenant) in rule.tenants.iter().enumerate() {
                if crate::credentials::parse_tenant(tenant).is_none() {
                    let key = format!("security.client_certificates[{index}].tenants[{at}]");
                    let allowed = "1 to 64 of a-z, 0-9, _ and -, or \"*\" for every tenant";
                    check.refuse(&[&key], format!("{tenant:?} is no tenant"), allowed);
                }
            }
        }
        for (at, origin) in self.security.allowed_origins.iter().enumerate() {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.trim_end_matches('/').contains('/')) {
                let key = format!("security.allowed_origins[{at}]");
                check.refuse(
                    &[&key],
                    format!("{origin:?} is no origin"),
                    "https://host or http://host, with :port where it has one",
                );
            }
        }
    }

    fn check_tls(&self, check: &mut Check<'_>) {
        let TlsConfig { certificate_file, key_file, client_authority_file } = &self.tls;
        let files = [
            ("tls.certificate_file", certificate_file),
            ("tls.key_file", key_file),
            ("tls.client_authority_file", client_authority_file),
        ];
        for (key, file) in files {
            check_file(check, key, file.as_deref());
        }
        if certificate_file.is_some() != key_file.is_some() {
            let key = if certificate_file.is_some() { "tls.certificate_file" } else { "tls.key_file" };
            check.refuse(&[key], "half of a pair", "tls.certificate_file and tls.key_file together");
        }
        if client_authority_file.is_some() && certificate_file.is_none() && key_file.is_none() {
            let allowed = "together with tls.certificate_file and tls.key_file";
            check.refuse(&["tls.client_authority_file"], "without TLS no client shows a certificate", allowed);
        }
    }
}

impl Config for OutriggerConfig {
    fn check(&self, check: &mut Check<'_>) {
        if let MemorySize::Bytes(bytes) = self.memory.budget
            && bytes < MEMORY_BUDGET_MIN
        {
            let message = format!("{} is too little", self.memory.budget);
            check.refuse(&["memory.budget"], message, "at least 64MiB, or a share of the machine such as 50%");
        }
        self.collector.check(check);
        self.telemetry.check(check);
        self.check_tls(check);
        self.check_security(check);
        self.check_listeners(check);
    }
}

fn check_file(check: &mut Check<'_>, key: &str, file: Option<&Path>) {
    let Some(file) = file else { return };
    if let Err(error) = std::fs::File::open(file) {
        let message = format!("cannot read {}: {error}", file.display());
        check.refuse(&[key], message, "a file that this process may read");
    }
}

/// A configuration and where it is from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: OutriggerConfig,
    pub(crate) source: Source,
}

/// Where a configuration is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file.
    File(PathBuf),
    /// No file was named, and none is at the usual place.
    Defaults,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => write!(out, "{}", service::escape::escaped(&path.display().to_string())),
            Source::Defaults => write!(out, "the defaults; there is no ./{USUAL_FILE}"),
        }
    }
}

/// Reads the configuration that the command line names, or the one at the usual place, or takes the defaults.
pub(crate) fn load(args: &ConfigArgs) -> Result<Loaded, Failure> {
    let usual = Path::new(USUAL_FILE);
    let path = match &args.config {
        Some(path) => path,
        // A file that is there and cannot be read is an error, not a default.
        None if usual.symlink_metadata().is_ok() => usual,
        None => return Ok(Loaded { config: OutriggerConfig::default(), source: Source::Defaults }),
    };
    match service::config::load(path, &|name| std::env::var(name).ok()) {
        Ok(config) => Ok(Loaded { config, source: Source::File(path.to_owned()) }),
        Err(mistakes) => Err(Failure::of_mistakes("the configuration", &mistakes)),
    }
}

#[cfg(test)]
mod tests;
