use super::*;

fn doors(ip: &str, has_tls: bool) -> Doors {
    let at = |port| SocketAddr::new(ip.parse().unwrap(), port);
    Doors { otlp_grpc: at(14317), otlp_http: at(14318), web: at(17070), has_tls, has_credentials: false }
}

#[track_caller]
fn check(doors: Doors, host: Option<&str>, want: &[&str]) {
    let page = page(Some(doors), host);
    for text in want {
        assert!(page.contains(text), "{text} is not in\n{page}");
    }
    assert!(!page.contains(['{', '}']) || !page.contains("{web}"), "{page}");
    assert!(!page.contains("4318/v1") || page.contains("14318/v1"), "{page}");
}

#[test]
fn the_page_names_the_ports_that_are_open() {
    let want = [
        "curl -s http://127.0.0.1:14318/v1/logs",
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14317<",
        "--url http://127.0.0.1:17070\n",
        "curl -s 'http://127.0.0.1:17070/api/",
    ];
    check(doors("127.0.0.1", false), Some("localhost"), &want);
}

#[test]
fn a_listener_on_all_addresses_is_named_as_the_reader_reached_it() {
    check(doors("0.0.0.0", false), Some("telemetry.example"), &["http://telemetry.example:14318/v1/logs"]);
    check(doors("0.0.0.0", false), None, &["http://0.0.0.0:14318/v1/logs"]);
}

#[test]
fn with_tls_the_page_says_so_and_offers_no_command_that_cannot() {
    let page = page(Some(doors("127.0.0.1", true)), None);
    assert!(page.contains("curl -s --cacert AUTHORITY.pem https://127.0.0.1:14318"), "{page}");
    assert!(!page.contains("outrigger logs") && !page.contains("TOKEN") && !page.contains("{credential}"), "{page}");
}

#[test]
fn where_a_credential_is_needed_each_command_has_one() {
    let doors = Doors { has_credentials: true, ..doors("127.0.0.1", false) };
    let want = [
        "curl -s -H 'authorization: Bearer TOKEN' http://127.0.0.1:14318/v1/logs -H",
        "--url http://127.0.0.1:17070 --token-file FILE-WITH-TOKEN\n",
        "curl -s -H 'authorization: Bearer TOKEN' 'http://127.0.0.1:17070/api/",
        "<code>outrigger token new NAME --scope ingest,query</code>",
    ];
    check(doors, None, &want);
}

#[test]
fn the_usual_port_needs_no_url() {
    let usual = Doors { web: "127.0.0.1:7070".parse().unwrap(), ..doors("127.0.0.1", false) };
    check(usual, None, &["--since 1h\ncurl"]);
}

#[test]
fn a_host_that_could_be_more_than_a_host_is_not_shown() {
    assert_eq!(plain_host("telemetry.example:7070"), Some("telemetry.example"));
    for host in ["<script>", "a b", "$(reboot)", "", ":7070", "x'y:1"] {
        assert_eq!(plain_host(host), None, "{host}");
    }
}
