//! Keeps what was read of parts in memory, up to a number of bytes.
//!
//! Whoever reads something hands it over and keeps a weak reference. As long as the keeper holds it, the reference
//! finds it; afterwards it is read again. What is in use stays in memory whether it is held or not.
//!
//! Where there is no room for all, what was not asked for since it came, or since the last time that room was wanted, goes
//! first.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Holds what was read last.
#[derive(Debug)]
pub(crate) struct Keeper {
    bytes_max: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    things: VecDeque<Thing>,
    bytes: u64,
}

#[derive(Debug)]
struct Thing {
    _it: Arc<dyn Any + Send + Sync>,
    bytes: u64,
    was_asked_for: Arc<AtomicBool>,
}

/// Something that is read when it is not in memory.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    last: Mutex<Weak<T>>,
    was_asked_for: Arc<AtomicBool>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept { last: Mutex::new(Weak::new()), was_asked_for: Arc::default() }
    }
}

impl Keeper {
    pub(crate) fn new(bytes_max: u64) -> Keeper {
        Keeper { bytes_max, held: Mutex::default() }
    }

    /// Holds a thing; others go when there are too many.
    fn hold(&self, thing: Thing) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += thing.bytes;
        held.things.push_back(thing);
        let mut gone = Vec::new();
        // Each is passed over once: who asks meanwhile does not keep this going.
        let mut chances = held.things.len();
        while held.bytes > self.bytes_max {
            let Some(thing) = held.things.pop_front() else { break };
            if chances > 0 && thing.was_asked_for.swap(false, Ordering::Relaxed) {
                chances -= 1;
                held.things.push_back(thing);
                continue;
            }
            held.bytes -= thing.bytes;
            gone.push(thing);
        }
        // What is freed here takes its time; others do not wait for that.
        drop(held);
        drop(gone);
    }
}

impl<T: Send + Sync + 'static> Kept<T> {
    /// The thing, read again when it is not in memory. `read` also says how many bytes it takes.
    ///
    /// Two who ask at once may both read it; the disk is not waited for under a lock.
    pub(crate) fn get<E>(&self, keeper: &Keeper, read: impl FnOnce() -> Result<(T, u64), E>) -> Result<Arc<T>, E> {
        let known = self.last.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let Some(thing) = known {
            self.was_asked_for.store(true, Ordering::Relaxed);
            return Ok(thing);
        }
        let (thing, bytes) = read()?;
        let thing = Arc::new(thing);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&thing);
        // Else all that was asked for would drive it out at once.
        self.was_asked_for.store(true, Ordering::Relaxed);
        keeper.hold(Thing { _it: thing.clone(), bytes, was_asked_for: self.was_asked_for.clone() });
        Ok(thing)
    }
}

#[cfg(test)]
mod tests;
