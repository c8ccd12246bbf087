//! `GET /api/v1/logs/context`: the records around one.

use crate::cursor;
use crate::error::ApiError;
use crate::limits::{CONTEXT_DEFAULT, CONTEXT_MAX};
use crate::params::{Params, flag, given, number, snapshot_of};
use crate::render;
use crate::routes::{Access, ApiState};
use crate::work;
use axum::Json;
use axum::extract::State;
use basics::{ErrorClass, Timestamp};
use model::RecordPosition;
use query::ContextRequest;
use serde::Deserialize;
use serde_json::{Value as Json_, json};
use service::Scope;

/// What a caller may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContextParams {
    /// `<time_unix_nano>_<sequence>` of the record.
    position: Option<String>,
    time_unix_nano: Option<String>,
    sequence: Option<String>,
    before: Option<String>,
    after: Option<String>,
    of: Option<String>,
    explain: Option<String>,
}

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    params: Params<ContextParams>,
) -> Result<Json<Json_>, ApiError> {
    access.require(Scope::Query)?;
    let params = given(params)?;
    let position = position(&params)?;
    let request = ContextRequest {
        position,
        before: number("before", params.before.as_deref(), 0..=CONTEXT_MAX, CONTEXT_DEFAULT)?,
        after: number("after", params.after.as_deref(), 0..=CONTEXT_MAX, CONTEXT_DEFAULT)?,
        is_of_stream: match params.of.as_deref() {
            None | Some("stream") => true,
            Some("all") => false,
            Some(_) => return Err(ApiError::parameter("of", "of is stream or all")),
        },
    };
    let is_explained = flag("explain", params.explain.as_deref())?;
    let started = state.clock.monotonic();
    let (store, tenant) = (state.store.clone(), state.ingest.tenants().find(access.tenant()));
    let answer = state.pool.run(move |guard| query::context(&snapshot_of(&store, tenant), &request, guard)).await?;
    let took = state.clock.monotonic().saturating_sub(started);
    if answer.record.is_none() && answer.cut_short.is_none() {
        let message =
            "there is no record at this position; a position is the time_unix_nano and the sequence of a record";
        return Err(ApiError::new(ErrorClass::NotFound, message));
    }
    let records = |records: &[model::LogRecord]| records.iter().map(render::record).collect::<Vec<Json_>>();
    let mut shown = json!({
        "after": records(&answer.after),
        "record": answer.record.as_ref().map(render::record),
        "before": records(&answer.before),
        "took_ms": took.as_secs_f64() * 1000.0,
        "cut_short": answer.cut_short.map(query::CutShort::name),
    });
    if is_explained {
        shown["explain"] = work::render(&answer.work);
    }
    Ok(Json(shown))
}

fn position(params: &ContextParams) -> Result<RecordPosition, ApiError> {
    let wrong = |name| ApiError::parameter(name, format!("{name} is the one that the record was shown with"));
    match (&params.position, &params.time_unix_nano, &params.sequence) {
        (Some(position), None, None) => cursor::parse(position)
            .ok_or_else(|| ApiError::parameter("position", "a position is <time_unix_nano>_<sequence> of a record")),
        (None, Some(time), Some(sequence)) => Ok(RecordPosition {
            time: Timestamp(time.parse().map_err(|_| wrong("time_unix_nano"))?),
            sequence: sequence.parse().map_err(|_| wrong("sequence"))?,
        }),
        _ => {
            let message = "name the record by position, or by time_unix_nano and sequence";
            Err(ApiError::parameter("position", message))
        }
    }
}
