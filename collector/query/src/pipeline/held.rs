//! The memory that a running pipeline holds.

use crate::guard::{QueryGuard, Stop};
use crate::limits::HELD_STEP_BYTES;
use crate::sources::Sources;
use basics::Reservation;

/// What is held, reserved in steps from the memory of queries. Row groups that are open take of the same memory; they
/// are closed where it is short.
#[derive(Debug)]
pub(crate) struct Held<'s> {
    reservation: Reservation,
    used: u64,
    sources: &'s Sources,
    /// The source that is being read.
    reading: usize,
}

impl<'s> Held<'s> {
    pub(crate) fn new(sources: &'s Sources, guard: &QueryGuard) -> Result<Held<'s>, Stop> {
        Ok(Held { reservation: guard.reserve(0)?, used: 0, sources, reading: 0 })
    }

    /// Goes on with what was settled.
    pub(crate) fn of(sources: &'s Sources, memory: Reservation) -> Held<'s> {
        Held { used: memory.bytes(), reservation: memory, sources, reading: 0 }
    }

    /// Names the source that is read now.
    pub(crate) fn read_from(&mut self, source: usize) {
        self.reading = source;
    }

    /// Counts what is about to be allocated.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<(), Stop> {
        let used = self.used.saturating_add(bytes);
        if !self.grow_to(used) {
            self.sources.close_all_but(self.reading);
            if !self.grow_to(used) {
                return Err(Stop::OUT_OF_MEMORY);
            }
        }
        self.used = used;
        Ok(())
    }

    /// The same, where it only makes things faster: nothing is closed for it, and false means that there is no room.
    pub(crate) fn take_if_free(&mut self, bytes: u64) -> bool {
        let used = self.used.saturating_add(bytes);
        let is_free = self.grow_to(used);
        if is_free {
            self.used = used;
        }
        is_free
    }

    fn grow_to(&mut self, used: u64) -> bool {
        used <= self.reservation.bytes()
            || self.reservation.try_grow_to(used.saturating_add(HELD_STEP_BYTES))
            || self.reservation.try_grow_to(used)
    }

    /// Counts what was let go.
    pub(crate) fn give_back(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
        if self.reservation.bytes() > self.used.saturating_add(HELD_STEP_BYTES * 2) {
            self.reservation.shrink_to(self.used + HELD_STEP_BYTES);
        }
    }

    /// Parts off what was taken for a thing that may outlive this, and that others may hold.
    pub(crate) fn split(&mut self, bytes: u64) -> Reservation {
        debug_assert!(bytes <= self.used, "it was taken before");
        self.used -= bytes;
        self.reservation.split_off(bytes)
    }

    /// What stays reserved as long as the answer is held.
    pub(crate) fn settle(mut self) -> Reservation {
        self.reservation.shrink_to(self.used);
        self.reservation
    }
}
