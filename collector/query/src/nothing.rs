//! Why nothing was found: which condition matches nothing, what is near to it, and when there was something.
//!
//! The conditions are those that all have to hold. Each is counted alone in the range that was asked for, up to a number;
//! when each alone matches something, the question is counted without each. What is near to a word that nothing has is
//! looked for among the newest records of the range: words and values with few other letters or that begin so, and names
//! of fields.
//!
//! Everything is read as every question reads, under a time of its own; what was not reached is missing, and the answer
//! says so.

use crate::context::times_of;
use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::fields::{FieldsRequest, fields};
use crate::guard::{QueryGuard, Stop};
use crate::limits::{
    ENTRY_BYTES, NEAR_PER_CONDITION_MAX, NEAR_SAMPLE_RECORDS, NOTHING_CONDITIONS_MAX, NOTHING_COUNT_MAX, NOTHING_TIME,
    SLICE_RECORDS,
};
use crate::pipeline::name_of;
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use basics::Timestamp;
use log_store::{LogColumns, LogSnapshot};
use model::{Field, Filter, LogRecord, Term, TextTarget, TimeRange, Value};
use std::collections::HashMap;
use std::time::Duration;
use text_index::{CharacterKind, character_kind};

/// What is asked: a question that was answered with nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct NothingRequest {
    /// What should have matched.
    pub filter: Filter,
    /// When it should have been.
    pub range: TimeRange,
}

/// Why nothing was found, as far as it was looked into.
#[derive(Debug, Default)]
pub struct NothingAnswer {
    /// The conditions that all have to hold, each alone in the range.
    pub conditions: Vec<Counted>,
    /// When each of several conditions matches something alone: the question without each of them.
    pub without: Vec<Counted>,
    /// What is near to conditions that match nothing.
    pub near: Vec<Near>,
    /// The newest match before the range.
    pub last_before: Option<Timestamp>,
    /// The oldest match after the range.
    pub first_after: Option<Timestamp>,
    /// Why some of it is missing.
    pub cut_short: Option<CutShort>,
}

/// A question and how many records match it.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// The question.
    pub filter: Filter,
    /// How many match.
    pub records: u64,
    /// True when there may be more: counting stops at a number.
    pub is_more: bool,
}

/// Something that there is, near to something that there is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// Which of the conditions.
    pub condition: usize,
    /// What stands in the condition: a word, a value or the name of a field.
    pub asked: Box<str>,
    /// What there is.
    pub found: Box<str>,
    /// The whole question with that instead.
    pub filter: Filter,
}

/// Looks into a question that was answered with nothing.
///
/// A deadline or a memory ceiling cuts the answer short; cancellation ends it with [`QueryError::Cancelled`].
pub fn nothing(
    snapshot: &LogSnapshot,
    request: &NothingRequest,
    guard: &QueryGuard,
) -> Result<NothingAnswer, QueryError> {
    let guard = &guard.sooner(NOTHING_TIME);
    let mut answer = NothingAnswer::default();
    let looked = look(snapshot, request, &mut answer, guard)?;
    let stopped = match looked {
        Ok(()) => None,
        Err(stop) => Some(stop.cut_short()?),
    };
    answer.cut_short = CutShort::first(snapshot.is_replaying(), false, stopped);
    Ok(answer)
}

/// Takes the matches of a slice, counted in the batch, and says whether to go on.
type Each<'a> = dyn FnMut(&LogColumns<'_>, &[usize]) -> Result<bool, Stop> + 'a;

type Looked<T> = Result<Result<T, Stop>, QueryError>;

/// Hands on a mistake, and ends the looking where it is to stop.
macro_rules! go_on {
    ($looked:expr) => {
        match $looked? {
            Ok(found) => found,
            Err(stop) => return Ok(Err(stop)),
        }
    };
}

fn look(
    snapshot: &LogSnapshot,
    request: &NothingRequest,
    answer: &mut NothingAnswer,
    guard: &QueryGuard,
) -> Looked<()> {
    let parts = conditions(&request.filter);
    for part in &parts {
        let counted = go_on!(count(snapshot, part, request.range, guard));
        answer.conditions.push(counted);
    }
    let are_all_met = answer.conditions.iter().all(|counted| counted.records > 0);
    if are_all_met && parts.len() > 1 {
        for place in 0..parts.len() {
            let counted = go_on!(count(snapshot, &with(&parts, place, None), request.range, guard));
            answer.without.push(counted);
        }
    }
    let before = TimeRange { start: Timestamp::MIN, end: request.range.start };
    answer.last_before = go_on!(newest(snapshot, &request.filter, before, guard));
    answer.first_after = go_on!(oldest_from(snapshot, &request.filter, request.range.end, guard));
    if !are_all_met { near(snapshot, request, &parts, answer, guard) } else { Ok(Ok(())) }
}

/// What all has to hold, as far as it is plain to see.
fn conditions(filter: &Filter) -> Vec<Filter> {
    let mut parts = Vec::new();
    flatten(filter, &mut parts);
    if parts.len() > NOTHING_CONDITIONS_MAX {
        let rest = parts.split_off(NOTHING_CONDITIONS_MAX - 1);
        parts.push(Filter::And(rest));
    }
    parts
}

fn flatten(filter: &Filter, parts: &mut Vec<Filter>) {
    match filter {
        Filter::And(inner) => inner.iter().for_each(|part| flatten(part, parts)),
        Filter::All => {}
        other => parts.push(other.clone()),
    }
}

/// The question with another condition at a place, or without that one.
fn with(parts: &[Filter], place: usize, instead: Option<Filter>) -> Filter {
    let mut parts = parts.to_vec();
    match instead {
        Some(filter) => parts[place] = filter,
        None => drop(parts.remove(place)),
    }
    match parts.len() {
        0 => Filter::All,
        1 => parts.remove(0),
        _ => Filter::And(parts),
    }
}

/// Puts slices of what matches to `each`, newest first, until it has enough.
fn read(
    snapshot: &LogSnapshot,
    filter: &Filter,
    range: TimeRange,
    guard: &QueryGuard,
    each: &mut Each<'_>,
) -> Looked<()> {
    let question = Question::compile(filter)?;
    let range = range.intersect(question.time_range());
    let window = Window { range, before: None, after_sequence: None };
    let sources = Sources::new(snapshot, &window, &question);
    let mut scan = Scan::new(&sources, &question, window, SLICE_RECORDS);
    Ok(read_slices(&question, &sources, &mut scan, guard, each))
}

fn read_slices(
    question: &Question,
    sources: &Sources,
    scan: &mut Scan<'_>,
    guard: &QueryGuard,
    each: &mut Each<'_>,
) -> Result<(), Stop> {
    while let Some(next) = scan.next_slice(None, guard)? {
        guard.look()?;
        let matches = question.matches(next.slice(), next.candidates, guard)?;
        let first = next.slice().rows().start;
        let rows: Vec<usize> = matches.rows().map(|row| first + row).collect();
        if sources.is_damaged(next.source, &next.batch) {
            scan.give_up(&next);
            continue;
        }
        if !rows.is_empty() && !each(&next.slice().columns(), &rows)? {
            return Ok(());
        }
        scan.pass(&next, None);
    }
    Ok(())
}

fn count(snapshot: &LogSnapshot, filter: &Filter, range: TimeRange, guard: &QueryGuard) -> Looked<Counted> {
    let mut records = 0;
    go_on!(read(snapshot, filter, range, guard, &mut |_, rows| {
        records += rows.len() as u64;
        Ok(records <= NOTHING_COUNT_MAX)
    }));
    let is_more = records > NOTHING_COUNT_MAX;
    Ok(Ok(Counted { filter: filter.clone(), records: records.min(NOTHING_COUNT_MAX), is_more }))
}

/// The newest match in a range.
fn newest(snapshot: &LogSnapshot, filter: &Filter, range: TimeRange, guard: &QueryGuard) -> Looked<Option<Timestamp>> {
    let request = crate::SearchRequest { filter: filter.clone(), range, limit: 1, before: None, after_sequence: None };
    if range.is_empty() {
        return Ok(Ok(None));
    }
    let found = crate::search(snapshot, &request, guard)?;
    match (found.records.first(), found.cut_short) {
        (Some(record), _) => Ok(Ok(Some(record.position.time))),
        (None, Some(reason @ (CutShort::Deadline | CutShort::Memory))) => Ok(Err(Stop::CutShort(reason))),
        (None, _) => Ok(Ok(None)),
    }
}

/// How far is looked at first behind the range, and by what that grows.
const FIRST_SPAN: Duration = Duration::from_secs(60);
const GROWTH: u32 = 16;

/// The oldest match from a moment on. The span that is read grows from there, so that a near one is found soon.
fn oldest_from(
    snapshot: &LogSnapshot,
    filter: &Filter,
    start: Timestamp,
    guard: &QueryGuard,
) -> Looked<Option<Timestamp>> {
    let end = times_of(snapshot).end;
    let mut range = TimeRange { start, end: start.saturating_add(FIRST_SPAN) };
    let mut span = FIRST_SPAN;
    while range.start < end {
        let mut oldest: Option<Timestamp> = None;
        go_on!(read(snapshot, filter, range, guard, &mut |columns, rows| {
            let times = columns.batch().times();
            let first = rows.iter().map(|row| Timestamp(times[*row])).min();
            oldest = oldest.into_iter().chain(first).min();
            Ok(true)
        }));
        if oldest.is_some() {
            return Ok(Ok(oldest));
        }
        span = span.saturating_mul(GROWTH);
        range = TimeRange { start: range.end, end: range.end.saturating_add(span) };
    }
    Ok(Ok(None))
}

/// What a condition asks for, when something may be near to it.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    target: TextTarget,
    text: Box<str>,
    /// The whole value is asked for, not a word of it.
    is_whole: bool,
}

fn asked(filter: &Filter) -> Option<Asked> {
    match filter {
        Filter::Text { target, term } | Filter::Exact { target, term } => {
            Some(Asked { target: target.clone(), text: term.text.clone(), is_whole: false })
        }
        Filter::Equals { field, value } => {
            Some(Asked { target: TextTarget::Field(field.clone()), text: value.clone(), is_whole: true })
        }
        _ => None,
    }
}

/// The field that a condition is about.
fn field_of(filter: &Filter) -> Option<&Field> {
    match filter {
        Filter::Text { target: TextTarget::Field(field), .. }
        | Filter::Exact { target: TextTarget::Field(field), .. }
        | Filter::Wildcard { target: TextTarget::Field(field), .. }
        | Filter::Regex { target: TextTarget::Field(field), .. }
        | Filter::Equals { field, .. }
        | Filter::OneOf { field, .. }
        | Filter::InIpRange { field, .. }
        | Filter::Exists(field)
        | Filter::Compare { field, .. } => Some(field),
        _ => None,
    }
}

/// The same condition about another field.
fn about(filter: &Filter, other: &Field) -> Filter {
    let mut filter = filter.clone();
    match &mut filter {
        Filter::Text { target: TextTarget::Field(field), .. }
        | Filter::Exact { target: TextTarget::Field(field), .. }
        | Filter::Wildcard { target: TextTarget::Field(field), .. }
        | Filter::Regex { target: TextTarget::Field(field), .. }
        | Filter::Equals { field, .. }
        | Filter::OneOf { field, .. }
        | Filter::InIpRange { field, .. }
        | Filter::Exists(field)
        | Filter::Compare { field, .. } => *field = other.clone(),
        _ => {}
    }
    filter
}

fn near(
    snapshot: &LogSnapshot,
    request: &NothingRequest,
    parts: &[Filter],
    answer: &mut NothingAnswer,
    guard: &QueryGuard,
) -> Looked<()> {
    let unmet: Vec<usize> = (0..parts.len()).filter(|place| answer.conditions[*place].records == 0).collect();
    let of_values: Vec<(usize, Asked)> =
        unmet.iter().filter_map(|place| Some((*place, asked(&parts[*place])?))).collect();
    let sample = go_on!(Sample::read(snapshot, request.range, &of_values, guard));
    for ((place, asked), words) in of_values.iter().zip(&sample.words) {
        for (wanted, found) in nearest_words(asked, words) {
            let text: Box<str> = match asked.is_whole {
                true => found.clone(),
                false => replaced(&asked.text, &wanted, &found).into(),
            };
            let filter = with(parts, *place, Some(saying(&parts[*place], &text)));
            answer.near.push(Near { condition: *place, asked: wanted, found, filter });
        }
    }
    let names = FieldsRequest { filter: Filter::All, range: request.range, records_max: NEAR_SAMPLE_RECORDS / 10 };
    let names = fields(snapshot, &names, guard)?;
    if let Some(reason @ (CutShort::Deadline | CutShort::Memory)) = names.cut_short {
        return Ok(Err(Stop::CutShort(reason)));
    }
    for place in unmet {
        let Some(field @ (Field::Attribute(_) | Field::BodyPath(_))) = field_of(&parts[place]) else { continue };
        let is_known = names.fields.iter().any(|facts| facts.field == *field);
        if is_known {
            continue;
        }
        let own = name_of(field);
        let mut close: Vec<(usize, u64, &Field)> = names
            .fields
            .iter()
            .filter_map(|facts| Some((distance_of_near(&last_name(&own), &last_name(&name_of(&facts.field)))?, facts)))
            .map(|(distance, facts)| (distance, u64::MAX - facts.records, &facts.field))
            .collect();
        close.sort_by_cached_key(|(distance, rarity, field)| (*distance, *rarity, name_of(field)));
        for (_, _, other) in close.into_iter().take(NEAR_PER_CONDITION_MAX) {
            answer.near.push(Near {
                condition: place,
                asked: own.as_str().into(),
                found: name_of(other).into(),
                filter: with(parts, place, Some(about(&parts[place], other))),
            });
        }
    }
    Ok(Ok(()))
}

/// A field is often asked for without the names before it: `user` for `request.user`, or for `body.user`.
fn last_name(name: &str) -> String {
    text_index::fold(name.rsplit('.').next().unwrap_or(name)).into_owned()
}

/// The same condition with another text.
fn saying(filter: &Filter, text: &str) -> Filter {
    let mut filter = filter.clone();
    match &mut filter {
        Filter::Text { term: Term { text: old, .. }, .. }
        | Filter::Exact { term: Term { text: old, .. }, .. }
        | Filter::Equals { value: old, .. } => *old = text.into(),
        _ => {}
    }
    filter
}

/// A text in which one of its words is another one.
fn replaced(text: &str, word: &str, other: &str) -> String {
    let is_in_word = |next: char| character_kind(next) != CharacterKind::Separator;
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_in_word) {
        let (before, behind) = rest.split_at(start);
        let end = behind.find(|next: char| !is_in_word(next)).unwrap_or(behind.len());
        out.push_str(before);
        out.push_str(if text_index::fold(&behind[..end]) == word { other } else { &behind[..end] });
        rest = &behind[end..];
    }
    out.push_str(rest);
    out
}

/// What there is in the newest records, for each condition that asks for a text.
struct Sample {
    /// Folded words, or whole values, and how often they were seen.
    words: Vec<HashMap<Box<str>, u64>>,
}

impl Sample {
    fn read(snapshot: &LogSnapshot, range: TimeRange, asked: &[(usize, Asked)], guard: &QueryGuard) -> Looked<Sample> {
        let mut sample = Sample { words: vec![HashMap::new(); asked.len()] };
        if asked.is_empty() {
            return Ok(Ok(sample));
        }
        let mut memory = match guard.reserve(0) {
            Ok(memory) => memory,
            Err(stop) => return Ok(Err(stop)),
        };
        let (mut seen, mut bytes) = (0, 0);
        go_on!(read(snapshot, &Filter::All, range, guard, &mut |columns, rows| {
            for row in rows.iter().rev() {
                let record = columns.record(*row);
                for ((_, asked), words) in asked.iter().zip(&mut sample.words) {
                    bytes += note_words(&record, asked, words, guard)?;
                }
                if bytes > memory.bytes() && !memory.try_grow_to(bytes * 2) {
                    return Err(Stop::OUT_OF_MEMORY);
                }
                seen += 1;
                if seen >= NEAR_SAMPLE_RECORDS {
                    return Ok(false);
                }
            }
            Ok(true)
        }));
        Ok(Ok(sample))
    }
}

/// Counts the words of the texts that a condition looks at. Says how many bytes that took.
fn note_words(
    record: &LogRecord,
    asked: &Asked,
    words: &mut HashMap<Box<str>, u64>,
    guard: &QueryGuard,
) -> Result<u64, Stop> {
    let mut texts = Vec::new();
    match &asked.target {
        TextTarget::Anywhere => {
            strings_of(&record.body, &mut texts);
            record.attributes.iter().for_each(|(_, value)| strings_of(value, &mut texts));
        }
        TextTarget::Field(field) => {
            if let Some(value) = crate::fields::first_value(record, field) {
                strings_of(&value, &mut texts);
            }
        }
    }
    let mut bytes = 0;
    let mut note = |word: &str| {
        if let Some(count) = words.get_mut(word) {
            *count += 1;
        } else {
            bytes += ENTRY_BYTES + word.len() as u64;
            words.insert(word.into(), 1);
        }
    };
    for text in texts {
        guard.spend(text.len())?;
        if asked.is_whole {
            note(&text);
        } else {
            text_index::words(&text_index::fold(&text)).for_each(&mut note);
        }
    }
    Ok(bytes)
}

fn strings_of(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Str(text) => out.push(text.to_string()),
        Value::Array(values) => values.iter().for_each(|value| strings_of(value, out)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| strings_of(value, out)),
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) => {}
    }
}

/// Pairs of a word that was asked for and one that there is, the nearest first.
fn nearest_words(asked: &Asked, words: &HashMap<Box<str>, u64>) -> Vec<(Box<str>, Box<str>)> {
    let wanted: Vec<Box<str>> = match asked.is_whole {
        true => vec![asked.text.clone()],
        false => text_index::words(&text_index::fold(&asked.text)).map(Into::into).collect(),
    };
    let mut found = Vec::new();
    for wanted in wanted.iter().filter(|wanted| !words.contains_key(&***wanted)) {
        let own = text_index::fold(wanted);
        let mut close: Vec<(usize, u64, &Box<str>)> = words
            .iter()
            .filter_map(|(word, count)| {
                Some((distance_of_near(&own, &text_index::fold(word))?, u64::MAX - count, word))
            })
            .collect();
        close.sort_unstable();
        let close = close.into_iter().take(NEAR_PER_CONDITION_MAX);
        found.extend(close.map(|(_, _, word)| (wanted.clone(), word.clone())));
    }
    found.truncate(NEAR_PER_CONDITION_MAX);
    found
}

/// Longer words are not compared letter by letter.
const LETTERS_MAX: usize = 64;
/// From so many letters on two may differ; below, one.
const LONG_WORD: usize = 5;
/// So many letters make a beginning.
const BEGINNING: usize = 3;

/// How far two words are from each other, when they are near: few letters differ, or one begins with the other.
fn distance_of_near(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return Some(0);
    }
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let (shorter, longer) = if left.len() <= right.len() { (&left, &right) } else { (&right, &left) };
    let most = if longer.len() >= LONG_WORD { 2 } else { 1 };
    if longer.len() - shorter.len() <= most && longer.len() <= LETTERS_MAX {
        let distance = distance(&left, &right);
        if distance <= most && distance < shorter.len() {
            return Some(distance);
        }
    }
    // Behind all that differ in letters.
    let is_beginning = shorter.len() >= BEGINNING && longer.starts_with(shorter);
    is_beginning.then(|| 2 + longer.len() - shorter.len())
}

/// Letters put in, left out, replaced, or swapped with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut rows = [vec![0; right.len() + 1], (0..=right.len()).collect::<Vec<usize>>()];
    for (place, here) in left.iter().enumerate() {
        let mut current = vec![place + 1; right.len() + 1];
        for (column, there) in right.iter().enumerate() {
            let replaced = rows[1][column] + usize::from(here != there);
            current[column + 1] = replaced.min(rows[1][column + 1] + 1).min(current[column] + 1);
            if place > 0 && column > 0 && left[place - 1] == *there && right[column - 1] == *here {
                current[column + 1] = current[column + 1].min(rows[0][column - 1] + 1);
            }
        }
        rows.swap(0, 1);
        rows[1] = current;
    }
    rows[1][right.len()]
}

#[cfg(test)]
mod tests;
