//! Keeps what was read of parts in memory, up to a number of bytes.
//!
//! Whoever reads something hands it over and keeps a weak reference. As long as the keeper holds it, the reference
//! finds it; afterwards it is read again. What is in use stays in memory whether it is held or not.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Holds what was read last.
#[derive(Debug)]
pub(crate) struct Keeper {
    bytes_max: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    things: VecDeque<(Arc<dyn Any + Send + Sync>, u64)>,
    bytes: u64,
}

/// Something that is read when it is not in memory.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    last: Mutex<Weak<T>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept { last: Mutex::new(Weak::new()) }
    }
}

impl Keeper {
    pub(crate) fn new(bytes_max: u64) -> Keeper {
        Keeper { bytes_max, held: Mutex::default() }
    }

    /// Holds a thing; the oldest ones go when there are too many.
    fn hold(&self, thing: Arc<dyn Any + Send + Sync>, bytes: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += bytes;
        held.things.push_back((thing, bytes));
        let mut gone = Vec::new();
        while held.bytes > self.bytes_max {
            let Some((thing, bytes)) = held.things.pop_front() else { break };
            held.bytes -= bytes;
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
            return Ok(thing);
        }
        let (thing, bytes) = read()?;
        let thing = Arc::new(thing);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&thing);
        keeper.hold(thing.clone(), bytes);
        Ok(thing)
    }
}

#[cfg(test)]
mod tests;
