use super::*;
use crate::tls::tests::{Authority, Files, Leaf, meet};
use tokio_rustls::TlsConnector;

/// Files of a client in a folder of their own.
struct Client {
    folder: tempfile::TempDir,
    files: ClientTlsFiles,
}

impl Client {
    fn new(trusts: &Authority, shows: Option<&Leaf>) -> Client {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, pem: &str| {
            std::fs::write(folder.path().join(name), pem).unwrap();
            folder.path().join(name)
        };
        let identity = shows.map(|leaf| IdentityFiles {
            certificate: put("certificate.pem", leaf.certificate_pem()),
            key: put("key.pem", leaf.key_pem()),
        });
        let files = ClientTlsFiles { ca: Some(put("ca.pem", trusts.pem())), identity };
        Client { folder, files }
    }

    fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::new(client_config(&self.files).unwrap()))
    }
}

#[tokio::test]
async fn only_a_server_of_the_named_authority_is_talked_to() {
    let (fleet, other) = (Authority::new("fleet"), Authority::new("other"));
    let leaf = fleet.issue("collector.test");
    let served = Files::new(&leaf, None);
    let met = meet(&served.open(), Client::new(&fleet, None).connector()).await.expect("an authority that is trusted");
    assert_eq!(met.server_certificate, leaf.der().to_vec());
    assert_eq!(meet(&served.open(), Client::new(&other, None).connector()).await, None, "of another authority");
    let namesake = Files::new(&fleet.issue("elsewhere.test"), None);
    assert_eq!(meet(&namesake.open(), Client::new(&fleet, None).connector()).await, None, "for another name");
}

#[tokio::test]
async fn a_server_that_asks_is_shown_the_certificate() {
    let fleet = Authority::new("fleet");
    let served = Files::new(&fleet.issue("collector.test"), Some(&fleet));
    let kim = fleet.issue("kim.test");
    let met = meet(&served.open(), Client::new(&fleet, Some(&kim)).connector()).await.expect("a good certificate");
    assert_eq!(met.client_certificate, Some(kim.der().to_vec()));
    assert_eq!(meet(&served.open(), Client::new(&fleet, None).connector()).await, None, "nothing shown");
}

#[test]
fn what_cannot_be_read_is_named() {
    let fleet = Authority::new("fleet");
    let (kim, kurt) = (fleet.issue("kim.test"), fleet.issue("kurt.test"));
    let client = Client::new(&fleet, Some(&kim));
    let told = |files: &ClientTlsFiles| client_config(files).map(drop).unwrap_err().to_string();

    let gone = client.folder.path().join("gone.pem");
    let without_ca = ClientTlsFiles { ca: Some(gone.clone()), ..client.files.clone() };
    assert!(told(&without_ca).starts_with(&format!("cannot read an authority from {}", gone.display())));
    let identity = client.files.identity.clone().unwrap();
    let without_key = IdentityFiles { key: gone.clone(), ..identity.clone() };
    let without_key = ClientTlsFiles { identity: Some(without_key), ..client.files.clone() };
    assert!(told(&without_key).starts_with(&format!("cannot read a private key from {}", gone.display())));

    std::fs::write(&identity.key, kurt.key_pem()).unwrap();
    let pair = format!(
        "cannot use the certificate in {} with the key in {}",
        identity.certificate.display(),
        identity.key.display()
    );
    assert!(told(&client.files).starts_with(&pair), "a key of another certificate");
}

#[test]
fn without_a_file_the_authorities_of_the_system_are_trusted() {
    match (system_authorities(), client_config(&ClientTlsFiles::default())) {
        (Some(pem), trusted) => {
            assert!(trusted.is_ok());
            let listed = CertificateDer::pem_slice_iter(&pem).flatten().count();
            let used = roots(None).unwrap().len();
            assert!(used > 0 && used <= listed, "{used} of {listed}");
        }
        (None, refused) => assert!(matches!(refused, Err(TlsError::NoAuthorities))),
    }
}
