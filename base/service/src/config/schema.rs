//! Reading the JSON Schema that schemars makes of our types, and saying it in words.

use serde_json::Value;

/// The path of `name` under `parent`.
pub(crate) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

/// A schema with its references followed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolved<'a> {
    pub(crate) schema: &'a Value,
    pub(crate) is_nullable: bool,
}

/// Follows `$ref` and the `anyOf: [T, null]` of an optional field.
pub(crate) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> Resolved<'a> {
    let mut schema = schema;
    let mut is_nullable = has_type(schema, "null");
    // A reference to a reference is as deep as our types go; eight is plenty.
    for _ in 0..8 {
        if let Some(name) = schema["$ref"].as_str() {
            let Some(target) = root.pointer(name.trim_start_matches('#')) else { break };
            schema = target;
            continue;
        }
        let variants = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_null = |variant: &&Value| variant["type"] == "null";
        let Some(real) = variants.iter().find(|variant| !is_null(variant)) else { break };
        if variants.len() != 2 || !variants.iter().any(|variant| is_null(&variant)) {
            break;
        }
        is_nullable = true;
        schema = real;
    }
    Resolved { schema, is_nullable }
}

/// Tells whether a schema permits values of the type.
pub(crate) fn has_type(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::String(only) => only == name,
        Value::Array(names) => names.iter().any(|found| found == name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// The values of a closed set of words; `None` when the schema is something else.
pub(crate) fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema["enum"].as_array() {
        return Some(words.iter().filter_map(Value::as_str).collect());
    }
    let variants = schema["oneOf"].as_array()?;
    let mut found = Vec::new();
    for variant in variants {
        if let Some(word) = variant["const"].as_str() {
            found.push(word);
        } else {
            found.extend(words(variant)?);
        }
    }
    Some(found)
}

/// What a schema permits, for people.
pub(crate) fn describe(schema: &Value) -> String {
    if let Some(words) = words(schema) {
        return words.join(", ");
    }
    let from_to = |least: Option<String>, most: Option<String>| match (least, most) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" of at least {least}"),
        (None, Some(most)) => format!(" of at most {most}"),
        (None, None) => String::new(),
    };
    let number = |key: &str| schema.get(key).filter(|bound| bound.is_number()).map(Value::to_string);
    let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
    let bounds = from_to(text("x-least"), text("x-most"));
    match schema["format"].as_str() {
        Some("duration") => return format!("a duration such as 500ms, 10s, 5m, 1h, 30d{bounds}"),
        Some("size") => return format!("a size such as 64KiB, 16MiB, 4GiB{bounds}"),
        Some("memory") => return format!("a size such as 4GiB, or a share of the machine such as 50%{bounds}"),
        Some("listen-address") => return "host:port, such as 127.0.0.1:4317 or [::1]:4317".to_owned(),
        Some(_) | None => {}
    }
    if has_type(schema, "integer") {
        return format!("a whole number{}", from_to(number("minimum"), number("maximum")));
    }
    if has_type(schema, "number") {
        return format!("a number{}", from_to(number("minimum"), number("maximum")));
    }
    if has_type(schema, "boolean") {
        return "true, false".to_owned();
    }
    if has_type(schema, "string") {
        let is_owed = schema["minLength"].as_u64().is_some_and(|length| length > 0);
        return if is_owed { "a text that is not empty".to_owned() } else { "a text".to_owned() };
    }
    if has_type(schema, "array") {
        let is_owed = schema["minItems"].as_u64().is_some_and(|length| length > 0);
        return if is_owed { "a list that is not empty".to_owned() } else { "a list".to_owned() };
    }
    match schema["properties"].as_object() {
        Some(properties) => {
            let keys: Vec<&str> = properties.keys().map(String::as_str).collect();
            format!("a mapping with the keys {}", keys.join(", "))
        }
        None => "a mapping".to_owned(),
    }
}

/// The allowed word that a wrong one was probably meant to be.
pub(crate) fn nearest<'a>(wrong: &str, allowed: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let budget = (wrong.chars().count() / 3).clamp(1, 3);
    let wrong = wrong.to_lowercase();
    let is_longer_form =
        |word: &str| word.len() > 2 && wrong.len() > 2 && (wrong.starts_with(word) || word.starts_with(&wrong));
    let ranked = allowed.map(|word| (if is_longer_form(word) { 1 } else { distance(&wrong, word) }, word));
    ranked.filter(|(distance, _)| *distance <= budget).min().map(|(_, word)| word)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
// Quadratic in the lengths; keys are short, and a longer text than 64 is nobody's typing mistake.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    if left.len() > 64 || right.len() > 64 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, from) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in right.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(from != to)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            let is_swap = i > 0 && j > 0 && left[i - 1] == *to && left[i] == right[j - 1];
            if is_swap {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}
