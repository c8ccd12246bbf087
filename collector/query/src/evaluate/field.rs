//! Where the values of a field are.

use super::attribute::attribute;
use super::body::body;
use super::body_path::body_path;
use super::id::id;
use super::level::level;
use super::mask::Mask;
use super::slice::Slice;
use super::stream::stream;
use super::value_test::{ValueTest, stored_passes, strings_that_pass};
use crate::guard::{QueryGuard, Stop};
use arrow_array::StringArray;
use model::{Field, ValueKind};

/// The candidates that have the field, and whose value passes.
pub(crate) fn field(
    field: &Field,
    test: &impl ValueTest,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let columns = slice.columns();
    match field {
        // Times are only compared, and compiling a filter leaves nothing else over.
        Field::Time => Ok(Mask::EMPTY),
        Field::Body => body(test, slice, candidates, guard),
        Field::Service => stream(slice, candidates, guard, |stream| match stream.service() {
            Some(name) => stored_passes(test, ValueKind::Str, name, guard),
            None => Ok(false),
        }),
        Field::ScopeName => stream(slice, candidates, guard, |stream| match &*stream.scope_name {
            "" => Ok(false),
            name => stored_passes(test, ValueKind::Str, name, guard),
        }),
        Field::Level => level(test, slice, candidates, guard),
        Field::TraceId => id(test, columns.trace_ids(), slice, candidates, guard),
        Field::SpanId => id(test, columns.span_ids(), slice, candidates, guard),
        Field::EventName => nonempty_strings(test, columns.event_name(), slice, candidates, guard),
        Field::Attribute(key) => attribute(key, test, slice, candidates, guard),
        Field::BodyPath(path) => body_path(path, test, slice, candidates, guard),
    }
}

/// The candidates whose string passes, in a column that holds an empty one where there is none.
pub(crate) fn nonempty_strings(
    test: &impl ValueTest,
    column: &StringArray,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let offsets = &column.value_offsets()[slice.rows().start..];
    let sent = candidates.retain(|row| offsets[row] < offsets[row + 1]);
    strings_that_pass(test, column, slice, sent, guard)
}
