//! Silence about the process's own telemetry, so that a report does not cause the next one.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Tells whether the current code works on the process's own telemetry.
pub fn is_quiet() -> bool {
    QUIET.get()
}

/// Runs `work` without a log record, span or measurement of its own.
pub fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let _restore = Restore(QUIET.replace(true));
    work()
}

/// Runs a future without a log record, span or measurement of its own.
pub fn quiet<F: Future>(work: F) -> impl Future<Output = F::Output> {
    Quiet { work: Box::pin(work) }
}

/// Says something from within silence: that telemetry fails, which never comes of another report.
pub(crate) fn aloud<T>(work: impl FnOnce() -> T) -> T {
    let _restore = Restore(QUIET.replace(false));
    work()
}

struct Quiet<F> {
    work: Pin<Box<F>>,
}

impl<F: Future> Future for Quiet<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        quietly(|| self.work.as_mut().poll(cx))
    }
}

struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}
