//! What every operator decides: whether one value passes, whatever its type.

use super::index::IndexTest;
use super::mask::Mask;
use super::memo::Memo;
use super::prefilter::Sight;
use super::slice::Slice;
use crate::guard::{QueryGuard, Stop};
use arrow_array::{Array, StringArray};
use model::{Value, ValueKind};
use parts::{Strings, Texts};

/// An operator with its right-hand side. Absent fields are never put to it.
pub(crate) trait ValueTest {
    /// A string.
    fn text(&self, text: &str) -> bool;
    /// A bool.
    fn bool(&self, flag: bool) -> bool;
    /// An integer.
    fn int(&self, number: i64) -> bool;
    /// A double.
    fn double(&self, number: f64) -> bool;
    /// Bytes, in their text form.
    fn bytes(&self, text_form: &str) -> bool;
    /// An array or map, in its text form.
    fn structured(&self, text_form: &str) -> bool;
    /// An attribute that was sent without a value.
    fn empty(&self) -> bool;

    /// A trace or span id, which is a string of lower-case hexadecimal digits.
    fn id(&self, id: &[u8]) -> bool;

    /// The bytes of the only id that passes; `None` when others may pass.
    fn only_id(&self) -> Option<&[u8]> {
        None
    }

    /// What the index of a part is asked. Most operators ask nothing.
    fn index(&self) -> Option<&IndexTest> {
        None
    }

    /// Calls `visit` with the strings that may pass, in order, by their numbers. Most operators know no quick way to tell.
    fn visit_possible(
        &self,
        strings: &StringArray,
        _guard: &QueryGuard,
        visit: &mut dyn FnMut(usize, Sight) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        (0..strings.len()).try_for_each(|number| visit(number, Sight::Possible))
    }

    /// Where is kept what was said of distinct strings. Operators that are as quick as looking there have nothing.
    fn memo(&self) -> Option<&Memo> {
        None
    }

    /// What a quick look at the strings of the candidates tells, whose first one stands at `start`. Most operators have
    /// none.
    fn look(
        &self,
        _column: &StringArray,
        _start: usize,
        candidates: Mask,
        _guard: &QueryGuard,
    ) -> Result<Looked, Stop> {
        Ok(Looked { passed: Mask::EMPTY, open: candidates })
    }
}

/// What a quick look at many strings tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looked {
    /// Those that pass.
    pub(crate) passed: Mask,
    /// Those that may pass; each of them is looked at exactly.
    pub(crate) open: Mask,
}

/// What deciding one value costs beside its text.
pub(super) const WORK_PER_VALUE: usize = 16;

/// The candidates whose string passes. Each of them has one.
pub(crate) fn strings_that_pass(
    test: &impl ValueTest,
    column: &StringArray,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    debug_assert!(candidates.and_not(slice.valid(column.nulls())).is_empty(), "a candidate has a string");
    texts_that_pass(test, Texts { texts: column, first: 0 }, slice, candidates, guard)
}

/// The candidates whose text passes, among the texts of the slice.
pub(crate) fn texts_that_pass(
    test: &impl ValueTest,
    texts: Texts<'_>,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let column = texts.texts;
    let start = slice.rows().start - texts.first;
    let Looked { passed, open } = test.look(column, start, candidates, guard)?;
    let others = open.try_retain(|row| {
        let text = column.value(start + row);
        guard.spend(WORK_PER_VALUE + text.len())?;
        Ok(test.text(text))
    })?;
    Ok(passed.or(others))
}

/// The same of a typed column.
pub(crate) fn typed_strings_that_pass(
    test: &impl ValueTest,
    column: Strings<'_>,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let (numbers, values) = match column {
        Strings::Each(column) => return strings_that_pass(test, column, slice, candidates, guard),
        Strings::Distinct { numbers, values } => (numbers, values),
    };
    let start = slice.rows().start;
    let memo = test.memo().zip(slice.columns().batch().opened_number());
    let passing = match memo {
        Some((memo, batch)) => memo.passing(test, batch, values, candidates.count(), guard)?,
        None => None,
    };
    match passing {
        Some(passing) if passing.is_empty() => Ok(Mask::EMPTY),
        Some(passing) => {
            let numbers = &numbers.values()[slice.rows()];
            scalars_that_pass(candidates, guard, |row| passing.holds(numbers[row]))
        }
        None => candidates.try_retain(|row| {
            let text = column.value(start + row);
            guard.spend(WORK_PER_VALUE + text.len())?;
            Ok(test.text(text))
        }),
    }
}

/// The candidates whose scalar passes.
pub(crate) fn scalars_that_pass(
    candidates: Mask,
    guard: &QueryGuard,
    passes: impl Fn(usize) -> bool,
) -> Result<Mask, Stop> {
    guard.spend(candidates.count() * WORK_PER_VALUE)?;
    Ok(candidates.retain(passes))
}

/// A value as a column holds it: a string as it is, all else in its text form.
pub(crate) fn stored_passes(
    test: &impl ValueTest,
    kind: ValueKind,
    text: &str,
    guard: &QueryGuard,
) -> Result<bool, Stop> {
    guard.spend(WORK_PER_VALUE + text.len())?;
    Ok(match kind {
        ValueKind::Empty => test.empty(),
        ValueKind::Str => test.text(text),
        ValueKind::Bytes => test.bytes(text),
        ValueKind::Array | ValueKind::Map => test.structured(text),
        ValueKind::Bool | ValueKind::Int | ValueKind::Double => match Value::parse_text_form(text) {
            Some(Value::Bool(flag)) => test.bool(flag),
            Some(Value::Int(number)) => test.int(number),
            Some(Value::Double(number)) => test.double(number),
            // What the store shows as text is searched as text.
            _ => test.text(text),
        },
    })
}

/// A value of a stream.
pub(crate) fn value_passes(test: &impl ValueTest, value: &Value, guard: &QueryGuard) -> Result<bool, Stop> {
    let passes = match value {
        Value::Empty => test.empty(),
        Value::Bool(flag) => test.bool(*flag),
        Value::Int(number) => test.int(*number),
        Value::Double(number) => test.double(*number),
        Value::Str(text) => {
            guard.spend(text.len())?;
            test.text(text)
        }
        Value::Bytes(_) | Value::Array(_) | Value::Map(_) => {
            let text = value.to_string();
            return stored_passes(test, value.kind(), &text, guard);
        }
    };
    guard.spend(WORK_PER_VALUE)?;
    Ok(passes)
}
