//! What arrived since: the records behind a sequence, in the order of their arrival.
//!
//! A snapshot holds all records up to its newest sequence, each once, whatever is sealed or merged meanwhile. So whoever
//! asks for what came behind the last answer's `next` is given every record once. When there are more than anybody could
//! follow, the older ones are left out and counted.

use crate::answer::AnswerMemory;
use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::limits::{FOUND_PER_RESERVATION, SLICE_RECORDS};
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use basics::Reservation;
use log_store::{LogColumns, LogSnapshot};
use model::{Filter, LogRecord};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct TailRequest {
    /// What must match.
    pub filter: Filter,
    /// Only records of a higher sequence; `None` for all.
    pub after: Option<u64>,
    /// Most records in one answer.
    pub records_max: usize,
    /// When more than so many match, only the last ones of them are given, answer by answer.
    pub backlog_max: usize,
}

/// What arrived.
#[derive(Debug, Default)]
pub struct TailAnswer {
    /// The records, in the order of their arrival.
    pub records: Vec<LogRecord>,
    /// How many records match that are left out for good.
    pub missed: u64,
    /// What to ask for `after` next time. With `cut_short` it is behind all that the store held: what came up to it was
    /// not looked through, and nobody knows how much was missed.
    pub next: Option<u64>,
    /// True when more is there already.
    pub has_more: bool,
    /// Why the records could not be looked through.
    pub cut_short: Option<CutShort>,
    /// Held as long as the records are; made with nothing by whoever makes up an answer.
    pub memory: Option<Reservation>,
}

/// The highest sequence of the records in a snapshot: whoever follows asks for what comes after it. Nobody knows it while
/// records are read back.
pub fn newest_sequence(snapshot: &LogSnapshot) -> Option<u64> {
    if snapshot.is_replaying() {
        return None;
    }
    let in_memory = snapshot.batches().iter().map(|batch| batch.sequence_range().end);
    let in_parts = snapshot.parts().iter().map(|part| part.sequence_range().end);
    in_memory.chain(in_parts).max().map(|behind| behind.saturating_sub(1))
}

/// Finds what arrived. A snapshot that is read back yet is not asked.
pub fn tail(snapshot: &LogSnapshot, request: &TailRequest, guard: &QueryGuard) -> Result<TailAnswer, QueryError> {
    let mut answer = TailAnswer { next: request.after, ..TailAnswer::default() };
    let newest = newest_sequence(snapshot).filter(|newest| request.after.is_none_or(|after| *newest > after));
    let Some(newest) = newest else { return Ok(answer) };
    let question = Question::compile(&request.filter)?;
    let window = Window { range: question.time_range(), before: None, after_sequence: request.after };
    let sources = Sources::new(snapshot, &window, &question);
    answer.next = Some(newest);
    let read = read(&question, &sources, window, request.backlog_max, guard).and_then(|arrived| {
        answer.missed = arrived.missed;
        materialise(&sources, arrived, request.records_max, &mut answer, guard)
    });
    if let Err(stop) = read {
        answer.cut_short = Some(stop.cut_short()?);
    }
    Ok(answer)
}

/// Where a record is, by its sequence.
type Place = (u64, usize, usize);

struct Arrived {
    /// By rising sequence.
    places: Vec<Place>,
    missed: u64,
    _memory: Reservation,
}

fn read(
    question: &Question,
    sources: &Sources,
    window: Window,
    backlog_max: usize,
    guard: &QueryGuard,
) -> Result<Arrived, Stop> {
    let mut memory = guard.reserve(0)?;
    let mut places: BinaryHeap<Reverse<Place>> = BinaryHeap::new();
    let mut missed = 0;
    let mut scan = Scan::new(sources, question, window, SLICE_RECORDS).in_any_order();
    while let Some(next) = scan.next_slice(None, guard)? {
        guard.look()?;
        let matches = question.matches(next.slice(), next.candidates, guard)?;
        let (sequences, first) = (next.batch.sequences(), next.slice().rows().start);
        if sources.is_damaged(next.source, &next.batch) {
            scan.give_up(&next);
            continue;
        }
        for row in matches.rows() {
            if places.len() == places.capacity() && places.len() < backlog_max {
                let wanted = places.len() + FOUND_PER_RESERVATION.max(places.len());
                if !memory.try_grow_to((wanted * size_of::<Place>() * 2) as u64) {
                    return Err(Stop::OUT_OF_MEMORY);
                }
                places.reserve_exact(wanted - places.len());
            }
            places.push(Reverse((sequences[first + row], next.source, first + row)));
            if places.len() > backlog_max {
                places.pop();
                missed += 1;
            }
        }
        scan.pass(&next, None);
    }
    let mut places: Vec<Place> = places.into_iter().map(|Reverse(place)| place).collect();
    places.sort_unstable();
    Ok(Arrived { places, missed, _memory: memory })
}

/// Makes the first records. One that there is no memory for comes with the next answer; when it is the only one, it is
/// missed.
fn materialise(
    sources: &Sources,
    arrived: Arrived,
    records_max: usize,
    answer: &mut TailAnswer,
    guard: &QueryGuard,
) -> Result<(), Stop> {
    let mut memory = AnswerMemory::new(guard)?;
    let newest = answer.next;
    answer.has_more = arrived.places.len() > records_max;
    for (sequence, source, row) in arrived.places.into_iter().take(records_max) {
        let batch = sources.batch(source, guard)?;
        let columns = LogColumns::of(&batch);
        match memory.expect(&columns, row, guard) {
            Err(Stop::OUT_OF_MEMORY) if answer.records.is_empty() => {
                answer.missed += 1;
                answer.next = Some(sequence);
                answer.has_more = true;
                return Ok(());
            }
            Err(Stop::OUT_OF_MEMORY) => {
                answer.has_more = true;
                break;
            }
            Err(stop) => return Err(stop),
            Ok(()) => {}
        }
        let record = columns.record(row);
        if !sources.is_damaged(source, &batch) {
            memory.charge(&record);
            answer.records.push(record);
        }
        answer.next = Some(sequence);
    }
    if !answer.has_more {
        answer.next = newest;
    }
    answer.memory = Some(memory.settle());
    Ok(())
}

#[cfg(test)]
mod tests;
