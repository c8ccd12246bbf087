//! Why nothing was found, as JSON.

use log_store::LogSnapshot;
use model::Filter;
use query::{Counted, Near, NothingRequest, QueryError, QueryGuard, SearchRequest};
use serde_json::{Value as Json, json};

/// Looks into a search that was answered with nothing.
pub(crate) fn look(snapshot: &LogSnapshot, request: &SearchRequest, guard: &QueryGuard) -> Result<Json, QueryError> {
    let asked = NothingRequest { filter: request.filter.clone(), range: request.range };
    let answer = query::nothing(snapshot, &asked, guard)?;
    let near = answer.near.iter().map(|near| shown_near(near, answer.conditions.get(near.condition)));
    Ok(json!({
        "conditions": answer.conditions.iter().map(counted).collect::<Vec<Json>>(),
        "without": answer.without.iter().map(counted).collect::<Vec<Json>>(),
        "near": near.collect::<Vec<Json>>(),
        "last_before": answer.last_before.map(|time| time.to_string()),
        "first_after": answer.first_after.map(|time| time.to_string()),
        "cut_short": answer.cut_short.map(query::CutShort::name),
    }))
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
