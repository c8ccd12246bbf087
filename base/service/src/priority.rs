//! Which threads of the process go first when its processors are all busy.
//!
//! What senders wait for goes first; what reads much at once, such as queries and exports, goes behind it. On an idle
//! machine that costs them nothing.
//!
//! Work that stands back has threads of its own ([`BackgroundThreads`]). The blocking threads of the runtime that serves
//! the network will not do: a worker that blocks (`block_in_place`) gives its place to one of them, and one that has stood
//! back for a query once would serve senders from behind for as long as it lives.

use crate::limits::BACKGROUND_THREADS_MAX;
use std::cell::Cell;
use std::fmt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The nice value of a thread that stands back: the kernel gives it about a tenth of what others get that want the same
/// processor.
const NICE: i32 = 10;

thread_local! {
    static STANDS_BACK: Cell<bool> = const { Cell::new(false) };
}

/// Puts the calling thread behind the others of the process, for as long as it runs. Where the operating system does not
/// know priorities of threads, nothing is done.
pub fn stand_back() {
    if STANDS_BACK.replace(true) {
        return;
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "this thread keeps its priority");
    }
}

/// Threads for work that stands back. One is started when none is free, and ends when nothing came for a while.
pub struct BackgroundThreads {
    /// Nothing runs on it but its blocking threads. There until this is gone.
    runtime: Option<Runtime>,
}

impl fmt::Debug for BackgroundThreads {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BackgroundThreads").finish_non_exhaustive()
    }
}

impl BackgroundThreads {
    /// Threads of this name.
    pub fn new(name: &str) -> BackgroundThreads {
        let runtime = Builder::new_current_thread()
            .thread_name(name)
            .on_thread_start(stand_back)
            .max_blocking_threads(BACKGROUND_THREADS_MAX)
            .build();
        BackgroundThreads {
            runtime: Some(runtime.expect("a runtime without sockets and timers asks the system for nothing")),
        }
    }

    /// Runs `work` on one of them. It goes on when the handle is dropped; a panic in it is the handle's.
    pub fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.runtime.as_ref().expect("it is there until this is gone").spawn_blocking(work)
    }
}

impl Drop for BackgroundThreads {
    fn drop(&mut self) {
        // A worker of another runtime may be the one that drops, and must not block. Work that still runs reads, or writes
        // a backup that nobody has yet: who has to wait for it waits for its handle.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests;
