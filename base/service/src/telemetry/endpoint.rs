//! The way to a collector: one gRPC channel for logs, spans and metrics, and who we are there.
//!
//! The exporters of `opentelemetry-otlp` read `OTEL_EXPORTER_OTLP_*` from the environment. A shell that is set up for an
//! application would then redirect this process, or lend it that application's token; so channel, timeout and token are
//! all given here, and the token is put on last.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;
use opentelemetry_otlp::{LogExporter, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::LogExporter as _;
use opentelemetry_sdk::trace::SpanExporter as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint as TonicEndpoint};
use tonic::{Request, Status};

use super::config::{OtlpExportConfig, parse_endpoint};
use super::error::TelemetryError;
use crate::limits::EXPORT_TIMEOUT;
use crate::secret::Secret;
use crate::tls::system_authorities;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// HTTP/2 pings on a silent connection, so that a peer that vanished is noticed before the next export.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// A collector that is sent to.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    address: String,
    channel: Channel,
    bearer: Bearer,
}

/// Puts our token on every call.
#[derive(Clone, Default)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl std::fmt::Debug for Bearer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Bearer(secret)")
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        match &self.0 {
            Some(token) => drop(metadata.insert("authorization", token.clone())),
            // One that came out of the environment was not meant for us.
            None => drop(metadata.remove("authorization")),
        }
        Ok(request)
    }
}

impl Endpoint {
    /// The configured collector. Connects when the first export comes. Must be called inside a runtime.
    pub(crate) fn configured(config: &OtlpExportConfig) -> Result<Endpoint, TelemetryError> {
        let uri = parse_endpoint(&config.endpoint)
            .ok_or_else(|| TelemetryError::Endpoint { endpoint: config.endpoint.clone() })?;
        let token = match &config.token_file {
            Some(path) => Some(Secret::read(path).map_err(|source| cannot_read("the token", path, source))?),
            None => None,
        };
        let authorities = match uri.scheme_str() {
            Some("https") => Some(authorities(config.ca_file.as_deref())?),
            Some(_) | None => None,
        };
        Endpoint::new(&uri, token.as_ref(), authorities)
    }

    /// A collector on this machine that speaks without TLS. Must be called inside a runtime.
    pub(crate) fn local(address: &str, token: &Secret<String>) -> Result<Endpoint, TelemetryError> {
        let unusable = || TelemetryError::Endpoint { endpoint: address.to_owned() };
        let uri = parse_endpoint(address).filter(|uri| uri.scheme_str() == Some("http")).ok_or_else(unusable)?;
        Endpoint::new(&uri, Some(token), None)
    }

    fn new(
        uri: &Uri,
        token: Option<&Secret<String>>,
        authorities: Option<Vec<u8>>,
    ) -> Result<Endpoint, TelemetryError> {
        let address = uri.to_string();
        let unusable = || TelemetryError::Endpoint { endpoint: address.clone() };
        let mut endpoint = TonicEndpoint::from(uri.clone())
            .timeout(EXPORT_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(PING_INTERVAL)
            .tcp_nodelay(true);
        if let Some(pem) = authorities {
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
            endpoint = endpoint.tls_config(tls).map_err(|_| unusable())?;
        }
        let bearer = match token {
            Some(token) => {
                let mut value: MetadataValue<Ascii> =
                    format!("Bearer {}", token.expose()).parse().map_err(|_| TelemetryError::Token)?;
                value.set_sensitive(true);
                Bearer(Some(value))
            }
            None => Bearer(None),
        };
        Ok(Endpoint { channel: endpoint.connect_lazy(), address, bearer })
    }

    /// Where it is, for people.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The channel, and who we are on it.
    pub(crate) fn channel(&self) -> (Channel, Bearer) {
        (self.channel.clone(), self.bearer.clone())
    }

    pub(crate) fn log_exporter(&self, resource: &Resource) -> Result<LogExporter, TelemetryError> {
        let builder = LogExporter::builder().with_tonic().with_timeout(EXPORT_TIMEOUT);
        let builder = builder.with_channel(self.channel.clone()).with_interceptor(self.bearer.clone());
        let mut exporter = builder.build().map_err(|_| self.unusable())?;
        exporter.set_resource(resource);
        Ok(exporter)
    }

    pub(crate) fn span_exporter(&self, resource: &Resource) -> Result<SpanExporter, TelemetryError> {
        let builder = SpanExporter::builder().with_tonic().with_timeout(EXPORT_TIMEOUT);
        let builder = builder.with_channel(self.channel.clone()).with_interceptor(self.bearer.clone());
        let mut exporter = builder.build().map_err(|_| self.unusable())?;
        exporter.set_resource(resource);
        Ok(exporter)
    }

    fn unusable(&self) -> TelemetryError {
        TelemetryError::Endpoint { endpoint: self.address.clone() }
    }
}

/// The authorities to trust: those of the file, else those of the system.
fn authorities(ca_file: Option<&Path>) -> Result<Vec<u8>, TelemetryError> {
    if let Some(path) = ca_file {
        return std::fs::read(path).map_err(|source| cannot_read("authorities", path, source));
    }
    system_authorities().ok_or(TelemetryError::NoAuthorities)
}

fn cannot_read(what: &'static str, path: &Path, source: std::io::Error) -> TelemetryError {
    TelemetryError::File { what, path: PathBuf::from(path), source }
}

#[cfg(test)]
mod tests;
