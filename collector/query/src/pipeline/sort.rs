//! `| sort by count desc, user`: in which order.
//!
//! Bools, then numbers (strings that are one in full among them), times, strings by code point; levels by their severity.
//! What a row lacks is last in either direction. Rows that are equal stay in the order in which they came; records come
//! newest first.

use super::cell::Cell;
use super::held::Held;
use super::view::{Row, View};
use crate::guard::{QueryGuard, Stop};
use model::{Field, Level, SortKey, Value};
use std::cmp::{Ordering, Reverse};

/// Rows that are being sorted.
#[derive(Debug)]
pub(crate) struct Sorter {
    keys: Vec<SortKey>,
    /// How many of the first are wanted, when that is known.
    wanted: Option<usize>,
    rows: Vec<(Vec<Cell>, Row)>,
}

/// Beyond so many rows more than wanted, those behind are let go.
const SLACK_ROWS: usize = 1_024;

impl Sorter {
    pub(crate) fn new(keys: &[SortKey], wanted: Option<usize>) -> Sorter {
        Sorter { keys: keys.to_vec(), wanted, rows: Vec::new() }
    }

    pub(crate) fn fields(&self) -> Vec<Field> {
        self.keys.iter().map(|key| key.field.clone()).collect()
    }

    pub(crate) fn add(&mut self, view: View<'_>, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let mut cells = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            cells.push(ranked(&key.field, view.value(&key.field, guard)?));
        }
        let bytes = bytes_of(&cells);
        held.take(bytes)?;
        self.rows.push((cells, view.keep(held)?));
        if let Some(wanted) = self.wanted
            && self.rows.len() >= wanted.saturating_mul(2).saturating_add(SLACK_ROWS)
        {
            self.order();
            for (cells, row) in self.rows.drain(wanted..) {
                held.give_back(bytes_of(&cells) + row.bytes);
            }
        }
        Ok(())
    }

    /// Takes back the row that came last.
    pub(crate) fn take_back(&mut self) {
        self.rows.pop();
    }

    pub(crate) fn finish(mut self) -> Vec<Row> {
        self.order();
        self.rows.truncate(self.wanted.unwrap_or(usize::MAX));
        self.rows.into_iter().map(|(_, row)| row).collect()
    }

    /// Rows with positions come in no order; rows of a table have none, and the sort is stable.
    fn order(&mut self) {
        let keys = &self.keys;
        self.rows.sort_by(|(left, left_row), (right, right_row)| {
            by_keys(keys, left, right).then_with(|| match (left_row.position, right_row.position) {
                (Some(left), Some(right)) => Reverse(left).cmp(&Reverse(right)),
                (None, _) | (_, None) => Ordering::Equal,
            })
        });
    }
}

/// Sorts rows that stand in an order already.
pub(crate) fn sort(
    rows: Vec<Row>,
    keys: &[SortKey],
    guard: &QueryGuard,
    held: &mut Held<'_>,
) -> Result<Vec<Row>, Stop> {
    let mut ranked_rows = Vec::with_capacity(rows.len());
    for mut row in rows {
        let view = row.view();
        let mut cells = Vec::with_capacity(keys.len());
        for key in keys {
            cells.push(ranked(&key.field, view.value(&key.field, guard)?));
        }
        let made = view.made;
        row.made = made;
        held.take(bytes_of(&cells))?;
        ranked_rows.push((cells, row));
    }
    ranked_rows.sort_by(|(left, _), (right, _)| by_keys(keys, left, right));
    Ok(ranked_rows.into_iter().map(|(_, row)| row).collect())
}

fn by_keys(keys: &[SortKey], left: &[Cell], right: &[Cell]) -> Ordering {
    for (key, (left, right)) in keys.iter().zip(left.iter().zip(right)) {
        let ordering = match (left.is_nothing(), right.is_nothing()) {
            (true, true) => Ordering::Equal,
            (false, false) if key.is_descending => right.compare(left),
            (false, false) => left.compare(right),
            (is_last, _) => is_last.cmp(&!is_last),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

/// A level stands where its severity does.
fn ranked(field: &Field, cell: Cell) -> Cell {
    match (field, &cell) {
        (Field::Level, Cell::Value(Value::Str(name))) => match Level::parse(name) {
            Some(level) => Cell::Value(Value::Int(i64::from(level.lowest().0))),
            None => cell,
        },
        _ => cell,
    }
}

fn bytes_of(cells: &[Cell]) -> u64 {
    (size_of::<(Vec<Cell>, Row)>() + size_of_val(cells)) as u64 + cells.iter().map(Cell::bytes).sum::<u64>()
}
