//! What helps when a connection by TLS does not come about.

use rustls::{AlertDescription, CertificateError};
use std::error::Error;

/// What helps against an error, when it is one of TLS.
pub(super) fn of(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(against(found));
        }
        // What an I/O error was made of is not its source.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn against(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(error) => against_certificate(error),
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError,
        ) => "it wants a certificate of an authority that it trusts: --certificate-file FILE --key-file FILE",
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "it wants a certificate (--certificate-file FILE --key-file FILE), or shares no cipher suite with this program"
        }
        rustls::Error::InvalidMessage(_) => "if it speaks no TLS there, the URL begins with http://",
        _ => "it must speak TLS 1.2 or 1.3",
    }
}

fn against_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => {
            "name a file with the authority that its certificate comes from: --ca-file FILE, or OUTRIGGER_CA_FILE"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "ask by a name that stands in its certificate"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "its certificate, or the clock of this machine, is out of date"
        }
        _ => {
            "its certificate is none for a server: one of version 3 is needed, from an authority in --ca-file, and with CA:FALSE \
             (openssl makes them with CA:TRUE unless it is told -addext basicConstraints=critical,CA:FALSE)"
        }
    }
}

#[cfg(test)]
mod tests;
