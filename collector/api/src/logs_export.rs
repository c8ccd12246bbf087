//! `GET /api/v1/logs/export`: everything that matches, newest first, as NDJSON or CSV.
//!
//! A thread reads and writes chunks into a short queue; when the reader is slow, it waits there. What it holds is bounded
//! by the queue and by the row groups that are open, not by how much matches. From time to time it takes a new snapshot
//! and goes on where it was, so that a long export keeps nothing from being removed.
//!
//! Always true:
//! - records come in exact order, each once;
//! - an export that ends before its end says so: NDJSON in its last line, which always has the key `summary`, CSV in a
//!   last line that begins with `# cut short`; and one whose thread failed breaks off;
//! - one whose token no longer permits it ends with the chunk that is being written.
//!
//! Start at [`by_get`].

use crate::csv;
use crate::cursor;
use crate::error::ApiError;
use crate::limits::{CHUNK_BYTES, EXPORT_PATIENCE, EXPORT_QUEUE_CHUNKS, EXPORT_SNAPSHOT_MAX, EXPORTS_MAX};
use crate::logs_search::{parse_filter, parse_range};
use crate::params::{Params, given, snapshot_of};
use crate::query_pool::StopOnDrop;
use crate::render;
use crate::routes::{Access, ApiState};
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use basics::{ErrorClass, MemoryBudget, Reservation, TenantId};
use bytes::Bytes;
use http_body::Frame;
use model::{Field, RecordPosition};
use query::{CutShort, ExportEnd, ExportRequest, ExportRow};
use serde::Deserialize;
use serde_json::json;
use service::{Scope, Shutdown};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The exports that run.
pub(crate) struct Exports {
    places: Arc<Semaphore>,
    stop: Shutdown,
}

impl Exports {
    pub(crate) fn new(stop: Shutdown) -> Exports {
        Exports { places: Arc::new(Semaphore::new(EXPORTS_MAX)), stop }
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        if self.stop.is_requested() {
            return Err(ApiError::new(ErrorClass::Unavailable, "the collector is stopping; try again soon"));
        }
        self.places.clone().try_acquire_owned().map_err(|_| {
            let message = format!("{EXPORTS_MAX} exports run already; try again when one has ended");
            ApiError::new(ErrorClass::Overloaded, message)
        })
    }
}

/// What a caller may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportParams {
    #[serde(default)]
    q: String,
    since: Option<String>,
    start: Option<String>,
    end: Option<String>,
    /// Most records; without it all.
    limit: Option<String>,
    /// `next` of an export that was cut short.
    cursor: Option<String>,
    format: Option<String>,
    /// Columns of CSV, in this order.
    columns: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Ndjson,
    Csv,
}

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    params: Params<ExportParams>,
) -> Result<Response, ApiError> {
    access.require(Scope::Query)?;
    let params = given(params)?;
    let now = state.clock.now();
    let format = match params.format.as_deref() {
        None | Some("ndjson") => Format::Ndjson,
        Some("csv") => Format::Csv,
        Some(_) => return Err(ApiError::parameter("format", "allowed formats: ndjson, csv")),
    };
    let request = ExportRequest {
        filter: parse_filter(&params.q, now)?,
        range: parse_range(params.since.as_deref(), params.start.as_deref(), params.end.as_deref(), now)?,
        before: params.cursor.as_deref().map(parse_cursor).transpose()?,
        columns: params.columns.as_deref().map(|text| parse_columns(text, format)).transpose()?,
    };
    let limit = parse_limit(params.limit.as_deref())?;
    let place = state.exports.admit()?;
    let (sender, receiver) = channel(EXPORT_QUEUE_CHUNKS);
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let pool = state.pool.clone();
    let job = Job {
        tenant: state.ingest.tenants().find(access.tenant()),
        request,
        limit,
        format,
        out: Writer {
            bytes: Vec::new(),
            memory: state.pool.text_memory(),
            reservation: None,
            sender,
            is_cancelled: is_cancelled.clone(),
            stop: state.exports.stop.clone(),
            access,
            broken: None,
        },
        is_cancelled: is_cancelled.clone(),
        state,
    };
    // The thread ends when the reader has gone: the queue is closed then. What it was given goes with it.
    drop(pool.threads().spawn(move || {
        job.run();
        drop(place);
    }));
    let (content_type, name) = match format {
        Format::Ndjson => ("application/x-ndjson", "attachment; filename=\"logs.ndjson\""),
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"logs.csv\""),
    };
    let headers = [(header::CONTENT_TYPE, content_type), (header::CONTENT_DISPOSITION, name)];
    let body = ExportBody { receiver, has_ended: false, _stop: StopOnDrop(is_cancelled) };
    Ok((headers, Body::new(body)).into_response())
}

fn parse_cursor(text: &str) -> Result<RecordPosition, ApiError> {
    cursor::parse(text)
        .ok_or_else(|| ApiError::parameter("cursor", "a cursor is the text that an earlier answer gave as next"))
}

fn parse_limit(text: Option<&str>) -> Result<u64, ApiError> {
    let Some(text) = text else { return Ok(u64::MAX) };
    let limit = text.parse().ok().filter(|limit| *limit > 0);
    limit.ok_or_else(|| ApiError::parameter("limit", "limit is a whole number from 1 on; without it all is exported"))
}

fn parse_columns(text: &str, format: Format) -> Result<Vec<Field>, ApiError> {
    if format != Format::Csv {
        return Err(ApiError::parameter("columns", "columns are of format=csv; NDJSON has whole records"));
    }
    search_lang::parse_fields(text).map_err(|mistake| ApiError::parameter("columns", mistake.to_string()))
}

/// Why an export ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// Nobody reads it any more.
    Gone,
    Memory,
    Stopping,
    /// The token no longer permits it.
    Revoked,
}

struct Job {
    state: ApiState,
    tenant: Option<TenantId>,
    request: ExportRequest,
    limit: u64,
    format: Format,
    out: Writer,
    is_cancelled: Arc<AtomicBool>,
}

impl Job {
    fn run(mut self) {
        let started = self.state.clock.monotonic();
        if self.format == Format::Csv {
            let header = csv::header(self.request.columns.as_deref());
            if self.out.put(header.as_bytes()).is_break() {
                return;
            }
        }
        let (mut records, mut scanned) = (0, 0);
        let cut_short = loop {
            let left = self.limit - records;
            if left == 0 {
                break None;
            }
            let guard = self.state.pool.guard(EXPORT_SNAPSHOT_MAX, self.is_cancelled.clone());
            let snapshot = snapshot_of(&self.state.store, self.tenant);
            let (format, out) = (self.format, &mut self.out);
            let mut taken = 0;
            let mut take = |row: ExportRow| {
                out.row(format, &row)?;
                taken += 1;
                if taken == left { ControlFlow::Break(ExportEnd::Enough) } else { ControlFlow::Continue(()) }
            };
            let exported = query::export(&snapshot, &self.request, &guard, &mut take);
            drop(snapshot);
            records += taken;
            let answer = match exported {
                Ok(answer) => answer,
                // The filter was read by the same rules before; what is left is that the caller has gone.
                Err(_) => return,
            };
            scanned += answer.scanned;
            let before = self.request.before;
            match (self.out.broken, answer.cut_short) {
                (Some(Broken::Gone), _) => return,
                (Some(Broken::Stopping), _) => break Some(("stopping", answer.next)),
                (Some(Broken::Revoked), _) => {
                    self.out.access.tell_revoked("export");
                    break Some(("revoked", answer.next));
                }
                (Some(Broken::Memory), _) => break Some((CutShort::Memory.name(), answer.next)),
                (None, _) if taken == left => break None,
                // It was time for a new snapshot.
                (None, Some(CutShort::Deadline)) if answer.next.is_some() && answer.next != before => {
                    self.request.before = answer.next;
                }
                (None, reason) => break reason.map(|reason| (reason.name(), answer.next)),
            }
        };
        let took = self.state.clock.monotonic().saturating_sub(started);
        let end = self.end(records, scanned, cut_short, took);
        self.out.finish(&end);
    }

    fn end(
        &self,
        records: u64,
        scanned: u64,
        cut_short: Option<(&'static str, Option<RecordPosition>)>,
        took: Duration,
    ) -> String {
        let next = cut_short.and_then(|(_, next)| next).map(cursor::render);
        match (self.format, cut_short) {
            (Format::Ndjson, _) => {
                let summary = json!({
                    "records": records,
                    "scanned": scanned,
                    "took_ms": took.as_secs_f64() * 1000.0,
                    "cut_short": cut_short.map(|(reason, _)| reason),
                    "next": next,
                });
                format!("{}\n", json!({ "summary": summary }))
            }
            (Format::Csv, None) => String::new(),
            (Format::Csv, Some((reason, _))) => {
                let next = next.map(|next| format!("; go on with cursor={next}")).unwrap_or_default();
                format!("# cut short: {reason}{next}\r\n")
            }
        }
    }
}

/// What goes through the queue.
enum Piece {
    Chunk(Bytes),
    /// All was said.
    End,
}

/// A chunk that is being written, and the queue behind it.
struct Writer {
    bytes: Vec<u8>,
    memory: MemoryBudget,
    reservation: Option<Reservation>,
    sender: Sender<Piece>,
    is_cancelled: Arc<AtomicBool>,
    stop: Shutdown,
    access: Access,
    broken: Option<Broken>,
}

/// Bytes on their way, charged until they are sent.
struct Charged {
    bytes: Vec<u8>,
    _memory: Reservation,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Writer {
    fn row(&mut self, format: Format, row: &ExportRow) -> ControlFlow<ExportEnd> {
        let text = match (format, row) {
            (Format::Csv, ExportRow::Cells(cells)) => csv::cells(cells),
            (Format::Csv, ExportRow::Record(record)) => csv::record(record),
            (Format::Ndjson, ExportRow::Record(record)) => format!("{}\n", render::record(record)),
            (Format::Ndjson, ExportRow::Cells(_)) => String::new(),
        };
        self.put(text.as_bytes())
    }

    /// Writes all of a text or nothing of it.
    fn put(&mut self, text: &[u8]) -> ControlFlow<ExportEnd> {
        if self.stop.is_requested() {
            return self.break_off(Broken::Stopping);
        }
        // Once for each chunk.
        if self.bytes.is_empty() && !self.access.may_still(Scope::Query) {
            return self.break_off(Broken::Revoked);
        }
        let wanted = (self.bytes.len() + text.len()).max(CHUNK_BYTES) as u64;
        if !self.reserve(wanted) {
            return self.break_off(Broken::Memory);
        }
        self.bytes.extend_from_slice(text);
        if self.bytes.len() >= CHUNK_BYTES { self.send() } else { ControlFlow::Continue(()) }
    }

    /// Waits a while for memory: others are giving it back.
    fn reserve(&mut self, bytes: u64) -> bool {
        let pause = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        loop {
            let has_room = match &mut self.reservation {
                Some(reservation) => reservation.bytes() >= bytes || reservation.try_grow_to(bytes),
                None => {
                    self.reservation = self.memory.try_reserve(bytes);
                    self.reservation.is_some()
                }
            };
            if has_room {
                return true;
            }
            if waited >= EXPORT_PATIENCE || self.stop.is_requested() || self.sender.is_closed() {
                return false;
            }
            std::thread::sleep(pause);
            waited += pause;
        }
    }

    fn send(&mut self) -> ControlFlow<ExportEnd> {
        let bytes = std::mem::take(&mut self.bytes);
        let Some(memory) = self.reservation.take() else { return ControlFlow::Continue(()) };
        let chunk = Bytes::from_owner(Charged { bytes, _memory: memory });
        match self.sender.blocking_send(Piece::Chunk(chunk)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => self.break_off(Broken::Gone),
        }
    }

    fn break_off(&mut self, broken: Broken) -> ControlFlow<ExportEnd> {
        if broken == Broken::Gone {
            self.is_cancelled.store(true, std::sync::atomic::Ordering::Release);
        }
        self.broken.get_or_insert(broken);
        ControlFlow::Break(ExportEnd::Refused)
    }

    /// Sends what is left and the end, which is short: there is always room for it.
    fn finish(mut self, end: &str) {
        if !self.bytes.is_empty() && self.send().is_break() {
            return;
        }
        let end = (!end.is_empty()).then(|| Piece::Chunk(end.to_owned().into()));
        for piece in end.into_iter().chain([Piece::End]) {
            if self.sender.blocking_send(piece).is_err() {
                return;
            }
        }
    }
}

/// The chunks, as they come.
struct ExportBody {
    receiver: Receiver<Piece>,
    has_ended: bool,
    /// The thread may be reading for long without anything to send.
    _stop: StopOnDrop,
}

/// The thread that made an export failed; that stands in the log.
#[derive(Debug, thiserror::Error)]
#[error("the export failed")]
struct ExportFailed;

impl http_body::Body for ExportBody {
    type Data = Bytes;
    type Error = ExportFailed;

    fn poll_frame(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ExportFailed>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        match self.receiver.poll_recv(ctx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Piece::Chunk(bytes))) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Poll::Ready(Some(Piece::End)) => {
                self.has_ended = true;
                Poll::Ready(None)
            }
            Poll::Ready(None) => {
                self.has_ended = true;
                Poll::Ready(Some(Err(ExportFailed)))
            }
        }
    }
}
