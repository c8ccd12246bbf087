//! What each path asks of its caller, and how a request that may not pass is answered.
//!
//! Always true: a path that no table names is closed. Whoever is known hears 404 for it, whoever is not hears why.

use basics::ErrorClass;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::json;
use service::{Access, Refusal, ResponseBody, Scope, full};

/// Where load balancers and sidecars ask a gRPC server whether it serves.
const GRPC_HEALTH: &str = "/grpc.health.v1.Health/Check";

/// The listeners for OTLP: telemetry in, and nothing else.
pub(crate) fn otlp(_method: &Method, path: &str) -> Access {
    // Every other path is answered by the face in its protocol's words, with the path to use instead.
    if path == GRPC_HEALTH { Access::Open } else { Access::Needs(Scope::Ingest) }
}

/// The listener for people and programs that ask.
pub(crate) fn web(_method: &Method, path: &str) -> Access {
    match path {
        // Pages that show nothing of what is stored; health is asked by those who hold no token.
        "/" | "/healthz" | "/readyz" | "/api/v1/openapi.json" => Access::Open,
        "/api/v1/logs/search"
        | "/api/v1/logs/query"
        | "/api/v1/logs/histogram"
        | "/api/v1/logs/fields"
        | "/api/v1/logs/field-values"
        | "/api/v1/logs/patterns"
        | "/api/v1/logs/context"
        | "/api/v1/logs/tail"
        | "/api/v1/logs/export"
        | "/api/v1/ingest" => Access::Needs(Scope::Query),
        // Records go for good; a backup holds those of all tenants.
        "/api/v1/logs/delete" | "/api/v1/backup" => Access::Needs(Scope::Admin),
        // The metrics name all tenants.
        "/metrics" => Access::Needs(Scope::Admin),
        _ => Access::Denied,
    }
}

/// Answers a refusal in the form of the API's errors.
pub(crate) fn refuse_on_web(refusal: &Refusal, _request: &Parts) -> Response<ResponseBody> {
    let (status, class, message) = match refusal {
        Refusal::Closed => {
            let message = "there is no such page; /api/v1/openapi.json lists what there is".to_owned();
            (StatusCode::NOT_FOUND, ErrorClass::NotFound, message)
        }
        Refusal::Path
        | Refusal::Host
        | Refusal::Origin
        | Refusal::HeaderTooLarge
        | Refusal::NoCredential
        | Refusal::UnknownCredential
        | Refusal::UnmappedCertificate
        | Refusal::Scope(_)
        | Refusal::Tenant
        | Refusal::Internal => (refusal.status(), refusal.class(), refusal.to_string()),
    };
    let body = json!({ "error": { "class": class.name(), "message": message } });
    let mut response = Response::new(full(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if class.is_retryable() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

#[cfg(test)]
mod tests;
