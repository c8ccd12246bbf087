//! Which records match, by their sequences: for whoever does something to all of them.

use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::limits::{SEQUENCES_PER_RESERVATION, SLICE_RECORDS};
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use basics::{Reservation, Timestamp};
use log_store::LogSnapshot;
use model::{Filter, TimeRange};

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchingRequest {
    /// What must match.
    pub filter: Filter,
    /// When it must have been.
    pub range: TimeRange,
    /// Most records that are named; `None` to only count them all.
    pub records_max: Option<usize>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct MatchingAnswer {
    /// The sequences of records that match, in no order.
    pub sequences: Vec<u64>,
    /// The oldest and the newest of the times of all that match.
    pub times: Option<(Timestamp, Timestamp)>,
    /// How many records match, as far as was looked.
    pub matched: u64,
    /// How many records were put to the filter.
    pub scanned: u64,
    /// More records match than may be named.
    pub has_more: bool,
    /// Why not everything was looked at.
    pub cut_short: Option<CutShort>,
    /// Held as long as the sequences are.
    memory: Option<Reservation>,
}

/// Finds all records that match.
///
/// A deadline or a memory ceiling cuts the answer short; cancellation ends it with [`QueryError::Cancelled`]. What is
/// named by then does match, whatever else does.
pub fn matching(
    snapshot: &LogSnapshot,
    request: &MatchingRequest,
    guard: &QueryGuard,
) -> Result<MatchingAnswer, QueryError> {
    let question = Question::compile(&request.filter)?;
    let mut answer = MatchingAnswer::default();
    let range = request.range.intersect(question.time_range());
    let window = Window { range, before: None, after_sequence: None };
    let sources = Sources::new(snapshot, &window, &question);
    let mut scan = Scan::new(&sources, &question, window, SLICE_RECORDS).in_any_order();
    let stopped = match read(&question, &sources, &mut scan, request.records_max, &mut answer, guard) {
        Ok(()) => None,
        Err(stop) => Some(stop.cut_short()?),
    };
    answer.cut_short = CutShort::first(snapshot.is_replaying(), sources.has_damage(), stopped);
    Ok(answer)
}

fn read(
    question: &Question,
    sources: &Sources,
    scan: &mut Scan<'_>,
    records_max: Option<usize>,
    answer: &mut MatchingAnswer,
    guard: &QueryGuard,
) -> Result<(), Stop> {
    while let Some(next) = scan.next_slice(None, guard)? {
        guard.look()?;
        let matches = question.matches(next.slice(), next.candidates, guard)?;
        let rows = next.slice().rows();
        let (times, sequences) = match matches.is_empty() {
            true => (&[][..], &[][..]),
            false => (&next.batch.times()[rows.clone()], &next.batch.sequences()[rows]),
        };
        // What is named of a slice is read before it is known to be whole.
        if sources.is_damaged(next.source, &next.batch) {
            scan.give_up(&next);
            continue;
        }
        answer.scanned += next.candidates.count() as u64;
        for row in matches.rows() {
            if let Some(records_max) = records_max {
                if answer.sequences.len() >= records_max {
                    answer.has_more = true;
                    return Ok(());
                }
                answer.name(sequences[row], guard)?;
            }
            answer.count(Timestamp(times[row]));
        }
        scan.pass(&next, None);
    }
    Ok(())
}

impl MatchingAnswer {
    fn count(&mut self, time: Timestamp) {
        self.matched += 1;
        let (oldest, newest) = self.times.unwrap_or((time, time));
        self.times = Some((oldest.min(time), newest.max(time)));
    }

    fn name(&mut self, sequence: u64, guard: &QueryGuard) -> Result<(), Stop> {
        if self.sequences.len() == self.sequences.capacity() {
            let memory = match self.memory.take() {
                Some(memory) => self.memory.insert(memory),
                None => self.memory.insert(guard.reserve(0)?),
            };
            let more = self.sequences.len().max(SEQUENCES_PER_RESERVATION);
            // While a list grows, the old one is there as well; and the store makes a copy of it.
            let bytes = (self.sequences.len() + more) * size_of::<u64>() * 2;
            if !memory.try_grow_to(bytes as u64) {
                return Err(Stop::OUT_OF_MEMORY);
            }
            self.sequences.reserve_exact(more);
        }
        self.sequences.push(sequence);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
