//! Trace and span ids.

use super::mask::Mask;
use super::slice::Slice;
use super::value_test::{ValueTest, scalars_that_pass};
use crate::guard::{QueryGuard, Stop};
use arrow_array::FixedSizeBinaryArray;

/// The candidates that have an id that passes. All zero means none.
pub(crate) fn id(
    test: &impl ValueTest,
    column: &FixedSizeBinaryArray,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let start = slice.rows().start;
    scalars_that_pass(candidates, guard, |row| {
        let id = column.value(start + row);
        id.iter().any(|byte| *byte != 0) && test.id(id)
    })
}

/// An id as it is shown.
pub(crate) fn hexadecimal(id: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    id.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
