use super::*;
use rustls::{Error as TlsError, InvalidMessage};
use std::io;

#[test]
fn each_mistake_is_answered_with_what_mends_it() {
    let certificate = TlsError::InvalidCertificate;
    for (error, want) in [
        (certificate(CertificateError::UnknownIssuer), "--ca-file FILE"),
        (certificate(CertificateError::NotValidForName), "ask by a name"),
        (certificate(CertificateError::Expired), "the clock of this machine"),
        (certificate(CertificateError::BadEncoding), "none for a server"),
        (TlsError::AlertReceived(AlertDescription::CertificateRequired), "--certificate-file FILE"),
        (TlsError::AlertReceived(AlertDescription::HandshakeFailure), "no cipher suite"),
        (TlsError::AlertReceived(AlertDescription::ProtocolVersion), "TLS 1.2 or 1.3"),
        (TlsError::InvalidMessage(InvalidMessage::InvalidContentType), "begins with http://"),
    ] {
        // As it comes: an I/O error within another.
        let told = of(&io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error.clone())));
        assert!(told.is_some_and(|told| told.contains(want)), "{error:?}: {told:?}");
    }
    assert_eq!(of(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
}
