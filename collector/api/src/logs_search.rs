//! `GET` and `POST /api/v1/logs/search`: records, newest first.

use crate::answer_text::{AnswerText, Stopped};
use crate::cursor;
use crate::error::ApiError;
use crate::limits::{BODY_BYTES_MAX, LIMIT_DEFAULT, LIMIT_MAX, SINCE_DEFAULT};
use crate::nothing;
use crate::params::{flag, snapshot_of};
use crate::render;
use crate::routes::{Access, ApiState};
use crate::time_param;
use crate::work;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use basics::{ErrorClass, Timestamp};
use model::{Filter, RecordPosition, TimeRange};
use query::{CutShort, QueryError, QueryGuard, SearchAnswer, SearchRequest};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use service::Scope;
use std::io::Write;
use std::time::Duration;

/// What a caller may say, as query parameters or as a JSON object.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchParams {
    /// The question; empty = every record.
    #[serde(default)]
    pub(crate) q: String,
    /// How far back from now, `15m`; excludes `start` and `end`.
    pub(crate) since: Option<String>,
    /// First moment inside.
    #[serde(default, deserialize_with = "text_or_number")]
    pub(crate) start: Option<String>,
    /// First moment behind.
    #[serde(default, deserialize_with = "text_or_number")]
    pub(crate) end: Option<String>,
    /// Most records in the answer.
    #[serde(default, deserialize_with = "text_or_number")]
    pub(crate) limit: Option<String>,
    /// `next` of the previous answer.
    pub(crate) cursor: Option<String>,
    /// Only records that arrived after this sequence: for following.
    #[serde(default, deserialize_with = "text_or_number")]
    pub(crate) after: Option<String>,
    /// Tells what was passed over and what was read.
    #[serde(default, deserialize_with = "text_or_flag")]
    pub(crate) explain: Option<String>,
    /// Tells why nothing was found.
    #[serde(default, deserialize_with = "text_or_flag")]
    pub(crate) why: Option<String>,
    /// `json` or `ndjson`; else the Accept header says.
    pub(crate) format: Option<String>,
}

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    headers: HeaderMap,
    params: Result<Query<SearchParams>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(|error| ApiError::new(ErrorClass::Invalid, error.body_text()))?;
    search(state, access, &headers, params).await
}

pub(crate) async fn by_post(
    State(state): State<ApiState>,
    access: Access,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let params = params_of(&headers, request).await?;
    search(state, access, &headers, params).await
}

/// The parameters that a request's body holds.
pub(crate) async fn params_of(headers: &HeaderMap, mut request: Request) -> Result<SearchParams, ApiError> {
    if !is_json(headers) {
        return Err(ApiError::new(ErrorClass::Invalid, "the content type must be application/json"));
    }
    DefaultBodyLimit::max(BODY_BYTES_MAX).apply(&mut request);
    let body = Bytes::from_request(request, &()).await.map_err(|error| {
        let class = if error.status() == 413 { ErrorClass::TooLarge } else { ErrorClass::Invalid };
        ApiError::new(class, error.body_text())
    })?;
    serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(ErrorClass::Invalid, format!("the body is not a search: {error}")))
}

pub(crate) async fn search(
    state: ApiState,
    access: Access,
    headers: &HeaderMap,
    params: SearchParams,
) -> Result<Response, ApiError> {
    access.require(Scope::Query)?;
    let now = state.clock.now();
    let as_ndjson = wants_ndjson(params.format.as_deref(), headers)?;
    let request = SearchRequest {
        filter: parse_filter(&params.q, now)?,
        range: parse_range(params.since.as_deref(), params.start.as_deref(), params.end.as_deref(), now)?,
        limit: parse_limit(params.limit.as_deref())?,
        before: parse_cursor(params.cursor.as_deref())?,
        after_sequence: parse_after(params.after.as_deref())?,
    };
    let is_explained = flag("explain", params.explain.as_deref())?;
    let is_asked_why = flag("why", params.why.as_deref())?;
    let started = state.clock.monotonic();
    let (clock, store, memory) = (state.clock.clone(), state.store.clone(), state.pool.text_memory());
    let tenant = state.ingest.tenants().find(access.tenant());
    // Thousands of records take their time to render: on the query's thread, not on the event loop.
    let run = move |guard: &QueryGuard| {
        let snapshot = snapshot_of(&store, tenant);
        let answer = query::search(&snapshot, &request, guard)?;
        let newest_sequence = if tenant.is_some() { query::newest_sequence(&snapshot) } else { None };
        let is_nothing = answer.records.is_empty() && answer.next.is_none() && answer.cut_short.is_none();
        let nothing = match is_asked_why && is_nothing {
            true => Some(nothing::look(&snapshot, &request.filter, request.range, guard)?),
            false => None,
        };
        drop(snapshot);
        let took = || clock.monotonic().saturating_sub(started);
        render_answer(
            Answered { answer, newest_sequence, is_explained, nothing },
            as_ndjson,
            AnswerText::new(memory, guard),
            took,
        )
    };
    state.pool.run(run).await
}

pub(crate) fn parse_filter(text: &str, now: Timestamp) -> Result<Filter, ApiError> {
    search_lang::parse(text, now).map_err(|mistake| ApiError::query(&mistake))
}

/// The range of a question: `since`, or `start` and `end`, or the last hour. Without an end it is open: records
/// that are a little ahead of our clock belong to what is newest.
pub(crate) fn parse_range(
    since: Option<&str>,
    start: Option<&str>,
    end: Option<&str>,
    now: Timestamp,
) -> Result<TimeRange, ApiError> {
    const ALLOWED: &str = "allowed: 15m, 1h30m or 7d before now, RFC 3339, or a Unix time";
    const SINCE_ALLOWED: &str =
        "allowed: whole numbers, each with a unit of ns us ms s m h d w, such as 15m, 1h30m or 7d";
    if since.is_some() && (start.is_some() || end.is_some()) {
        return Err(ApiError::parameter("since", "since excludes start and end"));
    }
    let read = |name: &'static str, text: &str| {
        time_param::parse(text, now).ok_or_else(|| ApiError::parameter(name, format!("{text:?} is no time; {ALLOWED}")))
    };
    let start = match (since, start) {
        (Some(since), _) => {
            let distance = since.trim();
            let distance = distance.strip_prefix('-').unwrap_or(distance);
            search_lang::parse_time(&format!("-{distance}"), now).ok_or_else(|| {
                ApiError::parameter("since", format!("{since:?} is no length of time; {SINCE_ALLOWED}"))
            })?
        }
        (None, Some(start)) => read("start", start)?,
        (None, None) if end.is_some() => Timestamp::MIN,
        (None, None) => now.saturating_sub(SINCE_DEFAULT),
    };
    let end = end.map_or(Ok(Timestamp::MAX), |text| read("end", text))?;
    if end <= start {
        return Err(ApiError::parameter("end", format!("end ({end}) is not after start ({start})")));
    }
    Ok(TimeRange { start, end })
}

fn parse_limit(text: Option<&str>) -> Result<usize, ApiError> {
    let Some(text) = text else { return Ok(LIMIT_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| ApiError::parameter("limit", format!("limit is a whole number from 1 to {LIMIT_MAX}")))
}

fn parse_cursor(text: Option<&str>) -> Result<Option<RecordPosition>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let position = cursor::parse(text);
    position
        .map(Some)
        .ok_or_else(|| ApiError::parameter("cursor", "a cursor is the text that an earlier answer gave as next"))
}

fn parse_after(text: Option<&str>) -> Result<Option<u64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let sequence = text.parse().ok();
    sequence.map(Some).ok_or_else(|| ApiError::parameter("after", "after is the sequence of a record"))
}

pub(crate) fn wants_ndjson(format: Option<&str>, headers: &HeaderMap) -> Result<bool, ApiError> {
    match format {
        Some("json") => Ok(false),
        Some("ndjson") => Ok(true),
        Some(_) => Err(ApiError::parameter("format", "allowed formats: json, ndjson")),
        None => {
            let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
            Ok(accept.split(',').any(|kind| kind.trim().starts_with("application/x-ndjson")))
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json")
}

/// What was found, and how far the store went when it was.
struct Answered {
    answer: SearchAnswer,
    newest_sequence: Option<u64>,
    is_explained: bool,
    /// Why nothing was found, when that was asked.
    nothing: Option<serde_json::Value>,
}

/// Everything about an answer but its records.
fn summary(answered: &Answered, took: Duration) -> serde_json::Value {
    let Answered { answer, newest_sequence, .. } = answered;
    let mut summary = json!({
        "newest_sequence": newest_sequence.map(|sequence| sequence.to_string()),
        "scanned": answer.scanned,
        "matched": answer.matched,
        "took_ms": took.as_secs_f64() * 1000.0,
        "cut_short": answer.cut_short.map(query::CutShort::name),
        "next": answer.next.map(cursor::render),
    });
    if answered.is_explained {
        summary["explain"] = work::render(&answer.work);
    }
    if let Some(nothing) = &answered.nothing {
        summary["nothing"] = nothing.clone();
    }
    summary
}

/// Writes an answer: its records, then everything else. As NDJSON that is one record a line, and last a line with the
/// key `summary`, so that a cut-short answer cannot pass for a whole one.
fn render_answer(
    mut answered: Answered,
    as_ndjson: bool,
    mut text: AnswerText<'_>,
    took: impl FnOnce() -> Duration,
) -> Result<Response, ApiError> {
    let (begin, between, after) = if as_ndjson { ("", "", "\n") } else { ("{\"records\":[", ",", "") };
    let mut shown = None;
    let answer = &mut answered.answer;
    for record in &answer.records {
        let before = if shown.is_none() { begin } else { between };
        let written = text.piece(|text| {
            text.write_all(before.as_bytes())?;
            serde_json::to_writer(&mut *text, &render::record(record))?;
            text.write_all(after.as_bytes())
        });
        match written {
            Ok(()) => shown = Some(record.position),
            Err(Stopped::Cancelled) => return Err(QueryError::Cancelled.into()),
            Err(Stopped::Memory) if shown.is_none() => return Err(no_room()),
            Err(Stopped::Memory) => {
                answer.cut_short = answer.cut_short.into_iter().chain([CutShort::Memory]).min();
                answer.next = shown;
                break;
            }
        }
    }
    let summary = summary(&answered, took()).to_string();
    let (content_type, end) = if as_ndjson {
        ("application/x-ndjson", format!("{{\"summary\":{summary}}}\n"))
    } else {
        let begin = if shown.is_none() { begin } else { "" };
        ("application/json", format!("{begin}],{}", summary.strip_prefix('{').unwrap_or(&summary)))
    };
    // The records go before their text waits for its reader.
    drop(answered);
    Ok(([(header::CONTENT_TYPE, content_type)], text.into_body(end)).into_response())
}

pub(crate) fn no_room() -> ApiError {
    ApiError::new(ErrorClass::Overloaded, "the memory of searches is in use; try again, or ask for fewer records")
}

/// Programs send true and false, pages send text.
fn text_or_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrFlag {
        Text(String),
        Flag(bool),
    }
    Ok(Option::<TextOrFlag>::deserialize(deserializer)?.map(|value| match value {
        TextOrFlag::Text(text) => text,
        TextOrFlag::Flag(flag) => flag.to_string(),
    }))
}

/// Programs send numbers, pages send text.
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrNumber {
        Text(String),
        Number(i64),
    }
    Ok(Option::<TextOrNumber>::deserialize(deserializer)?.map(|value| match value {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
    }))
}

#[cfg(test)]
mod tests;
