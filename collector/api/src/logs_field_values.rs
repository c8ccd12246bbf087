//! `GET /api/v1/logs/field-values`: the most frequent values of a field. The pipe `top` counts them.

use crate::error::ApiError;
use crate::limits::{ROWS_MAX, VALUES_DEFAULT};
use crate::logs_search::{parse_filter, parse_range};
use crate::params::{self, Params, flag, given, number, snapshot_of};
use crate::render;
use crate::routes::{Access, ApiState};
use crate::work;
use axum::Json;
use axum::extract::State;
use model::Pipe;
use query::{PipelineRequest, PipelineRows};
use serde::Deserialize;
use serde_json::{Value as Json_, json};
use service::Scope;

/// What a caller may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValuesParams {
    field: Option<String>,
    #[serde(default)]
    q: String,
    since: Option<String>,
    start: Option<String>,
    end: Option<String>,
    limit: Option<String>,
    explain: Option<String>,
}

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    params: Params<ValuesParams>,
) -> Result<Json<Json_>, ApiError> {
    access.require(Scope::Query)?;
    let params = given(params)?;
    let now = state.clock.now();
    let field = params::field("field", params.field.as_deref())?;
    let filter = parse_filter(&params.q, now)?;
    let range = parse_range(params.since.as_deref(), params.start.as_deref(), params.end.as_deref(), now)?;
    let limit = number("limit", params.limit.as_deref(), 1..=ROWS_MAX, VALUES_DEFAULT)?;
    let is_explained = flag("explain", params.explain.as_deref())?;
    // One more than is shown tells whether there are more.
    let count = u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1);
    let pipes = vec![Pipe::Top { count, field: field.clone() }];
    let request = PipelineRequest { filter, pipes, range, rows_max: limit, now };
    let started = state.clock.monotonic();
    let (store, tenant) = (state.store.clone(), state.ingest.tenants().find(access.tenant()));
    let answer = state.pool.run(move |guard| query::pipeline(&snapshot_of(&store, tenant), &request, guard)).await?;
    let took = state.clock.monotonic().saturating_sub(started);
    let values: Vec<Json_> = match &answer.rows {
        PipelineRows::Table { rows, .. } => rows.iter().map(|row| value(row)).collect(),
        PipelineRows::Records(_) => Vec::new(),
    };
    let mut shown = json!({
        "field": search_lang::field_name(&field),
        "values": values,
        "has_more": answer.has_more,
        "scanned": answer.scanned,
        "matched": answer.matched,
        "took_ms": took.as_secs_f64() * 1000.0,
        "cut_short": answer.cut_short.map(query::CutShort::name),
    });
    if is_explained {
        shown["explain"] = work::render(&answer.work);
    }
    Ok(Json(shown))
}

fn value(row: &[query::Cell]) -> Json_ {
    let cell = |place: usize| row.get(place).map_or(Json_::Null, render::cell);
    json!({ "value": cell(0), "count": cell(1) })
}
