//! `| fields user, service`, `| fields -trace_id`: which fields are shown.
//!
//! Names without `-` make rows of these columns; names with `-` alone leave the rest as it is. What is not shown is not
//! there for the pipes behind, either.

use super::cell::Cell;
use super::view::{Base, View};
use crate::error::QueryError;
use crate::guard::{QueryGuard, Stop};
use model::{ChosenField, Field, LogRecord, Severity, Stream, Value};
use std::sync::Arc;

/// A pipe that chooses fields.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Columns that are shown; empty when all but some are.
    shown: Vec<Arc<Field>>,
    left_out: Vec<Field>,
}

impl Choice {
    pub(crate) fn new(chosen: &[ChosenField]) -> Result<Choice, QueryError> {
        let left_out: Vec<Field> =
            chosen.iter().filter(|chosen| chosen.is_left_out).map(|chosen| chosen.field.clone()).collect();
        let mut shown: Vec<Arc<Field>> = Vec::new();
        let has_shown = chosen.iter().any(|chosen| !chosen.is_left_out);
        for chosen in chosen.iter().filter(|chosen| !chosen.is_left_out) {
            if !left_out.contains(&chosen.field) && !shown.iter().any(|shown| **shown == chosen.field) {
                shown.push(Arc::new(chosen.field.clone()));
            }
        }
        if has_shown && shown.is_empty() {
            return Err(QueryError::NoColumns);
        }
        if !has_shown && left_out.iter().any(|field| matches!(field, Field::Time | Field::BodyPath(_))) {
            return Err(QueryError::FieldStays);
        }
        super::check_columns(shown.iter().map(|field| &**field))?;
        Ok(Choice { shown, left_out })
    }

    /// The columns of the rows, when it makes such.
    pub(crate) fn columns(&self) -> Option<&[Arc<Field>]> {
        Some(&*self.shown).filter(|shown| !shown.is_empty())
    }

    /// The fields that are left out.
    pub(crate) fn left_out(&self) -> &[Field] {
        &self.left_out
    }

    pub(crate) fn run<'a>(&'a self, view: &mut View<'a>, guard: &QueryGuard) -> Result<(), Stop> {
        if self.shown.is_empty() {
            view.made.retain(|(field, _)| !self.left_out.contains(field));
            view.hidden.extend(&self.left_out);
            return Ok(());
        }
        let mut made = Vec::with_capacity(self.shown.len());
        for field in &self.shown {
            made.push((field.clone(), view.value(field, guard)?));
        }
        view.made = made;
        view.position = view.position();
        view.base = Base::Nothing;
        Ok(())
    }
}

/// Takes a field out of a record.
pub(crate) fn leave_out(record: &mut LogRecord, field: &Field) {
    match field {
        // Refused before.
        Field::Time | Field::BodyPath(_) => {}
        Field::Body => record.body = Value::Empty,
        Field::Level => {
            record.severity = Severity(0);
            record.severity_text = "".into();
        }
        Field::TraceId => record.trace_id = None,
        Field::SpanId => record.span_id = None,
        Field::EventName => record.event_name = "".into(),
        Field::ScopeName => change_stream(record, |stream| stream.scope_name = "".into()),
        Field::Service => change_stream(record, |stream| stream.resource.retain(|(key, _)| &**key != "service.name")),
        Field::Attribute(key) => {
            record.attributes.retain(|(name, _)| name != key);
            if record.stream.attribute(key).is_some() {
                change_stream(record, |stream| {
                    stream.scope.retain(|(name, _)| name != key);
                    stream.resource.retain(|(name, _)| name != key);
                });
            }
        }
    }
}

fn change_stream(record: &mut LogRecord, change: impl FnOnce(&mut Stream)) {
    let mut stream = (*record.stream).clone();
    change(&mut stream);
    record.stream = Arc::new(stream);
}

/// A cell of a row that has the column; else nothing.
pub(crate) fn cell_of(made: &[super::view::Made], field: &Field) -> Cell {
    made.iter().find(|(made, _)| **made == *field).map_or(Cell::Missing, |(_, cell)| cell.clone())
}
