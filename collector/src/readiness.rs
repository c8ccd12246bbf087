//! `/readyz`: whether requests are taken, why not, and how far the replay is.
//!
//! A collector is ready as soon as the end of its log is found: from then on requests are taken. That a replay is
//! running is shown beside it, and every search says `cut_short: replaying` until it is done.

use basics::TenantId;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use ingest::{LogIngest, LogView};
use log_store::LogStore;
use serde_json::{Map, Value, json};
use service::{Health, ResponseBody, full};
use std::sync::Arc;

/// Answers for the collector; the process notes in its [`Health`] what else is waited for.
#[derive(Clone)]
pub(crate) struct Readiness {
    health: Health,
    ingest: Arc<LogIngest>,
    store: Arc<LogStore>,
    /// Position of the first entry that a replay reads.
    replay_first: u64,
}

/// What the answer is made of.
struct Facts {
    /// What is waited for, by the part that is not ready.
    waiting: Vec<(String, String)>,
    is_replaying: bool,
    replayed_entries: u64,
    replay_entries: u64,
}

impl Readiness {
    pub(crate) fn new(health: Health, ingest: Arc<LogIngest>, store: Arc<LogStore>, replay_first: u64) -> Readiness {
        Readiness { health, ingest, store, replay_first }
    }

    pub(crate) fn answer(&self) -> Response<ResponseBody> {
        let mut waiting: Vec<(String, String)> =
            self.health.reasons().into_iter().map(|(part, reason)| (part.to_owned(), reason)).collect();
        waiting.extend(wal_reason(&self.ingest.log_view()).map(|reason| ("wal".to_owned(), reason.to_owned())));
        let (position, end) = self.ingest.replay_progress();
        let before_first = self.replay_first.saturating_sub(1);
        answer(&Facts {
            waiting,
            is_replaying: self.store.snapshot(TenantId::DEFAULT).is_replaying(),
            replayed_entries: position.saturating_sub(before_first),
            replay_entries: end.saturating_sub(before_first),
        })
    }
}

/// Why the log takes nothing.
pub(crate) fn wal_reason(log: &LogView) -> Option<&'static str> {
    match log.condition {
        "ok" => None,
        "disk_full" => {
            Some("disk_full: the disk has no room for the write-ahead log; make room, and it goes on by itself")
        }
        "log_full" => Some("log_full: the write-ahead log is at its budget (collector.wal.budget)"),
        "read_only" => {
            Some("read_only: the disk refused writes of the write-ahead log; it is tried again every few seconds")
        }
        _ => Some("the write-ahead log takes no entries"),
    }
}

fn answer(facts: &Facts) -> Response<ResponseBody> {
    let replay = json!({
        "is_replaying": facts.is_replaying,
        "replayed_entries": facts.replayed_entries,
        "entries": facts.replay_entries,
    });
    let is_ready = facts.waiting.is_empty();
    let mut body = Map::new();
    body.insert("status".to_owned(), if is_ready { "ready" } else { "waiting" }.into());
    if !is_ready {
        let reasons = facts.waiting.iter().map(|(part, reason)| (part.clone(), Value::from(reason.as_str())));
        body.insert("waiting_for".to_owned(), reasons.collect::<Map<_, _>>().into());
    }
    body.insert("replay".to_owned(), replay);
    let mut response = Response::new(full(Value::from(body).to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !is_ready {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

#[cfg(test)]
mod tests;
