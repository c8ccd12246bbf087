//! The distinct values of a column, and for each value which one it is.

use super::values::{Kind, Values};
use crate::part::text_numbers::TextNumbers;
use arrow_array::types::Int32Type;
use arrow_array::{Array, DictionaryArray, StringArray};
use basics::TextHash;
use parquet::errors::{ParquetError, Result};
use std::collections::HashMap;

/// Values as numbers of distinct ones.
pub(super) struct Numbered {
    /// Of all values that are there.
    pub(super) numbers: Vec<u32>,
    /// How many distinct values there are.
    pub(super) count: usize,
    /// The distinct values, laid out plainly.
    pub(super) bytes: Vec<u8>,
}

/// Numbers the values as they come; `None` when the distinct ones take more than `bytes_max`, unless they came as such.
pub(super) fn numbered(values: &Values<'_>, bytes_max: usize) -> Result<Option<Numbered>> {
    Ok(match values.kind {
        Kind::Texts(texts) => by_text(values, bytes_max, |row| texts.value(row).as_bytes()),
        Kind::Binaries(binaries) => by_text(values, bytes_max, |row| binaries.value(row)),
        Kind::Distinct(distinct, texts) => Some(by_key(values, distinct, texts)?),
        Kind::Numbers(_) => by_number(values, bytes_max),
        Kind::Flags(_) | Kind::Fixed(_) => None,
    })
}

/// Each distinct text is looked up once, however many records have it; two may be the same.
fn by_key(values: &Values<'_>, distinct: &DictionaryArray<Int32Type>, texts: &StringArray) -> Result<Numbered> {
    let missing = || ParquetError::General("a record has a text that is not among the distinct ones".to_owned());
    let mut table = Table::default();
    let mut numbers_of: Vec<Option<u32>> = vec![None; texts.len()];
    let mut numbers = Vec::with_capacity(values.len());
    for row in values.there(0..values.len()) {
        let key =
            usize::try_from(distinct.keys().value(row)).ok().filter(|key| *key < texts.len() && texts.is_valid(*key));
        let key = key.ok_or_else(missing)?;
        numbers.push(*numbers_of[key].get_or_insert_with(|| table.number(texts.value(key).as_bytes())));
    }
    Ok(table.numbered(numbers))
}

fn by_text<'v>(values: &Values<'v>, bytes_max: usize, value: impl Fn(usize) -> &'v [u8]) -> Option<Numbered> {
    let mut table = Table::default();
    let mut numbers = Vec::with_capacity(values.len());
    for row in values.there(0..values.len()) {
        numbers.push(table.number(value(row)));
        if table.bytes.len() > bytes_max {
            return None;
        }
    }
    Some(table.numbered(numbers))
}

fn by_number(values: &Values<'_>, bytes_max: usize) -> Option<Numbered> {
    let there = values.numbers();
    let (Some(first), Some(most)) = (there.first(), there.iter().max()) else {
        return Some(Numbered { numbers: Vec::new(), count: 0, bytes: Vec::new() });
    };
    let (mut distinct, mut bytes) = (0, Vec::new());
    let mut take = |value: u64| {
        values.put_number(value, &mut bytes);
        distinct += 1;
        distinct - 1
    };
    let numbers: Vec<u32> = if there.iter().all(|value| value == first) {
        vec![take(*first); there.len()]
    } else if let Some(places) = usize::try_from(*most).ok().filter(|most| *most < PLACES_MAX) {
        let mut numbers_of = vec![NO_NUMBER; places + 1];
        let number = |value: &u64| {
            let number = &mut numbers_of[usize::try_from(*value).unwrap_or(places)];
            if *number == NO_NUMBER {
                *number = take(*value);
            }
            *number
        };
        there.iter().map(number).collect()
    } else {
        let mut known: HashMap<u64, u32, TextHash> = HashMap::default();
        there.iter().map(|value| *known.entry(*value).or_insert_with(|| take(*value))).collect()
    };
    let count = usize::try_from(distinct).ok()?;
    (bytes.len() <= bytes_max).then_some(Numbered { numbers, count, bytes })
}

/// Numbers below this one are looked up at a place of their own.
const PLACES_MAX: usize = 1 << 16;
const NO_NUMBER: u32 = u32::MAX;

/// Distinct texts, numbered as they come.
#[derive(Default)]
struct Table<'a> {
    known: TextNumbers<'a>,
    bytes: Vec<u8>,
}

impl<'a> Table<'a> {
    fn number(&mut self, text: &'a [u8]) -> u32 {
        let (number, is_new) = self.known.number(text);
        if is_new {
            super::values::put_text(text, &mut self.bytes);
        }
        number
    }

    fn numbered(self, numbers: Vec<u32>) -> Numbered {
        Numbered { numbers, count: self.known.count(), bytes: self.bytes }
    }
}
