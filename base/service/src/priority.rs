//! Which threads of the process go first when its processors are all busy.
//!
//! What senders wait for goes first; what reads much at once, such as queries and exports, goes behind it. On an idle
//! machine that costs them nothing.

use std::cell::Cell;

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

#[cfg(test)]
mod tests;
