//! What no request may be, in tables: who asks, what is answered.

use http::Request;

use super::*;

fn request(method: Method, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn guard() -> Guard {
    Guard::new(&["collector.example".to_owned(), "Gateway".to_owned()], &["https://grafana.example/".to_owned()])
}

#[track_caller]
fn check_host(target: &str, headers: &[(&str, &str)], is_allowed: bool) {
    let found = guard().check_host(&request(Method::GET, target, headers));
    let want = if is_allowed { Ok(()) } else { Err(Refusal::Host) };
    assert_eq!(found, want, "{target} {headers:?}");
}

#[test]
fn loopback_written_addresses_and_configured_names_are_ours() {
    for host in [
        "localhost",
        "localhost:7070",
        "LOCALHOST:7070",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:7070",
        "[::1]",
        "[::1]:7070",
        "192.0.2.7:7070",
        "collector.example",
        "COLLECTOR.example:443",
        "gateway:7070",
    ] {
        check_host("/", &[("host", host)], true);
    }
}

#[test]
fn every_other_name_may_have_been_rebound() {
    for host in [
        "evil.example",
        "evil.example:7070",
        "localhost.evil.example",
        "evil.localhost",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io",
        "2130706433",
        "0x7f.1",
        "evil.example@localhost.evil.example",
        "localhost:7070@evil.example",
        "collector.example.evil.example",
        "xcollector.example",
        "",
        ":7070",
        "[evil]",
        "[::1",
        "localhost\u{20}evil.example",
    ] {
        check_host("/", &[("host", host)], false);
    }
    check_host("/", &[], false);
}

#[test]
fn a_request_with_two_hosts_is_sent_to_nobody() {
    check_host("/", &[("host", "localhost"), ("host", "localhost")], false);
    check_host("http://localhost/", &[("host", "evil.example")], false);
    check_host("http://evil.example/", &[("host", "localhost")], false);
    check_host("http://localhost/", &[("host", "localhost")], true);
    check_host("http://localhost:7070/", &[], true);
    check_host("http://evil.example/", &[], false);
}

const POST: Method = Method::POST;
const GET: Method = Method::GET;

#[track_caller]
fn check_origin(method: Method, headers: &[(&str, &str)], is_allowed: bool) {
    let mut all = vec![("host", "localhost:7070")];
    all.extend_from_slice(headers);
    let found = guard().check(&request(method.clone(), "/api", &all));
    let want = if is_allowed { Ok(()) } else { Err(Refusal::Origin) };
    assert_eq!(found, want, "{method} {headers:?}");
}

#[test]
fn programs_and_our_own_page_may_call() {
    check_origin(POST, &[], true);
    check_origin(POST, &[("origin", "http://localhost:7070"), ("sec-fetch-site", "same-origin")], true);
    check_origin(GET, &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")], true);
    check_origin(
        GET,
        &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        true,
    );
}

#[test]
fn pages_of_other_origins_may_not() {
    for origin in [
        "https://evil.example",
        "http://localhost",
        "http://localhost:3000",
        "http://127.0.0.1:7070",
        "null",
        "http://localhost:7070.evil.example",
        "chrome-extension://abc",
        "file://",
        "",
        "https://grafana.example.evil.example",
    ] {
        check_origin(POST, &[("origin", origin)], false);
        check_origin(GET, &[("origin", origin)], false);
    }
    // An image, a script, a frame, a form: requests that carry no origin.
    for (mode, dest) in
        [("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe"), ("navigate", "object"), ("cors", "empty")]
    {
        check_origin(
            GET,
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)],
            false,
        );
    }
    check_origin(
        POST,
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        false,
    );
}

#[test]
fn a_link_to_our_page_may_be_followed_from_anywhere() {
    check_origin(
        GET,
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        true,
    );
}

#[test]
fn an_origin_that_was_allowed_may_call() {
    check_origin(
        POST,
        &[("origin", "https://grafana.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")],
        true,
    );
    check_origin(POST, &[("origin", "HTTPS://GRAFANA.EXAMPLE")], true);
    check_origin(POST, &[("origin", "http://grafana.example")], false);
}

#[test]
fn the_default_port_may_be_left_out_of_an_origin() {
    for (host, origin, is_allowed) in [
        ("collector.example", "https://collector.example", true),
        ("collector.example:443", "https://collector.example", true),
        ("collector.example", "https://collector.example:443", true),
        ("collector.example:80", "http://collector.example", true),
        ("collector.example:8443", "https://collector.example", false),
    ] {
        let found = guard().check(&request(POST, "/", &[("host", host), ("origin", origin)]));
        assert_eq!(found.is_ok(), is_allowed, "{host} {origin}");
    }
}

#[test]
fn only_plain_paths_pass() {
    for path in ["/", "/v1/logs", "/api/v1/logs/search?q=%2f%2e%2e//", "/a.b/.well-known", "/a%20b", "/...", "/%41"] {
        assert_eq!(Guard::default().check(&request(GET, path, &[])), Ok(()), "{path}");
    }
    for path in [
        "//",
        "//v1/logs",
        "/v1//logs",
        "/v1/logs//",
        "/.",
        "/./v1/logs",
        "/v1/./logs",
        "/v1/logs/.",
        "/..",
        "/../v1/logs",
        "/v1/logs/..",
        "/%2e/v1/logs",
        "/%2E%2e/v1/logs",
        "/v1%2flogs",
        "/v1%2Flogs",
        "/v1%5clogs",
        "/v1%5Clogs",
        "/v1%00",
        "/a%2eb",
        "*",
    ] {
        assert_eq!(Guard::default().check(&request(GET, path, &[])), Err(Refusal::Path), "{path}");
    }
}

#[test]
fn a_header_block_has_a_ceiling() {
    let limit = usize::try_from(crate::limits::HEADER_BYTES_MAX).unwrap();
    let overhead = "x-a".len() + 32;
    let fits = "v".repeat(limit - overhead);
    assert_eq!(Guard::default().check(&request(GET, "/", &[("x-a", &fits)])), Ok(()));
    let too_long = "v".repeat(limit - overhead + 1);
    assert_eq!(Guard::default().check(&request(GET, "/", &[("x-a", &too_long)])), Err(Refusal::HeaderTooLarge));
}
