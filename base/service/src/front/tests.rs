//! Who gets past the front, and as whom.

use std::net::SocketAddr;

use http::{Request, StatusCode};

use super::*;
use crate::auth::{TokenFile, TokenRequest, new_token};
use crate::caller::Scope;
use crate::refusal::full;

const PEER: &str = "127.0.0.1:50000";

fn connection() -> ConnectionInfo {
    let peer: SocketAddr = PEER.parse().unwrap();
    ConnectionInfo { peer, is_tls: false, client_certificate: None }
}

fn access(_: &Method, path: &str) -> Access {
    match path {
        "/healthz" => Access::Open,
        "/search" => Access::Needs(Scope::Query),
        "/v1/logs" => Access::Needs(Scope::Ingest),
        _ => Access::Denied,
    }
}

fn front(tokens: Option<Arc<TokenFile>>) -> Front {
    Front::new(Guard::default(), Arc::new(Auth::new(tokens, Vec::new())), Arc::new(access))
}

/// A front that knows one token with the scope `query`, and that token.
fn guarded() -> (Front, String) {
    let new =
        new_token(&TokenRequest { name: "reader".into(), scopes: vec![Scope::Query], tenants: vec!["acme".into()] });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.yaml");
    std::fs::write(&path, format!("tokens:\n{}", new.entry)).unwrap();
    (front(Some(Arc::new(TokenFile::open(&path).unwrap()))), new.token.expose().clone())
}

/// What comes of `GET path` with these header lines: the caller's name and tenant, or the refusal.
async fn admitted(front: &Front, path: &str, headers: &[(&str, &str)]) -> Result<String, Refusal> {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let caller = front.admit(&mut parts, &connection()).await?;
    assert!(!parts.headers.contains_key(header::AUTHORIZATION), "no credential goes further than the front");
    Ok(format!("{}@{}", caller.name, caller.tenant))
}

#[tokio::test]
async fn without_credentials_the_local_caller_may_do_what_routes_declare() {
    let front = front(None);
    let host = [("host", "localhost:7070")];
    assert_eq!(admitted(&front, "/search", &host).await.unwrap(), "anonymous@default");
    assert_eq!(admitted(&front, "/v1/logs", &host).await.unwrap(), "anonymous@default");
    assert_eq!(admitted(&front, "/healthz", &host).await.unwrap(), "anonymous@default");
    assert_eq!(admitted(&front, "/undeclared", &host).await, Err(Refusal::Closed));
}

#[tokio::test]
async fn a_name_that_was_rebound_to_loopback_is_refused_unless_a_token_proves_who_asks() {
    let (guarded, token) = guarded();
    let bearer = format!("Bearer {token}");
    for path in ["/search", "/healthz"] {
        let rebound = [("host", "evil.example:7070")];
        assert_eq!(admitted(&front(None), path, &rebound).await, Err(Refusal::Host), "{path}");
        let with_token = [("host", "evil.example:7070"), ("authorization", bearer.as_str())];
        assert_eq!(admitted(&guarded, path, &with_token).await.unwrap(), "reader@acme", "{path}");
    }
}

#[tokio::test]
async fn with_a_token_file_a_token_is_owed_but_not_for_health() {
    let (front, token) = guarded();
    let bearer = format!("Bearer {token}");
    assert_eq!(admitted(&front, "/search", &[("host", "localhost")]).await, Err(Refusal::NoCredential));
    let wrong = [("host", "localhost"), ("authorization", "Bearer otr_wrong")];
    assert_eq!(admitted(&front, "/search", &wrong).await, Err(Refusal::UnknownCredential));
    assert_eq!(admitted(&front, "/healthz", &[("host", "localhost")]).await.unwrap(), "anonymous@default");
    assert!(admitted(&front, "/healthz", &wrong).await.is_ok(), "a load balancer with an old token still sees health");
    let right = [("host", "localhost"), ("authorization", bearer.as_str())];
    assert_eq!(admitted(&front, "/search", &right).await.unwrap(), "reader@acme");
    assert_eq!(admitted(&front, "/v1/logs", &right).await, Err(Refusal::Scope(Scope::Ingest)));
    assert_eq!(admitted(&front, "/undeclared", &right).await, Err(Refusal::Closed));
}

#[tokio::test]
async fn an_unproven_caller_of_an_open_route_may_do_nothing_else() {
    let (front, _) = guarded();
    let (mut parts, ()) = Request::get("/healthz").header("host", "localhost").body(()).unwrap().into_parts();
    let caller = front.admit(&mut parts, &connection()).await.unwrap();
    for scope in Scope::ALL {
        assert_eq!(caller.require(scope), Err(Refusal::Scope(scope)));
    }
}

#[tokio::test]
async fn paths_that_can_be_read_in_two_ways_are_refused_before_any_route_is_looked_up() {
    let asked = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = Arc::clone(&asked);
    let table: AccessTable = Arc::new(move |_, _| {
        seen.store(true, std::sync::atomic::Ordering::Relaxed);
        Access::Open
    });
    let front = Front::new(Guard::default(), Arc::new(Auth::new(None, Vec::new())), table);
    for path in ["//healthz", "/./healthz", "/x/../healthz", "/%2e%2e/healthz", "/x%2Fhealthz", "/healthz%00"] {
        assert_eq!(admitted(&front, path, &[("host", "localhost")]).await, Err(Refusal::Path), "{path}");
    }
    assert!(!asked.load(std::sync::atomic::Ordering::Relaxed));
}

#[test]
fn every_answer_forbids_guessing_and_every_page_carries_its_policy() {
    let front = front(None);
    let finished = |content_type: &str| {
        let mut response = Response::new(full("x"));
        response.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        front.finish(response, None)
    };
    let json = finished("application/json");
    assert_eq!(json.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert!(!json.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    let page = finished("TEXT/HTML; charset=utf-8");
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for part in ["default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers()["cross-origin-opener-policy"], "same-origin");
}

#[test]
fn a_refusal_says_why_in_json_and_asks_for_a_token_where_one_would_help() {
    let front = front(None);
    let (parts, ()) = Request::get("/search").body(()).unwrap().into_parts();
    let refused = front.refuse(&Refusal::NoCredential, &parts);
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], "Bearer");
    let refused = front.refuse(&Refusal::Scope(Scope::Ingest), &parts);
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(!refused.headers().contains_key(header::WWW_AUTHENTICATE));
}

/// Whether an anonymous caller that names `host` is let in.
async fn is_admitted(version: Version, is_tls: bool, host: &str) -> bool {
    let request = Request::post("/v1/logs").version(version).header("host", host).body(()).unwrap();
    let (mut parts, ()) = request.into_parts();
    front(None).admit(&mut parts, &ConnectionInfo { is_tls, ..connection() }).await.is_ok()
}

#[tokio::test]
async fn a_gateway_that_speaks_http_2_without_tls_may_call_us_what_it_likes() {
    assert!(is_admitted(Version::HTTP_2, false, "collector-cluster").await);
    assert!(!is_admitted(Version::HTTP_11, false, "rebound.example").await, "a page may have sent it");
    assert!(!is_admitted(Version::HTTP_2, true, "rebound.example").await, "browsers speak HTTP/2 over TLS");
}

#[tokio::test]
async fn a_page_is_known_by_its_origin_whatever_it_speaks() {
    let request = Request::get("/search").version(Version::HTTP_2).header("origin", "http://evil.example");
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let admitted = front(None).admit(&mut parts, &connection()).await;
    assert_eq!(admitted.map(|caller| caller.name), Err(Refusal::Origin));
}
