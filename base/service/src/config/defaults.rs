//! Writes out every default as a YAML file with comments.

use serde_json::Value;

use super::schema::{describe, resolve};
use super::{Config, json_schema};

/// The full default configuration as YAML. Each key carries its description; what is off by default is
/// written as a comment. Reading the result gives the defaults again.
pub fn default_yaml<T: Config>() -> String {
    let schema = json_schema::<T>();
    let mut out = String::new();
    write_map(&mut out, &schema, &schema, None, 0);
    out
}

fn write_map(out: &mut String, root: &Value, schema: &Value, defaults: Option<&Value>, depth: usize) {
    let properties = schema["properties"].as_object();
    for (name, property) in properties.into_iter().flatten() {
        if property["deprecated"] == true {
            continue;
        }
        let default = defaults.and_then(|defaults| defaults.get(name)).or_else(|| property.get("default"));
        let resolved = resolve(root, property);
        write_comment(out, property, resolved.schema, depth);
        let indent = "  ".repeat(depth);
        let has_keys = resolved.schema["properties"].is_object();
        match default {
            Some(default) if has_keys && !default.is_null() => {
                out.push_str(&format!("{indent}{name}:\n"));
                write_map(out, root, resolved.schema, Some(default), depth + 1);
            }
            None if has_keys && !resolved.is_nullable => {
                out.push_str(&format!("{indent}{name}:\n"));
                write_map(out, root, resolved.schema, None, depth + 1);
            }
            Some(default) if !default.is_null() => out.push_str(&format!("{indent}{name}: {}\n", scalar(default))),
            Some(_) | None => out.push_str(&format!("{indent}# {name}: {}\n", describe(resolved.schema))),
        }
    }
}

/// The description above the key: the field's own, else its type's.
fn write_comment(out: &mut String, property: &Value, schema: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    if depth == 0 && !out.is_empty() {
        out.push('\n');
    }
    let text = property["description"].as_str().or_else(|| schema["description"].as_str()).unwrap_or_default();
    for line in text.lines() {
        out.push_str(format!("{indent}# {line}").trim_end());
        out.push('\n');
    }
    if let Some(words) = super::schema::words(schema) {
        out.push_str(&format!("{indent}# One of: {}\n", words.join(", ")));
    }
}

/// A value on one line; JSON is YAML, and plain words need no quotes.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain_word(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

fn is_plain_word(text: &str) -> bool {
    let starts_well = text.starts_with(|sign: char| sign.is_ascii_alphanumeric() || sign == '.' || sign == '/');
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | ':' | '/' | '-' | '_' | '%');
    let is_other_type = matches!(text, "true" | "false" | "null") || text.parse::<f64>().is_ok();
    starts_well && text.chars().all(is_plain) && !text.ends_with(':') && !is_other_type
}
