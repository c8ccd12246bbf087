//! The newest records found so far, up to a limit.

use crate::guard::{QueryGuard, Stop};
use crate::limits::FOUND_PER_RESERVATION;
use basics::Reservation;
use model::RecordPosition;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A record that was found, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) position: RecordPosition,
    /// The number of its source.
    pub(crate) source: usize,
    pub(crate) row: usize,
}

/// The newest records found so far; the oldest of them is at hand.
#[derive(Debug)]
pub(crate) struct Newest {
    limit: usize,
    found: BinaryHeap<Reverse<Found>>,
    memory: Option<Reservation>,
    has_left_out: bool,
}

impl Newest {
    pub(crate) fn new(limit: usize) -> Newest {
        Newest { limit, found: BinaryHeap::new(), memory: None, has_left_out: false }
    }

    /// What a record must be newer than to be kept; `None` while there is room.
    pub(crate) fn floor(&self) -> Option<RecordPosition> {
        let oldest = self.found.peek().map(|Reverse(oldest)| oldest.position);
        oldest.filter(|_| self.found.len() >= self.limit)
    }

    /// True when a record that matches was not kept.
    pub(crate) fn has_left_out(&self) -> bool {
        self.has_left_out
    }

    /// Keeps the record if it is among the newest. Says whether older ones can still be.
    pub(crate) fn offer(&mut self, found: Found, guard: &QueryGuard) -> Result<bool, Stop> {
        if let Some(floor) = self.floor() {
            self.has_left_out = true;
            if found.position <= floor {
                return Ok(false);
            }
            if let Some(mut oldest) = self.found.peek_mut() {
                *oldest = Reverse(found);
            }
            return Ok(true);
        }
        if self.found.len() == self.found.capacity() {
            self.grow(guard)?;
        }
        self.found.push(Reverse(found));
        Ok(true)
    }

    /// Makes room for some more, twice as much at most.
    fn grow(&mut self, guard: &QueryGuard) -> Result<(), Stop> {
        let held = self.found.capacity();
        let more = held.max(FOUND_PER_RESERVATION).min(self.limit.max(1));
        let bytes = (held.saturating_add(more)).saturating_mul(size_of::<Found>()) as u64;
        let memory = match self.memory.take() {
            Some(memory) => self.memory.insert(memory),
            None => self.memory.insert(guard.reserve(0)?),
        };
        if !memory.try_grow_to(bytes) {
            return Err(Stop::OUT_OF_MEMORY);
        }
        self.found.reserve_exact(more);
        Ok(())
    }

    /// What was found, newest first. What is not newer than `frontier` is left out.
    pub(crate) fn into_sorted(self, frontier: Option<RecordPosition>) -> (Vec<Found>, Option<Reservation>) {
        let mut found: Vec<Found> = self.found.into_iter().map(|Reverse(found)| found).collect();
        found.retain(|found| frontier.is_none_or(|frontier| found.position > frontier));
        found.sort_unstable_by_key(|found| Reverse(found.position));
        (found, self.memory)
    }
}
