//! `| stats count(), p95(took) by service, 1m`: figures over groups.
//!
//! Rows that lack a group's field are a group of their own. Groups come in the order of their values, by the first name,
//! where that is equal by the next. Without `by` there is one group, also of nothing.
//!
//! The figures, one file each where there is more to say: [`exact_sum`].

mod exact_sum;
mod figure;

use super::cell::Cell;
use super::held::Held;
use super::view::View;
use crate::error::QueryError;
use crate::guard::{QueryGuard, Stop};
use crate::limits::ENTRY_BYTES;
use basics::Timestamp;
use figure::Figure;
use model::{Field, StatColumn, StatFunction, StatGroup, TimeRange};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Groups and their figures so far.
#[derive(Debug)]
pub(crate) struct Stats {
    groups: Vec<StatGroup>,
    functions: Vec<StatFunction>,
    columns: Vec<Arc<Field>>,
    /// What is asked about in seconds, for rates; `None` when it has no beginning or no end.
    range: Option<TimeRange>,
    places: HashMap<Box<str>, usize>,
    found: Vec<Group>,
    key: String,
}

#[derive(Debug)]
struct Group {
    cells: Vec<Cell>,
    figures: Vec<Figure>,
}

impl Stats {
    pub(crate) fn new(
        columns: &[StatColumn],
        groups: &[StatGroup],
        range: Option<TimeRange>,
    ) -> Result<Stats, QueryError> {
        let names = groups.iter().map(|group| match group {
            StatGroup::Field(field) => field.clone(),
            StatGroup::TimeBucket(_) => Field::Time,
        });
        let figures = columns.iter().map(|column| {
            let name = column.name.clone().unwrap_or_else(|| name_of(&column.function).into());
            Field::Attribute(name)
        });
        let fields: Vec<Arc<Field>> = names.chain(figures).map(Arc::new).collect();
        super::check_columns(fields.iter().map(|field| &**field))?;
        Ok(Stats {
            groups: groups.to_vec(),
            functions: columns.iter().map(|column| column.function.clone()).collect(),
            columns: fields,
            range,
            places: HashMap::new(),
            found: Vec::new(),
            key: String::new(),
        })
    }

    /// The fields that are read.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let groups = self.groups.iter().map(|group| match group {
            StatGroup::Field(field) => field.clone(),
            StatGroup::TimeBucket(_) => Field::Time,
        });
        groups.chain(self.functions.iter().filter_map(|function| field_of(function).cloned())).collect()
    }

    pub(crate) fn columns(&self) -> &[Arc<Field>] {
        &self.columns
    }

    pub(crate) fn add(&mut self, view: &View<'_>, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let mut cells = Vec::with_capacity(self.groups.len());
        self.key.clear();
        for group in &self.groups {
            let cell = match group {
                StatGroup::Field(field) => view.value(field, guard)?,
                StatGroup::TimeBucket(width) => match view.value(&Field::Time, guard)? {
                    Cell::Time(time) => Cell::Time(bucket_of(time, *width)),
                    Cell::Missing | Cell::Value(_) => Cell::Missing,
                },
            };
            cell.write_key(&mut self.key);
            cells.push(cell);
        }
        guard.spend(self.key.len())?;
        let place = match self.places.get(&*self.key) {
            Some(place) => *place,
            None => self.begin(cells, held)?,
        };
        for (figure, function) in self.found[place].figures.iter_mut().zip(&self.functions) {
            match field_of(function) {
                None => figure.count(),
                Some(field) => figure.add(&view.value(field, guard)?, held)?,
            }
        }
        Ok(())
    }

    fn begin(&mut self, cells: Vec<Cell>, held: &mut Held<'_>) -> Result<usize, Stop> {
        let columns = cells.len() + self.functions.len();
        // The cells are held as such, and as a row of the answer, which is made when nothing else is given up yet.
        let cell_bytes: u64 = cells.iter().map(Cell::bytes).sum();
        let row_bytes = (columns * size_of::<super::view::Made>()) as u64 + size_of::<super::view::Row>() as u64;
        let figures = (self.functions.len() * size_of::<Figure>()) as u64;
        let bytes = ENTRY_BYTES + self.key.len() as u64 + cell_bytes * 2 + row_bytes * 2 + figures;
        held.take(bytes + 2 * size_of::<Group>() as u64)?;
        let place = self.found.len();
        let figures = self.functions.iter().map(Figure::new).collect();
        self.found.push(Group { cells, figures });
        self.places.insert(self.key.as_str().into(), place);
        Ok(place)
    }

    /// Adds what another hand counted.
    pub(crate) fn absorb(&mut self, other: Stats, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let mut theirs: Vec<Option<Group>> = other.found.into_iter().map(Some).collect();
        for (key, place) in other.places {
            let Some(group) = theirs.get_mut(place).and_then(Option::take) else { continue };
            guard.spend(key.len())?;
            let place = match self.places.get(&*key) {
                Some(place) => *place,
                None => {
                    self.key.clear();
                    self.key.push_str(&key);
                    self.begin(group.cells, held)?
                }
            };
            for (own, figure) in self.found[place].figures.iter_mut().zip(group.figures) {
                own.absorb(figure, held)?;
            }
        }
        Ok(())
    }

    /// The columns, and a row for each group.
    pub(crate) fn finish(mut self, held: &mut Held<'_>) -> Result<super::Made, Stop> {
        if self.groups.is_empty() && self.found.is_empty() {
            self.key.clear();
            self.begin(Vec::new(), held)?;
        }
        self.places = HashMap::new();
        self.found.sort_unstable_by(|left, right| {
            let pairs = left.cells.iter().zip(&right.cells);
            let first_difference = pairs.map(|(left, right)| left.compare(right)).find(|ordering| ordering.is_ne());
            // No two groups are the same.
            first_difference.unwrap_or(Ordering::Equal)
        });
        let step = self.groups.iter().find_map(|group| match group {
            StatGroup::TimeBucket(width) => Some(*width),
            StatGroup::Field(_) => None,
        });
        let rows = self.found.into_iter().map(|group| {
            let bucket = group.cells.iter().zip(&self.groups).find_map(|(cell, group)| match (cell, group) {
                (Cell::Time(start), StatGroup::TimeBucket(_)) => Some(*start),
                _ => None,
            });
            let seconds = seconds_of(self.range, bucket.zip(step));
            let figures = group.figures.into_iter().map(|figure| figure.finish(seconds));
            group.cells.into_iter().chain(figures).collect()
        });
        Ok(super::Made { rows: rows.collect(), columns: self.columns })
    }
}

/// The beginning of the bucket; of the first nameable moment where that lies before it.
pub(super) fn bucket_of(time: Timestamp, width: Duration) -> Timestamp {
    let width = i128::try_from(width.as_nanos()).unwrap_or(i128::MAX).max(1);
    let start = i128::from(time.0).div_euclid(width).saturating_mul(width);
    Timestamp(i64::try_from(start).unwrap_or(i64::MIN))
}

/// How long a group's records took: as long as the range, or as its bucket within the range.
fn seconds_of(range: Option<TimeRange>, bucket: Option<(Timestamp, Duration)>) -> Option<f64> {
    let range = match bucket {
        None => range?,
        Some((start, width)) => {
            let bucket = TimeRange { start, end: start.saturating_add(width) };
            range.map_or(bucket, |range| range.intersect(bucket))
        }
    };
    let seconds = range.end.since(range.start).as_secs_f64();
    (seconds > 0.0).then_some(seconds)
}

fn field_of(function: &StatFunction) -> Option<&Field> {
    match function {
        StatFunction::Count(field) => field.as_ref(),
        StatFunction::Rate => None,
        StatFunction::CountDistinct(field)
        | StatFunction::Sum(field)
        | StatFunction::Average(field)
        | StatFunction::Min(field)
        | StatFunction::Max(field)
        | StatFunction::Quantile { field, .. } => Some(field),
    }
}

/// A figure as it is written.
fn name_of(function: &StatFunction) -> String {
    let name = |field: &Field| super::name_of(field);
    match function {
        StatFunction::Count(None) => "count()".to_owned(),
        StatFunction::Count(Some(field)) => format!("count({})", name(field)),
        StatFunction::CountDistinct(field) => format!("count_distinct({})", name(field)),
        StatFunction::Sum(field) => format!("sum({})", name(field)),
        StatFunction::Average(field) => format!("avg({})", name(field)),
        StatFunction::Min(field) => format!("min({})", name(field)),
        StatFunction::Max(field) => format!("max({})", name(field)),
        StatFunction::Quantile { share, field } => {
            let short = [(0.5f64, "p50"), (0.95, "p95"), (0.99, "p99")];
            match short.iter().find(|(known, _)| known.to_bits() == share.to_bits()) {
                Some((_, short)) => format!("{short}({})", name(field)),
                None => format!("quantile({share:?}, {})", name(field)),
            }
        }
        StatFunction::Rate => "rate()".to_owned(),
    }
}
