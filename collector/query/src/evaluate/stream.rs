//! What is said about a record's stream, decided once for each stream of a slice.

use super::mask::Mask;
use super::slice::Slice;
use crate::guard::{QueryGuard, Stop};
use model::Stream;

/// The candidates whose stream passes.
pub(crate) fn stream(
    slice: Slice<'_>,
    candidates: Mask,
    guard: &QueryGuard,
    passes: impl Fn(&Stream) -> Result<bool, Stop>,
) -> Result<Mask, Stop> {
    if candidates.is_empty() {
        return Ok(Mask::EMPTY);
    }
    let batch = slice.columns().batch();
    if let [only] = batch.streams() {
        return Ok(if passes(only)? { candidates } else { Mask::EMPTY });
    }
    guard.spend(candidates.count())?;
    let streams = &batch.stream_indexes()[slice.rows()];
    let mut verdicts: Vec<Option<bool>> = vec![None; batch.streams().len()];
    candidates.try_retain(|row| {
        let index = streams[row] as usize;
        if let Some(verdict) = verdicts[index] {
            return Ok(verdict);
        }
        let verdict = passes(&batch.streams()[index])?;
        verdicts[index] = Some(verdict);
        Ok(verdict)
    })
}
