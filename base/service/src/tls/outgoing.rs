//! TLS for connections that this process opens: whom it trusts, and what it shows of itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{TlsError, authorities, cannot, certificates, pair, unusable};

/// Where Linux distributions keep the authorities they trust: Debian, Red Hat, SUSE, Alpine.
const SYSTEM_AUTHORITIES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The files of a connection that is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientTlsFiles {
    /// The authorities to trust, in PEM; `None` trusts those of the system.
    pub ca: Option<PathBuf>,
    /// What is shown to a server that asks for a certificate.
    pub identity: Option<IdentityFiles>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// Certificate chain in PEM, leaf first.
    pub certificate: PathBuf,
    /// Private key in PEM.
    pub key: PathBuf,
}

/// TLS 1.2 and 1.3 towards a server whose certificate comes from a trusted authority and names it.
///
/// # Errors
/// [`TlsError`], naming the files.
pub fn client_config(files: &ClientTlsFiles) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable("the versions of TLS"))?
        .with_root_certificates(roots(files.ca.as_deref())?);
    match &files.identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            let chain = certificates("a certificate", &identity.certificate)?;
            let key = PrivateKeyDer::from_pem_file(&identity.key)
                .map_err(|error| cannot("a private key", &identity.key, &error))?;
            let used = builder.with_client_auth_cert(chain, key);
            used.map_err(unusable(pair(&identity.certificate, &identity.key)))
        }
    }
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, TlsError> {
    if let Some(path) = ca {
        return authorities(path);
    }
    let pem = system_authorities().ok_or(TlsError::NoAuthorities)?;
    let mut roots = RootCertStore::empty();
    // One among many that cannot be used is nobody's mistake here.
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    Ok(roots)
}

/// The authorities that this system trusts, in PEM.
pub(crate) fn system_authorities() -> Option<Vec<u8>> {
    SYSTEM_AUTHORITIES.iter().find_map(|path| std::fs::read(path).ok())
}

#[cfg(test)]
mod tests;
