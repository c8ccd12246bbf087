//! The reference for searches: decides whether a record matches a filter, slowly and plainly.
//!
//! It follows docs/search.md sentence by sentence and shares no code with what it checks, apart from the tables of the
//! Unicode Character Database and [`Literal::number`]. Where it and the product differ, one of them is wrong.
//!
//! Start at [`matches`].

mod ip;
mod regex;
mod structured;

use model::{Comparison, Field, Filter, Level, Literal, LogRecord, Term, TextTarget, Value, Wildcard};
use std::cmp::Ordering;
use unicode_general_category::get_general_category;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

/// Tells whether the record matches.
pub fn matches(filter: &Filter, record: &LogRecord) -> bool {
    match filter {
        Filter::All => true,
        Filter::And(filters) => filters.iter().all(|filter| matches(filter, record)),
        Filter::Or(filters) => filters.iter().any(|filter| matches(filter, record)),
        Filter::Not(filter) => !matches(filter, record),
        Filter::Text { target, term } => {
            is_found(target, record, &Sought { test: &|text| term_matches(term, text), number: number_of(term) })
        }
        Filter::Exact { target, term } => {
            let test = |text: &str| occurs(term, &composed(&term.text), &composed(text));
            is_found(target, record, &Sought { test: &test, number: number_of(term) })
        }
        Filter::Wildcard { target, wildcard } => {
            is_found(target, record, &Sought { test: &|text| wildcard_matches(wildcard, text), number: None })
        }
        Filter::Regex { target, regex } => {
            let regex = regex::parse(regex);
            is_found(target, record, &Sought { test: &|text| regex::matches(&regex, text), number: None })
        }
        Filter::OneOf { field, values } => {
            let found = values_of(field, record);
            values.iter().any(|value| found.iter().any(|found| equals(found, value)))
        }
        Filter::InIpRange { field, range } => {
            values_of(field, record).iter().flat_map(strings).any(|text| match field {
                Field::Body => ip::addresses_in(text).into_iter().any(|address| range.contains(address)),
                _ => text.parse().is_ok_and(|address| range.contains(address)),
            })
        }
        Filter::Equals { field, value } => values_of(field, record).iter().any(|found| equals(found, value)),
        Filter::Exists(Field::Time) => true,
        Filter::Exists(field) => !values_of(field, record).is_empty(),
        Filter::Compare { field, comparison, literal } => {
            ordering(field, literal, record).is_some_and(|ordering| stands_in(ordering, *comparison))
        }
    }
}

/// What a field holds; nothing when the record lacks it. A level has up to two texts. Time is only compared.
fn values_of(field: &Field, record: &LogRecord) -> Vec<Value> {
    let text = |text: &str| Value::Str(text.into());
    let nonempty = |value: &str| if value.is_empty() { vec![] } else { vec![text(value)] };
    match field {
        Field::Time => vec![],
        Field::Body if record.body == Value::Empty => vec![],
        Field::Body => vec![record.body.clone()],
        Field::Service => record.stream.service().map(text).into_iter().collect(),
        Field::Level => {
            let name = record.severity.level().map(Level::name).unwrap_or_default();
            [nonempty(name), nonempty(&record.severity_text)].concat()
        }
        Field::TraceId => record.trace_id.map(|id| text(&id.to_string())).into_iter().collect(),
        Field::SpanId => record.span_id.map(|id| text(&id.to_string())).into_iter().collect(),
        Field::EventName => nonempty(&record.event_name),
        Field::ScopeName => nonempty(&record.stream.scope_name),
        Field::Attribute(key) => record.attribute(key).cloned().into_iter().collect(),
        Field::BodyPath(path) => body_field(&record.body, path.as_str()).into_iter().collect(),
    }
}

/// What a path names in a structured body.
pub fn body_field(body: &Value, path: &str) -> Option<Value> {
    structured::at_path(&structured::fields_of(body)?, path).cloned()
}

/// All strings of a value, at any depth. Map keys do not count.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Str(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Map(entries) => entries.iter().flat_map(|(_, value)| strings(value)).collect(),
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) => vec![],
    }
}

/// What is looked for in texts.
struct Sought<'a> {
    test: &'a dyn Fn(&str) -> bool,
    /// What a number may also equal.
    number: Option<&'a str>,
}

/// A term without stars also finds a number that equals it.
fn number_of(term: &Term) -> Option<&str> {
    Some(&*term.text).filter(|_| !term.is_open_start && !term.is_open_end)
}

fn is_found(target: &TextTarget, record: &LogRecord, sought: &Sought<'_>) -> bool {
    match target {
        TextTarget::Anywhere => {
            let own = record.attributes.iter().map(|(_, value)| value);
            value_has(&record.body, sought) || own.flat_map(strings).any(|text| (sought.test)(text))
        }
        TextTarget::Field(field) => values_of(field, record).iter().any(|value| value_has(value, sought)),
    }
}

/// In a value's strings, or in the text of a number or bool, or equal to it as a number.
fn value_has(value: &Value, sought: &Sought<'_>) -> bool {
    match value {
        Value::Str(_) | Value::Array(_) | Value::Map(_) => strings(value).iter().any(|text| (sought.test)(text)),
        Value::Bool(_) | Value::Int(_) | Value::Double(_) => {
            (sought.test)(&value.to_string()) || sought.number.is_some_and(|number| is_same_number(value, number))
        }
        Value::Empty | Value::Bytes(_) => false,
    }
}

fn equals(value: &Value, text: &str) -> bool {
    match value {
        Value::Empty => false,
        Value::Str(found) => **found == *text,
        Value::Int(_) | Value::Double(_) => is_same_number(value, text),
        Value::Bool(_) | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => value.to_string() == text,
    }
}

fn is_same_number(value: &Value, text: &str) -> bool {
    Literal::number(text).is_some_and(|literal| number_ordering(value, &literal) == Some(Ordering::Equal))
}

/// How the field's value stands to the literal; `None` when they cannot be compared.
fn ordering(field: &Field, literal: &Literal, record: &LogRecord) -> Option<Ordering> {
    match (field, literal) {
        (Field::Time, Literal::Time(time)) => Some(record.position.time.cmp(time)),
        (Field::Level, Literal::Level(level)) => Some(record.severity.level()?.cmp(level)),
        (Field::Time | Field::Level, _) | (_, Literal::Time(_) | Literal::Level(_)) => None,
        (_, Literal::Text(text)) => match values_of(field, record).first()? {
            Value::Str(found) => Some(found.chars().cmp(text.chars())),
            _ => None,
        },
        (_, Literal::Number(_) | Literal::Int(_)) => number_ordering(values_of(field, record).first()?, literal),
    }
}

/// Compares by value, without rounding. A string counts when it is a number in full.
fn number_ordering(value: &Value, literal: &Literal) -> Option<Ordering> {
    let left = match value {
        Value::Int(number) => Literal::Int(*number),
        Value::Double(number) => Literal::Number(*number),
        Value::Str(text) => Literal::number(text)?,
        _ => return None,
    };
    match (left, literal) {
        (Literal::Int(left), Literal::Int(right)) => Some(left.cmp(right)),
        (Literal::Int(left), Literal::Number(right)) => int_to_double(left, *right),
        (Literal::Number(left), Literal::Int(right)) => int_to_double(*right, left).map(Ordering::reverse),
        (Literal::Number(left), Literal::Number(right)) => left.partial_cmp(right),
        _ => None,
    }
}

/// A double of less than 2^100 has an exact whole part in 128 bits; beyond, its sign decides.
fn int_to_double(int: i64, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double.abs() >= 1e30 {
        return 0.0.partial_cmp(&double);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the whole part is below 2^100")]
    let whole = double.trunc() as i128;
    Some(i128::from(int).cmp(&whole).then(0.0.partial_cmp(&double.fract())?))
}

fn stands_in(ordering: Ordering, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

/// Tells whether the term occurs in the text.
pub fn term_matches(term: &Term, text: &str) -> bool {
    occurs(term, &comparable(&term.text), &comparable(text))
}

/// Tells whether the needle, which is the term in another form, occurs in the text.
fn occurs(term: &Term, needle: &[char], text: &[char]) -> bool {
    (0..=text.len()).any(|start| {
        let Some(end) = end_of(needle, text, start) else { return false };
        let goes_on_before = !term.is_open_start && goes_on_before(needle, text, start);
        let goes_on_behind = !term.is_open_end && goes_on_behind(needle, text, end);
        !goes_on_before && !goes_on_behind
    })
}

fn goes_on_before(needle: &[char], text: &[char], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|before| text.get(before));
    needle.first().is_some_and(is_word_character) && before.is_some_and(is_word_character)
}

fn goes_on_behind(needle: &[char], text: &[char], end: usize) -> bool {
    needle.last().is_some_and(is_word_character) && text.get(end).is_some_and(is_word_character)
}

/// Tells whether the wildcard occurs in the text: follows every place where a piece may end to every place where the next
/// one may begin.
pub fn wildcard_matches(wildcard: &Wildcard, text: &str) -> bool {
    let text = comparable(text);
    let pieces: Vec<Vec<char>> = wildcard.pieces.iter().map(|piece| comparable(piece)).collect();
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return true };
    let mut ends: Vec<usize> = (0..=text.len())
        .filter(|start| wildcard.is_open_start || !goes_on_before(first, &text, *start))
        .filter_map(|start| end_of(first, &text, start))
        .collect();
    for piece in pieces.iter().skip(1) {
        let starts = ends.iter().flat_map(|end| {
            let free = text[*end..].iter().take_while(|character| !character.is_whitespace()).count();
            *end..=*end + free
        });
        ends = starts.filter_map(|start| end_of(piece, &text, start)).collect();
        ends.sort_unstable();
        ends.dedup();
    }
    ends.iter().any(|end| wildcard.is_open_end || !goes_on_behind(last, &text, *end))
}

/// NFC.
pub fn composed(text: &str) -> Vec<char> {
    text.nfc().collect()
}

/// NFC, simple case folding, NFC.
fn comparable(text: &str) -> Vec<char> {
    let folded: String = text
        .nfc()
        .map(|character| match unicode_case_mapping::case_folded(character) {
            Some(folded) => char::from_u32(folded.get()).expect("a fold is a character"),
            None => character,
        })
        .collect();
    folded.nfc().collect()
}

/// Where the needle ends when it begins at `start`: character for character, white space run for white space run.
fn end_of(needle: &[char], text: &[char], start: usize) -> Option<usize> {
    let mut at = start;
    let mut index = 0;
    while let Some(want) = needle.get(index) {
        if want.is_whitespace() {
            let run = |characters: &[char]| characters.iter().take_while(|found| found.is_whitespace()).count();
            let found = run(&text[at..]);
            if found == 0 {
                return None;
            }
            at += found;
            index += run(&needle[index..]);
        } else if text.get(at) == Some(want) {
            at += 1;
            index += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

/// A letter, mark or number outside Han, Kana and Hangul. What only these scripts share counts as theirs.
fn is_word_character(character: &char) -> bool {
    let is_syllabic = |script| matches!(script, Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul);
    let shared: Vec<Script> = character.script_extension().iter().collect();
    let is_of_these = is_syllabic(character.script()) || !shared.is_empty() && shared.into_iter().all(is_syllabic);
    get_general_category(*character).abbreviation().starts_with(['L', 'M', 'N']) && !is_of_these
}

#[cfg(test)]
mod tests;
