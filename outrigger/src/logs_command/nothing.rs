//! What is told when nothing was found, in words.

use super::view::escaped;
use serde_json::Value;

const NOTHING: &str = "no records found";

/// Fields that no record has, in one line; `None` when there are none.
pub(crate) fn unknown_fields(nothing: &Value) -> Option<String> {
    has_not(nothing, &|field| {
        let near = field["near"].as_array().map_or(&[][..], Vec::as_slice);
        let near: Vec<String> = near.iter().filter_map(Value::as_str).map(escaped).collect();
        if near.is_empty() { name_of(field) } else { format!("{} (near to it: {})", name_of(field), near.join(", ")) }
    })
}

fn has_not(nothing: &Value, shown: &dyn Fn(&Value) -> String) -> Option<String> {
    let fields: Vec<String> = nothing["unknown_fields"].as_array()?.iter().map(shown).collect();
    (!fields.is_empty()).then(|| format!("no record in this range has the field {}", fields.join(", or ")))
}

fn name_of(field: &Value) -> String {
    escaped(field["name"].as_str().unwrap_or_default())
}

/// Why nothing was found, as lines; without an answer to that, what to try.
pub(crate) fn told(nothing: Option<&Value>) -> String {
    let mut lines = Vec::new();
    let text = |value: &Value| escaped(value.as_str().unwrap_or("that condition"));
    if let Some(nothing) = nothing {
        let list = |key: &str| nothing[key].as_array().cloned().unwrap_or_default();
        let conditions = list("conditions");
        let is_unmet = |condition: &&Value| condition["matched"].as_u64() == Some(0);
        for condition in conditions.iter().filter(is_unmet) {
            lines.push(format!("  nothing in this range matches {}", text(&condition["q"])));
        }
        // What is near stands below, in a whole query.
        lines.extend(has_not(nothing, &name_of).map(|text| format!("  {text}")));
        if conditions.len() > 1 {
            for condition in conditions.iter().filter(|condition| !is_unmet(condition)) {
                lines.push(format!("  {} {}", count(condition), text(&condition["q"])));
            }
        }
        for without in list("without").iter().filter(|without| !is_unmet(without)) {
            lines.push(format!("  without the rest, {} {}", count(without), text(&without["q"])));
        }
        for near in list("near") {
            let (asked, found) = (text(&near["asked"]), text(&near["found"]));
            lines.push(match near["q"].as_str() {
                Some(query) => format!("  {found} is near to {asked}; try: {}", escaped(query)),
                None => format!("  {found} is near to {asked}"),
            });
        }
        if let Some(time) = nothing["last_before"].as_str() {
            lines.push(format!(
                "  the last match before this range was at {}; widen --since, or give --start",
                escaped(time)
            ));
        }
        if let Some(time) = nothing["first_after"].as_str() {
            lines.push(format!("  the first match after this range was at {}; give a later --end", escaped(time)));
        }
        if nothing["cut_short"].is_string() {
            lines.push("  not all of this was looked through in time".to_owned());
        }
    }
    if lines.is_empty() {
        return format!("{NOTHING}; widen --since, or see what came in at /api/v1/ingest\n");
    }
    format!("{NOTHING}\n{}\n", lines.join("\n"))
}

fn count(counted: &Value) -> String {
    let records = counted["matched"].as_u64().unwrap_or(0);
    let more = if counted["is_more"] == true { "more than " } else { "" };
    let verb = if records == 1 { "record matches" } else { "records match" };
    format!("{more}{records} {verb}")
}

#[cfg(test)]
mod tests;
