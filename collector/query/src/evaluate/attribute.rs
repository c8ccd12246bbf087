//! An attribute by its key: the record's own, else its scope's, else its resource's.
//!
//! A record's own attribute stands in one of the key's columns or, when it is of a rarer type, first of its key in the
//! list. Whoever has the key answers, whether the value passes or not.

use super::mask::Mask;
use super::slice::Slice;
use super::stream::stream;
use super::value_test::{ValueTest, scalars_that_pass, stored_passes, typed_strings_that_pass, value_passes};
use crate::guard::{QueryGuard, Stop};
use arrow_array::Array;
use model::ValueKind;
use parts::{AttributeColumn, RestColumn};

/// The candidates that have the attribute, and whose value passes.
pub(crate) fn attribute(
    key: &str,
    test: &impl ValueTest,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let mut passed = Mask::EMPTY;
    let mut open = candidates;
    for column in slice.columns().batch().attribute_columns(key) {
        let here = open.and(slice.valid(nulls(column)));
        if !here.is_empty() {
            passed = passed.or(in_column(column, test, slice, here, guard)?);
            open = open.and_not(here);
        }
    }
    let (passed_in_rest, open) = in_rest(key, test, slice, open, guard)?;
    let passed_in_stream = stream(slice, open, guard, |stream| match stream.attribute(key) {
        Some(value) => value_passes(test, value, guard),
        None => Ok(false),
    })?;
    Ok(passed.or(passed_in_rest).or(passed_in_stream))
}

fn nulls(column: AttributeColumn<'_>) -> Option<&arrow_buffer::NullBuffer> {
    match column {
        AttributeColumn::Str(column) => column.nulls(),
        AttributeColumn::Bool(column) => column.nulls(),
        AttributeColumn::Int(column) => column.nulls(),
        AttributeColumn::Double(column) => column.nulls(),
    }
}

fn in_column(
    column: AttributeColumn<'_>,
    test: &impl ValueTest,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let start = slice.rows().start;
    match column {
        AttributeColumn::Str(column) => typed_strings_that_pass(test, column, slice, candidates, guard),
        AttributeColumn::Bool(column) => {
            let passes = [test.bool(false), test.bool(true)];
            scalars_that_pass(candidates, guard, |row| passes[usize::from(column.value(start + row))])
        }
        AttributeColumn::Int(column) => {
            let numbers = &column.values()[slice.rows()];
            scalars_that_pass(candidates, guard, |row| test.int(numbers[row]))
        }
        AttributeColumn::Double(column) => {
            let numbers = &column.values()[slice.rows()];
            scalars_that_pass(candidates, guard, |row| test.double(numbers[row]))
        }
    }
}

/// The candidates whose first entry of the key passes, and those that have no such entry.
fn in_rest(
    key: &str,
    test: &impl ValueTest,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<(Mask, Mask), Stop> {
    let rest = slice.columns().batch().rest();
    if rest.is_empty() {
        return Ok((Mask::EMPTY, candidates));
    }
    let start = slice.rows().start;
    let mut open = Mask::EMPTY;
    let passed = candidates.try_retain(|row| {
        let mut entries = rest.entries(start + row);
        guard.spend(entries.len() * WORK_PER_KEY)?;
        match entries.find(|entry| rest.key(*entry) == key) {
            Some(entry) => entry_passes(test, &rest, entry, guard),
            None => {
                open.set(row);
                Ok(false)
            }
        }
    })?;
    Ok((passed, open))
}

/// What comparing one key costs.
const WORK_PER_KEY: usize = 4;

fn entry_passes(test: &impl ValueTest, rest: &RestColumn<'_>, entry: usize, guard: &QueryGuard) -> Result<bool, Stop> {
    match rest.kind(entry) {
        ValueKind::Bool | ValueKind::Int | ValueKind::Double => value_passes(test, &rest.value(entry), guard),
        kind @ (ValueKind::Empty | ValueKind::Str | ValueKind::Bytes | ValueKind::Array | ValueKind::Map) => {
            stored_passes(test, kind, rest.text(entry), guard)
        }
    }
}
