//! How the commands that are clients reach a collector, and as whom.

use crate::failure::Failure;
use service::tls::{ClientTlsFiles, IdentityFiles};
use std::path::PathBuf;

/// Where a collector's HTTP API is when nobody says otherwise.
pub(crate) const URL_DEFAULT: &str = "http://127.0.0.1:7070";

/// Which collector, and what it is shown.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ConnectionArgs {
    /// Where the collector's HTTP API is, http:// or https:// [default: http://127.0.0.1:7070]
    #[arg(long, env = "OUTRIGGER_URL")]
    pub(crate) url: Option<String>,
    /// A file that holds the token to ask with: scope query for questions, admin for deletes and backups
    #[arg(long, env = "OUTRIGGER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// For https://: the authorities to trust, in PEM, instead of those of the system
    #[arg(long, env = "OUTRIGGER_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// For https://: the certificate to show to a collector that asks for one, in PEM
    #[arg(long, env = "OUTRIGGER_CERTIFICATE_FILE", value_name = "FILE", requires = "key_file")]
    pub(crate) certificate_file: Option<PathBuf>,
    /// For https://: the key of that certificate, in PEM
    #[arg(long, env = "OUTRIGGER_KEY_FILE", value_name = "FILE", requires = "certificate_file")]
    pub(crate) key_file: Option<PathBuf>,
}

impl ConnectionArgs {
    pub(crate) fn url(&self) -> &str {
        self.url.as_deref().unwrap_or(URL_DEFAULT)
    }

    /// TLS as these files say.
    pub(crate) fn tls(&self) -> Result<rustls::ClientConfig, Failure> {
        let identity = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => {
                Some(IdentityFiles { certificate: certificate.clone(), key: key.clone() })
            }
            (None, _) | (_, None) => None,
        };
        let files = ClientTlsFiles { ca: self.ca_file.clone(), identity };
        service::tls::client_config(&files).map_err(|error| Failure::usage(error.to_string()))
    }
}
