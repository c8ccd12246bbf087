//! `| top 10 by user`: the most frequent values of a field, with their counts. Exact; of values that are equally frequent
//! the one that comes first in the order of values is first.
//!
//! Strings, which most values are, have a table of their own ([`Tally`]), and where a column holds distinct strings they
//! are counted by their numbers first, and each of them is looked up in the table once for a row group.

use super::cell::Cell;
use super::held::Held;
use super::tally::{Room, Tables, Tally};
use super::view::{Made as MadeField, Row, View};
use crate::error::QueryError;
use crate::evaluate::Mask;
use crate::guard::{QueryGuard, Stop};
use crate::limits::ENTRY_BYTES;
use arrow_array::{Array, StringArray};
use log_store::LogColumns;
use model::{Field, Value};
use parts::{AttributeColumn, Strings};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// Values and how often they were seen.
#[derive(Debug)]
pub(crate) struct Top {
    field: Field,
    count: usize,
    columns: Vec<Arc<Field>>,
    strings: Tally,
    /// Values that are no strings.
    places: HashMap<Box<str>, usize>,
    others: Vec<(Cell, u64)>,
    key: String,
    /// What the table of places was charged.
    places_bytes: u64,
    counting: Option<Counting>,
    /// Room for the counts of the next column.
    spare: Vec<u32>,
}

/// A column of distinct strings that is being read, and how often each was seen.
#[derive(Debug)]
struct Counting {
    /// The row group, and where the column's strings are in memory.
    column: (u64, usize),
    values: StringArray,
    /// By number of the string.
    counts: Vec<u32>,
}

/// What counting one value costs.
const WORK_PER_VALUE: usize = 16;

impl Top {
    pub(crate) fn new(field: &Field, count: usize) -> Result<Top, QueryError> {
        let columns = vec![Arc::new(field.clone()), Arc::new(Field::Attribute("count".into()))];
        super::check_columns(columns.iter().map(|field| &**field))?;
        let field = field.clone();
        Ok(Top {
            field,
            count,
            columns,
            strings: Tally::default(),
            places: HashMap::new(),
            others: Vec::new(),
            key: String::new(),
            places_bytes: 0,
            counting: None,
            spare: Vec::new(),
        })
    }

    /// The same, counting strings in the tables of all hands.
    pub(crate) fn counting_in(self, tables: Tables) -> Top {
        Top { strings: Tally::in_tables(tables), ..self }
    }

    pub(crate) fn fields(&self) -> Vec<Field> {
        vec![self.field.clone()]
    }

    pub(crate) fn columns(&self) -> &[Arc<Field>] {
        &self.columns
    }

    pub(crate) fn add(&mut self, view: &View<'_>, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        match view.value(&self.field, guard)? {
            Cell::Missing => Ok(()),
            Cell::Value(Value::Str(text)) => self.strings.add(&text, 1, guard, held),
            cell @ (Cell::Value(_) | Cell::Time(_)) => self.add_other(cell, 1, guard, held),
        }
    }

    /// Counts the values of many records that no pipe has changed. False, and nothing counted, when they must be added one
    /// by one.
    pub(crate) fn add_stored(
        &mut self,
        columns: LogColumns<'_>,
        first: usize,
        records: Mask,
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<bool, Stop> {
        let Field::Attribute(key) = self.field.clone() else { return Ok(false) };
        let mut of_key = columns.batch().attribute_columns(&key);
        let (Some(AttributeColumn::Str(strings)), None) = (of_key.next(), of_key.next()) else { return Ok(false) };
        drop(of_key);
        // Who lacks the column's value may have one of another type, or its stream's.
        if let Some(nulls) = strings.nulls().filter(|nulls| nulls.null_count() > 0)
            && records.rows().any(|row| nulls.is_null(first + row))
        {
            return Ok(false);
        }
        guard.spend(records.count() * WORK_PER_VALUE)?;
        if let (Strings::Distinct { numbers, values }, Some(batch)) = (strings, columns.batch().opened_number()) {
            let column = (batch, values.value_offsets().as_ptr().addr());
            if self.counting.as_ref().is_none_or(|counting| counting.column != column) {
                self.flush(guard, held)?;
                let mut counts = std::mem::take(&mut self.spare);
                counts.resize(values.len(), 0);
                self.counting = Some(Counting { column, values: values.clone(), counts });
            }
            if let Some(counting) = &mut self.counting {
                let (numbers, counts) = (&numbers.values()[first..], &mut counting.counts);
                records.for_each_row(|row| {
                    counts[usize::try_from(numbers[row]).expect("places are counted from zero")] += 1;
                });
            }
            return Ok(true);
        }
        match strings {
            Strings::Each(texts) => self.strings.add_rows(texts, first, records, guard, held)?,
            // Of a batch without a number, which no later one could be told from.
            Strings::Distinct { .. } => {
                for row in records.rows() {
                    self.strings.add(strings.value(first + row), 1, guard, held)?;
                }
            }
        }
        Ok(true)
    }

    /// Brings what was counted by number into the table.
    fn flush(&mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let Some(Counting { values, mut counts, .. }) = self.counting.take() else { return Ok(()) };
        self.strings.add_all(&values, &counts, guard, held)?;
        counts.clear();
        self.spare = counts;
        Ok(())
    }

    /// Counts what was only noted so far.
    pub(crate) fn settle(&mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let flushed = self.flush(guard, held);
        flushed.and(self.strings.settle(guard, held))
    }

    fn add_other(&mut self, cell: Cell, count: u64, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        self.key.clear();
        cell.write_key(&mut self.key);
        guard.spend(self.key.len())?;
        if let Some(place) = self.places.get(&*self.key) {
            self.others[*place].1 += count;
            return Ok(());
        }
        let own = 2 * size_of::<(Cell, u64)>() as u64 + cell.bytes() * 2;
        let place_bytes = ENTRY_BYTES + self.key.len() as u64;
        held.take(place_bytes + own)?;
        self.places_bytes += place_bytes;
        self.places.insert(self.key.as_str().into(), self.others.len());
        self.others.push((cell, count));
        Ok(())
    }

    /// Adds what another hand counted, and settled.
    pub(crate) fn absorb(&mut self, other: Top, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        debug_assert!(other.counting.is_none(), "what is only noted is lost");
        self.strings.absorb(other.strings, guard, held)?;
        other.others.into_iter().try_for_each(|(cell, count)| self.add_other(cell, count, guard, held))
    }

    pub(crate) fn finish(mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<super::Made, Stop> {
        self.settle(guard, held)?;
        self.places = HashMap::new();
        held.give_back(self.places_bytes);
        let mut best = Best { count: self.count, found: std::mem::take(&mut self.others), least: None };
        best.cut();
        self.strings.show_all(|stored, count| {
            // Most are too rare to be looked at.
            if best.may_take(count) {
                held.take(2 * (size_of::<(Cell, u64)>() + stored.len()) as u64)?;
                let text = stored.text(&mut Room::default()).into();
                best.take(Cell::Value(Value::Str(text)), count);
            }
            Ok(best.least())
        })?;
        best.cut();
        held.take((best.found.len() * (size_of::<Row>() + 2 * size_of::<MadeField>())) as u64)?;
        let rows = best.found.into_iter().map(|(cell, count)| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            vec![cell, Cell::Value(Value::Int(count))]
        });
        Ok(super::Made { rows: rows.collect(), columns: self.columns })
    }
}

/// The most frequent ones so far: after a cut in their order, what came since behind them.
struct Best {
    count: usize,
    found: Vec<(Cell, u64)>,
    /// The count of the last one, when there were enough at the last cut.
    least: Option<u64>,
}

/// So many come before they are put in order again.
const UNCUT_MAX: usize = 1_024;

impl Best {
    fn may_take(&self, count: u64) -> bool {
        self.count > 0 && count >= self.least()
    }

    /// What is rarer comes behind those that are there.
    fn least(&self) -> u64 {
        self.least.unwrap_or(0)
    }

    fn take(&mut self, cell: Cell, count: u64) {
        self.found.push((cell, count));
        if self.found.len() >= self.count.saturating_add(UNCUT_MAX) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.found.sort_unstable_by(order);
        self.found.truncate(self.count);
        self.least = self.found.last().map(|(_, count)| *count).filter(|_| self.found.len() == self.count);
    }
}

fn order(left: &(Cell, u64), right: &(Cell, u64)) -> Ordering {
    right.1.cmp(&left.1).then_with(|| left.0.compare(&right.0))
}
