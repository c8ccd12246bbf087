//! The fields of a structured body, by building all of it.

use model::limits::{STRUCTURED_BODY_BYTES_MAX, STRUCTURED_BODY_DEPTH_MAX};
use model::{Literal, Value};

/// The fields of a body as a map; `None` when it is not structured.
pub(super) fn fields_of(body: &Value) -> Option<Value> {
    let fields = match body {
        Value::Str(text) if text.len() > STRUCTURED_BODY_BYTES_MAX => None,
        Value::Str(text) if text.trim_matches(JSON_WHITE).starts_with('{') => json(text),
        Value::Str(text) => logfmt(text),
        Value::Map(_) if body.to_string().len() <= STRUCTURED_BODY_BYTES_MAX => Some(body.clone()),
        _ => None,
    };
    fields.filter(|fields| depth(fields) <= STRUCTURED_BODY_DEPTH_MAX)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        // Written as an object.
        Value::Bytes(_) => 1,
        Value::Double(number) if !number.is_finite() => 1,
        Value::Empty | Value::Str(_) | Value::Bool(_) | Value::Int(_) | Value::Double(_) => 0,
    }
}

/// What a path names in a map.
pub(super) fn at_path<'v>(fields: &'v Value, path: &str) -> Option<&'v Value> {
    let Value::Map(entries) = fields else { return None };
    let entry = |wanted: &str| entries.iter().find(|(key, _)| **key == *wanted).map(|(_, value)| value);
    let dots = path.char_indices().filter(|(_, character)| *character == '.').map(|(place, _)| place);
    let halves = dots.rev().map(|dot| (&path[..dot], &path[dot + 1..]));
    entry(path).or_else(|| halves.into_iter().find_map(|(first, second)| at_path(entry(first)?, second)))
}

const JSON_WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

fn json(text: &str) -> Option<Value> {
    let mut rest = text;
    let value = json_value(&mut rest, 0)?;
    rest.trim_start_matches(JSON_WHITE).is_empty().then_some(value)
}

fn take(rest: &mut &str, token: &str) -> bool {
    let behind = rest.trim_start_matches(JSON_WHITE).strip_prefix(token);
    *rest = behind.unwrap_or(rest);
    behind.is_some()
}

fn json_value(rest: &mut &str, depth: usize) -> Option<Value> {
    if depth > STRUCTURED_BODY_DEPTH_MAX + 1 {
        return None;
    }
    for (word, value) in [("null", Value::Empty), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
        if take(rest, word) {
            return Some(value);
        }
    }
    if take(rest, "\"") {
        return json_string(rest).map(|text| Value::Str(text.into()));
    }
    if take(rest, "[") {
        let mut values = vec![];
        while !take(rest, "]") {
            if !values.is_empty() && !take(rest, ",") {
                return None;
            }
            values.push(json_value(rest, depth + 1)?);
        }
        return Some(Value::Array(values));
    }
    if take(rest, "{") {
        let mut entries = vec![];
        while !take(rest, "}") {
            if !entries.is_empty() && !take(rest, ",") || !take(rest, "\"") {
                return None;
            }
            let key = json_string(rest)?;
            if !take(rest, ":") {
                return None;
            }
            entries.push((key.into(), json_value(rest, depth + 1)?));
        }
        return Some(Value::Map(entries));
    }
    json_number(rest)
}

fn json_string(rest: &mut &str) -> Option<String> {
    // UTF-16, so that escaped pairs come together by themselves.
    let mut units: Vec<u16> = vec![];
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => break,
            '\\' => match characters.next()? {
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    let is_code = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                    units.push(u16::from_str_radix(&digits, 16).ok().filter(|_| is_code)?);
                }
                escape => {
                    let index = "\"\\/bfnrt".find(escape)?;
                    units.push(u16::from(b"\"\\/\x08\x0c\n\r\t"[index]));
                }
            },
            control if control < ' ' => return None,
            plain => units.extend(plain.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    *rest = characters.as_str();
    Some(String::from_utf16_lossy(&units))
}

fn json_number(rest: &mut &str) -> Option<Value> {
    let text = rest.trim_start_matches(JSON_WHITE);
    let length = text.find(|next: char| !next.is_ascii_digit() && !"+-.eE".contains(next)).unwrap_or(text.len());
    let (number, behind) = text.split_at(length);
    *rest = behind;
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    // The language's numbers, less a sign before and zeroes that lead.
    let is_led_by_zero = unsigned.starts_with('0') && unsigned[1..].starts_with(|next: char| next.is_ascii_digit());
    if is_led_by_zero || number.starts_with('+') {
        return None;
    }
    // A number that overflows is infinite, and one all the same.
    let mantissa = number.split(['e', 'E']).next()?;
    Literal::number(mantissa)?;
    let exponent =
        number.split_once(['e', 'E']).map(|(_, exponent)| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    if exponent.is_some_and(|digits| digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit())) {
        return None;
    }
    match number.parse() {
        Ok(whole) => Some(Value::Int(whole)),
        Err(_) => number.parse().ok().map(Value::Double),
    }
}

/// The pairs and bare keys of a logfmt line.
fn logfmt(text: &str) -> Option<Value> {
    let line = text.trim();
    if line.starts_with('{') || line.contains(['\n', '\r']) {
        return None;
    }
    let mut entries: Vec<(Box<str>, Value)> = vec![];
    let (mut pairs, mut bare) = (0, 0);
    let mut rest = line;
    while !rest.is_empty() {
        let ends_key = |next: char| next.is_whitespace() || next.is_control() || matches!(next, '=' | '"');
        let (key, behind) = rest.split_at(rest.find(ends_key).unwrap_or(rest.len()));
        if key.is_empty() {
            return None;
        }
        let value = match behind.strip_prefix('=') {
            None => {
                bare += 1;
                rest = behind;
                Value::Bool(true)
            }
            Some(quoted) if quoted.starts_with('"') => {
                pairs += 1;
                let mut characters = quoted[1..].chars();
                let mut value = String::new();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => value.push(match characters.next()? {
                            'n' => '\n',
                            'r' => '\r',
                            't' => '\t',
                            other => other,
                        }),
                        plain => value.push(plain),
                    }
                }
                rest = characters.as_str();
                Value::Str(value.into())
            }
            Some(plain) => {
                pairs += 1;
                let (value, behind) = plain.split_at(plain.find([' ', '\t']).unwrap_or(plain.len()));
                rest = behind;
                bare_value(value)
            }
        };
        entries.push((key.into(), value));
        let behind = rest.trim_start_matches([' ', '\t']);
        if behind.len() == rest.len() && !rest.is_empty() {
            return None;
        }
        rest = behind;
    }
    (pairs > bare).then_some(Value::Map(entries))
}

fn bare_value(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match Literal::number(text) {
            Some(Literal::Int(number)) => Value::Int(number),
            Some(Literal::Number(number)) if text.contains(['.', 'e', 'E']) => Value::Double(number),
            _ => Value::Str(text.into()),
        },
    }
}

#[cfg(test)]
mod tests;
