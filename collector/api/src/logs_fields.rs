//! `GET /api/v1/logs/fields`: which fields the records that match have.

use crate::error::ApiError;
use crate::limits::{FIELDS_DEFAULT, FIELDS_MAX, FIELDS_SAMPLE_DEFAULT, FIELDS_SAMPLE_MAX};
use crate::logs_search::{parse_filter, parse_range};
use crate::params::{Params, flag, given, number, snapshot_of};
use crate::routes::{Access, ApiState};
use crate::work;
use axum::Json;
use axum::extract::State;
use model::ValueKind;
use query::{FieldFacts, FieldsAnswer, FieldsRequest};
use serde::Deserialize;
use serde_json::{Map, Value as Json_, json};
use service::Scope;
use std::time::Duration;

/// What a caller may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldsParams {
    #[serde(default)]
    q: String,
    since: Option<String>,
    start: Option<String>,
    end: Option<String>,
    limit: Option<String>,
    sample: Option<String>,
    explain: Option<String>,
}

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    params: Params<FieldsParams>,
) -> Result<Json<Json_>, ApiError> {
    access.require(Scope::Query)?;
    let params = given(params)?;
    let now = state.clock.now();
    let filter = parse_filter(&params.q, now)?;
    let range = parse_range(params.since.as_deref(), params.start.as_deref(), params.end.as_deref(), now)?;
    let limit = number("limit", params.limit.as_deref(), 1..=FIELDS_MAX, FIELDS_DEFAULT)?;
    let records_max = number("sample", params.sample.as_deref(), 1..=FIELDS_SAMPLE_MAX, FIELDS_SAMPLE_DEFAULT)?;
    let is_explained = flag("explain", params.explain.as_deref())?;
    let request = FieldsRequest { filter, range, records_max };
    let started = state.clock.monotonic();
    let (store, tenant) = (state.store.clone(), state.ingest.tenants().find(access.tenant()));
    let answer = state.pool.run(move |guard| query::fields(&snapshot_of(&store, tenant), &request, guard)).await?;
    let took = state.clock.monotonic().saturating_sub(started);
    let mut shown = render(&answer, limit, took);
    if is_explained {
        shown["explain"] = work::render(&answer.work);
    }
    Ok(Json(shown))
}

fn render(answer: &FieldsAnswer, limit: usize, took: Duration) -> Json_ {
    let shown: Vec<Json_> = answer.fields.iter().take(limit).map(|facts| field(facts, answer.records)).collect();
    json!({
        "fields": shown,
        "has_more": answer.fields.len() > limit,
        "records": answer.records,
        "is_sample": answer.is_sample,
        "scanned": answer.scanned,
        "took_ms": took.as_secs_f64() * 1000.0,
        "cut_short": answer.cut_short.map(query::CutShort::name),
    })
}

fn field(facts: &FieldFacts, records: u64) -> Json_ {
    let mut types = Map::new();
    for (kind, count) in &facts.kinds {
        types.insert(name_of_kind(*kind).to_owned(), json!(count));
    }
    // Counts of records are far below 2^53.
    let share = facts.records as f64 / records.max(1) as f64;
    json!({
        "name": search_lang::field_name(&facts.field),
        "records": facts.records,
        "share": share,
        "types": types,
    })
}

fn name_of_kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Empty => "null",
        ValueKind::Str => "string",
        ValueKind::Bool => "bool",
        ValueKind::Int => "int",
        ValueKind::Double => "double",
        ValueKind::Bytes => "bytes",
        ValueKind::Array => "list",
        ValueKind::Map => "map",
    }
}
