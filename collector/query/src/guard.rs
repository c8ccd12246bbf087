//! What ends a query before its own end: its deadline, its memory, its caller's going.

use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::limits::WORK_PER_LOOK;
use basics::{Clock, MemoryBudget, Reservation};
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Tells a running query when to stop. Every loop over records tells it what it does.
pub struct QueryGuard {
    clock: Arc<dyn Clock>,
    deadline: Duration,
    is_cancelled: Arc<AtomicBool>,
    memory: MemoryBudget,
    work: Cell<usize>,
}

/// Why a query stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// What was found so far is the answer.
    CutShort(CutShort),
    /// Nobody waits for an answer.
    Cancelled,
}

impl QueryGuard {
    /// A guard with a deadline on the clock's monotonic time. Setting `is_cancelled` ends the query soon after; what
    /// an answer holds is reserved from `memory`.
    pub fn new(
        clock: Arc<dyn Clock>,
        deadline: Duration,
        is_cancelled: Arc<AtomicBool>,
        memory: MemoryBudget,
    ) -> QueryGuard {
        QueryGuard { clock, deadline, is_cancelled, memory, work: Cell::new(0) }
    }

    /// A guard with the same caller and memory whose deadline is later: to bring to an end what was found in time.
    pub(crate) fn later(&self, grace: Duration) -> QueryGuard {
        QueryGuard {
            clock: self.clock.clone(),
            deadline: self.deadline.saturating_add(grace),
            is_cancelled: self.is_cancelled.clone(),
            memory: self.memory.clone(),
            work: Cell::new(0),
        }
    }

    /// A guard with the same caller and memory that ends by then, or sooner where this one does.
    pub(crate) fn sooner(&self, within: Duration) -> QueryGuard {
        let by_then = self.clock.monotonic().saturating_add(within);
        QueryGuard { deadline: self.deadline.min(by_then), ..self.later(Duration::ZERO) }
    }

    /// Counts work (bytes of text, values compared), and looks whether to stop when enough was done since the last look.
    pub(crate) fn spend(&self, work: usize) -> Result<(), Stop> {
        let done = self.work.get().saturating_add(work);
        if done < WORK_PER_LOOK {
            self.work.set(done);
            return Ok(());
        }
        self.work.set(0);
        self.look()
    }

    /// Looks whether to stop.
    pub(crate) fn look(&self) -> Result<(), Stop> {
        if self.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if self.clock.monotonic() >= self.deadline {
            return Err(Stop::CutShort(CutShort::Deadline));
        }
        Ok(())
    }

    /// Tells whether nobody waits for the answer any more: for whoever makes something of it.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }

    /// Reserves memory for an answer.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<Reservation, Stop> {
        self.memory.try_reserve(bytes).ok_or(Stop::OUT_OF_MEMORY)
    }
}

impl Stop {
    pub(crate) const OUT_OF_MEMORY: Stop = Stop::CutShort(CutShort::Memory);

    /// The reason that the answer gives.
    pub(crate) fn cut_short(self) -> Result<CutShort, QueryError> {
        match self {
            Stop::CutShort(reason) => Ok(reason),
            Stop::Cancelled => Err(QueryError::Cancelled),
        }
    }
}

impl fmt::Debug for QueryGuard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("QueryGuard")
            .field("deadline", &self.deadline)
            .field("is_cancelled", &self.is_cancelled)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}
