//! A filter as one line to compare with.

use model::{Comparison, Field, Filter, Literal, Term, TextTarget};

pub(super) fn show(filter: &Filter) -> String {
    match filter {
        Filter::All => "all".to_owned(),
        Filter::And(parts) => format!("({})", joined(parts, " & ")),
        Filter::Or(parts) => format!("({})", joined(parts, " | ")),
        Filter::Not(inner) => format!("not {}", show(inner)),
        Filter::Text { target, term } => format!("{}{}", place(target), show_term(term)),
        Filter::Exact { target, term } => format!("{}exactly {}", place(target), show_term(term)),
        Filter::Wildcard { target, wildcard } => {
            let pieces: Vec<String> = wildcard.pieces.iter().map(|piece| format!("{piece:?}")).collect();
            let star = |is_open: bool| if is_open { "*" } else { "" };
            let (start, end) = (star(wildcard.is_open_start), star(wildcard.is_open_end));
            format!("{}{start}{}{end}", place(target), pieces.join("*"))
        }
        Filter::Regex { target, regex } => format!("{}/{regex}/", place(target)),
        Filter::OneOf { field, values } => format!("{} in {values:?}", name(field)),
        Filter::InIpRange { field, range } => format!("{} in {} to {}", name(field), range.first(), range.last()),
        Filter::Equals { field, value } => format!("{} is {value:?}", name(field)),
        Filter::Exists(field) => format!("{} exists", name(field)),
        Filter::Compare { field, comparison, literal } => {
            format!("{} {} {}", name(field), sign(*comparison), show_literal(literal))
        }
    }
}

fn joined(parts: &[Filter], between: &str) -> String {
    parts.iter().map(show).collect::<Vec<_>>().join(between)
}

fn place(target: &TextTarget) -> String {
    match target {
        TextTarget::Anywhere => String::new(),
        TextTarget::Field(field) => format!("{} has ", name(field)),
    }
}

fn show_term(term: &Term) -> String {
    let star = |is_open: bool| if is_open { "*" } else { "" };
    format!("{}{:?}{}", star(term.is_open_start), term.text, star(term.is_open_end))
}

fn name(field: &Field) -> String {
    match field {
        Field::Attribute(key) => format!("[{key}]"),
        Field::BodyPath(path) => format!("body[{}]", path.as_str()),
        Field::Time
        | Field::Body
        | Field::Service
        | Field::Level
        | Field::TraceId
        | Field::SpanId
        | Field::EventName
        | Field::ScopeName => format!("{field:?}").to_lowercase(),
    }
}

pub(super) fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

fn show_literal(literal: &Literal) -> String {
    match literal {
        Literal::Number(number) => format!("{number:?}"),
        Literal::Int(number) => number.to_string(),
        Literal::Text(text) => format!("{text:?}"),
        Literal::Time(time) => time.to_string(),
        Literal::Level(level) => level.to_string(),
    }
}
