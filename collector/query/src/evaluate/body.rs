//! The body, whatever its type.

use super::mask::Mask;
use super::slice::Slice;
use super::value_test::{ValueTest, WORK_PER_VALUE, stored_passes, texts_that_pass};
use crate::guard::{QueryGuard, Stop};
use crate::limits::SPARSE_CANDIDATES;
use model::ValueKind;

/// Those of the open records, which have a string, whose string passes.
fn open_that_pass(test: &impl ValueTest, slice: Slice<'_>, open: Mask, guard: &QueryGuard) -> Result<Mask, Stop> {
    let (columns, rows) = (slice.columns(), slice.rows());
    let are_few = open.count() * SPARSE_CANDIDATES < open.span().len();
    if let Some(mut page) = are_few.then(|| columns.passed_bodies(rows.clone())).flatten() {
        let mut is_whole = true;
        let passed = open.try_retain(|row| match page.text(rows.start + row).filter(|_| is_whole) {
            Some(text) => {
                guard.spend(WORK_PER_VALUE + text.len())?;
                Ok(test.text(text))
            }
            None => {
                is_whole = false;
                Ok(false)
            }
        })?;
        if is_whole {
            return Ok(passed);
        }
    }
    texts_that_pass(test, columns.bodies_of(rows), slice, open, guard)
}

/// The candidates that have a body that passes.
pub(crate) fn body(
    test: &impl ValueTest,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let columns = slice.columns();
    // Of most row groups it is known without a look at the kinds.
    let group = columns.batch().group();
    let kinds = match group.is_some_and(|group| !group.has_other_messages()) {
        true => None,
        false => Some(&columns.body_kinds()[slice.rows()]),
    };
    let kinds = kinds.filter(|kinds| kinds.iter().any(|kind| *kind != ValueKind::Str as u8));
    let strings = match kinds {
        None => candidates,
        Some(kinds) => candidates.retain(|row| kinds[row] == ValueKind::Str as u8),
    };
    let passed = match test.index().filter(|_| group.is_some()) {
        Some(index) => {
            let known = index.messages(slice, strings, guard);
            // The texts are read only for what is open.
            let looked_at = match known.open.is_empty() {
                true => Mask::EMPTY,
                false => open_that_pass(test, slice, known.open, guard)?,
            };
            known.passed.or(looked_at)
        }
        None if strings.is_empty() => Mask::EMPTY,
        None => texts_that_pass(test, columns.bodies_of(slice.rows()), slice, strings, guard)?,
    };
    let Some(kinds) = kinds else { return Ok(passed) };
    let others = candidates.and_not(strings).retain(|row| kinds[row] != ValueKind::Empty as u8);
    let start = slice.rows().start;
    let others = others.try_retain(|row| {
        let row = start + row;
        stored_passes(test, columns.body_kind(row), columns.body().value(row), guard)
    })?;
    Ok(passed.or(others))
}
