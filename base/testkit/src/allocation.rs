//! How much memory a piece of work takes, counted by a global allocator.
//!
//! A test binary that wants to know says `#[global_allocator] static ALLOCATOR: testkit::allocation::Counting =
//! testkit::allocation::Counting;`. Counted is what the calling thread asks Rust's allocator for, so that tests beside it
//! do not disturb; what a C library takes for itself (zstd's windows) is not seen.
//!
//! Start at [`measure`].
#![expect(unsafe_code, reason = "an allocator can be written in no other way; every call goes to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with a look at every call.
#[derive(Debug)]
pub struct Counting;

/// What a piece of work took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Most bytes held at one moment, beyond those held before.
    pub peak_bytes: u64,
    /// Bytes held when it was done, beyond those held before: those of its result.
    pub held_bytes: u64,
    /// Calls that asked for memory.
    pub calls: u64,
}

thread_local! {
    // Constants without a destructor: reading them allocates nothing, so the allocator may.
    static HELD: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// Runs `work` and says what it took on this thread. The result is given back, so that what it holds is still held.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Taken) {
    let before = HELD.get();
    let calls = CALLS.get();
    PEAK.set(before);
    let result = work();
    let taken = Taken {
        peak_bytes: u64::try_from(PEAK.get() - before).unwrap_or(0),
        held_bytes: u64::try_from(HELD.get() - before).unwrap_or(0),
        calls: CALLS.get() - calls,
    };
    (result, taken)
}

fn note(added: usize, removed: usize) {
    // A length beyond 63 bits cannot be allocated; and a thread that is going away has no counters any more.
    let change = i64::try_from(added).unwrap_or(i64::MAX) - i64::try_from(removed).unwrap_or(i64::MAX);
    let held = HELD.try_with(|held| {
        held.set(held.get() + change);
        held.get()
    });
    if let (Ok(held), true) = (held, added > 0) {
        basics::carry_on(PEAK.try_with(|peak| peak.set(peak.get().max(held))), "the thread is going away");
        basics::carry_on(CALLS.try_with(|calls| calls.set(calls.get() + 1)), "the thread is going away");
    }
}

// SAFETY: every call is handed to the system's allocator as it came, and its answer back as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: the caller keeps the promises of `alloc`, which are those of the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both copies may live at once.
        note(size, 0);
        note(0, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[cfg(test)]
mod tests;
