//! A term without a field: the body, and every string of the record's own attributes.

use super::body::body;
use super::index::IndexTest;
use super::mask::Mask;
use super::prefilter::Sight;
use super::slice::Slice;
use super::text::TextTest;
use super::value_test::{ValueTest, stored_passes, typed_strings_that_pass};
use crate::guard::{QueryGuard, Stop};
use model::ValueKind;
use parts::StringColumn;
use text_index::CharacterSet;

/// The candidates in which the term occurs.
pub(crate) fn anywhere(test: &TextTest, slice: Slice<'_>, candidates: Mask, guard: &QueryGuard) -> Result<Mask, Stop> {
    let mut passed = body(test, slice, candidates, guard)?;
    let may_be_in_values = match (slice.columns().batch().group(), test.index()) {
        (Some(group), Some(index)) => index.may_be_in_values(group),
        _ => true,
    };
    if !may_be_in_values {
        return Ok(passed);
    }
    let folded = test.index().map_or_else(CharacterSet::default, IndexTest::characters);
    for column in slice.columns().batch().string_columns_with(folded) {
        let open = candidates.and_not(passed);
        if open.is_empty() || none_passes(test, column, slice, open, guard)? {
            continue;
        }
        let column = column.strings();
        let open = open.and(slice.valid(column.nulls()));
        if !open.is_empty() {
            passed = passed.or(typed_strings_that_pass(test, column, slice, open, guard)?);
        }
    }
    if !slice.columns().batch().may_rest_have(folded) {
        return Ok(passed);
    }
    Ok(passed.or(in_rest(test, slice, candidates.and_not(passed), guard)?))
}

/// True when no string of a column passes, as its distinct ones tell.
fn none_passes(
    test: &TextTest,
    column: StringColumn<'_>,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<bool, Stop> {
    let memo = test.memo().zip(slice.columns().batch().opened_number());
    let Some((memo, batch)) = memo else { return Ok(false) };
    let Some(distinct) = column.distinct() else { return Ok(false) };
    let passing = memo.passing(test, batch, distinct, candidates.count(), guard)?;
    Ok(passing.is_some_and(|passing| passing.is_empty()))
}

/// The candidates in whose list of rarer attributes the term occurs.
fn in_rest(test: &TextTest, slice: Slice<'_>, candidates: Mask, guard: &QueryGuard) -> Result<Mask, Stop> {
    let rest = slice.columns().batch().rest();
    let span = candidates.span();
    if rest.is_empty() || span.is_empty() {
        return Ok(Mask::EMPTY);
    }
    let start = slice.rows().start;
    let entries = rest.entries(start + span.start).start..rest.entries(start + span.end - 1).end;
    let mut passed = Mask::EMPTY;
    let mut row = span.start;
    test.prefilter().visit(rest.texts(), entries, guard, |entry, sight| {
        while rest.entries(start + row).end <= entry {
            row += 1;
        }
        let passes = match rest.kind(entry) {
            ValueKind::Str if sight == Sight::Certain => true,
            kind @ (ValueKind::Str | ValueKind::Array | ValueKind::Map) => {
                stored_passes(test, kind, rest.text(entry), guard)?
            }
            ValueKind::Empty | ValueKind::Bool | ValueKind::Int | ValueKind::Double | ValueKind::Bytes => false,
        };
        if passes {
            passed.set(row);
        }
        Ok(())
    })?;
    Ok(passed.and(candidates))
}
