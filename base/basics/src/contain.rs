//! Panics of code that is not ours, over bytes that may be damaged.
//!
//! Libraries that read stored bytes trust some of them. Where those are damaged and the library panics, that is damage like
//! any other: it is reported, and the process goes on, whichever thread it was.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CONTAINED: Cell<usize> = const { Cell::new(0) };
}

/// Runs a library over bytes that may be damaged; `None` when it panicked. What `read` changes is not to be used then.
pub fn contain_panic<T>(read: impl FnOnce() -> T) -> Option<T> {
    CONTAINED.set(CONTAINED.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(read));
    CONTAINED.set(CONTAINED.get() - 1);
    result.ok()
}

/// True when a panic of the calling thread is damage that [`contain_panic`] is about to report: for the panic hook.
pub fn is_panic_contained() -> bool {
    CONTAINED.get() > 0
}

#[cfg(test)]
mod tests;
