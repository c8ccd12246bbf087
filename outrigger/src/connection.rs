//! How the commands that are clients reach a collector, and as whom.
//!
//! What is typed counts before the environment, and an empty variable is none. An option that cannot have a meaning is
//! refused when it was typed; a variable may be meant for other calls.

use crate::failure::Failure;
use service::tls::{ClientTlsFiles, IdentityFiles, TlsError};
use std::ffi::OsString;
use std::path::PathBuf;

/// Where a collector's HTTP API is when nobody says otherwise.
pub(crate) const URL_DEFAULT: &str = "http://127.0.0.1:7070";

const URL_VARIABLE: &str = "OUTRIGGER_URL";
const TOKEN_VARIABLE: &str = "OUTRIGGER_TOKEN_FILE";
const CA_VARIABLE: &str = "OUTRIGGER_CA_FILE";
const CERTIFICATE_VARIABLE: &str = "OUTRIGGER_CERTIFICATE_FILE";
const KEY_VARIABLE: &str = "OUTRIGGER_KEY_FILE";

/// What may be typed of it.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ConnectionArgs {
    /// Where the collector's HTTP API is, http:// or https:// [default: http://127.0.0.1:7070] [env: OUTRIGGER_URL]
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// A file that holds the token to ask with: scope query for questions, admin for deletes and backups
    /// [env: OUTRIGGER_TOKEN_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// For https://: the authorities to trust, in PEM, instead of those of the system [env: OUTRIGGER_CA_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// For https://: the certificate to show to a collector that asks for one, in PEM [env: OUTRIGGER_CERTIFICATE_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate_file: Option<PathBuf>,
    /// For https://: the key of that certificate, in PEM [env: OUTRIGGER_KEY_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// Which collector, and what it is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    pub(crate) url: String,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) certificate_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
    /// An option that was typed and is for TLS alone.
    pub(crate) typed_for_tls: Option<&'static str>,
}

impl ConnectionArgs {
    /// With what the environment says where nothing was typed.
    pub(crate) fn resolve(&self) -> Connection {
        self.resolve_with(|variable| std::env::var_os(variable))
    }

    fn resolve_with(&self, environment: impl Fn(&str) -> Option<OsString>) -> Connection {
        let said = |variable: &str| environment(variable).filter(|value| !value.is_empty());
        let file =
            |typed: &Option<PathBuf>, variable: &str| typed.clone().or_else(|| said(variable).map(PathBuf::from));
        let url = || said(URL_VARIABLE).map(|url| url.to_string_lossy().into_owned());
        let for_tls = [
            ("--ca-file", &self.ca_file),
            ("--certificate-file", &self.certificate_file),
            ("--key-file", &self.key_file),
        ];
        Connection {
            url: self.url.clone().or_else(url).unwrap_or_else(|| URL_DEFAULT.to_owned()),
            token_file: file(&self.token_file, TOKEN_VARIABLE),
            ca_file: file(&self.ca_file, CA_VARIABLE),
            certificate_file: file(&self.certificate_file, CERTIFICATE_VARIABLE),
            key_file: file(&self.key_file, KEY_VARIABLE),
            typed_for_tls: for_tls.into_iter().find(|(_, file)| file.is_some()).map(|(name, _)| name),
        }
    }
}

impl Connection {
    /// TLS as the files say.
    pub(crate) fn tls(&self) -> Result<rustls::ClientConfig, Failure> {
        let identity = match (&self.certificate_file, &self.key_file) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(IdentityFiles { certificate: certificate.clone(), key: key.clone() })
            }
            (Some(_), None) => return Err(lacks("a certificate", "its key", "--key-file", KEY_VARIABLE)),
            (None, Some(_)) => {
                return Err(lacks("a key", "its certificate", "--certificate-file", CERTIFICATE_VARIABLE));
            }
        };
        let files = ClientTlsFiles { ca: self.ca_file.clone(), identity };
        service::tls::client_config(&files).map_err(|error| match error {
            TlsError::NoAuthorities => Failure::usage(format!("{error}: --ca-file FILE, or {CA_VARIABLE}")),
            TlsError::File { .. } | TlsError::Unusable { .. } => Failure::usage(error.to_string()),
        })
    }

    /// Passes when nothing was typed that only TLS has a use for.
    pub(crate) fn refuse_tls_options(&self) -> Result<(), Failure> {
        match self.typed_for_tls {
            None => Ok(()),
            Some(option) => Err(Failure::usage(format!(
                "{option} is for a URL that begins with https://, and this is {}",
                self.url
            ))),
        }
    }
}

fn lacks(given: &str, missing: &str, option: &str, variable: &str) -> Failure {
    Failure::usage(format!("{given} was named without {missing}: {option} FILE, or {variable}"))
}

#[cfg(test)]
mod tests;
