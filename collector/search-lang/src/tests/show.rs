//! A filter as one line to compare with.

use model::{Comparison, Field, Filter, Literal, Term, TextTarget};

pub(super) fn show(filter: &Filter) -> String {
    match filter {
        Filter::All => "all".to_owned(),
        Filter::And(parts) => format!("({})", joined(parts, " & ")),
        Filter::Or(parts) => format!("({})", joined(parts, " | ")),
        Filter::Not(inner) => format!("not {}", show(inner)),
        Filter::Text { target: TextTarget::Anywhere, term } => show_term(term),
        Filter::Text { target: TextTarget::Field(field), term } => format!("{} has {}", name(field), show_term(term)),
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

fn show_term(term: &Term) -> String {
    let star = |is_open: bool| if is_open { "*" } else { "" };
    format!("{}{:?}{}", star(term.is_open_start), term.text, star(term.is_open_end))
}

fn name(field: &Field) -> String {
    match field {
        Field::Attribute(key) => format!("[{key}]"),
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
