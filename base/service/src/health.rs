//! Whether the process lives (`/healthz`) and whether it takes work (`/readyz`), with the reasons.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderValue, Response, StatusCode, header};

use crate::limits::HEALTH_REASONS_MAX;
use crate::refusal::full;
use crate::server::ResponseBody;

/// Why the process is not ready, by the part that is not. Clones share the reasons.
#[derive(Debug, Clone, Default)]
pub struct Health {
    waiting: Arc<Mutex<BTreeMap<&'static str, String>>>,
}

impl Health {
    /// Ready.
    pub fn new() -> Health {
        Health::default()
    }

    /// Notes that `part` is not ready.
    pub fn wait_for(&self, part: &'static str, reason: impl Into<String>) {
        let mut waiting = self.lock();
        if waiting.len() < HEALTH_REASONS_MAX || waiting.contains_key(part) {
            waiting.insert(part, reason.into());
        }
    }

    /// Notes that `part` is ready.
    pub fn ready(&self, part: &'static str) {
        self.lock().remove(part);
    }

    /// Tells whether every part is ready.
    pub fn is_ready(&self) -> bool {
        self.lock().is_empty()
    }

    /// The parts that are not ready, with their reasons.
    pub fn reasons(&self) -> Vec<(&'static str, String)> {
        self.lock().iter().map(|(part, reason)| (*part, reason.clone())).collect()
    }

    /// The answer to `/healthz` and `/readyz`; `None` for other paths.
    pub fn answer(&self, path: &str) -> Option<Response<ResponseBody>> {
        match path {
            "/healthz" => Some(json(StatusCode::OK, &serde_json::json!({ "status": "alive" }))),
            "/readyz" => Some(self.readiness()),
            _ => None,
        }
    }

    fn readiness(&self) -> Response<ResponseBody> {
        let reasons = self.reasons();
        if reasons.is_empty() {
            return json(StatusCode::OK, &serde_json::json!({ "status": "ready" }));
        }
        let waiting: BTreeMap<_, _> = reasons.into_iter().collect();
        let body = serde_json::json!({ "status": "waiting", "waiting_for": waiting });
        let mut response = json(StatusCode::SERVICE_UNAVAILABLE, &body);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        response
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response<ResponseBody> {
    let mut response = Response::new(full(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
