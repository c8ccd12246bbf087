//! One memory budget per process, divided by reservation.
//!
//! Every large holder (a request body, the head, a query) reserves its bytes before it allocates them and
//! holds the [`Reservation`] as long as the memory lives. What cannot be reserved is not allocated: the
//! holder waits or refuses.
//!
//! Always true: the sum of all reservations never exceeds the limit.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A ceiling in bytes that reservations are taken from. Clones share the same ceiling.
#[derive(Clone)]
pub struct MemoryBudget {
    shared: Arc<Shared>,
}

struct Shared {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    parent: Option<MemoryBudget>,
    on_release: Box<dyn Fn() + Send + Sync>,
}

/// Bytes that are spoken for; given back on drop.
#[must_use = "a reservation that is dropped at once reserves nothing"]
pub struct Reservation {
    budget: MemoryBudget,
    bytes: u64,
}

impl MemoryBudget {
    /// A budget of `limit_bytes`.
    pub fn new(limit_bytes: u64) -> MemoryBudget {
        MemoryBudget::with_release_hook(limit_bytes, || ())
    }

    /// A budget that calls `on_release` after bytes came back, so that waiters can be woken.
    pub fn with_release_hook(limit_bytes: u64, on_release: impl Fn() + Send + Sync + 'static) -> MemoryBudget {
        let shared =
            Shared { limit_bytes, used_bytes: AtomicU64::new(0), parent: None, on_release: Box::new(on_release) };
        MemoryBudget { shared: Arc::new(shared) }
    }

    /// A share of this budget with a ceiling of its own: a reservation counts against both.
    pub fn share(&self, limit_bytes: u64) -> MemoryBudget {
        let shared = Shared {
            limit_bytes: limit_bytes.min(self.shared.limit_bytes),
            used_bytes: AtomicU64::new(0),
            parent: Some(self.clone()),
            on_release: Box::new(|| ()),
        };
        MemoryBudget { shared: Arc::new(shared) }
    }

    /// Reserves `bytes`, or nothing when they do not fit.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        self.take(bytes).then(|| Reservation { budget: self.clone(), bytes })
    }

    /// The ceiling in bytes.
    pub fn limit_bytes(&self) -> u64 {
        self.shared.limit_bytes
    }

    /// Bytes reserved at the moment.
    pub fn used_bytes(&self) -> u64 {
        self.shared.used_bytes.load(Ordering::Acquire)
    }

    fn take(&self, bytes: u64) -> bool {
        let limit = self.shared.limit_bytes;
        let taken = self.shared.used_bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
            used.checked_add(bytes).filter(|sum| *sum <= limit)
        });
        if taken.is_err() {
            return false;
        }
        let fits_above = self.shared.parent.as_ref().is_none_or(|parent| parent.take(bytes));
        if !fits_above {
            self.shared.used_bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
        fits_above
    }

    fn give_back(&self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let before = self.shared.used_bytes.fetch_sub(bytes, Ordering::AcqRel);
        debug_assert!(before >= bytes, "gave back more than was taken");
        if let Some(parent) = &self.shared.parent {
            parent.give_back(bytes);
        }
        (self.shared.on_release)();
    }
}

impl fmt::Debug for MemoryBudget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "MemoryBudget({} of {} bytes)", self.used_bytes(), self.limit_bytes())
    }
}

impl Reservation {
    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Grows to `bytes` in total; on `false` nothing has changed. Never shrinks.
    #[must_use]
    pub fn try_grow_to(&mut self, bytes: u64) -> bool {
        if bytes <= self.bytes {
            return true;
        }
        let is_taken = self.budget.take(bytes - self.bytes);
        if is_taken {
            self.bytes = bytes;
        }
        is_taken
    }

    /// Gives back all beyond `bytes`.
    pub fn shrink_to(&mut self, bytes: u64) {
        if bytes < self.bytes {
            let surplus = self.bytes - bytes;
            self.bytes = bytes;
            self.budget.give_back(surplus);
        }
    }

    /// Moves `bytes` of it, or all there is when that is less, into a reservation of their own.
    pub fn split_off(&mut self, bytes: u64) -> Reservation {
        let moved = bytes.min(self.bytes);
        self.bytes -= moved;
        Reservation { budget: self.budget.clone(), bytes: moved }
    }

    /// Takes over what `other` holds. Both must come from the same budget.
    pub fn absorb(&mut self, mut other: Reservation) {
        assert!(Arc::ptr_eq(&self.budget.shared, &other.budget.shared), "reservations of two budgets do not merge");
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Reservation({} bytes)", self.bytes)
    }
}

#[cfg(test)]
mod tests;
