//! Trace and span ids.

use super::mask::Mask;
use super::slice::Slice;
use super::value_test::{ValueTest, scalars_that_pass};
use crate::guard::{QueryGuard, Stop};
use arrow_array::FixedSizeBinaryArray;
use memchr::memmem::Finder;

/// The candidates that have an id that passes. All zero means none.
pub(crate) fn id(
    test: &impl ValueTest,
    column: &FixedSizeBinaryArray,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let start = slice.rows().start;
    if let (Some(wanted), Ok(width)) = (test.only_id(), usize::try_from(column.value_length())) {
        guard.spend(slice.len())?;
        let ids = &column.value_data()[start * width..slice.rows().end * width];
        return Ok(equal_ids(ids, width, wanted).and(candidates));
    }
    scalars_that_pass(candidates, guard, |row| {
        let id = column.value(start + row);
        id.iter().any(|byte| *byte != 0) && test.id(id)
    })
}

/// Where the wanted id stands among ids that lie one behind the other: a search for its bytes is many times faster than a
/// comparison with each.
fn equal_ids(ids: &[u8], width: usize, wanted: &[u8]) -> Mask {
    let mut found = Mask::EMPTY;
    if wanted.len() != width || wanted.iter().all(|byte| *byte == 0) {
        return found;
    }
    let finder = Finder::new(wanted);
    let mut from = 0;
    while let Some(at) = finder.find(&ids[from..]) {
        let at = from + at;
        // Between two ids its bytes may stand by chance.
        if at % width == 0 {
            found.set(at / width);
        }
        from = at + 1;
    }
    found
}

/// An id as it is shown.
pub(crate) fn hexadecimal(id: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    id.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests;
