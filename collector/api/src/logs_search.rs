//! `GET` and `POST /api/v1/logs/search`: records, newest first.

use crate::cursor;
use crate::error::ApiError;
use crate::limits::{BODY_BYTES_MAX, LIMIT_DEFAULT, LIMIT_MAX, SINCE_DEFAULT};
use crate::render;
use crate::routes::{Access, ApiState};
use crate::time_param;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use basics::{ErrorClass, Timestamp};
use model::{Filter, RecordPosition, TimeRange};
use query::{SearchAnswer, SearchRequest};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use service::Scope;
use std::time::Duration;

/// What a caller may say, as query parameters or as a JSON object.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchParams {
    /// The question; empty = every record.
    #[serde(default)]
    q: String,
    /// How far back from now, `15m`; excludes `start` and `end`.
    since: Option<String>,
    /// First moment inside.
    #[serde(default, deserialize_with = "text_or_number")]
    start: Option<String>,
    /// First moment behind.
    #[serde(default, deserialize_with = "text_or_number")]
    end: Option<String>,
    /// Most records in the answer.
    #[serde(default, deserialize_with = "text_or_number")]
    limit: Option<String>,
    /// `next` of the previous answer.
    cursor: Option<String>,
    /// Only records that arrived after this sequence: for following.
    #[serde(default, deserialize_with = "text_or_number")]
    after: Option<String>,
    /// `json` or `ndjson`; else the Accept header says.
    format: Option<String>,
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
    mut request: Request,
) -> Result<Response, ApiError> {
    if !is_json(&headers) {
        return Err(ApiError::new(ErrorClass::Invalid, "the content type must be application/json"));
    }
    DefaultBodyLimit::max(BODY_BYTES_MAX).apply(&mut request);
    let body = Bytes::from_request(request, &()).await.map_err(|error| {
        let class = if error.status() == 413 { ErrorClass::TooLarge } else { ErrorClass::Invalid };
        ApiError::new(class, error.body_text())
    })?;
    let params: SearchParams = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(ErrorClass::Invalid, format!("the body is not a search: {error}")))?;
    search(state, access, &headers, params).await
}

async fn search(
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
    let started = state.clock.monotonic();
    let clock = state.clock.clone();
    let render = move |answer: &SearchAnswer| {
        let took = clock.monotonic().saturating_sub(started);
        if as_ndjson { ndjson(answer, took) } else { whole(answer, took) }
    };
    let Some(tenant) = state.ingest.tenants().find(access.tenant()) else {
        return Ok(render(&SearchAnswer::default()).into_response());
    };
    let store = state.store.clone();
    // Thousands of records take their time to render: on the query's thread, not on the event loop.
    let run = move |guard: &query::QueryGuard| {
        query::search(&store.snapshot(tenant), &request, guard).map(|answer| render(&answer))
    };
    Ok(state.pool.run(run).await?.into_response())
}

pub(crate) fn parse_filter(text: &str, now: Timestamp) -> Result<Filter, ApiError> {
    search_lang::parse(text, now)
        .map_err(|error| ApiError::query(error.span.clone(), error.message.clone(), error.suggestion.clone()))
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
    if since.is_some() && (start.is_some() || end.is_some()) {
        return Err(ApiError::parameter("since", "since excludes start and end"));
    }
    let read = |name: &'static str, text: &str| {
        time_param::parse(text, now).ok_or_else(|| ApiError::parameter(name, format!("{text:?} is no time; {ALLOWED}")))
    };
    let start = match (since, start) {
        (Some(since), _) => {
            let text = if since.starts_with('-') { since.to_owned() } else { format!("-{since}") };
            read("since", &text)?
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

fn wants_ndjson(format: Option<&str>, headers: &HeaderMap) -> Result<bool, ApiError> {
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

/// Everything about an answer but its records.
fn summary(answer: &SearchAnswer, took: Duration) -> serde_json::Value {
    json!({
        "scanned": answer.scanned,
        "matched": answer.matched,
        "took_ms": took.as_secs_f64() * 1000.0,
        "cut_short": answer.cut_short.map(query::CutShort::name),
        "next": answer.next.map(cursor::render),
    })
}

/// An answer as text.
struct Rendered {
    content_type: &'static str,
    text: String,
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, self.content_type)], self.text).into_response()
    }
}

fn whole(answer: &SearchAnswer, took: Duration) -> Rendered {
    let mut out = summary(answer, took);
    out["records"] = answer.records.iter().map(render::record).collect();
    Rendered { content_type: "application/json", text: out.to_string() }
}

/// One record a line, and last a line with the key `summary`, so that a cut-short answer cannot pass for a whole one.
fn ndjson(answer: &SearchAnswer, took: Duration) -> Rendered {
    let mut text = String::new();
    for record in &answer.records {
        text.push_str(&render::record(record).to_string());
        text.push('\n');
    }
    text.push_str(&json!({ "summary": summary(answer, took) }).to_string());
    text.push('\n');
    Rendered { content_type: "application/x-ndjson", text }
}

/// Programs send numbers, pages send text.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
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
