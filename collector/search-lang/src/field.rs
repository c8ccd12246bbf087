//! Names of fields, and where a word is a field's name rather than text.
//!
//! A bare name begins with a letter, `_`, `@` or `$`, goes on with letters, digits and `_ . - / @ $`, and ends with a
//! letter, digit or `_`. So `10.0.0.7:8080`, `12:30:45` and `a->b` are text. `http://x`, `std::io` and `C:\x` are text
//! too: behind the colon stands `//`, `:` or `\`. Any other key is written in quotes: `"my key":x`.
//!
//! `body.` before a name or a quoted text makes a path into the body: `body.user.id`, `body."my key"`.

use crate::error::SearchLangError;
use crate::limits::PIPE_ITEMS_MAX;
use crate::scanner::{Operator, Scanner, quote};
use model::limits::BODY_PATH_NAMES_MAX;
use model::{BodyPath, Field};

/// A field's name and what stands behind it.
pub(crate) struct Found {
    pub(crate) field: Field,
    pub(crate) link: Link,
    /// Where the name begins.
    pub(crate) start: usize,
}

/// What stands between a field and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// `:`
    Colon,
    /// `=` and its kin.
    Operator(Operator),
    /// `in`; the scanner stands at the parenthesis behind it.
    In,
}

/// Reads a field's name and its operator, or leaves the scanner where it is when text stands there.
pub(crate) fn take(scanner: &mut Scanner<'_>) -> Result<Option<Found>, SearchLangError> {
    let start = scanner.at();
    let name = name(scanner)?;
    let link = if name.is_some() { behind_name(scanner, start)? } else { None };
    let (Some(name), Some(link)) = (name, link) else {
        scanner.return_to(start);
        return Ok(None);
    };
    let field = name.field().ok_or_else(|| {
        let message = format!("a path into the body has at most {BODY_PATH_NAMES_MAX} names");
        SearchLangError::new(start..scanner.at(), message)
    })?;
    Ok(Some(Found { field, link, start }))
}

/// Reads a field's name where only that can stand; `None` leaves the scanner where it is.
pub(crate) fn take_name(scanner: &mut Scanner<'_>) -> Result<Option<Field>, SearchLangError> {
    let start = scanner.at();
    let Some(name) = name(scanner)? else { return Ok(None) };
    let message = format!("a path into the body has at most {BODY_PATH_NAMES_MAX} names");
    name.field().ok_or_else(|| SearchLangError::new(start..scanner.at(), message)).map(Some)
}

/// Reads the name of a field, as a query has it, and nothing else.
pub fn parse_field(text: &str) -> Result<Field, SearchLangError> {
    match &parse_fields(text)?[..] {
        [field] => Ok(field.clone()),
        _ => Err(SearchLangError::new(0..text.len(), "one field is expected here".to_owned())),
    }
}

/// Reads names of fields with commas between them.
pub fn parse_fields(text: &str) -> Result<Vec<Field>, SearchLangError> {
    let mut scanner = Scanner::new(text);
    let mut fields = Vec::new();
    loop {
        scanner.skip_white_space();
        let start = scanner.at();
        let Some(field) = take_name(&mut scanner)? else {
            let message = "the name of a field is expected here; other names than plain ones stand in quotes";
            return Err(SearchLangError::new(start..text.len(), message.to_owned()));
        };
        fields.push(field);
        scanner.skip_white_space();
        match scanner.peek() {
            None => return Ok(fields),
            Some(',') if fields.len() < PIPE_ITEMS_MAX => scanner.advance(1),
            Some(',') => {
                let message = format!("at most {PIPE_ITEMS_MAX} fields stand here");
                return Err(SearchLangError::new(scanner.at()..text.len(), message));
            }
            Some(_) => {
                let message = "a comma or the end is expected behind the name of a field";
                return Err(SearchLangError::new(scanner.at()..text.len(), message.to_owned()));
            }
        }
    }
}

/// A name as it is written.
enum Name<'a> {
    Bare(&'a str),
    Quoted(String),
    /// Behind `body.`.
    QuotedPath(String),
}

impl Name<'_> {
    /// `None` for a path of too many names.
    fn field(self) -> Option<Field> {
        match self {
            Name::Bare(name) => named(name),
            Name::Quoted(key) => Some(Field::Attribute(key.into())),
            Name::QuotedPath(path) => BodyPath::new(path).map(Field::BodyPath),
        }
    }
}

fn name<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Name<'a>>, SearchLangError> {
    if scanner.peek() == Some('"') {
        return scanner.quoted().map(|key| Some(Name::Quoted(key)));
    }
    if scanner.rest().starts_with("body.\"") {
        scanner.advance("body.".len());
        return scanner.quoted().map(|path| Some(Name::QuotedPath(path)));
    }
    let name = bare_name(scanner.rest());
    scanner.advance(name.map_or(0, str::len));
    Ok(name.map(Name::Bare))
}

/// The field of a bare name; `None` for a path of too many names.
fn named(name: &str) -> Option<Field> {
    Some(match name {
        "time" => Field::Time,
        "body" => Field::Body,
        "service" => Field::Service,
        "level" => Field::Level,
        "trace_id" => Field::TraceId,
        "span_id" => Field::SpanId,
        "event_name" => Field::EventName,
        "scope_name" => Field::ScopeName,
        _ => match name.strip_prefix("body.") {
            Some(path) => Field::BodyPath(BodyPath::new(path)?),
            None => Field::Attribute(name.into()),
        },
    })
}

/// The name of a field as it is written in a query.
pub fn name_of(field: &Field) -> String {
    let name = match field {
        Field::Time => "time",
        Field::Body => "body",
        Field::Service => "service",
        Field::Level => "level",
        Field::TraceId => "trace_id",
        Field::SpanId => "span_id",
        Field::EventName => "event_name",
        Field::ScopeName => "scope_name",
        Field::Attribute(key) => {
            let is_bare = bare_name(key) == Some(key) && matches!(named(key), Some(Field::Attribute(_)));
            return if is_bare { key.to_string() } else { quote(key) };
        }
        Field::BodyPath(path) => {
            let name = format!("body.{}", path.as_str());
            return if bare_name(&name) == Some(&name) { name } else { format!("body.{}", quote(path.as_str())) };
        }
    };
    name.to_owned()
}

fn bare_name(text: &str) -> Option<&str> {
    let goes_on = |next: char| next.is_alphanumeric() || matches!(next, '_' | '.' | '-' | '/' | '@' | '$');
    let name = &text[..text.find(|next| !goes_on(next)).unwrap_or(text.len())];
    let begins = name.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '@' | '$'));
    let ends = name.ends_with(|last: char| last.is_alphanumeric() || last == '_');
    (begins && ends).then_some(name)
}

/// Reads what links a field to its value; `None` when the name before was text.
fn behind_name(scanner: &mut Scanner<'_>, start: usize) -> Result<Option<Link>, SearchLangError> {
    if let Some(behind) = scanner.rest().strip_prefix(':') {
        if behind.starts_with("//") || behind.starts_with([':', '\\']) {
            return Ok(None);
        }
        scanner.advance(1);
        return Ok(Some(Link::Colon));
    }
    let name_end = scanner.at();
    scanner.skip_white_space();
    let is_spaced = scanner.at() > name_end;
    if is_spaced && matches!(scanner.peek_bare(), "in" | "IN") {
        let word = scanner.at();
        scanner.advance("in".len());
        scanner.skip_white_space();
        if scanner.peek() == Some('(') {
            return Ok(Some(Link::In));
        }
        scanner.return_to(word);
    }
    let run = scanner.peek_operator_run();
    if !is_spaced && matches!(run, "=~" | "!~") {
        let span = scanner.at()..scanner.at() + run.len();
        let field = scanner.since(start);
        let negation = if run == "!~" { "NOT " } else { "" };
        let message = format!("{run} is not known: a regular expression reads {negation}{field}:/a.*b/");
        return Err(SearchLangError::new(span, message).suggest(format!("{negation}{field}:/a.*b/")));
    }
    // `a <b>` is text; `a < 5` and `a >=5` are comparisons.
    let is_tag = is_spaced && run == "<" && scanner.rest()[run.len()..].starts_with(|next: char| !next.is_whitespace());
    Ok(if is_tag { None } else { scanner.operator() }.map(Link::Operator))
}
