//! A compiled filter, and how And, Or and Not are decided.

use super::anywhere::anywhere;
use super::compare::{CompareNumber, CompareText, holds};
use super::compile::{compile, time_range};
use super::equals::EqualsTest;
use super::exists::ExistsTest;
use super::field::field;
use super::index::IndexTest;
use super::ip_range::{InTextTest, WholeValueTest};
use super::level::BySeverity;
use super::mask::Mask;
use super::one_of::OneOfTest;
use super::slice::Slice;
use super::text::TextTest;
use super::value_test::{ValueTest, scalars_that_pass};
use crate::error::QueryError;
use crate::guard::{QueryGuard, Stop};
use model::{Comparison, Field, Filter, TimeRange};
use parts::StoredGroup;

/// A filter made ready to be put to many slices.
#[derive(Debug)]
pub(crate) struct Question {
    root: Node,
    time_range: TimeRange,
}

/// A compiled filter. The parts of And and Or stand in the order of their cost, and none of them is All or Nothing.
#[derive(Debug)]
pub(crate) enum Node {
    All,
    Nothing,
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Condition(Condition),
}

/// One operator put to one field.
#[derive(Debug)]
pub(crate) enum Condition {
    Time { comparison: Comparison, nanos: i64 },
    Level(BySeverity),
    Anywhere(Box<TextTest>),
    Text(Field, Box<TextTest>),
    Equals(Field, EqualsTest),
    OneOf(Field, OneOfTest),
    IpRange(Field, WholeValueTest),
    IpInText(Field, InTextTest),
    Exists(Field),
    CompareNumber(Field, CompareNumber),
    CompareText(Field, CompareText),
}

impl Question {
    pub(crate) fn compile(filter: &Filter) -> Result<Question, QueryError> {
        Ok(Question { root: compile(filter)?, time_range: time_range(filter) })
    }

    /// Times outside of which nothing matches.
    pub(crate) fn time_range(&self) -> TimeRange {
        self.time_range
    }

    /// False when no record of a row group matches, as far as its index can tell.
    pub(crate) fn may_match(&self, group: &StoredGroup) -> bool {
        self.root.may_match(group)
    }

    /// Words of every record that matches, wherever they stand in it. None when that is not plain to see.
    pub(crate) fn required_keys(&self) -> Vec<u64> {
        let mut keys = Vec::new();
        self.root.required_keys(&mut keys);
        keys
    }

    /// The candidates that match.
    pub(crate) fn matches(&self, slice: Slice<'_>, candidates: Mask, guard: &QueryGuard) -> Result<Mask, Stop> {
        self.root.matches(slice, candidates, guard)
    }
}

impl Node {
    fn matches(&self, slice: Slice<'_>, candidates: Mask, guard: &QueryGuard) -> Result<Mask, Stop> {
        if candidates.is_empty() {
            return Ok(Mask::EMPTY);
        }
        match self {
            Node::All => Ok(candidates),
            Node::Nothing => Ok(Mask::EMPTY),
            Node::And(parts) => {
                let mut open = candidates;
                for part in parts {
                    open = part.matches(slice, open, guard)?;
                }
                Ok(open)
            }
            Node::Or(parts) => {
                let mut found = Mask::EMPTY;
                for part in parts {
                    found = found.or(part.matches(slice, candidates.and_not(found), guard)?);
                }
                Ok(found)
            }
            Node::Not(inner) => Ok(candidates.and_not(inner.matches(slice, candidates, guard)?)),
            Node::Condition(condition) => condition.matches(slice, candidates, guard),
        }
    }
}

impl Node {
    fn may_match(&self, group: &StoredGroup) -> bool {
        match self {
            // What does not match is in no index.
            Node::All | Node::Not(_) => true,
            Node::Nothing => false,
            Node::And(parts) => parts.iter().all(|part| part.may_match(group)),
            Node::Or(parts) => parts.iter().any(|part| part.may_match(group)),
            Node::Condition(condition) => condition.may_match(group),
        }
    }

    fn required_keys(&self, keys: &mut Vec<u64>) {
        match self {
            Node::All | Node::Not(_) | Node::Nothing | Node::Or(_) => {}
            Node::And(parts) => parts.iter().for_each(|part| part.required_keys(keys)),
            Node::Condition(condition) => condition.required_keys(keys),
        }
    }
}

impl Condition {
    fn may_match(&self, group: &StoredGroup) -> bool {
        let in_values = |keys: &[u64]| group.may_hold_value_words(keys).unwrap_or(true);
        match self {
            Condition::Anywhere(test) => match test.index() {
                Some(index) => index.may_be_in_messages(group) || index.may_be_in_values(group),
                None => true,
            },
            Condition::Text(Field::Body, test) => test.index().is_none_or(|index| index.may_be_in_messages(group)),
            Condition::Text(Field::TraceId | Field::SpanId, test) => {
                test.index().is_none_or(|index| index.may_be_in_ids(group))
            }
            Condition::Equals(Field::TraceId | Field::SpanId, test) => in_values(test.id_keys()),
            // An attribute may be one of the stream, which has no part in the words.
            Condition::Time { .. }
            | Condition::Level(_)
            | Condition::Text(..)
            | Condition::Equals(..)
            | Condition::OneOf(..)
            | Condition::IpRange(..)
            | Condition::IpInText(..)
            | Condition::Exists(_)
            | Condition::CompareNumber(..)
            | Condition::CompareText(..) => true,
        }
    }

    /// Only what lies in variables or values: a word of a shape is not among the words of a part.
    fn required_keys(&self, keys: &mut Vec<u64>) {
        match self {
            Condition::Anywhere(test) => keys.extend(test.index().into_iter().flat_map(IndexTest::variable_keys)),
            // The words of an id are among those of values, and nowhere else.
            Condition::Text(Field::TraceId | Field::SpanId, test) => {
                keys.extend(test.index().map(IndexTest::keys).unwrap_or_default());
            }
            Condition::Equals(Field::TraceId | Field::SpanId, test) => keys.extend(test.id_keys()),
            _ => {}
        }
    }

    fn matches(&self, slice: Slice<'_>, candidates: Mask, guard: &QueryGuard) -> Result<Mask, Stop> {
        guard.spend(slice.len())?;
        match self {
            Condition::Time { comparison, nanos } => {
                let times = &slice.columns().batch().times()[slice.rows()];
                scalars_that_pass(candidates, guard, |row| holds(*comparison, times[row].cmp(nanos)))
            }
            Condition::Level(severities) => severities.rows(slice, candidates, guard),
            Condition::Anywhere(test) => anywhere(test, slice, candidates, guard),
            Condition::Text(of, test) => field(of, &**test, slice, candidates, guard),
            Condition::Equals(of, test) => field(of, test, slice, candidates, guard),
            Condition::OneOf(of, test) => field(of, test, slice, candidates, guard),
            Condition::IpRange(of, test) => field(of, test, slice, candidates, guard),
            Condition::IpInText(of, test) => field(of, test, slice, candidates, guard),
            Condition::Exists(of) => field(of, &ExistsTest, slice, candidates, guard),
            Condition::CompareNumber(of, test) => field(of, test, slice, candidates, guard),
            Condition::CompareText(of, test) => field(of, test, slice, candidates, guard),
        }
    }
}
