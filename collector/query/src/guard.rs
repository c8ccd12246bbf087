//! What ends a query before its own end: its deadline, its memory, its caller's going.

use crate::crew::{Alone, Crew, Hands};
use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::limits::{LET_OTHERS_EVERY, WORK_PER_LOOK};
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
    crew: Arc<dyn Crew>,
    /// Set when another hand of the same query has stopped: there is no sense in going on.
    is_given_up: Arc<AtomicBool>,
    work: Cell<usize>,
    /// When other threads were let go first last.
    let_others: Cell<Duration>,
}

/// Why a query stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// What was found so far is the answer.
    CutShort(CutShort),
    /// Nobody waits for an answer.
    Cancelled,
    /// Another hand of the query has stopped, and knows why.
    GivenUp,
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
        let (crew, is_given_up) = (Arc::new(Alone), Arc::default());
        QueryGuard {
            clock,
            deadline,
            is_cancelled,
            memory,
            crew,
            is_given_up,
            work: Cell::new(0),
            let_others: Cell::default(),
        }
    }

    /// The same with a crew to share work with.
    #[must_use]
    pub fn with_crew(mut self, crew: Arc<dyn Crew>) -> QueryGuard {
        self.crew = crew;
        self
    }

    /// Hands for pieces of work of this query, as many as are free and at most so many.
    pub(crate) fn hands(&self, most: usize) -> Hands<'_> {
        Hands::take(&*self.crew, most)
    }

    /// A guard for each of so many hands: the first that stops stops all of them.
    pub(crate) fn for_hands(&self, count: usize) -> Vec<QueryGuard> {
        let is_given_up = Arc::new(AtomicBool::new(false));
        let one = || QueryGuard { is_given_up: is_given_up.clone(), ..self.later(Duration::ZERO) };
        std::iter::repeat_with(one).take(count).collect()
    }

    /// Stops the other hands.
    pub(crate) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Release);
    }

    /// A guard with the same caller and memory whose deadline is later: to bring to an end what was found in time.
    pub(crate) fn later(&self, grace: Duration) -> QueryGuard {
        QueryGuard {
            clock: self.clock.clone(),
            deadline: self.deadline.saturating_add(grace),
            is_cancelled: self.is_cancelled.clone(),
            memory: self.memory.clone(),
            crew: self.crew.clone(),
            is_given_up: Arc::default(),
            work: Cell::new(0),
            let_others: Cell::default(),
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

    /// Looks whether to stop. Now and then lets threads go first that wait for the processor: the kernel leaves it to a
    /// thread of low priority for milliseconds at a time, which senders would wait for several times over.
    pub(crate) fn look(&self) -> Result<(), Stop> {
        if self.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let now = self.clock.monotonic();
        if now >= self.deadline {
            return Err(Stop::CutShort(CutShort::Deadline));
        }
        if now.saturating_sub(self.let_others.get()) >= LET_OTHERS_EVERY {
            self.let_others.set(now);
            std::thread::yield_now();
        }
        if self.is_given_up.load(Ordering::Acquire) {
            return Err(Stop::GivenUp);
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
    /// Of what several hands came to: why they stopped, if they did.
    pub(crate) fn first(stops: impl IntoIterator<Item = Option<Stop>>) -> Option<Stop> {
        stops.into_iter().flatten().find(|stop| *stop != Stop::GivenUp)
    }

    pub(crate) const OUT_OF_MEMORY: Stop = Stop::CutShort(CutShort::Memory);

    /// The reason that the answer gives.
    pub(crate) fn cut_short(self) -> Result<CutShort, QueryError> {
        match self {
            Stop::CutShort(reason) => Ok(reason),
            // Only a hand of several meets the last one, and the one that gave up first tells the reason.
            Stop::Cancelled | Stop::GivenUp => Err(QueryError::Cancelled),
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
