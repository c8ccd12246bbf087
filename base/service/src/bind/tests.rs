//! Who may listen where, and what is said when a port is taken.

use super::*;

#[track_caller]
fn judged(address: &str, has_credentials: bool) -> Result<SocketAddr, BindError> {
    let address: ListenAddress = address.parse().unwrap();
    judge(&BindRequest { key: "collector.http.listen", address: &address, has_credentials, tls: None })
}

#[test]
fn loopback_needs_no_credentials() {
    for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "localhost:1"] {
        assert!(judged(address, false).is_ok(), "{address}");
    }
}

#[test]
fn everything_else_is_refused_without_credentials_with_the_line_to_add() {
    for address in
        ["0.0.0.0:4317", "[::]:4317", "10.0.0.7:4317", "192.168.1.1:4317", "[::ffff:10.0.0.1]:4317", "[fe80::1]:4317"]
    {
        let error = judged(address, false).expect_err(address);
        assert_eq!(error.class(), ErrorClass::Invalid, "{address}");
        assert_eq!(crate::ExitCode::of(error.class()).number(), 78);
        let text = error.to_string();
        assert!(text.contains("security: { token_file: /etc/outrigger/tokens.yaml }"), "{text}");
        assert!(text.contains("client_certificates"), "{text}");
        assert!(text.contains("collector.http.listen") && text.contains("127.0.0.1:4317"), "{text}");
        assert!(judged(address, true).is_ok(), "{address} with a token file");
    }
}

#[test]
fn a_name_without_an_address_is_a_mistake_in_the_configuration() {
    let error = judged("no-such-host.invalid:1", true).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Invalid);
    assert!(error.to_string().contains("no-such-host.invalid:1"), "{error}");
}

#[tokio::test]
async fn a_taken_port_names_itself_its_owner_and_the_key_to_change() {
    let first = ListenAddress::new("127.0.0.1", 0);
    let request = BindRequest { key: "collector.http.listen", address: &first, has_credentials: false, tls: None };
    let listener = bind(request.clone()).unwrap();
    let taken = ListenAddress::new("127.0.0.1", listener.address().port());
    let error = bind(BindRequest { address: &taken, ..request }).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unavailable);
    let text = error.to_string();
    assert!(text.contains(&taken.to_string()), "{text}");
    assert!(text.contains(&format!("by process {} (", std::process::id())), "{text}");
    assert!(text.contains("set another port in collector.http.listen"), "{text}");
}
