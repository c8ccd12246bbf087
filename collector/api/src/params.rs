//! Parameters that several routes share.

use crate::error::ApiError;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use basics::{ErrorClass, TenantId, Timestamp};
use log_store::{LogSnapshot, LogStore};
use model::{Field, TimeRange};
use std::time::Duration;

/// The parameters of a query string.
pub(crate) type Params<T> = Result<Query<T>, QueryRejection>;

/// Takes the parameters, or says what is wrong with them.
pub(crate) fn given<T>(params: Params<T>) -> Result<T, ApiError> {
    let Query(params) = params.map_err(|error| ApiError::new(ErrorClass::Invalid, error.body_text()))?;
    Ok(params)
}

/// A whole number between two others, or what holds without one.
pub(crate) fn number(
    name: &'static str,
    text: Option<&str>,
    allowed: std::ops::RangeInclusive<usize>,
    without: usize,
) -> Result<usize, ApiError> {
    let Some(text) = text else { return Ok(without) };
    let found = text.parse().ok().filter(|number| allowed.contains(number));
    found.ok_or_else(|| {
        let (from, to) = (allowed.start(), allowed.end());
        ApiError::parameter(name, format!("{name} is a whole number from {from} to {to}"))
    })
}

/// True or false.
pub(crate) fn flag(name: &'static str, text: Option<&str>) -> Result<bool, ApiError> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ApiError::parameter(name, format!("{name} is true or false"))),
    }
}

/// The name of a field as it is written in a query.
pub(crate) fn field(name: &'static str, text: Option<&str>) -> Result<Field, ApiError> {
    let text = text.ok_or_else(|| ApiError::parameter(name, format!("{name} is the name of a field")))?;
    search_lang::parse_field(text).map_err(|mistake| ApiError::parameter(name, mistake.to_string()))
}

/// The range with an end: an open one would make buckets up to the end of time.
pub(crate) fn closed(range: TimeRange, has_end: bool, now: Timestamp) -> TimeRange {
    let end = if has_end { range.end } else { now.saturating_add(Duration::from_nanos(1)) };
    TimeRange { start: range.start, end }
}

/// The records of a tenant; one that never sent anything has no number, and no records.
pub(crate) fn snapshot_of(store: &LogStore, tenant: Option<TenantId>) -> LogSnapshot {
    match tenant {
        Some(tenant) => store.snapshot(tenant),
        None => LogStore::new().snapshot(TenantId(0)),
    }
}

#[cfg(test)]
mod tests;
