//! The level: up to two texts, and an order.

use super::field::nonempty_strings;
use super::mask::Mask;
use super::slice::Slice;
use super::value_test::{ValueTest, scalars_that_pass};
use crate::guard::{QueryGuard, Stop};
use model::{Level, Severity};

/// Severities, 0 (none) among them.
const SEVERITIES: usize = 25;

/// What holds for each severity.
#[derive(Debug, Clone)]
pub(crate) struct BySeverity([bool; SEVERITIES]);

impl BySeverity {
    /// What holds for the severities whose level passes.
    pub(crate) fn of(passes: impl Fn(Level) -> bool) -> BySeverity {
        let mut holds = [false; SEVERITIES];
        for (severity, holds) in (0..).zip(&mut holds) {
            *holds = Severity(severity).level().is_some_and(&passes);
        }
        BySeverity(holds)
    }

    /// Whether it holds for a severity.
    pub(crate) fn holds(&self, severity: u8) -> bool {
        self.0.get(usize::from(severity)).is_some_and(|holds| *holds)
    }

    /// The candidates for whose severity it holds.
    pub(crate) fn rows(&self, slice: Slice<'_>, candidates: Mask, guard: &QueryGuard) -> Result<Mask, Stop> {
        let severities = &slice.columns().severity()[slice.rows()];
        scalars_that_pass(candidates, guard, |row| self.holds(severities[row]))
    }
}

/// The candidates whose level's name or severity text passes.
pub(crate) fn level(
    test: &impl ValueTest,
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
) -> Result<Mask, Stop> {
    let named = BySeverity::of(|level| test.text(level.name())).rows(slice, candidates, guard)?;
    let open = candidates.and_not(named);
    Ok(named.or(nonempty_strings(test, slice.columns().severity_text(), slice, open, guard)?))
}
