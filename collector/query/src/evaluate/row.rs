//! A filter put to one row whose values are at hand, fields that pipes made among them.

use super::compare::holds;
use super::compile::compile;
use super::exists::ExistsTest;
use super::question::{Condition, Node};
use super::value_test::{ValueTest, value_passes};
use crate::error::QueryError;
use crate::guard::{QueryGuard, Stop};
use basics::Timestamp;
use model::{Field, Filter, Value};

/// What a filter asks of a row.
pub(crate) trait RowValues {
    /// What a field holds; nothing when the row lacks it. A level has up to two texts.
    fn values(&self, field: &Field) -> Vec<Value>;
    /// What a term without a field is looked for in, the body aside.
    fn own_values(&self) -> Vec<Value>;
    /// The row's time.
    fn time(&self) -> Option<Timestamp>;
    /// The severity number; 0 = none.
    fn severity(&self) -> Option<u8>;
}

/// A filter made ready to be put to many rows.
#[derive(Debug)]
pub(crate) struct RowQuestion {
    root: Node,
}

impl RowQuestion {
    pub(crate) fn compile(filter: &Filter) -> Result<RowQuestion, QueryError> {
        Ok(RowQuestion { root: compile(filter)? })
    }

    pub(crate) fn matches(&self, row: &dyn RowValues, guard: &QueryGuard) -> Result<bool, Stop> {
        node_matches(&self.root, row, guard)
    }
}

fn node_matches(node: &Node, row: &dyn RowValues, guard: &QueryGuard) -> Result<bool, Stop> {
    match node {
        Node::All => Ok(true),
        Node::Nothing => Ok(false),
        Node::And(parts) => {
            for part in parts {
                if !node_matches(part, row, guard)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Node::Or(parts) => {
            for part in parts {
                if node_matches(part, row, guard)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Node::Not(inner) => Ok(!node_matches(inner, row, guard)?),
        Node::Condition(condition) => condition_matches(condition, row, guard),
    }
}

/// What one condition costs beside its texts.
const WORK_PER_CONDITION: usize = 64;

fn condition_matches(condition: &Condition, row: &dyn RowValues, guard: &QueryGuard) -> Result<bool, Stop> {
    guard.spend(WORK_PER_CONDITION)?;
    match condition {
        Condition::Time { comparison, nanos } => {
            Ok(row.time().is_some_and(|time| holds(*comparison, time.0.cmp(nanos))))
        }
        Condition::Level(severities) => Ok(row.severity().is_some_and(|severity| severities.holds(severity))),
        Condition::Anywhere(test) => {
            if any_passes(&**test, &row.values(&Field::Body), guard)? {
                return Ok(true);
            }
            let mut own = row.own_values();
            // A number or bool is looked for where its field is named.
            own.retain(|value| matches!(value, Value::Str(_) | Value::Array(_) | Value::Map(_)));
            any_passes(&**test, &own, guard)
        }
        Condition::Text(field, test) => any_passes(&**test, &row.values(field), guard),
        Condition::Equals(field, test) => any_passes(test, &row.values(field), guard),
        Condition::OneOf(field, test) => any_passes(test, &row.values(field), guard),
        Condition::IpRange(field, test) => any_passes(test, &row.values(field), guard),
        Condition::IpInText(field, test) => any_passes(test, &row.values(field), guard),
        Condition::Exists(field) => any_passes(&ExistsTest, &row.values(field), guard),
        Condition::CompareNumber(field, test) => any_passes(test, &row.values(field), guard),
        Condition::CompareText(field, test) => any_passes(test, &row.values(field), guard),
    }
}

fn any_passes(test: &impl ValueTest, values: &[Value], guard: &QueryGuard) -> Result<bool, Stop> {
    for value in values {
        if value_passes(test, value, guard)? {
            return Ok(true);
        }
    }
    Ok(false)
}
