//! `body.key`: a field within a structured body.
//!
//! Which bodies have fields and what a path names is said in `model`'s `filter/body_path.rs`. A body is read for one
//! path, in one pass and without building anything of it: [`json`] and [`logfmt`] give out the piece of text that is the
//! field's value.

mod json;
mod logfmt;

use super::mask::Mask;
use super::slice::Slice;
use super::value_test::{ValueTest, stored_passes};
use crate::guard::{QueryGuard, Stop};
use json::{Found, Syntax};
use logfmt::Word;
use memchr::{memchr, memmem};
use model::limits::{BODY_PATH_NAMES_MAX, STRUCTURED_BODY_BYTES_MAX};
use model::{BodyPath, Literal, Value, ValueKind};

/// The candidates whose body has the field, and whose value passes.
pub(crate) fn body_path(
    path: &BodyPath,
    test: &impl ValueTest,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let columns = slice.columns();
    let kinds = &columns.body_kinds()[slice.rows()];
    let start = slice.rows().start;
    let path = Path::new(path.as_str());
    // Read when there is a first candidate for it.
    let mut bodies = None;
    candidates.try_retain(|row| {
        let kind = kinds[row];
        if kind != ValueKind::Str as u8 && kind != ValueKind::Map as u8 {
            return Ok(false);
        }
        let bodies = bodies.get_or_insert_with(|| columns.bodies_of(slice.rows()));
        let text = bodies.texts.value(start + row - bodies.first);
        guard.spend(WORK_PER_BODY + text.len() / BYTES_PER_WORK)?;
        if text.len() > STRUCTURED_BODY_BYTES_MAX || !path.may_be_in(text) {
            return Ok(false);
        }
        if kind == ValueKind::Map as u8 {
            return match json::find(text, &path, Syntax::TextForm) {
                Some(found) => json_passes(test, found, Syntax::TextForm, guard),
                None => Ok(false),
            };
        }
        let inner = text.trim_start_matches(json::WHITE);
        if inner.starts_with('{') {
            return match json::find(inner, &path, Syntax::Json) {
                Some(found) => json_passes(test, found, Syntax::Json, guard),
                None => Ok(false),
            };
        }
        Ok(logfmt::find(text, path.text).is_some_and(|word| word_passes(test, &word)))
    })
}

/// What a path names in a body.
pub(crate) fn value_at_path(path: &BodyPath, kind: ValueKind, text: &str) -> Option<Value> {
    if text.len() > STRUCTURED_BODY_BYTES_MAX {
        return None;
    }
    let path = Path::new(path.as_str());
    match kind {
        ValueKind::Map => json_value(json::find(text, &path, Syntax::TextForm)?, Syntax::TextForm),
        ValueKind::Str => {
            let inner = text.trim_start_matches(json::WHITE);
            if inner.starts_with('{') {
                return json_value(json::find(inner, &path, Syntax::Json)?, Syntax::Json);
            }
            logfmt::find(text, path.text).map(|word| word_value(&word))
        }
        ValueKind::Empty
        | ValueKind::Bool
        | ValueKind::Int
        | ValueKind::Double
        | ValueKind::Bytes
        | ValueKind::Array => None,
    }
}

/// All members of a text that is one JSON object.
pub(crate) fn json_fields(text: &str) -> Option<Value> {
    let text = text.trim_start_matches(json::WHITE);
    if text.len() > STRUCTURED_BODY_BYTES_MAX { None } else { json::whole(text) }
}

/// All keys of a text that is a logfmt line, and their values, in the order written.
pub(crate) fn logfmt_fields(text: &str) -> Option<Vec<(&str, Value)>> {
    if text.len() > STRUCTURED_BODY_BYTES_MAX {
        return None;
    }
    let mut fields = Vec::new();
    logfmt::walk(text, &mut |key, word| fields.push((key, word_value(&word.read()))))?;
    Some(fields)
}

fn json_value(found: Found<'_>, syntax: Syntax) -> Option<Value> {
    Some(match found {
        Found::Null => Value::Empty,
        Found::Bool(flag) => Value::Bool(flag),
        Found::Str(text) => Value::Str(text.into()),
        Found::Number(text) => match text.parse() {
            Ok(whole) => Value::Int(whole),
            Err(_) => text.parse().map(Value::Double).ok()?,
        },
        Found::Nested(text) => match syntax {
            Syntax::Json => Value::parse_text_form(&json::text_form(text))?,
            Syntax::TextForm => Value::parse_text_form(text)?,
        },
    })
}

fn word_value(word: &Word<'_>) -> Value {
    match word {
        Word::Bare | Word::Plain("true") => Value::Bool(true),
        Word::Plain("false") => Value::Bool(false),
        Word::Quoted(text) => Value::Str((&**text).into()),
        Word::Plain(text) => match Literal::number(text) {
            Some(Literal::Int(number)) => Value::Int(number),
            Some(Literal::Number(number)) if text.contains(['.', 'e', 'E']) => Value::Double(number),
            _ => Value::Str((*text).into()),
        },
    }
}

/// What reading a body costs beside its text.
const WORK_PER_BODY: usize = 64;
/// How much faster this is than the slowest look at a text.
const BYTES_PER_WORK: usize = 4;

/// A path, parted at its dots.
struct Path<'p> {
    text: &'p str,
    /// Where each name ends.
    ends: [usize; BODY_PATH_NAMES_MAX],
    name_count: usize,
    /// The last name; it stands in each body that has the field, unless it is written with escapes.
    last_name: memmem::Finder<'p>,
}

impl<'p> Path<'p> {
    fn new(text: &'p str) -> Path<'p> {
        let mut ends = [0; BODY_PATH_NAMES_MAX];
        let places = text.match_indices('.').map(|(place, _)| place).chain([text.len()]);
        let mut name_count = 0;
        for (end, place) in ends.iter_mut().zip(places) {
            *end = place;
            name_count += 1;
        }
        let last_name = text.rsplit('.').next().unwrap_or(text);
        Path { text, ends, name_count, last_name: memmem::Finder::new(last_name) }
    }

    fn may_be_in(&self, body: &str) -> bool {
        self.last_name.find(body.as_bytes()).is_some() || memchr(b'\\', body.as_bytes()).is_some()
    }
}

fn json_passes(test: &impl ValueTest, found: Found<'_>, syntax: Syntax, guard: &QueryGuard) -> Result<bool, Stop> {
    Ok(match found {
        Found::Null => test.empty(),
        Found::Bool(flag) => test.bool(flag),
        Found::Str(text) => test.text(&text),
        Found::Number(text) => match text.parse() {
            Ok(whole) => test.int(whole),
            Err(_) => text.parse().is_ok_and(|number| test.double(number)),
        },
        Found::Nested(text) => {
            guard.spend(text.len())?;
            let kind = if text.starts_with('[') { ValueKind::Array } else { ValueKind::Map };
            match syntax {
                Syntax::Json => return stored_passes(test, kind, &json::text_form(text), guard),
                Syntax::TextForm if text.starts_with("{\"$bytes\":") => test.bytes(text),
                Syntax::TextForm if text.starts_with("{\"$double\":") => {
                    // The three doubles that JSON has no word for.
                    let number = if text.contains("NaN") { f64::NAN } else { f64::INFINITY };
                    test.double(if text.contains('-') { -number } else { number })
                }
                Syntax::TextForm => return stored_passes(test, kind, text, guard),
            }
        }
    })
}

fn word_passes(test: &impl ValueTest, word: &Word<'_>) -> bool {
    match word {
        Word::Bare => test.bool(true),
        Word::Quoted(text) => test.text(text),
        Word::Plain("true") => test.bool(true),
        Word::Plain("false") => test.bool(false),
        Word::Plain(text) => match Literal::number(text) {
            Some(Literal::Int(number)) => test.int(number),
            Some(Literal::Number(number)) if text.contains(['.', 'e', 'E']) => test.double(number),
            _ => test.text(text),
        },
    }
}

#[cfg(test)]
mod tests;
