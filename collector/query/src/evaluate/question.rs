//! A compiled filter, and how And, Or and Not are decided.

use super::anywhere::anywhere;
use super::compare::{CompareNumber, CompareText, holds};
use super::compile::{compile, time_range};
use super::equals::EqualsTest;
use super::exists::ExistsTest;
use super::field::field;
use super::level::BySeverity;
use super::mask::Mask;
use super::slice::Slice;
use super::text::TextTest;
use super::value_test::scalars_that_pass;
use crate::error::QueryError;
use crate::guard::{QueryGuard, Stop};
use model::{Comparison, Field, Filter, TimeRange};

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

impl Condition {
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
            Condition::Exists(of) => field(of, &ExistsTest, slice, candidates, guard),
            Condition::CompareNumber(of, test) => field(of, test, slice, candidates, guard),
            Condition::CompareText(of, test) => field(of, test, slice, candidates, guard),
        }
    }
}
