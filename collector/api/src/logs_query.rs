//! `GET` and `POST /api/v1/logs/query`: records, and what pipes make of them.
//!
//! A query without pipes is answered as a search is.

use crate::answer_text::{AnswerText, Stopped};
use crate::error::ApiError;
use crate::limits::{ROWS_DEFAULT, ROWS_MAX};
use crate::logs_search::{self, SearchParams, no_room, params_of, parse_range, wants_ndjson};
use crate::nothing;
use crate::params::{flag, snapshot_of};
use crate::render;
use crate::routes::{Access, ApiState};
use crate::work;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use basics::ErrorClass;
use query::{CutShort, PipelineAnswer, PipelineRequest, PipelineRows, QueryError, QueryGuard};
use serde_json::{Value as Json, json};
use service::Scope;
use std::io::Write;
use std::time::Duration;

pub(crate) async fn by_get(
    State(state): State<ApiState>,
    access: Access,
    headers: HeaderMap,
    params: Result<Query<SearchParams>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(|error| ApiError::new(ErrorClass::Invalid, error.body_text()))?;
    answer(state, access, &headers, params).await
}

pub(crate) async fn by_post(
    State(state): State<ApiState>,
    access: Access,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let params = params_of(&headers, request).await?;
    answer(state, access, &headers, params).await
}

async fn answer(
    state: ApiState,
    access: Access,
    headers: &HeaderMap,
    params: SearchParams,
) -> Result<Response, ApiError> {
    access.require(Scope::Query)?;
    let now = state.clock.now();
    let (filter, pipes) = search_lang::parse_pipeline(&params.q, now).map_err(|mistake| ApiError::query(&mistake))?;
    if pipes.is_empty() {
        return logs_search::search(state, access, headers, params).await;
    }
    for (name, value) in [("cursor", &params.cursor), ("after", &params.after)] {
        if value.is_some() {
            return Err(ApiError::parameter(name, "a query with pipes is answered at once; it has no pages"));
        }
    }
    let is_explained = flag("explain", params.explain.as_deref())?;
    let is_asked_why = flag("why", params.why.as_deref())?;
    let as_ndjson = wants_ndjson(params.format.as_deref(), headers)?;
    let range = parse_range(params.since.as_deref(), params.start.as_deref(), params.end.as_deref(), now)?;
    let rows_max = parse_rows(params.limit.as_deref())?;
    let request = PipelineRequest { filter, pipes, range, rows_max, now };
    let started = state.clock.monotonic();
    let (clock, store, memory) = (state.clock.clone(), state.store.clone(), state.pool.text_memory());
    let tenant = state.ingest.tenants().find(access.tenant());
    let run = move |guard: &QueryGuard| {
        let snapshot = snapshot_of(&store, tenant);
        let answer = query::pipeline(&snapshot, &request, guard)?;
        let nothing = match is_asked_why {
            true => nothing::look_behind_pipes(&snapshot, &request, &answer, guard)?,
            false => None,
        };
        drop(snapshot);
        let took = || clock.monotonic().saturating_sub(started);
        let form = Form { as_ndjson, is_explained };
        render_answer(Answered { answer, nothing }, form, AnswerText::new(memory, guard), took)
    };
    state.pool.run(run).await
}

fn parse_rows(text: Option<&str>) -> Result<usize, ApiError> {
    let Some(text) = text else { return Ok(ROWS_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=ROWS_MAX).contains(limit));
    limit.ok_or_else(|| ApiError::parameter("limit", format!("limit is a whole number from 1 to {ROWS_MAX}")))
}

/// What came out, and why nothing did, when that was asked.
struct Answered {
    answer: PipelineAnswer,
    nothing: Option<Json>,
}

/// Everything about an answer but its rows.
fn summary(answered: &Answered, is_explained: bool, took: Duration) -> Json {
    let Answered { answer, nothing } = answered;
    let mut summary = json!({
        "scanned": answer.scanned,
        "matched": answer.matched,
        "took_ms": took.as_secs_f64() * 1000.0,
        "cut_short": answer.cut_short.map(CutShort::name),
        "has_more": answer.has_more,
    });
    if is_explained {
        summary["explain"] = work::render(&answer.work);
    }
    if let Some(nothing) = nothing {
        summary["nothing"] = nothing.clone();
    }
    summary
}

/// How an answer is written.
#[derive(Debug, Clone, Copy)]
struct Form {
    as_ndjson: bool,
    is_explained: bool,
}

/// Writes an answer: `columns` and `rows`, or `records`, then everything else. As NDJSON that is a line with the columns
/// (of a table), one row or record a line, and last a line with the key `summary`.
fn render_answer(
    mut answered: Answered,
    form: Form,
    mut text: AnswerText<'_>,
    took: impl FnOnce() -> Duration,
) -> Result<Response, ApiError> {
    let Form { as_ndjson, is_explained } = form;
    let answer = &mut answered.answer;
    let begin = match (&answer.rows, as_ndjson) {
        (PipelineRows::Records(_), true) => String::new(),
        (PipelineRows::Records(_), false) => "{\"records\":[".to_owned(),
        (PipelineRows::Table { columns, .. }, true) => format!("{}\n", json!({ "columns": columns })),
        (PipelineRows::Table { columns, .. }, false) => format!("{{\"columns\":{},\"rows\":[", json!(columns)),
    };
    text.piece(|text| text.write_all(begin.as_bytes())).map_err(refused)?;
    let (between, after) = if as_ndjson { ("", "\n") } else { (",", "") };
    let mut is_first = true;
    let mut put = |row: &Json| -> Result<(), Stopped> {
        text.piece(|text| {
            text.write_all(if is_first { "" } else { between }.as_bytes())?;
            serde_json::to_writer(&mut *text, row)?;
            text.write_all(after.as_bytes())
        })?;
        is_first = false;
        Ok(())
    };
    let written = match &answer.rows {
        PipelineRows::Table { rows, .. } => {
            rows.iter().try_for_each(|row| put(&Json::Array(row.iter().map(render::cell).collect())))
        }
        PipelineRows::Records(rows) => rows.iter().try_for_each(|row| {
            let mut shown = render::record(&row.record);
            if let (false, Json::Object(object)) = (row.fields.is_empty(), &mut shown) {
                let fields = row.fields.iter().map(|(name, cell)| (name.to_string(), render::cell(cell)));
                object.insert("fields".into(), Json::Object(fields.collect()));
            }
            put(&shown)
        }),
    };
    match written {
        Ok(()) => {}
        Err(Stopped::Memory) if !is_first => {
            answer.cut_short = answer.cut_short.into_iter().chain([CutShort::Memory]).min();
        }
        Err(stopped) => return Err(refused(stopped)),
    }
    let summary = summary(&answered, is_explained, took()).to_string();
    let (content_type, end) = if as_ndjson {
        ("application/x-ndjson", format!("{{\"summary\":{summary}}}\n"))
    } else {
        ("application/json", format!("],{}", summary.strip_prefix('{').unwrap_or(&summary)))
    };
    // The rows go before their text waits for its reader.
    drop(answered);
    Ok(([(header::CONTENT_TYPE, content_type)], text.into_body(end)).into_response())
}

fn refused(stopped: Stopped) -> ApiError {
    match stopped {
        Stopped::Cancelled => QueryError::Cancelled.into(),
        Stopped::Memory => no_room(),
    }
}

#[cfg(test)]
mod tests;
