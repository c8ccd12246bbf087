//! `| top 10 by user`: the most frequent values of a field, with their counts. Exact; of values that are equally frequent
//! the one that comes first in the order of values is first.

use super::cell::Cell;
use super::held::Held;
use super::view::{Made as MadeField, Row, View};
use crate::error::QueryError;
use crate::guard::{QueryGuard, Stop};
use crate::limits::ENTRY_BYTES;
use model::{Field, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// Values and how often they were seen.
#[derive(Debug)]
pub(crate) struct Top {
    field: Field,
    count: usize,
    columns: Vec<Arc<Field>>,
    places: HashMap<Box<str>, usize>,
    found: Vec<(Cell, u64)>,
    key: String,
    /// What the table of places was charged.
    places_bytes: u64,
}

impl Top {
    pub(crate) fn new(field: &Field, count: usize) -> Result<Top, QueryError> {
        let columns = vec![Arc::new(field.clone()), Arc::new(Field::Attribute("count".into()))];
        super::check_columns(columns.iter().map(|field| &**field))?;
        let field = field.clone();
        Ok(Top {
            field,
            count,
            columns,
            places: HashMap::new(),
            found: Vec::new(),
            key: String::new(),
            places_bytes: 0,
        })
    }

    pub(crate) fn fields(&self) -> Vec<Field> {
        vec![self.field.clone()]
    }

    pub(crate) fn columns(&self) -> &[Arc<Field>] {
        &self.columns
    }

    pub(crate) fn add(&mut self, view: &View<'_>, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let cell = view.value(&self.field, guard)?;
        if cell == Cell::Missing {
            return Ok(());
        }
        self.key.clear();
        cell.write_key(&mut self.key);
        guard.spend(self.key.len())?;
        if let Some(place) = self.places.get(&*self.key) {
            self.found[*place].1 += 1;
            return Ok(());
        }
        let own = 2 * size_of::<(Cell, u64)>() as u64 + cell.bytes() * 2;
        let place_bytes = ENTRY_BYTES + self.key.len() as u64;
        held.take(place_bytes + own)?;
        self.places_bytes += place_bytes;
        self.places.insert(self.key.as_str().into(), self.found.len());
        self.found.push((cell, 1));
        Ok(())
    }

    pub(crate) fn finish(mut self, held: &mut Held<'_>) -> Result<super::Made, Stop> {
        self.places = HashMap::new();
        held.give_back(self.places_bytes);
        self.found.sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.compare(&right.0)));
        self.found.truncate(self.count);
        held.take((self.found.len() * (size_of::<Row>() + 2 * size_of::<MadeField>())) as u64)?;
        let rows = self.found.into_iter().map(|(cell, count)| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            vec![cell, Cell::Value(Value::Int(count))]
        });
        Ok(super::Made { rows: rows.collect(), columns: self.columns })
    }
}
