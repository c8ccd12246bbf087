//! `| patterns 20`: the shapes of the bodies, with their counts and the newest body of each.
//!
//! What varies in a shape (see `text-index`) is shown as `<_>`. A body that cannot be split is its own pattern; a record
//! without a body has none.

use super::cell::Cell;
use super::held::Held;
use super::view::{Made as MadeField, Row, View};
use crate::guard::{QueryGuard, Stop};
use crate::limits::ENTRY_BYTES;
use model::{Field, RecordPosition, Value};
use std::collections::HashMap;
use std::sync::Arc;
use text_index::{PLACEHOLDER, Splitter};

/// Shapes and how often they were seen.
#[derive(Debug)]
pub(crate) struct Patterns {
    count: usize,
    splitter: Splitter,
    places: HashMap<Box<str>, usize>,
    found: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    count: u64,
    newest: Option<RecordPosition>,
    example: Box<str>,
}

impl Patterns {
    pub(crate) fn new(count: usize) -> Patterns {
        Patterns { count, splitter: Splitter::new(), places: HashMap::new(), found: Vec::new() }
    }

    pub(crate) fn fields(&self) -> Vec<Field> {
        vec![Field::Body]
    }

    pub(crate) fn add(&mut self, view: &View<'_>, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let Cell::Value(body) = view.value(&Field::Body, guard)? else { return Ok(()) };
        let mut text = String::new();
        body.plain_text(&mut text);
        guard.spend(text.len())?;
        let shape = match self.splitter.split(&text) {
            Some(split) => split.shape,
            None => &text,
        };
        let Some(place) = self.places.get(shape) else {
            let bytes = shape.len() * 4 + text.len() * 2 + size_of::<Pattern>() * 2;
            held.take(ENTRY_BYTES + bytes as u64)?;
            self.places.insert(shape.into(), self.found.len());
            self.found.push(Pattern { count: 1, newest: view.position(), example: text.into() });
            return Ok(());
        };
        let pattern = &mut self.found[*place];
        pattern.count += 1;
        let position = view.position();
        if position > pattern.newest {
            held.take(text.len() as u64 * 2)?;
            held.give_back(pattern.example.len() as u64 * 2);
            pattern.newest = position;
            pattern.example = text.into();
        }
        Ok(())
    }

    /// Adds what another hand counted.
    pub(crate) fn absorb(&mut self, other: Patterns, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let mut theirs: Vec<Option<Pattern>> = other.found.into_iter().map(Some).collect();
        for (shape, place) in other.places {
            let Some(pattern) = theirs.get_mut(place).and_then(Option::take) else { continue };
            guard.spend(shape.len())?;
            match self.places.get(&*shape) {
                Some(place) => {
                    let own = &mut self.found[*place];
                    own.count += pattern.count;
                    if pattern.newest > own.newest {
                        held.take(pattern.example.len() as u64 * 2)?;
                        held.give_back(own.example.len() as u64 * 2);
                        (own.newest, own.example) = (pattern.newest, pattern.example);
                    }
                }
                None => {
                    let bytes = shape.len() * 4 + pattern.example.len() * 2 + size_of::<Pattern>() * 2;
                    held.take(ENTRY_BYTES + bytes as u64)?;
                    self.places.insert(shape, self.found.len());
                    self.found.push(pattern);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, held: &mut Held<'_>) -> Result<super::Made, Stop> {
        let mut shapes: Vec<(Box<str>, usize)> = self.places.into_iter().collect();
        let found = &mut self.found;
        shapes.sort_unstable_by(|left, right| {
            found[right.1].count.cmp(&found[left.1].count).then_with(|| left.0.cmp(&right.0))
        });
        shapes.truncate(self.count);
        held.give_back(found.len() as u64 * ENTRY_BYTES);
        held.take((shapes.len() * (size_of::<Row>() + 3 * size_of::<MadeField>())) as u64)?;
        let rows = shapes.into_iter().map(|(shape, place)| {
            let pattern = &mut found[place];
            let count = i64::try_from(pattern.count).unwrap_or(i64::MAX);
            let shown = shape.replace(PLACEHOLDER, "<_>");
            let example = std::mem::take(&mut pattern.example);
            vec![
                Cell::Value(Value::Str(shown.into())),
                Cell::Value(Value::Int(count)),
                Cell::Value(Value::Str(example)),
            ]
        });
        let rows = rows.collect();
        Ok(super::Made { rows, columns: columns() })
    }
}

/// What the columns are called.
pub(crate) fn columns() -> Vec<Arc<Field>> {
    ["pattern", "count", "example"].map(|name| Arc::new(Field::Attribute(name.into()))).into()
}
