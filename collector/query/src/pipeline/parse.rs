//! `| parse regex /user=(?P<user>\w+)/ from msg`, `| parse json`, `| parse logfmt`: fields out of a text.
//!
//! A regular expression makes a string of each named group that took part in its first match. JSON makes a field of each
//! value that is no object; those within objects are named by their path, with dots. Logfmt makes a field of each key.
//! Where two would have one name, it is the one that `body.name` would find. A text that is none of these makes nothing.

use super::cell::Cell;
use super::view::View;
use crate::error::QueryError;
use crate::evaluate::{compile_regex, json_fields, logfmt_fields};
use crate::guard::{QueryGuard, Stop};
use crate::limits::PARSED_FIELDS_MAX;
use model::{Attributes, Field, ParseSyntax, Value};
use regex::Regex;
use std::sync::Arc;

/// A pipe that makes fields.
#[derive(Debug)]
pub(crate) struct Parse {
    from: Field,
    how: How,
}

#[derive(Debug)]
enum How {
    /// An expression and its named groups by their numbers.
    Regex(Regex, Vec<(usize, Arc<Field>)>),
    Json,
    Logfmt,
}

impl Parse {
    pub(crate) fn new(syntax: &ParseSyntax, from: Option<&Field>) -> Result<Parse, QueryError> {
        let how = match syntax {
            ParseSyntax::Json => How::Json,
            ParseSyntax::Logfmt => How::Logfmt,
            ParseSyntax::Regex(text) => {
                let regex = compile_regex(text)?;
                let names = regex.capture_names().enumerate();
                let named = names.filter_map(|(number, name)| Some((number, named(name?)))).collect();
                How::Regex(regex, named)
            }
        };
        Ok(Parse { from: from.cloned().unwrap_or(Field::Body), how })
    }

    /// The field that is read.
    pub(crate) fn from(&self) -> &Field {
        &self.from
    }

    /// Makes the fields of one row.
    pub(crate) fn run(&self, view: &mut View<'_>, guard: &QueryGuard) -> Result<(), Stop> {
        let value = match view.value(&self.from, guard)? {
            Cell::Value(value) => value,
            Cell::Missing | Cell::Time(_) => return Ok(()),
        };
        let mut text = String::new();
        value.plain_text(&mut text);
        guard.spend(text.len())?;
        match &self.how {
            How::Regex(regex, named) => {
                let Some(found) = regex.captures(&text) else { return Ok(()) };
                for (number, field) in named {
                    if let Some(piece) = found.get(*number) {
                        view.make(field.clone(), Cell::Value(Value::Str(piece.as_str().into())));
                    }
                }
            }
            How::Json => {
                let fields = match value {
                    Value::Map(_) => Some(value),
                    Value::Str(_) => json_fields(&text),
                    Value::Empty
                    | Value::Bool(_)
                    | Value::Int(_)
                    | Value::Double(_)
                    | Value::Bytes(_)
                    | Value::Array(_) => None,
                };
                if let Some(Value::Map(entries)) = fields {
                    let mut made = Vec::new();
                    flatten(entries, "", &mut made);
                    make_all(view, made);
                }
            }
            How::Logfmt => {
                let fields = if matches!(value, Value::Str(_)) { logfmt_fields(&text) } else { None };
                let fields = fields.unwrap_or_default().into_iter();
                make_all(view, fields.map(|(key, value)| (key.to_owned(), value)).collect());
            }
        }
        Ok(())
    }
}

fn named(name: &str) -> Arc<Field> {
    Arc::new(Field::Attribute(name.into()))
}

/// The first of a name is made.
fn make_all(view: &mut View<'_>, fields: Vec<(String, Value)>) {
    let mut made: Vec<String> = Vec::new();
    for (name, value) in fields {
        if made.len() < PARSED_FIELDS_MAX && !made.contains(&name) {
            view.make(named(&name), Cell::Value(value));
            made.push(name);
        }
    }
}

/// Lists the values that are no objects: the object's own first, then those within others, the longest key first, as
/// paths into bodies are read. Objects nest as deep as a body may.
fn flatten(entries: Attributes, before: &str, out: &mut Vec<(String, Value)>) {
    let mut nested: Vec<(Box<str>, Attributes)> = Vec::new();
    let mut seen: Vec<Box<str>> = Vec::new();
    for (key, value) in entries {
        // As many as can be made anyway.
        if out.len() + nested.len() >= PARSED_FIELDS_MAX * 2 || seen.contains(&key) {
            continue;
        }
        seen.push(key.clone());
        match value {
            Value::Map(inner) if !inner.is_empty() => nested.push((key, inner)),
            Value::Empty
            | Value::Str(_)
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Double(_)
            | Value::Bytes(_)
            | Value::Array(_)
            | Value::Map(_) => out.push((format!("{before}{key}"), value)),
        }
    }
    nested.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
    for (key, inner) in nested {
        flatten(inner, &format!("{before}{key}."), out);
    }
}
