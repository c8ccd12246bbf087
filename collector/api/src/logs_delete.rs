//! `POST /api/v1/logs/delete`: records that match are hidden at once and removed from disk afterwards.
//!
//! Always true: without `partial` either all that match are deleted or none is. What was done, by whom, for which query
//! stands in the log of the process.

use crate::error::ApiError;
use crate::limits::BODY_BYTES_MAX;
use crate::logs_search::{parse_filter, parse_range, text_or_number};
use crate::routes::{Access, ApiState};
use axum::Form;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use basics::{ErrorClass, TenantId, Timestamp, error_chain};
use log_store::{LogStore, StoreError};
use model::TimeRange;
use query::{CutShort, MatchingAnswer, MatchingRequest, QueryGuard};
use serde::Deserialize;
use serde_json::json;
use service::Scope;
use service::telemetry::AUDIT_TARGET;
use std::sync::Arc;
use std::time::Duration;

/// What a caller may say, as a form or as a JSON object.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteParams {
    /// Which records; `*` for all of them.
    #[serde(default)]
    q: String,
    /// How far back from now, `15m`; excludes `start` and `end`.
    since: Option<String>,
    /// First moment inside; without one there is none too early.
    #[serde(default, deserialize_with = "text_or_number")]
    start: Option<String>,
    /// First moment behind; without one there is none too late.
    #[serde(default, deserialize_with = "text_or_number")]
    end: Option<String>,
    /// Only count.
    #[serde(default)]
    dry_run: bool,
    /// Delete what was found when not everything could be: the caller asks again.
    #[serde(default)]
    partial: bool,
}

/// Who deletes what.
struct Deletion {
    query: String,
    dry_run: bool,
    partial: bool,
    tenant_name: String,
    caller: String,
    peer: String,
    now: Timestamp,
}

pub(crate) async fn by_post(
    State(state): State<ApiState>,
    access: Access,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    access.require(Scope::Admin)?;
    let params = params_of(&headers, request).await?;
    access.require_still(Scope::Admin)?;
    let now = state.clock.now();
    let request = request_of(&params, now)?;
    if state.store.is_replaying() && !params.dry_run && !params.partial {
        return Err(nothing_deleted(CutShort::Replaying));
    }
    let started = state.clock.monotonic();
    let (clock, store) = (state.clock.clone(), state.store.clone());
    let tenant = state.ingest.tenants().find(access.tenant());
    let deletion = Deletion {
        query: params.q,
        dry_run: params.dry_run,
        partial: params.partial,
        tenant_name: access.tenant().to_string(),
        caller: access.name().to_owned(),
        peer: access.peer().to_string(),
        now,
    };
    let run = move |guard: &QueryGuard| {
        let answer = match tenant {
            Some(tenant) => delete(&store, tenant, &request, &deletion, guard)?,
            None => MatchingAnswer::default(),
        };
        let took = clock.monotonic().saturating_sub(started);
        Ok::<_, ApiError>(axum::Json(render(&answer, deletion.dry_run, took)).into_response())
    };
    state.pool.run(run).await
}

/// The parameters in a request's body.
async fn params_of(headers: &HeaderMap, mut request: Request) -> Result<DeleteParams, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let content_type = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    DefaultBodyLimit::max(BODY_BYTES_MAX).apply(&mut request);
    let of_status = |status: u16, text: String| {
        let class = if status == 413 { ErrorClass::TooLarge } else { ErrorClass::Invalid };
        ApiError::new(class, text)
    };
    match content_type.as_str() {
        "application/json" => {
            let body = Bytes::from_request(request, &()).await;
            let body = body.map_err(|error| of_status(error.status().as_u16(), error.body_text()))?;
            serde_json::from_slice(&body)
                .map_err(|error| ApiError::new(ErrorClass::Invalid, format!("the body is not a delete: {error}")))
        }
        "application/x-www-form-urlencoded" => {
            let Form(params) = Form::from_request(request, &())
                .await
                .map_err(|error| of_status(error.status().as_u16(), error.body_text()))?;
            Ok(params)
        }
        _ => {
            let message = "the content type must be application/json or application/x-www-form-urlencoded";
            Err(ApiError::new(ErrorClass::Invalid, message))
        }
    }
}

fn request_of(params: &DeleteParams, now: Timestamp) -> Result<MatchingRequest, ApiError> {
    if params.q.trim().is_empty() {
        return Err(ApiError::parameter("q", "q says which records are deleted; * stands for all of them"));
    }
    let has_range = params.since.is_some() || params.start.is_some() || params.end.is_some();
    let range = match has_range {
        true => parse_range(params.since.as_deref(), params.start.as_deref(), params.end.as_deref(), now)?,
        false => TimeRange::ALL,
    };
    let records_max = (!params.dry_run).then_some(log_store::DELETE_RECORDS_MAX);
    Ok(MatchingRequest { filter: parse_filter(&params.q, now)?, range, records_max })
}

/// Looks for what matches, and hides it.
fn delete(
    store: &Arc<LogStore>,
    tenant: TenantId,
    request: &MatchingRequest,
    deletion: &Deletion,
    guard: &QueryGuard,
) -> Result<MatchingAnswer, ApiError> {
    let mut answer = query::matching(&store.snapshot(tenant), request, guard)?;
    if deletion.dry_run {
        return Ok(answer);
    }
    if !deletion.partial {
        if let Some(reason) = answer.cut_short {
            return Err(nothing_deleted(reason));
        }
        if answer.has_more {
            let message = format!(
                "nothing was deleted: more than {} records match, and that is the most of one delete; delete in steps of \
                 shorter times (start, end), or say partial=true and ask again while the answer says has_more",
                log_store::DELETE_RECORDS_MAX
            );
            return Err(ApiError::new(ErrorClass::TooLarge, message));
        }
    }
    let Some(times) = answer.times else { return Ok(answer) };
    let sequences = std::mem::take(&mut answer.sequences);
    match store.hide(tenant, sequences, times, deletion.now) {
        Ok(records) => {
            deletion.say_done(records, &answer);
            Ok(answer)
        }
        Err(error) => Err(deletion.say_failed(&error)),
    }
}

fn nothing_deleted(reason: CutShort) -> ApiError {
    let why = match reason {
        CutShort::Replaying => "the log is still being read back after a restart; try again when it is",
        CutShort::Damaged => "a part is damaged, and what matches in it cannot be told; it is put aside now, try again",
        CutShort::Memory => "the memory of searches is in use; try again, or delete in steps of shorter times",
        CutShort::Deadline => "the time of a query was up; delete in steps of shorter times",
    };
    let message = format!("nothing was deleted: {why} (or say partial=true to delete what is found)");
    ApiError::new(ErrorClass::Overloaded, message)
}

impl Deletion {
    fn say_done(&self, records: u64, answer: &MatchingAnswer) {
        let is_whole = answer.cut_short.is_none() && !answer.has_more;
        tracing::warn!(
            target: AUDIT_TARGET,
            tenant = self.tenant_name.as_str(),
            caller = self.caller.as_str(),
            peer = self.peer.as_str(),
            query = self.query.as_str(),
            records,
            oldest = answer.times.map(|times| times.0.to_string()),
            newest = answer.times.map(|times| times.1.to_string()),
            is_whole,
            "records deleted"
        );
    }

    fn say_failed(&self, error: &StoreError) -> ApiError {
        let causes = error_chain(error);
        tracing::warn!(
            target: AUDIT_TARGET,
            tenant = self.tenant_name.as_str(),
            caller = self.caller.as_str(),
            query = self.query.as_str(),
            error = causes.as_str(),
            "records could not be deleted"
        );
        match error {
            StoreError::TooManyHidden { .. } | StoreError::TooManyDeleted { .. } => {
                ApiError::new(error.class(), format!("nothing was deleted: {error}"))
            }
            // Its words name paths.
            _ => {
                let message = "the delete could not be written to disk; the log of the process says why. Nothing is \
                               hidden yet; ask again";
                ApiError::new(ErrorClass::Unavailable, message)
            }
        }
    }
}

fn render(answer: &MatchingAnswer, dry_run: bool, took: Duration) -> serde_json::Value {
    json!({
        "dry_run": dry_run,
        "matched": answer.matched,
        "deleted": if dry_run { 0 } else { answer.matched },
        "oldest": answer.times.map(|times| times.0.to_string()),
        "newest": answer.times.map(|times| times.1.to_string()),
        "has_more": answer.has_more,
        "cut_short": answer.cut_short.map(CutShort::name),
        "took_ms": took.as_secs_f64() * 1000.0,
    })
}

/// An answer about no records.
#[cfg(test)]
pub(crate) fn render_nothing() -> serde_json::Value {
    render(&MatchingAnswer::default(), true, Duration::ZERO)
}

#[cfg(test)]
mod tests;
