//! Keeps what was read of parts in memory, up to a number of bytes.
//!
//! Whoever reads something hands it over and keeps a weak reference. As long as the keeper holds it, the reference
//! finds it; afterwards it is read again. What is in use stays in memory whether it is held or not.
//!
//! Where there is no room for all, what nobody can ask for any more goes first: that of parts which are gone, and what two
//! have read at once. Then goes what nobody asked for since room was wanted last, the oldest before others.

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
    /// Things that came since all were looked at.
    new: usize,
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
    last: Mutex<Last<T>>,
}

/// What was read last, and the mark that its keeper looks at.
type Last<T> = (Weak<T>, Arc<AtomicBool>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept { last: Mutex::new((Weak::new(), Arc::default())) }
    }
}

/// All things are looked at when this part of them is new.
const NEW_SHARE: usize = 4;

impl Keeper {
    pub(crate) fn new(bytes_max: u64) -> Keeper {
        Keeper { bytes_max, held: Mutex::default() }
    }

    /// Holds a thing; others go when there are too many.
    fn hold(&self, thing: Thing) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += thing.bytes;
        held.things.push_back(thing);
        held.new += 1;
        let mut gone = Vec::new();
        // All are looked at where a share of them is new: so that costs each the same, however many there are.
        if held.bytes > self.bytes_max && held.new * NEW_SHARE >= held.things.len() {
            held.let_go_of_dead(&mut gone);
        }
        // Each is passed over once: who asks meanwhile does not keep this going.
        let mut chances = held.things.len();
        while held.bytes > self.bytes_max {
            let Some(thing) = held.things.pop_front() else { break };
            if chances > 0 && thing.may_be_asked_for() && thing.was_asked_for.swap(false, Ordering::Relaxed) {
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

impl Held {
    fn let_go_of_dead(&mut self, gone: &mut Vec<Thing>) {
        self.new = 0;
        let things = std::mem::take(&mut self.things);
        let (alive, dead): (VecDeque<Thing>, VecDeque<Thing>) = things.into_iter().partition(Thing::may_be_asked_for);
        self.things = alive;
        self.bytes -= dead.iter().map(|thing| thing.bytes).sum::<u64>();
        gone.extend(dead);
    }
}

impl Thing {
    /// False once the reference that finds it is gone, or finds another one.
    fn may_be_asked_for(&self) -> bool {
        Arc::strong_count(&self.was_asked_for) > 1
    }
}

impl<T: Send + Sync + 'static> Kept<T> {
    /// The thing, read again when it is not in memory. `read` also says how many bytes it takes.
    ///
    /// Two who ask at once may both read it; the disk is not waited for under a lock.
    pub(crate) fn get<E>(&self, keeper: &Keeper, read: impl FnOnce() -> Result<(T, u64), E>) -> Result<Arc<T>, E> {
        let known = {
            let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            last.0.upgrade().inspect(|_| last.1.store(true, Ordering::Relaxed))
        };
        if let Some(thing) = known {
            return Ok(thing);
        }
        let (thing, bytes) = read()?;
        let thing = Arc::new(thing);
        // Marked from the start: else all that was asked for would drive it out at once.
        let was_asked_for = Arc::new(AtomicBool::new(true));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = (Arc::downgrade(&thing), was_asked_for.clone());
        keeper.hold(Thing { _it: thing.clone(), bytes, was_asked_for });
        Ok(thing)
    }
}

#[cfg(test)]
mod tests;
