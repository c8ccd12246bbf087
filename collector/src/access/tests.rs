use super::*;
use crate::whole_body::json_of;
use http::Request;

fn asked(table: fn(&Method, &str) -> Access, path: &str) -> Access {
    table(&Method::GET, path)
}

#[test]
fn health_and_the_start_page_ask_for_nothing_and_data_asks_for_a_scope() {
    for path in ["/", "/healthz", "/readyz", "/api/v1/openapi.json"] {
        assert_eq!(asked(web, path), Access::Open, "{path}");
    }
    for path in ["/api/v1/logs/search", "/api/v1/logs/query", "/api/v1/logs/histogram", "/api/v1/ingest"] {
        assert_eq!(asked(web, path), Access::Needs(Scope::Query), "{path}");
    }
    assert_eq!(asked(web, "/metrics"), Access::Needs(Scope::Admin), "it names all tenants");
    assert_eq!(asked(web, "/api/v1/logs/delete"), Access::Needs(Scope::Admin), "who searches may not delete");
    assert_eq!(asked(otlp, "/v1/logs"), Access::Needs(Scope::Ingest));
    assert_eq!(asked(otlp, "/grpc.health.v1.Health/Check"), Access::Open);
}

#[test]
fn a_path_that_nobody_declared_is_closed_even_beside_a_declared_one() {
    for path in ["/api/v1/logs/search/", "/api/v1/logs/deleted", "/METRICS", "/healthz/x", "/metrics/x", ""] {
        assert_eq!(asked(web, path), Access::Denied, "{path}");
    }
}

#[test]
fn the_published_api_is_declared_path_by_path() {
    let published = include_str!("../../api/src/openapi.json");
    let document: serde_json::Value = serde_json::from_str(published).unwrap();
    for (path, _) in document["paths"].as_object().unwrap() {
        assert_ne!(asked(web, path), Access::Denied, "{path} is published and closed");
    }
}

#[track_caller]
fn check(refusal: Refusal, status: u16, class: &str) {
    let (parts, ()) = Request::get("/x").body(()).unwrap().into_parts();
    let response = refuse_on_web(&refusal, &parts);
    assert_eq!(response.status(), status, "{refusal:?}");
    assert_eq!(response.headers().contains_key(WWW_AUTHENTICATE), status == 401);
    let body = json_of(response);
    assert_eq!(body["error"]["class"], class, "{body}");
    assert!(body["error"]["message"].as_str().is_some_and(|message| message.len() > 10), "{body}");
}

#[test]
fn a_refusal_reads_like_every_other_error_of_the_api() {
    check(Refusal::NoCredential, 401, "forbidden");
    check(Refusal::Scope(Scope::Query), 403, "forbidden");
    check(Refusal::Path, 400, "invalid");
    check(Refusal::Internal, 500, "internal");
    check(Refusal::Closed, 404, "not_found");
}
