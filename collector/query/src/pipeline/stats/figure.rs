//! One figure of one group. All are exact; what is remembered for them is charged.

use super::super::cell::Cell;
use super::super::held::Held;
use super::exact_sum::ExactSum;
use crate::evaluate::Number;
use crate::guard::Stop;
use crate::limits::ENTRY_BYTES;
use model::{StatFunction, Value};
use std::cmp::Ordering;
use std::collections::HashSet;

/// A figure so far.
#[derive(Debug)]
pub(super) enum Figure {
    Count(u64),
    Rate(u64),
    Distinct(HashSet<Box<str>>),
    Sum(ExactSum),
    Average(ExactSum),
    Min(Option<Number>),
    Max(Option<Number>),
    Quantile { share: f64, numbers: Vec<Number> },
}

impl Figure {
    pub(super) fn new(function: &StatFunction) -> Figure {
        match function {
            StatFunction::Count(_) => Figure::Count(0),
            StatFunction::Rate => Figure::Rate(0),
            StatFunction::CountDistinct(_) => Figure::Distinct(HashSet::new()),
            StatFunction::Sum(_) => Figure::Sum(ExactSum::default()),
            StatFunction::Average(_) => Figure::Average(ExactSum::default()),
            StatFunction::Min(_) => Figure::Min(None),
            StatFunction::Max(_) => Figure::Max(None),
            StatFunction::Quantile { share, .. } => Figure::Quantile { share: *share, numbers: Vec::new() },
        }
    }

    /// Counts a row.
    pub(super) fn count(&mut self) {
        if let Figure::Count(count) | Figure::Rate(count) = self {
            *count += 1;
        }
    }

    /// Takes a row's value.
    pub(super) fn add(&mut self, cell: &Cell, held: &mut Held<'_>) -> Result<(), Stop> {
        if *cell == Cell::Missing {
            return Ok(());
        }
        match self {
            Figure::Count(count) | Figure::Rate(count) => *count += 1,
            Figure::Distinct(known) => {
                let mut key = String::new();
                cell.write_key(&mut key);
                if !known.contains(&*key) {
                    held.take(ENTRY_BYTES + key.len() as u64)?;
                    known.insert(key.into());
                }
            }
            Figure::Sum(sum) | Figure::Average(sum) => {
                if let Some(number) = cell.number() {
                    sum.add(number, held)?;
                }
            }
            Figure::Min(least) => {
                if let Some(number) = cell.number()
                    && least.is_none_or(|least| order(number, least).is_lt())
                {
                    *least = Some(number);
                }
            }
            Figure::Max(greatest) => {
                if let Some(number) = cell.number()
                    && greatest.is_none_or(|greatest| order(number, greatest).is_gt())
                {
                    *greatest = Some(number);
                }
            }
            Figure::Quantile { numbers, .. } => {
                if let Some(number) = cell.number() {
                    if numbers.len() == numbers.capacity() {
                        let more = numbers.capacity().max(4);
                        // While it grows, the old list is there beside the new one.
                        held.take((more * size_of::<Number>() * 2) as u64)?;
                        numbers.reserve_exact(more);
                    }
                    numbers.push(number);
                }
            }
        }
        Ok(())
    }

    /// Adds what another hand counted for the same figure.
    pub(super) fn absorb(&mut self, other: Figure, held: &mut Held<'_>) -> Result<(), Stop> {
        match (self, other) {
            (Figure::Count(count), Figure::Count(more)) | (Figure::Rate(count), Figure::Rate(more)) => *count += more,
            (Figure::Distinct(known), Figure::Distinct(more)) => {
                for key in more {
                    if !known.contains(&*key) {
                        held.take(ENTRY_BYTES + key.len() as u64)?;
                        known.insert(key);
                    }
                }
            }
            (Figure::Sum(sum), Figure::Sum(more)) | (Figure::Average(sum), Figure::Average(more)) => {
                sum.absorb(more, held)?;
            }
            (Figure::Min(least), Figure::Min(Some(number))) => {
                if least.is_none_or(|least| order(number, least).is_lt()) {
                    *least = Some(number);
                }
            }
            (Figure::Max(greatest), Figure::Max(Some(number))) => {
                if greatest.is_none_or(|greatest| order(number, greatest).is_gt()) {
                    *greatest = Some(number);
                }
            }
            (Figure::Quantile { numbers, .. }, Figure::Quantile { numbers: more, .. }) => {
                held.take((more.len() * size_of::<Number>() * 2) as u64)?;
                numbers.extend(more);
            }
            // Nothing was seen, or, which does not happen, the figures are of two functions.
            (
                Figure::Count(_)
                | Figure::Rate(_)
                | Figure::Distinct(_)
                | Figure::Sum(_)
                | Figure::Average(_)
                | Figure::Min(_)
                | Figure::Max(_)
                | Figure::Quantile { .. },
                _,
            ) => {}
        }
        Ok(())
    }

    pub(super) fn finish(self, seconds: Option<f64>) -> Cell {
        match self {
            Figure::Count(count) => whole(count),
            // Beyond 2^53 records a rate is rounded.
            Figure::Rate(count) => seconds.map_or(Cell::Missing, |seconds| double(count as f64 / seconds)),
            Figure::Distinct(known) => whole(known.len() as u64),
            Figure::Sum(sum) => sum.total().map_or(Cell::Missing, value),
            Figure::Average(sum) => sum.average().map_or(Cell::Missing, double),
            Figure::Min(number) | Figure::Max(number) => number.map_or(Cell::Missing, value),
            Figure::Quantile { share, numbers } => quantile(numbers, share).map_or(Cell::Missing, value),
        }
    }
}

/// The least of the numbers that at least this share of them is not above.
fn quantile(mut numbers: Vec<Number>, share: f64) -> Option<Number> {
    let last = numbers.len().checked_sub(1)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share from 0 to 1 of a count that fits memory"
    )]
    let rank = (share * numbers.len() as f64).ceil() as usize;
    let place = rank.saturating_sub(1).min(last);
    let (_, found, _) = numbers.select_nth_unstable_by(place, |left, right| order(*left, *right));
    Some(*found)
}

/// By value; of equal ones the integer first, then minus zero. Total, since NaN is none of them.
fn order(left: Number, right: Number) -> Ordering {
    let by_value = left.compare(right).unwrap_or(Ordering::Equal);
    by_value.then_with(|| match (left, right) {
        (Number::Int(_), Number::Double(_)) => Ordering::Less,
        (Number::Double(_), Number::Int(_)) => Ordering::Greater,
        (Number::Double(left), Number::Double(right)) => left.total_cmp(&right),
        (Number::Int(_), Number::Int(_)) => Ordering::Equal,
    })
}

fn whole(count: u64) -> Cell {
    Cell::Value(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn double(number: f64) -> Cell {
    Cell::Value(Value::Double(number))
}

fn value(number: Number) -> Cell {
    Cell::Value(match number {
        Number::Int(number) => Value::Int(number),
        Number::Double(number) => Value::Double(number),
    })
}
