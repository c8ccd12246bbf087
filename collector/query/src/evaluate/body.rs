//! The body, whatever its type.

use super::mask::Mask;
use super::slice::Slice;
use super::value_test::{ValueTest, stored_passes, strings_that_pass};
use crate::guard::{QueryGuard, Stop};
use model::ValueKind;

/// The candidates that have a body that passes.
pub(crate) fn body(
    test: &impl ValueTest,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let columns = slice.columns();
    let kinds = &columns.body_kinds()[slice.rows()];
    let are_strings = kinds.iter().all(|kind| *kind == ValueKind::Str as u8);
    let strings = if are_strings { candidates } else { candidates.retain(|row| kinds[row] == ValueKind::Str as u8) };
    let passed = match test.index().filter(|_| columns.batch().group().is_some()) {
        Some(index) => {
            let known = index.messages(slice, strings, guard);
            // The texts are read only for what is open.
            let looked_at = match known.open.is_empty() {
                true => Mask::EMPTY,
                false => strings_that_pass(test, columns.body(), slice, known.open, guard)?,
            };
            known.passed.or(looked_at)
        }
        None => strings_that_pass(test, columns.body(), slice, strings, guard)?,
    };
    if are_strings {
        return Ok(passed);
    }
    let others = candidates.and_not(strings).retain(|row| kinds[row] != ValueKind::Empty as u8);
    let start = slice.rows().start;
    let others = others.try_retain(|row| {
        let row = start + row;
        stored_passes(test, columns.body_kind(row), columns.body().value(row), guard)
    })?;
    Ok(passed.or(others))
}
