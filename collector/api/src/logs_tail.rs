//! `GET /api/v1/logs/tail`: records as they arrive, as server-sent events.
//!
//! Every client looks at the store by itself, a few times a second, for what came behind the last sequence that it was
//! given. Whoever appends knows nothing of clients and never waits for one. What came meanwhile to a client that reads
//! slowly is given in later answers, or, when it is too much, left out and counted.
//!
//! Always true:
//! - a record that matches is given once or counted as missed, whatever is sealed or merged meanwhile;
//! - a client holds no snapshot and no text while it waits; the looks of all clients together take one thread at a time;
//! - a stream ends when the process stops or its token no longer permits it, with an event that says so.
//!
//! Start at [`by_get`]; one step of a stream is [`Follower::next`].

use crate::error::ApiError;
use crate::limits::{
    TAIL_BACKLOG_RECORDS, TAIL_CHUNK_BYTES, TAIL_CLIENTS_MAX, TAIL_CLIENTS_PER_TENANT_MAX, TAIL_INTERVAL,
    TAIL_QUIET_MAX, TAIL_RECORDS, TAIL_ROUND_MAX,
};
use crate::logs_search::parse_filter;
use crate::params::{Params, given, snapshot_of};
use crate::render;
use crate::routes::{Access, ApiState};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use basics::{ErrorClass, MemoryBudget, Reservation, TenantName};
use bytes::Bytes;
use http_body::Frame;
use log_store::LogStore;
use model::Filter;
use query::{CutShort, QueryGuard, TailAnswer, TailRequest, newest_sequence};
use serde::Deserialize;
use serde_json::json;
use service::{Scope, Shutdown};
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The clients that follow.
pub(crate) struct Tails {
    open: Mutex<HashMap<TenantName, usize>>,
    /// One look at a time.
    turns: Arc<Semaphore>,
    stop: Shutdown,
}

impl Tails {
    pub(crate) fn new(stop: Shutdown) -> Tails {
        Tails { open: Mutex::default(), turns: Arc::new(Semaphore::new(1)), stop }
    }

    /// Takes a client in, or says why not.
    fn admit(self: &Arc<Tails>, tenant: &TenantName) -> Result<Place, ApiError> {
        if self.stop.is_requested() {
            return Err(ApiError::new(ErrorClass::Unavailable, "the collector is stopping; try again soon"));
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let own = open.entry(tenant.clone()).or_default();
        if all >= TAIL_CLIENTS_MAX || *own >= TAIL_CLIENTS_PER_TENANT_MAX {
            let message = format!(
                "{TAIL_CLIENTS_MAX} clients follow at most, {TAIL_CLIENTS_PER_TENANT_MAX} of one tenant; close one, or ask /api/v1/logs/search with after"
            );
            return Err(ApiError::new(ErrorClass::Overloaded, message));
        }
        *own += 1;
        Ok(Place { tails: self.clone(), tenant: tenant.clone() })
    }
}

/// The place of one client; given back when it is gone.
struct Place {
    tails: Arc<Tails>,
    tenant: TenantName,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.tails.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.tenant);
            }
        }
    }
}

/// What a caller may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TailParams {
    #[serde(default)]
    q: String,
    /// Goes on behind this sequence, or with `start` from the first record that is stored, instead of from now on.
    after: Option<String>,
}

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    headers: HeaderMap,
    params: Params<TailParams>,
) -> Result<Response, ApiError> {
    access.require(Scope::Query)?;
    let params = given(params)?;
    let filter = parse_filter(&params.q, state.clock.now())?;
    // A browser that connects again says by itself how far it came; that is later than what the page once asked for.
    let last_event = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("not text"));
    let start = match (last_event.filter(|id| !id.is_empty()), params.after.as_deref()) {
        (Some(id), _) => Start::Behind(sequence("Last-Event-ID", id)?),
        (None, Some("start")) => Start::First,
        (None, Some(after)) => Start::Behind(sequence("after", after)?),
        (None, None) => Start::Now,
    };
    let place = state.tails.admit(access.tenant())?;
    let follower = Follower {
        state,
        access,
        place,
        filter: Arc::new(filter),
        start,
        after: None,
        quiet: Duration::ZERO,
        has_ended: false,
    };
    let body = Body::new(TailBody { step: Some(Box::pin(follower.next())) });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies in front are not to collect events.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
}

fn sequence(name: &'static str, text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| ApiError::parameter(name, format!("{name} is the sequence of a record")))
}

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Behind what is stored when the stream begins.
    Now,
    /// With the first record that is stored.
    First,
    Behind(u64),
    /// It has begun.
    Past,
}

/// One client's stream.
struct Follower {
    state: ApiState,
    access: Access,
    place: Place,
    filter: Arc<Filter>,
    start: Start,
    after: Option<u64>,
    /// How long nothing was sent.
    quiet: Duration,
    has_ended: bool,
}

/// What a look brought.
enum Look {
    /// Records of the time before a restart are being read back.
    Replaying,
    Begun {
        after: Option<u64>,
    },
    Arrived {
        text: Option<Bytes>,
        next: Option<u64>,
        has_more: bool,
    },
}

type Step = Pin<Box<dyn Future<Output = Option<(Follower, Bytes)>> + Send>>;

impl Follower {
    /// Waits for the next piece of the stream; `None` is its end.
    async fn next(mut self) -> Option<(Follower, Bytes)> {
        let stop = self.place.tails.stop.clone();
        loop {
            if self.has_ended {
                return None;
            }
            if stop.is_requested() {
                return Some(self.ended("stopping"));
            }
            let look = self.look().await;
            // Asked behind the look, which may have waited for those of others.
            if !self.access.may_still(Scope::Query) {
                self.access.tell_revoked("live tail");
                return Some(self.ended("revoked"));
            }
            match look {
                Look::Replaying => {}
                Look::Begun { after } => {
                    self.after = after;
                    self.start = Start::Past;
                    let shown = after.map(|after| after.to_string());
                    return Some((self, event("begin", after, &json!({ "after": shown })).into()));
                }
                Look::Arrived { text, next, has_more } => {
                    self.after = next;
                    if let Some(text) = text {
                        self.quiet = Duration::ZERO;
                        return Some((self, text));
                    }
                    if has_more {
                        continue;
                    }
                }
            }
            if self.quiet >= TAIL_QUIET_MAX {
                self.quiet = Duration::ZERO;
                // A comment, and how far the stream came: whoever connects again need not be told of all that before.
                let id = self.after.map(|after| format!("id: {after}\n")).unwrap_or_default();
                return Some((self, format!(":\n{id}\n").into()));
            }
            self.quiet += TAIL_INTERVAL;
            tokio::select! {
                () = stop.requested() => {}
                () = tokio::time::sleep(TAIL_INTERVAL) => {}
            }
        }
    }

    fn ended(mut self, reason: &str) -> (Follower, Bytes) {
        self.has_ended = true;
        let text = event("end", self.after, &json!({ "reason": reason }));
        (self, text.into())
    }

    async fn look(&self) -> Look {
        let tenant = self.state.ingest.tenants().find(&self.place.tenant);
        let (store, start, after) = (self.state.store.clone(), self.start, self.after);
        let (filter, memory) = (self.filter.clone(), self.state.pool.text_memory());
        let work = move |guard: &QueryGuard| look(&store, tenant, start, after, &filter, memory, guard);
        match self.state.pool.run_aside(&self.place.tails.turns, TAIL_ROUND_MAX, work).await {
            Some(look) => look,
            // It panicked, which is in the log. What it looked at is looked at again.
            None => Look::Arrived { text: None, next: self.after, has_more: false },
        }
    }
}

fn look(
    store: &LogStore,
    tenant: Option<basics::TenantId>,
    start: Start,
    after: Option<u64>,
    filter: &Filter,
    memory: MemoryBudget,
    guard: &QueryGuard,
) -> Look {
    let snapshot = snapshot_of(store, tenant);
    if snapshot.is_replaying() || store.is_replaying() {
        return Look::Replaying;
    }
    let newest = newest_sequence(&snapshot);
    match start {
        Start::Now => return Look::Begun { after: newest },
        Start::First => return Look::Begun { after: None },
        // What is not stored yet cannot have been seen: another store was meant, or all that was in it is gone.
        Start::Behind(after) => return Look::Begun { after: newest.map(|newest| after.min(newest)).or(Some(after)) },
        Start::Past => {}
    }
    let request =
        TailRequest { filter: filter.clone(), after, records_max: TAIL_RECORDS, backlog_max: TAIL_BACKLOG_RECORDS };
    match query::tail(&snapshot, &request, guard) {
        Ok(answer) => arrived(answer, memory),
        // Nobody is there, or a filter that was fine before is not: the stream goes on as it was.
        Err(_) => Look::Arrived { text: None, next: after, has_more: false },
    }
}

/// Writes what arrived as events, as much as one chunk takes.
fn arrived(answer: TailAnswer, memory: MemoryBudget) -> Look {
    let mut text = Text { bytes: Vec::new(), memory: memory.try_reserve(0) };
    if let Some(reason) = answer.cut_short {
        let missed = json!({ "records": null, "reason": CutShort::name(reason) });
        text.put(&event("missed", answer.next, &missed));
        return Look::Arrived { text: text.into_bytes(), next: answer.next, has_more: answer.has_more };
    }
    if answer.missed > 0 {
        text.put(&event("missed", None, &json!({ "records": answer.missed, "reason": "too_slow" })));
    }
    let last = answer.records.len().saturating_sub(1);
    for (place, record) in answer.records.iter().enumerate() {
        let sequence = record.position.sequence;
        let shown = format!("id: {sequence}\ndata: {}\n\n", render::record(record));
        if !text.put(&shown) {
            // There is no memory for it now. It comes with the next look, or is counted when that is too late.
            let before = place.checked_sub(1).and_then(|before| answer.records.get(before));
            let next = before.map_or(sequence.checked_sub(1), |before| Some(before.position.sequence));
            return Look::Arrived { text: text.into_bytes(), next, has_more: false };
        }
        if text.bytes.len() >= TAIL_CHUNK_BYTES && place < last {
            return Look::Arrived { text: text.into_bytes(), next: Some(sequence), has_more: true };
        }
    }
    Look::Arrived { text: text.into_bytes(), next: answer.next, has_more: answer.has_more }
}

/// An event; `id` is how far whoever has it came.
fn event(name: &str, id: Option<u64>, data: &serde_json::Value) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: {name}\n{id}data: {data}\n\n")
}

/// A chunk of the stream, charged until it is sent.
struct Text {
    bytes: Vec<u8>,
    memory: Option<Reservation>,
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Text {
    /// Appends a text when there is memory for it.
    fn put(&mut self, text: &str) -> bool {
        let wanted = (self.bytes.len() + text.len()) as u64;
        let has_room = self.memory.as_mut().is_some_and(|memory| memory.try_grow_to(wanted));
        if has_room {
            self.bytes.extend_from_slice(text.as_bytes());
        }
        has_room
    }

    fn into_bytes(self) -> Option<Bytes> {
        (!self.bytes.is_empty()).then(|| Bytes::from_owner(self))
    }
}

/// The stream as a body: each frame is the outcome of one step.
struct TailBody {
    step: Option<Step>,
}

impl http_body::Body for TailBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(step) = &mut self.step else { return Poll::Ready(None) };
        match step.as_mut().poll(ctx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.step = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some((follower, bytes))) => {
                self.step = Some(Box::pin(follower.next()));
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }
}

#[cfg(test)]
mod tests;
