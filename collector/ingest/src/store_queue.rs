//! Acknowledged requests on their way to the store, in the order of the log.
//!
//! The queue refuses nothing: each request in it holds a memory reservation taken before it was admitted, so the memory
//! budget bounds it; and requests are held back at the door while it is long. What a replay reads back does not pass
//! through here.

use crate::limits::WRITER_STEP_BYTES;
use basics::{Reservation, TenantId, Timestamp};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One acknowledged request.
pub(crate) struct Pending {
    pub(crate) position: u64,
    pub(crate) tenant: TenantId,
    pub(crate) received_at: Timestamp,
    /// The body as an OTLP protobuf message.
    pub(crate) message: Bytes,
    /// Rejected ordinals, ascending.
    pub(crate) rejected: Vec<u32>,
    /// Records that are to be stored.
    pub(crate) records: u32,
    /// What the decoded records will take in the head.
    pub(crate) head_bytes: u64,
    /// `None` when a replay found no room in the budget.
    pub(crate) reservation: Option<Reservation>,
}

#[derive(Default)]
pub(crate) struct StoreQueue {
    state: Mutex<State>,
    changed: Condvar,
    /// Bytes of the bodies in it. Read without the lock.
    bytes: AtomicU64,
}

#[derive(Default)]
struct State {
    pending: VecDeque<Pending>,
    is_closed: bool,
}

impl StoreQueue {
    pub(crate) fn push(&self, pending: Pending) {
        let mut state = self.lock();
        self.bytes.fetch_add(pending.message.len() as u64, Ordering::Relaxed);
        state.pending.push_back(pending);
        // One reader sleeps at most, and only when the queue was empty.
        if state.pending.len() == 1 {
            self.changed.notify_one();
        }
    }

    /// Waits for requests and takes a step's worth of them; `None` when the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Vec<Pending>> {
        let mut state = self.lock();
        loop {
            if !state.pending.is_empty() {
                let step = take_step(&mut state.pending);
                let bytes = step.iter().map(|pending| pending.message.len() as u64).sum();
                self.bytes.fetch_sub(bytes, Ordering::Relaxed);
                return Some(step);
            }
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sleeps until something changes or `at_most` has passed. True when the queue is closed.
    pub(crate) fn pause(&self, at_most: Duration) -> bool {
        let state = self.lock();
        if state.is_closed {
            return true;
        }
        let (state, _) = self.changed.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner);
        state.is_closed
    }

    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().pending.len()
    }

    /// Bytes of the bodies that wait.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// At least one request, and more while their bodies stay under the step's ceiling.
fn take_step(pending: &mut VecDeque<Pending>) -> Vec<Pending> {
    let mut bytes = 0u64;
    let count = pending
        .iter()
        .take_while(|request| {
            let fits = bytes < WRITER_STEP_BYTES;
            bytes += request.message.len() as u64;
            fits
        })
        .count();
    pending.drain(..count).collect()
}
