//! Filters and pipes as queries.

use super::show::sign;
use crate::scanner::quote;
use model::{
    ChosenField, Field, Filter, Level, Literal, ParseSyntax, Pipe, SortKey, StatColumn, StatFunction, StatGroup, Term,
    TextTarget,
};

/// A query for a filter; `None` where the language has no words for it.
pub(super) fn render(filter: &Filter) -> Option<String> {
    match filter {
        Filter::All => Some("*".to_owned()),
        Filter::And(parts) => joined(parts, " AND ", "*"),
        Filter::Or(parts) => joined(parts, " OR ", "NOT *"),
        Filter::Not(inner) => Some(format!("NOT ({})", render(inner)?)),
        Filter::Text { target, term } => {
            Some(format!("{}{}", place(target, |field| has_words(field, term))?, starred(term)))
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
            is_askable.then(|| format!("{} in ({})", name(field), values.join(", ")))
        }
        Filter::InIpRange { field, range } => match field {
            Field::Level | Field::TraceId | Field::SpanId => None,
            _ => Some(format!("{}:[{} TO {}]", name(field), range.first(), range.last())),
        },
        Filter::Equals { field, value } => {
            is_askable(field, value).then(|| format!("{}={}", name(field), quote(value)))
        }
        Filter::Exists(field) => Some(format!("{}:*", name(field))),
        Filter::Compare { field, comparison, literal } => {
            Some(format!("{}{}{}", name(field), sign(*comparison), render_literal(literal)))
        }
    }
}

fn joined(parts: &[Filter], between: &str, empty: &str) -> Option<String> {
    if parts.is_empty() {
        return Some(empty.to_owned());
    }
    let parts: Option<Vec<String>> = parts.iter().map(|part| Some(format!("({})", render(part)?))).collect();
    Some(parts?.join(between))
}

fn place(target: &TextTarget, is_sayable: impl Fn(&Field) -> bool) -> Option<String> {
    match target {
        TextTarget::Anywhere => Some(String::new()),
        TextTarget::Field(field) => is_sayable(field).then(|| format!("{}:", name(field))),
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
fn slashed(regex: &str) -> Option<String> {
    if regex.is_empty() || regex.starts_with(char::is_whitespace) || regex.ends_with(char::is_whitespace) {
        return None;
    }
    // A slash that is escaped already stays so.
    Some(format!("/{}/", regex.replace('/', "\\/")))
}

fn name(field: &Field) -> String {
    match field {
        Field::Attribute(key) => quote(key),
        known => crate::field::name_of(known),
    }
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

/// A filter and pipes as one query; `None` where the language has no words for them.
pub(super) fn render_pipeline(filter: &Filter, pipes: &[Pipe]) -> Option<String> {
    let pipes: Option<Vec<String>> = pipes.iter().map(|pipe| Some(format!(" | {}", render_pipe(pipe)?))).collect();
    Some(format!("{}{}", render(filter)?, pipes?.concat()))
}

fn render_pipe(pipe: &Pipe) -> Option<String> {
    let names = |fields: Vec<String>| fields.join(", ");
    Some(match pipe {
        Pipe::Where(filter) => format!("where {}", render(filter)?),
        Pipe::Stats { columns, groups } => {
            let columns = names(columns.iter().map(render_column).collect());
            let groups = names(groups.iter().map(render_group).collect());
            format!("stats {columns}{}{groups}", if groups.is_empty() { "" } else { " by " })
        }
        Pipe::Top { count, field } => format!("top {count} by {}", name(field)),
        Pipe::Patterns { count } => format!("patterns {}", count.map(|count| count.to_string()).unwrap_or_default()),
        Pipe::Fields(chosen) => {
            let sign = |chosen: &ChosenField| if chosen.is_left_out { "-" } else { "" };
            format!(
                "fields {}",
                names(chosen.iter().map(|chosen| sign(chosen).to_owned() + &name(&chosen.field)).collect())
            )
        }
        Pipe::Sort(keys) => {
            let direction = |key: &SortKey| if key.is_descending { " desc" } else { "" };
            format!("sort by {}", names(keys.iter().map(|key| name(&key.field) + direction(key)).collect()))
        }
        Pipe::Limit(count) => format!("limit {count}"),
        Pipe::Context { before, after } if before == after => format!("context {before}"),
        Pipe::Context { before, after: 0 } => format!("context before {before}"),
        Pipe::Context { before: 0, after } => format!("context after {after}"),
        Pipe::Context { before, after } => format!("context before {before} after {after}"),
        Pipe::Parse { syntax, from } => {
            let from = from.as_ref().map(|from| format!(" from {}", name(from))).unwrap_or_default();
            match syntax {
                ParseSyntax::Json => format!("parse json{from}"),
                ParseSyntax::Logfmt => format!("parse logfmt{from}"),
                ParseSyntax::Regex(regex) => format!("parse regex {}{from}", slashed(regex)?),
            }
        }
    })
}

fn render_column(column: &StatColumn) -> String {
    let of = |function: &str, field: &Field| format!("{function}({})", name(field));
    let function = match &column.function {
        StatFunction::Count(None) => "count()".to_owned(),
        StatFunction::Count(Some(field)) => of("count", field),
        StatFunction::CountDistinct(field) => of("count_distinct", field),
        StatFunction::Sum(field) => of("sum", field),
        StatFunction::Average(field) => of("avg", field),
        StatFunction::Min(field) => of("min", field),
        StatFunction::Max(field) => of("max", field),
        StatFunction::Quantile { share, field } => format!("quantile({share:?}, {})", name(field)),
        StatFunction::Rate => "rate()".to_owned(),
    };
    let name = column.name.as_ref().map(|name| format!(" as {}", quote(name))).unwrap_or_default();
    function + &name
}

fn render_group(group: &StatGroup) -> String {
    match group {
        StatGroup::Field(field) => name(field),
        StatGroup::TimeBucket(step) => {
            let units = [("h", 3_600_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];
            let mut rest = step.as_nanos();
            let mut out = String::new();
            for (unit, nanos) in units {
                if rest >= nanos {
                    out += &format!("{}{unit}", rest / nanos);
                    rest %= nanos;
                }
            }
            out
        }
    }
}
