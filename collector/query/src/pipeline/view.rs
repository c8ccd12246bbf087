//! A row as pipes see it: a record where it lies, or one that was made, and the fields that pipes before made of it.
//!
//! What was made answers before what was sent, whatever its name.

use super::cell::Cell;
use super::held::Held;
use crate::answer;
use crate::evaluate::{RowValues, value_at_path};
use crate::guard::{QueryGuard, Stop};
use crate::limits::ANSWER_COPIES;
use arrow_array::Array;
use basics::Timestamp;
use log_store::LogColumns;
use model::{Field, Level, LogRecord, RecordPosition, Severity, Stream, Value, ValueKind};
use parts::AttributeColumn;
use std::sync::Arc;

/// A field that a pipe made, and its value.
pub(crate) type Made = (Arc<Field>, Cell);

/// Where the fields are that no pipe made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Base<'a> {
    /// Nowhere: the row is one of a table.
    Nothing,
    /// In columns.
    Stored(LogColumns<'a>, usize),
    /// In a record that was taken out.
    Record(&'a LogRecord),
}

/// A row.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) base: Base<'a>,
    pub(crate) position: Option<RecordPosition>,
    pub(crate) made: Vec<Made>,
    /// Fields of the base that were left out.
    pub(crate) hidden: Vec<&'a Field>,
}

/// A row that is kept.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) position: Option<RecordPosition>,
    pub(crate) record: Option<LogRecord>,
    pub(crate) made: Vec<Made>,
    /// What was charged for it.
    pub(crate) bytes: u64,
}

/// What reading a value costs beside its text.
const WORK_PER_VALUE: usize = 16;

impl<'a> View<'a> {
    pub(crate) fn stored(columns: LogColumns<'a>, row: usize) -> View<'a> {
        View { base: Base::Stored(columns, row), position: None, made: Vec::new(), hidden: Vec::new() }
    }

    /// Its place in the order of records. Of a record in columns it is read when it is asked for.
    pub(crate) fn position(&self) -> Option<RecordPosition> {
        match self.base {
            Base::Stored(columns, row) => Some(columns.batch().position(row)),
            Base::Nothing | Base::Record(_) => self.position,
        }
    }

    fn time_of_base(&self) -> Option<Timestamp> {
        match self.base {
            Base::Nothing => None,
            Base::Stored(columns, row) => Some(Timestamp(columns.batch().times()[row])),
            Base::Record(record) => Some(record.position.time),
        }
    }

    /// A row without anything.
    pub(crate) fn nothing() -> View<'a> {
        View { base: Base::Nothing, position: None, made: Vec::new(), hidden: Vec::new() }
    }

    /// The value of a field; of a level the name, else its text.
    pub(crate) fn value(&self, field: &Field, guard: &QueryGuard) -> Result<Cell, Stop> {
        let found = match self.made_value(field) {
            Some(made) => made.clone(),
            None => match field {
                _ if self.hidden.contains(&field) => Cell::Missing,
                Field::Time => self.time_of_base().map_or(Cell::Missing, Cell::Time),
                _ => self.values_of_base(field).into_iter().next().map_or(Cell::Missing, Cell::Value),
            },
        };
        guard.spend(WORK_PER_VALUE + usize::try_from(found.bytes()).unwrap_or(usize::MAX))?;
        Ok(found)
    }

    pub(crate) fn made_value(&self, field: &Field) -> Option<&Cell> {
        self.made.iter().find(|(made, _)| **made == *field).map(|(_, cell)| cell)
    }

    /// Makes a field, or makes it anew.
    pub(crate) fn make(&mut self, field: Arc<Field>, cell: Cell) {
        match self.made.iter_mut().find(|(made, _)| **made == *field) {
            Some((_, old)) => *old = cell,
            None => self.made.push((field, cell)),
        }
    }

    /// Takes the row out of its columns.
    pub(crate) fn keep(self, held: &mut Held<'_>) -> Result<Row, Stop> {
        let made: u64 = self.made.iter().map(bytes_of_made).sum();
        let most = match self.base {
            Base::Nothing => 0,
            Base::Stored(columns, row) => answer::bytes_at_most(&columns, row),
            Base::Record(record) => answer::bytes_of(record),
        };
        let own = size_of::<Row>() as u64 + made;
        let position = self.position();
        held.take((own + most) * ANSWER_COPIES)?;
        let mut record = match self.base {
            Base::Nothing => None,
            Base::Stored(columns, row) => Some(columns.record(row)),
            Base::Record(record) => Some(record.clone()),
        };
        if let Some(record) = &mut record {
            self.hidden.iter().for_each(|field| super::fields::leave_out(record, field));
        }
        let record_bytes = record.as_ref().map_or(0, |record| {
            // A stream that something was left out of is the record's own.
            let stream = if self.hidden.is_empty() { 0 } else { answer::bytes_of_stream(&record.stream) };
            answer::bytes_of(record) + stream
        });
        let bytes = (own + record_bytes) * ANSWER_COPIES;
        held.take(bytes.saturating_sub((own + most) * ANSWER_COPIES))?;
        held.give_back(((own + most) * ANSWER_COPIES).saturating_sub(bytes));
        Ok(Row { position, record, made: self.made, bytes })
    }

    fn values_of_base(&self, field: &Field) -> Vec<Value> {
        match self.base {
            Base::Nothing => Vec::new(),
            Base::Stored(columns, row) => stored_values(columns, row, field),
            Base::Record(record) => record_values(record, field),
        }
    }
}

/// What a made field takes.
pub(crate) fn bytes_of_made((_, cell): &Made) -> u64 {
    size_of::<Made>() as u64 + cell.bytes()
}

impl Row {
    /// The row as pipes see it; [`Row::put_back`] ends that.
    pub(crate) fn view(&mut self) -> View<'_> {
        let base = self.record.as_ref().map_or(Base::Nothing, Base::Record);
        View { base, position: self.position, made: std::mem::take(&mut self.made), hidden: Vec::new() }
    }
}

impl RowValues for View<'_> {
    fn values(&self, field: &Field) -> Vec<Value> {
        match self.made_value(field) {
            Some(Cell::Value(value)) => vec![value.clone()],
            Some(Cell::Time(_) | Cell::Missing) => Vec::new(),
            None if self.hidden.contains(&field) => Vec::new(),
            None => self.values_of_base(field),
        }
    }

    fn own_values(&self) -> Vec<Value> {
        let mut values: Vec<Value> = match self.base {
            Base::Nothing => Vec::new(),
            Base::Stored(columns, row) => columns.batch().attributes(row),
            Base::Record(record) => record.attributes.clone(),
        }
        .into_iter()
        .filter(|(key, _)| {
            self.hidden.is_empty() || !self.hidden.iter().any(|hidden| **hidden == Field::Attribute(key.clone()))
        })
        .map(|(_, value)| value)
        .collect();
        values.extend(self.made.iter().filter_map(|(field, cell)| match (&**field, cell) {
            (Field::Body, _) | (_, Cell::Missing | Cell::Time(_)) => None,
            (_, Cell::Value(value)) => Some(value.clone()),
        }));
        values
    }

    fn time(&self) -> Option<Timestamp> {
        match self.made_value(&Field::Time) {
            Some(Cell::Time(time)) => Some(*time),
            Some(_) => None,
            None => self.time_of_base(),
        }
    }

    fn severity(&self) -> Option<u8> {
        match self.made_value(&Field::Level) {
            Some(Cell::Value(Value::Str(name))) => Level::parse(name).map(|level| level.lowest().0),
            Some(_) => None,
            None if self.hidden.contains(&&Field::Level) => None,
            None => match self.base {
                Base::Nothing => None,
                Base::Stored(columns, row) => Some(columns.severity()[row]),
                Base::Record(record) => Some(record.severity.0),
            },
        }
    }
}

fn text(text: &str) -> Value {
    Value::Str(text.into())
}

fn nonempty(texts: &[&str]) -> Vec<Value> {
    texts.iter().filter(|found| !found.is_empty()).map(|found| text(found)).collect()
}

fn stream_of<'a>(columns: LogColumns<'a>, row: usize) -> &'a Stream {
    let batch = columns.batch();
    &batch.streams()[batch.stream_indexes()[row] as usize]
}

fn stored_values(columns: LogColumns<'_>, row: usize, field: &Field) -> Vec<Value> {
    match field {
        Field::Time => Vec::new(),
        Field::Body if columns.body_kind(row) == ValueKind::Empty => Vec::new(),
        Field::Body => vec![columns.body_value(row)],
        Field::Service => stream_of(columns, row).service().map(text).into_iter().collect(),
        Field::Level => {
            let name = Severity(columns.severity()[row]).level().map_or("", Level::name);
            nonempty(&[name, columns.severity_text().value(row)])
        }
        Field::TraceId => columns.trace_id(row).map(|id| text(&id.to_string())).into_iter().collect(),
        Field::SpanId => columns.span_id(row).map(|id| text(&id.to_string())).into_iter().collect(),
        Field::EventName => nonempty(&[columns.event_name().value(row)]),
        Field::ScopeName => nonempty(&[&stream_of(columns, row).scope_name]),
        Field::Attribute(key) => stored_attribute(columns, row, key).into_iter().collect(),
        Field::BodyPath(path) => {
            value_at_path(path, columns.body_kind(row), columns.body().value(row)).into_iter().collect()
        }
    }
}

fn stored_attribute(columns: LogColumns<'_>, row: usize, key: &str) -> Option<Value> {
    let batch = columns.batch();
    for column in batch.attribute_columns(key) {
        let is_valid = match column {
            AttributeColumn::Str(column) => column.is_valid(row),
            AttributeColumn::Bool(column) => column.is_valid(row),
            AttributeColumn::Int(column) => column.is_valid(row),
            AttributeColumn::Double(column) => column.is_valid(row),
        };
        if is_valid {
            return Some(column.value(row));
        }
    }
    let rest = batch.rest();
    match rest.entries(row).find(|entry| rest.key(*entry) == key) {
        Some(entry) => Some(rest.value(entry)),
        None => stream_of(columns, row).attribute(key).cloned(),
    }
}

fn record_values(record: &LogRecord, field: &Field) -> Vec<Value> {
    match field {
        Field::Time => Vec::new(),
        Field::Body if record.body == Value::Empty => Vec::new(),
        Field::Body => vec![record.body.clone()],
        Field::Service => record.stream.service().map(text).into_iter().collect(),
        Field::Level => nonempty(&[record.severity.level().map_or("", Level::name), &record.severity_text]),
        Field::TraceId => record.trace_id.map(|id| text(&id.to_string())).into_iter().collect(),
        Field::SpanId => record.span_id.map(|id| text(&id.to_string())).into_iter().collect(),
        Field::EventName => nonempty(&[&record.event_name]),
        Field::ScopeName => nonempty(&[&record.stream.scope_name]),
        Field::Attribute(key) => record.attribute(key).cloned().into_iter().collect(),
        Field::BodyPath(path) => {
            let mut plain = String::new();
            record.body.plain_text(&mut plain);
            value_at_path(path, record.body.kind(), &plain).into_iter().collect()
        }
    }
}

/// Reads the columns that a field's values may come from, so that damage is known before anything is made of them.
pub(crate) fn touch(columns: LogColumns<'_>, field: &Field) {
    let batch = columns.batch();
    match field {
        Field::Time => {
            batch.times();
        }
        Field::Body | Field::BodyPath(_) => {
            columns.body();
            columns.body_kinds();
        }
        Field::Service | Field::ScopeName => {
            batch.stream_indexes();
        }
        Field::Level => {
            columns.severity();
            columns.severity_text();
        }
        Field::TraceId => {
            columns.trace_ids();
        }
        Field::SpanId => {
            columns.span_ids();
        }
        Field::EventName => {
            columns.event_name();
        }
        Field::Attribute(key) => {
            batch.attribute_columns(key).for_each(drop);
            batch.rest();
            batch.stream_indexes();
        }
    }
}

/// Reads the columns that say where a record stands in the order.
pub(crate) fn touch_position(columns: LogColumns<'_>) {
    columns.batch().times();
    columns.batch().sequences();
}

/// Reads the columns that a term without a field is looked for in.
pub(crate) fn touch_anywhere(columns: LogColumns<'_>) {
    touch(columns, &Field::Body);
    columns.batch().string_attribute_columns().for_each(drop);
    columns.batch().rest();
}
