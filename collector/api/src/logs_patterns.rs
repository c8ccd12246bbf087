//! `GET /api/v1/logs/patterns`: the shapes of the bodies that match, with counts, newest records and trends.

use crate::error::ApiError;
use crate::limits::{PATTERN_BUCKETS_DEFAULT, PATTERN_BUCKETS_MAX, PATTERNS_DEFAULT, PATTERNS_MAX};
use crate::logs_histogram::{parse_interval, round_interval};
use crate::logs_search::{parse_filter, parse_range};
use crate::params::{Params, closed, flag, given, number, snapshot_of};
use crate::render;
use crate::routes::{Access, ApiState};
use crate::work;
use axum::Json;
use axum::extract::State;
use query::{PatternFacts, PatternsAnswer, PatternsRequest};
use serde::Deserialize;
use serde_json::{Value as Json_, json};
use service::Scope;
use std::time::Duration;

/// What a caller may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatternsParams {
    #[serde(default)]
    q: String,
    since: Option<String>,
    start: Option<String>,
    end: Option<String>,
    limit: Option<String>,
    interval: Option<String>,
    explain: Option<String>,
}

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    params: Params<PatternsParams>,
) -> Result<Json<Json_>, ApiError> {
    access.require(Scope::Query)?;
    let params = given(params)?;
    let now = state.clock.now();
    let filter = parse_filter(&params.q, now)?;
    let range = parse_range(params.since.as_deref(), params.start.as_deref(), params.end.as_deref(), now)?;
    let range = closed(range, params.end.is_some(), now);
    let count = number("limit", params.limit.as_deref(), 1..=PATTERNS_MAX, PATTERNS_DEFAULT)?;
    let bucket = match params.interval.as_deref() {
        Some(text) => parse_interval(text, range, now, PATTERN_BUCKETS_MAX)?,
        None => round_interval(range.end.since(range.start), PATTERN_BUCKETS_DEFAULT),
    };
    let is_explained = flag("explain", params.explain.as_deref())?;
    let request = PatternsRequest { filter, range, count, bucket, now };
    let started = state.clock.monotonic();
    let (store, tenant) = (state.store.clone(), state.ingest.tenants().find(access.tenant()));
    let (answer, patterns) = state
        .pool
        .run(move |guard| {
            let answer = query::patterns(&snapshot_of(&store, tenant), &request, guard)?;
            let shown: Vec<Json_> = answer.patterns.iter().map(pattern).collect();
            Ok::<_, query::QueryError>((answer, shown))
        })
        .await?;
    let took = state.clock.monotonic().saturating_sub(started);
    let mut shown = render(&answer, patterns, bucket, took);
    if is_explained {
        shown["explain"] = work::render(&answer.work);
    }
    Ok(Json(shown))
}

fn pattern(facts: &PatternFacts) -> Json_ {
    json!({
        "pattern": facts.pattern,
        "count": facts.count,
        "example": facts.example,
        "record": facts.record.as_ref().map(render::record),
        "trend": facts.trend,
    })
}

fn render(answer: &PatternsAnswer, patterns: Vec<Json_>, bucket: Duration, took: Duration) -> Json_ {
    let starts: Vec<String> = answer.bucket_starts.iter().map(ToString::to_string).collect();
    json!({
        "patterns": patterns,
        "has_more": answer.has_more,
        "interval_ms": bucket.as_secs_f64() * 1000.0,
        "bucket_starts": starts,
        "scanned": answer.scanned,
        "matched": answer.matched,
        "took_ms": took.as_secs_f64() * 1000.0,
        "cut_short": answer.cut_short.map(query::CutShort::name),
    })
}
