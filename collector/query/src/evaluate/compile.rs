//! From a filter to conditions: folds terms, settles what is always so, and puts cheap conditions first.

use super::compare::{CompareNumber, CompareText, holds};
use super::equals::EqualsTest;
use super::ip_range::{InTextTest, WholeValueTest};
use super::level::BySeverity;
use super::number::Number;
use super::one_of::OneOfTest;
use super::question::{Condition, Node};
use super::text::TextTest;
use crate::error::QueryError;
use crate::limits::{FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX};
use basics::Timestamp;
use model::limits::{LIST_VALUES_MAX, REGEXES_MAX, WILDCARD_STARS_MAX};
use model::{Comparison, Field, Filter, Literal, TextTarget, TimeRange};

/// Compiles a filter.
pub(crate) fn compile(filter: &Filter) -> Result<Node, QueryError> {
    Compiler { conditions: 0, regexes: 0 }.node(filter, 0)
}

struct Compiler {
    conditions: usize,
    regexes: usize,
}

impl Compiler {
    fn node(&mut self, filter: &Filter, depth: usize) -> Result<Node, QueryError> {
        if depth > FILTER_DEPTH_MAX {
            return Err(QueryError::FilterTooDeep);
        }
        match filter {
            Filter::All => Ok(Node::All),
            Filter::And(parts) => Ok(all_of(self.nodes(parts, depth)?)),
            Filter::Or(parts) => Ok(any_of(self.nodes(parts, depth)?)),
            Filter::Not(inner) => Ok(match self.node(inner, depth + 1)? {
                Node::All => Node::Nothing,
                Node::Nothing => Node::All,
                Node::Not(inner) => *inner,
                other @ (Node::And(_) | Node::Or(_) | Node::Condition(_)) => Node::Not(Box::new(other)),
            }),
            Filter::Text { .. }
            | Filter::Exact { .. }
            | Filter::Wildcard { .. }
            | Filter::Regex { .. }
            | Filter::Equals { .. }
            | Filter::OneOf { .. }
            | Filter::InIpRange { .. }
            | Filter::Exists(_)
            | Filter::Compare { .. } => {
                self.count(filter)?;
                condition(filter)
            }
        }
    }

    fn count(&mut self, filter: &Filter) -> Result<(), QueryError> {
        self.conditions += 1;
        self.regexes += usize::from(matches!(filter, Filter::Regex { .. }));
        let is_too_long = match filter {
            Filter::OneOf { values, .. } => values.len() > LIST_VALUES_MAX,
            Filter::Wildcard { wildcard, .. } => wildcard.pieces.len() > WILDCARD_STARS_MAX + 1,
            _ => false,
        };
        if self.conditions > FILTER_CONDITIONS_MAX || self.regexes > REGEXES_MAX || is_too_long {
            return Err(QueryError::FilterTooLarge);
        }
        Ok(())
    }

    fn nodes(&mut self, filters: &[Filter], depth: usize) -> Result<Vec<Node>, QueryError> {
        filters.iter().map(|filter| self.node(filter, depth + 1)).collect()
    }
}

fn all_of(mut parts: Vec<Node>) -> Node {
    parts.retain(|part| !matches!(part, Node::All));
    if parts.iter().any(|part| matches!(part, Node::Nothing)) {
        return Node::Nothing;
    }
    only_or(parts, Node::All, Node::And)
}

fn any_of(mut parts: Vec<Node>) -> Node {
    parts.retain(|part| !matches!(part, Node::Nothing));
    if parts.iter().any(|part| matches!(part, Node::All)) {
        return Node::All;
    }
    only_or(parts, Node::Nothing, Node::Or)
}

fn only_or(mut parts: Vec<Node>, none: Node, join: fn(Vec<Node>) -> Node) -> Node {
    parts.sort_by_key(cost);
    match parts.pop() {
        None => none,
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
    }
}

/// A filter that is none of All, And, Or and Not.
fn condition(filter: &Filter) -> Result<Node, QueryError> {
    let condition = match filter {
        Filter::Text { target, term } => return Ok(text(target, TextTest::term(term))),
        Filter::Exact { target, term } => return Ok(text(target, TextTest::exact(term))),
        Filter::Wildcard { target, wildcard } => return Ok(text(target, TextTest::wildcard(wildcard))),
        Filter::Regex { target, regex } => return Ok(text(target, TextTest::regex(regex)?)),
        Filter::Equals { field: Field::Time, .. }
        | Filter::OneOf { field: Field::Time, .. }
        | Filter::InIpRange { field: Field::Time, .. } => return Ok(Node::Nothing),
        Filter::Equals { field, value } => Condition::Equals(field.clone(), EqualsTest::new(value)),
        Filter::OneOf { values, .. } if values.is_empty() => return Ok(Node::Nothing),
        Filter::OneOf { field, values } => Condition::OneOf(field.clone(), OneOfTest::new(values)),
        Filter::InIpRange { field: Field::Body, range } => {
            Condition::IpInText(Field::Body, InTextTest { range: *range })
        }
        Filter::InIpRange { field, range } => Condition::IpRange(field.clone(), WholeValueTest { range: *range }),
        Filter::Exists(Field::Time) => return Ok(Node::All),
        Filter::Exists(field) => Condition::Exists(field.clone()),
        Filter::Compare { field, comparison, literal } => return Ok(comparing(field, *comparison, literal)),
        Filter::All | Filter::And(_) | Filter::Or(_) | Filter::Not(_) => {
            unreachable!("the caller has looked into these")
        }
    };
    Ok(Node::Condition(condition))
}

/// Times are only compared.
fn text(target: &TextTarget, test: TextTest) -> Node {
    match target {
        TextTarget::Anywhere => Node::Condition(Condition::Anywhere(Box::new(test))),
        TextTarget::Field(Field::Time) => Node::Nothing,
        TextTarget::Field(field) => Node::Condition(Condition::Text(field.clone(), Box::new(test))),
    }
}

/// A literal of another kind than the field's is never in any relation to it.
fn comparing(field: &Field, comparison: Comparison, literal: &Literal) -> Node {
    let condition = match (field, literal) {
        (Field::Time, Literal::Time(time)) => Condition::Time { comparison, nanos: time.0 },
        (Field::Level, Literal::Level(literal)) => {
            Condition::Level(BySeverity::of(|level| holds(comparison, level.cmp(literal))))
        }
        (Field::Time | Field::Level, _) | (_, Literal::Time(_) | Literal::Level(_)) => return Node::Nothing,
        (_, Literal::Text(text)) => {
            Condition::CompareText(field.clone(), CompareText { comparison, literal: text.clone() })
        }
        (_, Literal::Number(_) | Literal::Int(_)) => match Number::of(literal) {
            Some(literal) => Condition::CompareNumber(field.clone(), CompareNumber { comparison, literal }),
            None => return Node::Nothing,
        },
    };
    Node::Condition(condition)
}

/// Roughly how long a condition takes for each record, to put the cheap ones first.
fn cost(node: &Node) -> u32 {
    match node {
        Node::All | Node::Nothing => 0,
        Node::And(parts) | Node::Or(parts) => parts.iter().map(cost).fold(0, u32::saturating_add),
        Node::Not(inner) => cost(inner),
        Node::Condition(condition) => match condition {
            Condition::Time { .. } | Condition::Level(_) => 1,
            Condition::Exists(field) => 1 + reading(field),
            Condition::Equals(field, _) => 2 + reading(field),
            Condition::OneOf(field, _) => 3 + reading(field),
            Condition::IpRange(field, _) => 5 + reading(field),
            Condition::IpInText(field, _) => 60 + reading(field),
            Condition::CompareText(field, _) => 3 + reading(field),
            Condition::CompareNumber(field, _) => 4 + reading(field),
            Condition::Text(Field::Body, _) => 40,
            Condition::Text(field, _) => 10 + reading(field),
            Condition::Anywhere(_) => 80,
        },
    }
}

/// Roughly how long it takes to come by a field's value.
fn reading(field: &Field) -> u32 {
    match field {
        Field::Time | Field::Service | Field::ScopeName | Field::Level => 0,
        Field::TraceId | Field::SpanId | Field::EventName => 2,
        Field::Body | Field::Attribute(_) => 4,
        Field::BodyPath(_) => 30,
    }
}

/// Times outside of which a filter matches nothing, as far as that is plain to see.
pub(crate) fn time_range(filter: &Filter) -> TimeRange {
    match filter {
        Filter::And(parts) => parts.iter().fold(TimeRange::ALL, |range, part| match part {
            // Not deeper: a time in inner parentheses is compared like any other value.
            Filter::Compare { .. } => range.intersect(time_range(part)),
            _ => range,
        }),
        Filter::Compare { field: Field::Time, comparison, literal: Literal::Time(time) } => {
            let next = Timestamp(time.0.saturating_add(1));
            match comparison {
                Comparison::Less => TimeRange { end: *time, ..TimeRange::ALL },
                Comparison::LessOrEqual => TimeRange { end: next, ..TimeRange::ALL },
                Comparison::Greater => TimeRange { start: next, ..TimeRange::ALL },
                Comparison::GreaterOrEqual => TimeRange { start: *time, ..TimeRange::ALL },
            }
        }
        _ => TimeRange::ALL,
    }
}

#[cfg(test)]
mod tests;
