//! A filter as a query, for whoever shows people what was asked in other words.

use crate::field::name_of;
use crate::scanner::quote;
use basics::Timestamp;
use model::{Comparison, Field, Filter, Level, Literal, Term, TextTarget};

/// A query that is read as this filter; `None` where the language has no words for it.
pub fn render(filter: &Filter) -> Option<String> {
    match filter {
        Filter::All => Some("*".to_owned()),
        Filter::And(parts) => joined(parts, " ", "*"),
        Filter::Or(parts) => joined(parts, " OR ", "NOT *"),
        Filter::Not(inner) => Some(format!("NOT ({})", render(inner)?)),
        Filter::Text { target, term } => {
            let place = place(target, |field| has_words(field, term))?;
            let bare = format!("{place}{}", with_stars(term));
            // What would not be read as this term stands in quotes.
            let is_plain = is_word(&term.text) && is_read_as(&bare, filter);
            Some(if is_plain { bare } else { format!("{place}{}", starred(term)) })
        }
        Filter::Exact { target, term } => {
            let term = Term { text: single_quoted(&term.text).into(), ..term.clone() };
            Some(format!("{}{}", place(target, |_| true)?, with_stars(&term)))
        }
        Filter::Wildcard { target, wildcard } => {
            // A query has no quotes within a word, so its pieces hold nothing that ends one.
            let text = wildcard.pieces.join("*");
            let is_plain = |next: char| next.is_alphanumeric() && !matches!(next, '*');
            let is_bare = text.split('*').all(|piece| !piece.is_empty() && piece.chars().all(is_plain));
            let (is_open_start, is_open_end) = (wildcard.is_open_start, wildcard.is_open_end);
            let term = Term { text: text.into(), is_open_start, is_open_end };
            is_bare.then(|| Some(format!("{}{}", place(target, |_| true)?, with_stars(&term)))).flatten()
        }
        Filter::Regex { target, regex } => {
            let slashed = slashed(regex)?;
            Some(format!("{}{slashed}", place(target, |_| true)?))
        }
        Filter::OneOf { field, values } => {
            let is_askable = !values.is_empty() && values.iter().all(|value| is_askable(field, value));
            let values: Vec<String> = values.iter().map(|value| quote(value)).collect();
            is_askable.then(|| format!("{} in ({})", name_of(field), values.join(", ")))
        }
        Filter::InIpRange { field, range } => match field {
            Field::Level | Field::TraceId | Field::SpanId => None,
            _ => Some(format!("{}:[{} TO {}]", name_of(field), range.first(), range.last())),
        },
        Filter::Equals { field, value } => {
            let bare = format!("{}={value}", name_of(field));
            let is_plain = is_word(value) && is_read_as(&bare, filter);
            let quoted = || if is_plain { bare } else { format!("{}={}", name_of(field), quote(value)) };
            is_askable(field, value).then(quoted)
        }
        Filter::Exists(field) => Some(format!("{}:*", name_of(field))),
        Filter::Compare { field, comparison, literal } => {
            Some(format!("{}{}{}", name_of(field), sign(*comparison), render_literal(literal)))
        }
    }
}

fn is_read_as(query: &str, filter: &Filter) -> bool {
    crate::parse(query, Timestamp(0)).is_ok_and(|read| read == *filter)
}

/// True for a text that means the same whatever stands beside it.
fn is_word(text: &str) -> bool {
    let is_plain = |next: char| next.is_alphanumeric() || matches!(next, '_' | '-' | '.');
    let ends = text.starts_with(char::is_alphanumeric) && text.ends_with(char::is_alphanumeric);
    ends && text.chars().all(is_plain) && !matches!(text, "in" | "IN")
}

fn joined(parts: &[Filter], between: &str, empty: &str) -> Option<String> {
    if parts.is_empty() {
        return Some(empty.to_owned());
    }
    let inner = |part: &Filter| {
        let text = render(part)?;
        Some(if matches!(part, Filter::And(_) | Filter::Or(_)) { format!("({text})") } else { text })
    };
    let parts: Option<Vec<String>> = parts.iter().map(inner).collect();
    Some(parts?.join(between))
}

fn place(target: &TextTarget, is_sayable: impl Fn(&Field) -> bool) -> Option<String> {
    match target {
        TextTarget::Anywhere => Some(String::new()),
        TextTarget::Field(field) => is_sayable(field).then(|| format!("{}:", name_of(field))),
    }
}

fn starred(term: &Term) -> String {
    with_stars(&Term { text: quote(&term.text).into(), ..term.clone() })
}

fn with_stars(term: &Term) -> String {
    let star = |is_open: bool| if is_open { "*" } else { "" };
    format!("{}{}{}", star(term.is_open_start), term.text, star(term.is_open_end))
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// `None` where a word would stand instead of an expression.
pub(crate) fn slashed(regex: &str) -> Option<String> {
    if regex.is_empty() || regex.starts_with(char::is_whitespace) || regex.ends_with(char::is_whitespace) {
        return None;
    }
    // A slash that is escaped already stays so.
    Some(format!("/{}/", regex.replace('/', "\\/")))
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A level's name asks for the level, and an id is asked for whole, whatever a filter could express beyond.
fn has_words(field: &Field, term: &Term) -> bool {
    let is_open = term.is_open_start || term.is_open_end;
    match field {
        Field::Level => is_open || Level::parse(&term.text).is_none(),
        Field::TraceId => is_open || is_hexadecimal(&term.text, 32),
        Field::SpanId => is_open || is_hexadecimal(&term.text, 16),
        _ => true,
    }
}

fn is_askable(field: &Field, value: &str) -> bool {
    match field {
        Field::Level => !value.is_empty() && Level::parse(value).is_none_or(|level| level.name() == value),
        Field::TraceId => is_hexadecimal(value, 32),
        Field::SpanId => is_hexadecimal(value, 16),
        _ => true,
    }
}

fn render_literal(literal: &Literal) -> String {
    match literal {
        Literal::Number(number) => format!("{number:?}"),
        Literal::Int(number) => number.to_string(),
        Literal::Text(text) => quote(text),
        Literal::Time(time) => time.to_string(),
        Literal::Level(level) => level.to_string(),
    }
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}
