//! Certificates of servers and clients, good and bad, over real handshakes.

use std::net::SocketAddr;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::*;
use std::time::SystemTime;

/// An authority that signs what a test needs.
pub(crate) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
pub(crate) struct Leaf {
    certificate_pem: String,
    key_pem: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a DNS name that is good for servers and clients.
    pub(crate) fn issue(&self, name: &str) -> Leaf {
        self.issue_with(|params| params.subject_alt_names.push(SanType::DnsName(name.try_into().unwrap())))
    }

    pub(crate) fn issue_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate_pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Leaf { certificate_pem, key_pem: key.serialize_pem() }
    }
}

impl Leaf {
    pub(crate) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    pub(crate) fn key_pem(&self) -> &str {
        &self.key_pem
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate_pem.as_bytes()).unwrap()
    }
}

/// The files of a server in a folder of their own.
pub(crate) struct Files {
    folder: tempfile::TempDir,
    files: TlsFiles,
}

impl Files {
    pub(crate) fn new(leaf: &Leaf, client_authority: Option<&Authority>) -> Files {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let files = TlsFiles {
            certificate: path("certificate.pem"),
            key: path("key.pem"),
            client_authority: client_authority.map(|_| path("authority.pem")),
        };
        let written = Files { folder, files };
        written.write(leaf);
        if let Some(authority) = client_authority {
            std::fs::write(written.folder.path().join("authority.pem"), authority.pem()).unwrap();
        }
        written
    }

    fn write(&self, leaf: &Leaf) {
        std::fs::write(&self.files.certificate, leaf.certificate_pem()).unwrap();
        std::fs::write(&self.files.key, leaf.key_pem()).unwrap();
    }

    pub(crate) fn open(&self) -> Arc<Tls> {
        Tls::open(self.files.clone()).unwrap()
    }
}

/// What a client of `authority` shows, if anything.
pub(crate) fn client(authority: &Authority, shows: Option<&Leaf>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match shows {
        None => builder.with_no_client_auth(),
        Some(leaf) => {
            let key = PrivateKeyDer::from_pem_slice(leaf.key_pem().as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![leaf.der()], key).unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

/// What came of one connection: the certificate that the server saw, and the one that the client saw.
#[derive(Debug, PartialEq)]
pub(crate) struct Met {
    pub(crate) client_certificate: Option<Vec<u8>>,
    pub(crate) server_certificate: Vec<u8>,
}

/// One connection over loopback; `None` when either side refuses the other.
pub(crate) async fn meet(tls: &Tls, connector: TlsConnector) -> Option<Met> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = tls.acceptor().accept(stream).await.ok()?;
        let seen = stream.get_ref().1.peer_certificates().map(|chain| chain[0].to_vec());
        stream.write_all(b"!").await.ok()?;
        stream.shutdown().await.ok()?;
        Some(seen)
    };
    let call = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = connector.connect(ServerName::try_from("collector.test").unwrap(), stream).await.ok()?;
        // With TLS 1.3 a client learns only by reading that its certificate was refused.
        let mut byte = [0u8; 1];
        stream.read_exact(&mut byte).await.ok()?;
        Some(stream.get_ref().1.peer_certificates().unwrap()[0].to_vec())
    };
    let (served, called) = tokio::join!(serve, call);
    Some(Met { client_certificate: served?, server_certificate: called? })
}

#[tokio::test]
async fn a_server_shows_its_certificate_and_asks_for_none_unless_told_to() {
    let fleet = Authority::new("fleet");
    let leaf = fleet.issue("collector.test");
    let files = Files::new(&leaf, None);
    let tls = files.open();
    assert!(!tls.asks_for_certificates());
    let met = meet(&tls, client(&fleet, None)).await.unwrap();
    assert_eq!(met, Met { client_certificate: None, server_certificate: leaf.der().to_vec() });
    assert_eq!(meet(&tls, client(&Authority::new("other"), None)).await, None, "a client of another authority");
}

#[tokio::test]
async fn only_clients_of_the_authority_come_in() {
    let (fleet, other) = (Authority::new("fleet"), Authority::new("other"));
    let files = Files::new(&fleet.issue("collector.test"), Some(&fleet));
    let tls = files.open();
    assert!(tls.asks_for_certificates());
    let gateway = fleet.issue("gateway.test");
    let met = meet(&tls, client(&fleet, Some(&gateway))).await.expect("a good certificate");
    assert_eq!(met.client_certificate, Some(gateway.der().to_vec()));

    assert_eq!(meet(&tls, client(&fleet, None)).await, None, "no certificate");
    assert_eq!(meet(&tls, client(&fleet, Some(&other.issue("gateway.test")))).await, None, "of another authority");
    let namesake = Authority::new("fleet");
    assert_eq!(
        meet(&tls, client(&fleet, Some(&namesake.issue("gateway.test")))).await,
        None,
        "of an authority of the same name"
    );
    let expired = fleet.issue_with(|params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 2, 1);
    });
    assert_eq!(meet(&tls, client(&fleet, Some(&expired))).await, None, "expired");
    let server_only = fleet.issue_with(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    assert_eq!(meet(&tls, client(&fleet, Some(&server_only))).await, None, "good for servers only");
}

#[tokio::test]
async fn a_new_certificate_is_taken_without_a_restart_and_a_broken_one_is_not() {
    let fleet = Authority::new("fleet");
    let (first, second) = (fleet.issue("collector.test"), fleet.issue("collector.test"));
    let files = Files::new(&first, None);
    let tls = files.open();
    assert!(!tls.reload_if_changed().unwrap(), "nothing has changed");

    // The times of files are coarse, so the test sets them apart by hand.
    let touch = |file: &Path, seconds: u64| {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        std::fs::File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
    };
    std::fs::write(&files.files.certificate, second.certificate_pem()).unwrap();
    touch(&files.files.certificate, 1_000);
    let error = tls.reload_if_changed().expect_err("half of a pair");
    assert_eq!(error.class(), ErrorClass::Invalid);
    assert!(!tls.reload_if_changed().unwrap(), "told once");
    let met = meet(&tls, client(&fleet, None)).await.expect("the old pair still serves");
    assert_eq!(met.server_certificate, first.der().to_vec());

    std::fs::write(&files.files.key, second.key_pem()).unwrap();
    touch(&files.files.key, 2_000);
    assert!(tls.reload_if_changed().unwrap());
    let met = meet(&tls, client(&fleet, None)).await.unwrap();
    assert_eq!(met.server_certificate, second.der().to_vec());

    std::fs::remove_file(&files.files.key).unwrap();
    let error = tls.reload_if_changed().unwrap_err().to_string();
    assert!(error.contains("key.pem"), "{error}");
    assert!(meet(&tls, client(&fleet, None)).await.is_some(), "a file that is gone changes nothing");
}

#[tokio::test]
async fn a_certificate_of_the_same_time_as_the_old_one_is_taken_too() {
    let fleet = Authority::new("fleet");
    let (first, second) = (fleet.issue("collector.test"), fleet.issue("collector.test"));
    let files = Files::new(&first, None);
    let tls = files.open();
    // A tool that restores a backup also restores the time.
    let replace = |path: &Path, text: &str| {
        let modified = std::fs::metadata(path).unwrap().modified().unwrap();
        let beside = path.with_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::File::options().write(true).open(&beside).unwrap().set_modified(modified).unwrap();
        std::fs::rename(&beside, path).unwrap();
    };
    replace(&files.files.key, second.key_pem());
    replace(&files.files.certificate, second.certificate_pem());
    assert!(tls.reload_if_changed().unwrap());
    let met = meet(&tls, client(&fleet, None)).await.unwrap();
    assert_eq!(met.server_certificate, second.der().to_vec());
}

#[track_caller]
fn check_refused(change: impl FnOnce(&Files), want: &str) {
    let fleet = Authority::new("fleet");
    let files = Files::new(&fleet.issue("collector.test"), Some(&fleet));
    change(&files);
    let error = Tls::open(files.files.clone()).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Invalid);
    assert!(error.to_string().contains(want), "{error}");
}

#[test]
fn files_that_are_missing_or_something_else_are_named() {
    check_refused(|files| std::fs::remove_file(&files.files.certificate).unwrap(), "cannot read a certificate from ");
    check_refused(
        |files| std::fs::write(&files.files.certificate, "text").unwrap(),
        "certificate.pem: the file holds none",
    );
    check_refused(|files| std::fs::write(&files.files.key, "text").unwrap(), "cannot read a private key from ");
    check_refused(
        |files| std::fs::write(files.files.client_authority.as_ref().unwrap(), "").unwrap(),
        "authority.pem: the file holds none",
    );
    check_refused(
        |files| std::fs::write(&files.files.key, Authority::new("x").issue("y").key_pem()).unwrap(),
        "cannot use the certificate in ",
    );
}
