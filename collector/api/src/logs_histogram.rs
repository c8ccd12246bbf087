//! `GET /api/v1/logs/histogram`: how many records match, by time and level.

use crate::error::ApiError;
use crate::limits::{BUCKETS_DEFAULT, BUCKETS_MAX};
use crate::logs_search::{parse_filter, parse_range};
use crate::params::{closed, flag};
use crate::routes::{Access, ApiState};
use crate::work;
use axum::Json;
use axum::extract::{Query, State};
use basics::{ErrorClass, Timestamp};
use model::{Level, TimeRange};
use query::{HistogramAnswer, HistogramBucket, HistogramRequest};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json_;
use service::Scope;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a caller may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistogramParams {
    #[serde(default)]
    q: String,
    since: Option<String>,
    start: Option<String>,
    end: Option<String>,
    interval: Option<String>,
    explain: Option<String>,
}

/// The answer. There may be thousands of buckets, and a tree of JSON values for each of them would take longer than counting
/// did; names are in order, as in other answers.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    buckets: Vec<ShownBucket>,
    cut_short: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<Json_>,
    interval_ms: f64,
    matched: u64,
    scanned: u64,
    took_ms: f64,
}

#[derive(Debug, Serialize)]
struct ShownBucket {
    count: u64,
    levels: BTreeMap<&'static str, u64>,
    #[serde(serialize_with = "as_text")]
    start: Timestamp,
}

fn as_text<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// Widths that people read easily, in seconds.
const ROUND_SECONDS: [u64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    params: Result<Query<HistogramParams>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Shown>, ApiError> {
    access.require(Scope::Query)?;
    let Query(params) = params.map_err(|error| ApiError::new(ErrorClass::Invalid, error.body_text()))?;
    let now = state.clock.now();
    let filter = parse_filter(&params.q, now)?;
    let range = parse_range(params.since.as_deref(), params.start.as_deref(), params.end.as_deref(), now)?;
    let range = closed(range, params.end.is_some(), now);
    let interval = match params.interval.as_deref() {
        Some(text) => parse_interval(text, range, now, BUCKETS_MAX)?,
        None => round_interval(range.end.since(range.start), BUCKETS_DEFAULT),
    };
    let is_explained = flag("explain", params.explain.as_deref())?;
    let request = HistogramRequest { filter, range, bucket: interval };
    let started = state.clock.monotonic();
    let answer = match state.ingest.tenants().find(access.tenant()) {
        Some(tenant) => {
            let store = state.store.clone();
            state.pool.run(move |guard| query::histogram(&store.snapshot(tenant), &request, guard)).await?
        }
        None => state.pool.run(move |guard| HistogramAnswer::without_records(&request, guard)).await?,
    };
    let took = state.clock.monotonic().saturating_sub(started);
    let explain = is_explained.then(|| work::render(&answer.work));
    Ok(Json(Shown { explain, ..render(&answer, interval, took) }))
}

/// A width that cuts the range into at most so many buckets.
pub(crate) fn parse_interval(
    text: &str,
    range: TimeRange,
    now: Timestamp,
    buckets_max: u32,
) -> Result<Duration, ApiError> {
    let span = range.end.since(range.start);
    let wrong = || ApiError::parameter("interval", "an interval is a duration such as 30s, 5m or 1h");
    let back = search_lang::parse_time(&format!("-{}", text.trim_start_matches('-')), now).ok_or_else(wrong)?;
    let interval = now.since(back);
    if interval < Duration::from_millis(1) {
        return Err(ApiError::parameter("interval", "an interval is at least 1ms"));
    }
    if span.as_nanos() / interval.as_nanos() >= u128::from(buckets_max) {
        let message = format!("this range has more than {buckets_max} buckets of that width; choose a wider interval");
        return Err(ApiError::parameter("interval", message));
    }
    Ok(interval)
}

/// The narrowest round width that cuts the span into at most so many buckets; whole days beyond.
pub(crate) fn round_interval(span: Duration, buckets: u32) -> Duration {
    let seconds = span.as_secs().div_ceil(u64::from(buckets)).max(1);
    let round = ROUND_SECONDS.into_iter().find(|width| *width >= seconds);
    Duration::from_secs(round.unwrap_or_else(|| seconds.div_ceil(86_400) * 86_400))
}

fn render(answer: &HistogramAnswer, interval: Duration, took: Duration) -> Shown {
    let bucket = |bucket: &HistogramBucket| ShownBucket {
        count: bucket.count,
        levels: bucket
            .levels()
            .filter(|(_, count)| *count > 0)
            .map(|(level, count)| (level.map_or("none", Level::name), count))
            .collect(),
        start: bucket.start,
    };
    Shown {
        buckets: answer.buckets.iter().map(bucket).collect(),
        cut_short: answer.cut_short.map(query::CutShort::name),
        explain: None,
        interval_ms: interval.as_secs_f64() * 1000.0,
        matched: answer.matched,
        scanned: answer.scanned,
        took_ms: took.as_secs_f64() * 1000.0,
    }
}

#[cfg(test)]
mod tests;
