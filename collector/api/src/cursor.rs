//! The cursor of a search: the last record given out, as text that survives restarts.

use basics::Timestamp;
use model::RecordPosition;

/// `<time in ns>_<sequence>`.
pub(crate) fn render(position: RecordPosition) -> String {
    format!("{}_{}", position.time.0, position.sequence)
}

pub(crate) fn parse(text: &str) -> Option<RecordPosition> {
    let (time, sequence) = text.split_once('_')?;
    Some(RecordPosition { time: Timestamp(time.parse().ok()?), sequence: sequence.parse().ok()? })
}

#[cfg(test)]
mod tests;
