//! Why nothing was found, as JSON.

use crate::limits::UNKNOWN_FIELDS_MAX;
use crate::named_fields;
use log_store::LogSnapshot;
use model::{Field, Filter, TimeRange, Value};
use query::{
    Cell, Counted, Near, NothingAnswer, NothingRequest, PipelineAnswer, PipelineRequest, PipelineRows, QueryError,
    QueryGuard, SearchRequest,
};
use serde_json::{Value as Json, json};

/// Looks into a search that was answered with nothing.
pub(crate) fn look(
    snapshot: &LogSnapshot,
    filter: &Filter,
    range: TimeRange,
    guard: &QueryGuard,
) -> Result<Json, QueryError> {
    let answer = query::nothing(snapshot, &NothingRequest { filter: filter.clone(), range }, guard)?;
    let mut fields = Vec::new();
    for unmet in answer.conditions.iter().filter(|condition| condition.records == 0) {
        named_fields::of_filter(&unmet.filter, &mut fields);
    }
    let unknown = unknown_fields(snapshot, fields, range, guard)?;
    Ok(told(&answer, unknown))
}

/// Looks into an answer of pipes in which nothing stands where something was asked for; `None` when there is nothing to
/// tell.
pub(crate) fn look_behind_pipes(
    snapshot: &LogSnapshot,
    request: &PipelineRequest,
    answer: &PipelineAnswer,
    guard: &QueryGuard,
) -> Result<Option<Json>, QueryError> {
    if answer.cut_short.is_some() || !has_gap(&answer.rows) {
        return Ok(None);
    }
    let PipelineRequest { filter, range, .. } = request;
    // What pipes passed over before they counted is not what the query did not find.
    if answer.matched == 0 && !has_match(snapshot, filter, *range, guard)? {
        return look(snapshot, filter, *range, guard).map(Some);
    }
    let unknown = unknown_fields(snapshot, named_fields::of_pipes(&request.pipes), *range, guard)?;
    Ok((!unknown.is_empty()).then(|| told(&NothingAnswer::default(), unknown)))
}

/// True where there are no rows, or a column in which nothing was found or counted.
fn has_gap(rows: &PipelineRows) -> bool {
    let is_blank = |cell: &Cell| matches!(cell, Cell::Missing | Cell::Value(Value::Int(0)));
    match rows {
        PipelineRows::Records(records) => records.is_empty(),
        PipelineRows::Table { columns, rows } => {
            (0..columns.len()).any(|column| rows.iter().filter_map(|row| row.get(column)).all(is_blank))
        }
    }
}

fn has_match(
    snapshot: &LogSnapshot,
    filter: &Filter,
    range: TimeRange,
    guard: &QueryGuard,
) -> Result<bool, QueryError> {
    let request = SearchRequest { filter: filter.clone(), range, limit: 1, before: None, after_sequence: None };
    // One that was not seen to its end may have one.
    query::search(snapshot, &request, guard).map(|answer| !answer.records.is_empty() || answer.cut_short.is_some())
}

/// Those of these fields that no record of the range has, as far as that was seen in time, with what is near to each.
fn unknown_fields(
    snapshot: &LogSnapshot,
    mut fields: Vec<Field>,
    range: TimeRange,
    guard: &QueryGuard,
) -> Result<Vec<Json>, QueryError> {
    fields.truncate(UNKNOWN_FIELDS_MAX);
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let conditions = fields.iter().cloned().map(Filter::Exists).collect();
    let answer = query::nothing(snapshot, &NothingRequest { filter: Filter::And(conditions), range }, guard)?;
    let counted = fields.iter().zip(&answer.conditions).enumerate();
    let unknown = counted.filter(|(_, (_, condition))| condition.records == 0).map(|(place, (field, _))| {
        let near = answer.near.iter().filter(|near| near.condition == place);
        json!({ "name": search_lang::field_name(field), "near": near.map(|near| &near.found).collect::<Vec<_>>() })
    });
    Ok(unknown.collect())
}

fn told(answer: &NothingAnswer, unknown_fields: Vec<Json>) -> Json {
    let near = answer.near.iter().map(|near| shown_near(near, answer.conditions.get(near.condition)));
    json!({
        "conditions": answer.conditions.iter().map(counted).collect::<Vec<Json>>(),
        "without": answer.without.iter().map(counted).collect::<Vec<Json>>(),
        "unknown_fields": unknown_fields,
        "near": near.collect::<Vec<Json>>(),
        "last_before": answer.last_before.map(|time| time.to_string()),
        "first_after": answer.first_after.map(|time| time.to_string()),
        "cut_short": answer.cut_short.map(query::CutShort::name),
    })
}

fn counted(counted: &Counted) -> Json {
    json!({ "q": text(&counted.filter), "matched": counted.records, "is_more": counted.is_more })
}

fn shown_near(near: &Near, condition: Option<&Counted>) -> Json {
    json!({
        "condition": condition.map(|condition| text(&condition.filter)),
        "asked": near.asked,
        "found": near.found,
        "q": text(&near.filter),
    })
}

/// Null for what the language has no words for.
fn text(filter: &Filter) -> Option<String> {
    search_lang::render(filter)
}
