//! What a value means behind each kind of field.

use crate::error::SearchLangError;
use crate::field::name_of;
use crate::ip;
use crate::nearest::nearest;
use crate::scanner::{Quotes, Word, quote};
use crate::time::parse_time;
use basics::Timestamp;
use model::limits::WILDCARD_STARS_MAX;
use model::{Comparison, Field, Filter, Level, Literal, Term, TextTarget, Wildcard};

/// `field:value`.
pub(crate) fn has(field: &Field, word: &Word, now: Timestamp) -> Result<Filter, SearchLangError> {
    if word.is_everything() {
        return Ok(Filter::Exists(field.clone()));
    }
    if *field == Field::Time {
        return Err(time_needs_comparison(word, now));
    }
    if !word.has_star() && word.quotes != Quotes::Single {
        match field {
            Field::Level => {
                if let Some(level) = level_named(word)? {
                    return Ok(level);
                }
            }
            Field::TraceId => return id(field, word, 32),
            Field::SpanId => return id(field, word, 16),
            Field::Time
            | Field::Body
            | Field::Service
            | Field::EventName
            | Field::ScopeName
            | Field::Attribute(_)
            | Field::BodyPath(_) => {
                if let Some(range) = ip::network(word)? {
                    return Ok(Filter::InIpRange { field: field.clone(), range });
                }
            }
        }
    }
    text(TextTarget::Field(field.clone()), word)
}

/// A word somewhere: a term, one whose case counts, or pieces with stars between them.
pub(crate) fn text(target: TextTarget, word: &Word) -> Result<Filter, SearchLangError> {
    if word.text.is_empty() {
        return Err(SearchLangError::new(word.span.clone(), "nothing stands between the quotes"));
    }
    let (is_open_start, is_open_end) = (word.is_open_start, word.is_open_end);
    if word.has_inner_star() {
        let pieces: Vec<Box<str>> =
            word.text.split('*').filter(|piece| !piece.is_empty()).map(|piece| piece.into()).collect();
        if pieces.len() > WILDCARD_STARS_MAX + 1 {
            let message = format!("a word has at most {WILDCARD_STARS_MAX} stars inside; in quotes a star is itself");
            return Err(SearchLangError::new(word.span.clone(), message));
        }
        return Ok(Filter::Wildcard { target, wildcard: Wildcard { pieces, is_open_start, is_open_end } });
    }
    let term = Term { text: word.text.as_str().into(), is_open_start, is_open_end };
    Ok(match word.quotes {
        Quotes::Single => Filter::Exact { target, term },
        Quotes::None | Quotes::Double => Filter::Text { target, term },
    })
}

/// `field=value`.
pub(crate) fn is(field: &Field, word: &Word, now: Timestamp) -> Result<Filter, SearchLangError> {
    Ok(Filter::Equals { field: field.clone(), value: whole(field, word, now)? })
}

/// What a whole value is compared with.
pub(crate) fn whole(field: &Field, word: &Word, now: Timestamp) -> Result<Box<str>, SearchLangError> {
    refuse_stars(word, "= and in ask for whole values; use : with stars, or quotes where the star is meant itself")?;
    match field {
        Field::Time => Err(time_needs_comparison(word, now)),
        Field::Level => Ok(level_name(word)?.unwrap_or(&word.text).into()),
        Field::TraceId => id_digits(field, word, 32),
        Field::SpanId => id_digits(field, word, 16),
        Field::Body
        | Field::Service
        | Field::EventName
        | Field::ScopeName
        | Field::Attribute(_)
        | Field::BodyPath(_) => Ok(word.text.as_str().into()),
    }
}

/// `field>value` and its kin.
pub(crate) fn compare(
    field: &Field,
    comparison: Comparison,
    word: &Word,
    now: Timestamp,
) -> Result<Filter, SearchLangError> {
    refuse_stars(word, "a comparison has no stars")?;
    let literal = match field {
        Field::Time => Literal::Time(parse_time(&word.text, now).ok_or_else(|| no_time(word))?),
        Field::Level => Literal::Level(Level::parse(&word.text).ok_or_else(|| no_level(word))?),
        Field::Body
        | Field::Service
        | Field::TraceId
        | Field::SpanId
        | Field::EventName
        | Field::ScopeName
        | Field::Attribute(_)
        | Field::BodyPath(_) => {
            let number = if word.is_quoted() { None } else { Literal::number(&word.text) };
            number.unwrap_or_else(|| Literal::Text(word.text.as_str().into()))
        }
    };
    Ok(Filter::Compare { field: field.clone(), comparison, literal })
}

fn refuse_stars(word: &Word, message: &str) -> Result<(), SearchLangError> {
    if !word.has_star() {
        return Ok(());
    }
    let stars = |is_there: bool| if is_there { "*" } else { "" };
    let text = format!("{}{}{}", stars(word.is_open_start), word.text, stars(word.is_open_end));
    Err(SearchLangError::new(word.span.clone(), message).suggest(quote(&text)))
}

/// A level by any of its names. `None` for a quoted text, which may be a severity text of the sender's own.
fn level_named(word: &Word) -> Result<Option<Filter>, SearchLangError> {
    Ok(level_name(word)?.map(|name| Filter::Equals { field: Field::Level, value: name.into() }))
}

fn level_name(word: &Word) -> Result<Option<&'static str>, SearchLangError> {
    match Level::parse(&word.text) {
        Some(level) => Ok(Some(level.name())),
        None if word.is_quoted() && !word.text.is_empty() => Ok(None),
        None => Err(no_level(word)),
    }
}

fn no_level(word: &Word) -> SearchLangError {
    let names: Vec<&str> = Level::ALL.iter().map(|level| level.name()).collect();
    let message = format!("no level is called so; the levels are {}", names.join(", "));
    let mistake = SearchLangError::new(word.span.clone(), message);
    match nearest(&word.text, &names) {
        Some(name) => mistake.suggest(name),
        None => mistake,
    }
}

fn no_time(word: &Word) -> SearchLangError {
    let message = "this is no time; times read 2026-11-24, 2026-11-24T10:30, 2026-11-24T10:30:00+01:00, -15m, -1d12h, now, \
                   today or seconds since 1970";
    SearchLangError::new(word.span.clone(), message)
}

fn time_needs_comparison(word: &Word, now: Timestamp) -> SearchLangError {
    if parse_time(&word.text, now).is_none() {
        return no_time(word);
    }
    let message = format!("a time is compared, as in time>={0} or time:[{0} TO now]", word.text);
    SearchLangError::new(word.span.clone(), message)
}

/// An id is asked for as a whole, in either case of its digits.
fn id(field: &Field, word: &Word, digits: usize) -> Result<Filter, SearchLangError> {
    Ok(Filter::Equals { field: field.clone(), value: id_digits(field, word, digits)? })
}

fn id_digits(field: &Field, word: &Word, digits: usize) -> Result<Box<str>, SearchLangError> {
    let is_id = word.text.len() == digits && word.text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id {
        return Ok(word.text.to_ascii_lowercase().into());
    }
    let name = name_of(field);
    let message = format!("{name} has {digits} hexadecimal digits; a star stands for those left out");
    let mistake = SearchLangError::new(word.span.clone(), message);
    let is_beginning = word.text.len() < digits && word.text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Err(if is_beginning && !word.text.is_empty() { mistake.suggest(format!("{}*", word.text)) } else { mistake })
}
