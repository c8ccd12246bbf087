//! TLS: for listeners, with certificate, key and client authority from files that are re-read when they change
//! ([`Tls`]); and for connections that this process opens ([`client_config`]).

mod outgoing;

pub(crate) use outgoing::system_authorities;
pub use outgoing::{ClientTlsFiles, IdentityFiles, client_config};

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use basics::ErrorClass;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::reload::Reload;

/// Makes ring the one source of cryptography. Call it first thing in `main`; a second call changes nothing.
pub fn install_crypto_provider() {
    // An error says that one is installed already, which is this one: no other is compiled in.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// The files of a TLS listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain in PEM, leaf first.
    pub certificate: PathBuf,
    /// Private key in PEM.
    pub key: PathBuf,
    /// Authority in PEM that client certificates must come from; `None` asks for none.
    pub client_authority: Option<PathBuf>,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds something else.
    #[error("cannot read {what} from {}: {reason}", path.display())]
    File {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// Certificate and key do not go together, or the authority cannot be used.
    #[error("cannot use {what}: {reason}")]
    Unusable {
        /// Which files, and as what.
        what: String,
        /// What the library said.
        reason: String,
    },
    /// The system has no list of authorities where it is looked for.
    #[error("this system has no list of trusted authorities; name a file with them")]
    NoAuthorities,
}

impl TlsError {
    /// Who must act: the operator, in the configuration.
    pub fn class(&self) -> ErrorClass {
        match self {
            TlsError::File { .. } | TlsError::Unusable { .. } | TlsError::NoAuthorities => ErrorClass::Invalid,
        }
    }
}

/// TLS 1.2 and 1.3 for listeners. Connections keep what they began with when the files change.
pub struct Tls {
    files: TlsFiles,
    config: ArcSwap<rustls::ServerConfig>,
    reload: Reload,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`], naming the file.
    pub fn open(files: TlsFiles) -> Result<Arc<Tls>, TlsError> {
        let (config, reload) = Reload::first(&paths(&files), || read(&files))?;
        Ok(Arc::new(Tls { files, config: ArcSwap::from_pointee(config), reload }))
    }

    /// Reads the files again when one has changed. Files that are wrong change nothing, and are tried again at the
    /// next call.
    ///
    /// # Errors
    /// What is wrong with the changed files; told once per change.
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        let Some(config) = self.reload.look(&paths(&self.files), || read(&self.files))? else { return Ok(false) };
        self.config.store(Arc::new(config));
        Ok(true)
    }

    /// Whether clients must show a certificate.
    pub fn asks_for_certificates(&self) -> bool {
        self.files.client_authority.is_some()
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

fn paths(files: &TlsFiles) -> Vec<&Path> {
    [Some(&files.certificate), Some(&files.key), files.client_authority.as_ref()]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect()
}

fn read(files: &TlsFiles) -> Result<rustls::ServerConfig, TlsError> {
    let chain = certificates("a certificate", &files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| cannot("a private key", &files.key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable("the versions of TLS"))?;
    let builder = match &files.client_authority {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(path)?), provider);
            builder.with_client_cert_verifier(verifier.build().map_err(unusable(authority(path)))?)
        }
    };
    let used = builder.with_single_cert(chain, key);
    let mut config = used.map_err(unusable(pair(&files.certificate, &files.key)))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| cannot(what, path, &error))?;
    if found.is_empty() {
        let reason = "the file holds none".to_owned();
        return Err(TlsError::File { what, path: path.to_owned(), reason });
    }
    Ok(found)
}

/// The authorities in a file, each of which must be usable.
fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("an authority", path)? {
        roots.add(certificate).map_err(unusable(authority(path)))?;
    }
    Ok(roots)
}

fn cannot(what: &'static str, path: &Path, error: &rustls_pki_types::pem::Error) -> TlsError {
    TlsError::File { what, path: path.to_owned(), reason: format!("{error:?}") }
}

/// For `map_err`: what could not be used.
fn unusable<E: fmt::Display>(what: impl fmt::Display) -> impl Fn(E) -> TlsError {
    move |error| TlsError::Unusable { what: what.to_string(), reason: error.to_string() }
}

/// A certificate and its key, as an error names them.
fn pair(certificate: &Path, key: &Path) -> String {
    format!("the certificate in {} with the key in {}", certificate.display(), key.display())
}

fn authority(path: &Path) -> String {
    format!("the authority in {}", path.display())
}

#[cfg(test)]
pub(crate) mod tests;
