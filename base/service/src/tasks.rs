//! Named, joined tasks and threads, and the one signal that ends them.
//!
//! Always true:
//! - what was started here is joined by [`Tasks::join`], or named as still running;
//! - a panic in a thread that must not limp on ([`ThreadKind::Writer`]) ends the process with code 70 and
//!   the message of the panic; a panic elsewhere is logged and costs only that task.
//!
//! Start at [`Tasks::spawn`]; the order of stopping is [`drain_in_order`].

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::exit_code::ExitCode;

/// The wish to stop. Clones share one wish; once made it stays.
#[derive(Debug, Clone)]
pub struct Shutdown {
    wish: watch::Sender<bool>,
}

impl Shutdown {
    /// Nobody wishes to stop yet.
    pub fn new() -> Shutdown {
        Shutdown { wish: watch::Sender::new(false) }
    }

    /// Wishes to stop.
    pub fn request(&self) {
        self.wish.send_replace(true);
    }

    /// Tells whether somebody wishes to stop.
    pub fn is_requested(&self) -> bool {
        *self.wish.borrow()
    }

    /// Waits for the wish to stop.
    pub async fn requested(&self) {
        let mut wish = self.wish.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        basics::carry_on(wish.wait_for(|is_wished| *is_wished).await, "the sender outlives this call");
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown::new()
    }
}

/// Waits for SIGTERM or SIGINT and names the one that came.
///
/// # Errors
/// When the signal handlers cannot be installed.
pub async fn termination_signal() -> io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}

/// What a panic in a thread means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadKind {
    /// The thread owns data that others rely on: the process ends with 70, restart and replay follow.
    Writer,
    /// The thread's work can be missing: the panic is logged.
    Worker,
}

/// The tasks and threads of a process.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    running: Arc<Mutex<Vec<Running>>>,
}

#[derive(Debug)]
struct Running {
    name: &'static str,
    handle: Handle,
}

#[derive(Debug)]
enum Handle {
    Task(tokio::task::JoinHandle<()>),
    Thread(JoinHandle<()>),
}

impl Tasks {
    /// No task yet.
    pub fn new() -> Tasks {
        Tasks::default()
    }

    /// Starts a task on the runtime of the caller.
    #[expect(clippy::disallowed_methods, reason = "this is the place where tasks start")]
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.keep(Running { name, handle: Handle::Task(tokio::spawn(work)) });
    }

    /// Starts a thread. Tasks of the runtime can be reached from it when the caller runs inside one.
    ///
    /// # Errors
    /// When the operating system has no thread to give.
    pub fn thread(&self, name: &'static str, kind: ThreadKind, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let runtime = tokio::runtime::Handle::try_current().ok();
        // The kernel keeps 15 bytes of a thread's name.
        let short_name: String = name.chars().filter(char::is_ascii).take(15).collect();
        let handle = std::thread::Builder::new().name(short_name).spawn(move || {
            THREAD_KIND.set(kind);
            let _entered = runtime.as_ref().map(tokio::runtime::Handle::enter);
            work();
        })?;
        self.keep(Running { name, handle: Handle::Thread(handle) });
        Ok(())
    }

    /// Names of what runs.
    pub fn running(&self) -> Vec<&'static str> {
        self.lock().iter().filter(|running| !running.handle.is_finished()).map(|running| running.name).collect()
    }

    /// Waits until all that was started has ended, or `within` has passed; returns the names of what still runs.
    ///
    /// A late task is cancelled; a late thread cannot be, and stays.
    pub async fn join(&self, within: Duration) -> Vec<&'static str> {
        let deadline = Instant::now() + within;
        let mut late = Vec::new();
        loop {
            // One at a time, because what is joined may start more.
            let next = self.lock().pop();
            let Some(Running { name, handle }) = next else { break };
            match handle {
                Handle::Task(mut task) => match tokio::time::timeout_at(deadline, &mut task).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!(task = name, panicked = error.is_panic(), "task ended badly"),
                    Err(_) => {
                        task.abort();
                        late.push(name);
                    }
                },
                Handle::Thread(thread) => {
                    if !join_thread(name, thread, deadline).await {
                        late.push(name);
                    }
                }
            }
        }
        late.reverse();
        late
    }

    fn keep(&self, running: Running) {
        let mut all = self.lock();
        all.retain(|running| !running.handle.is_finished());
        all.push(running);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    fn is_finished(&self) -> bool {
        match self {
            Handle::Task(task) => task.is_finished(),
            Handle::Thread(thread) => thread.is_finished(),
        }
    }
}

/// A thread has no wake-up for its end, so it is looked at until the deadline.
async fn join_thread(name: &'static str, thread: JoinHandle<()>, deadline: Instant) -> bool {
    while !thread.is_finished() {
        if Instant::now() >= deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    if thread.join().is_err() {
        tracing::error!(thread = name, "thread panicked");
    }
    true
}

/// One step of stopping: a part of the process that must be quiet before the next one stops.
pub struct Stage {
    /// What stops, as operators know it.
    pub name: &'static str,
    /// How long it may take.
    pub within: Duration,
    /// Stops it and waits for the end.
    pub stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Stops the stages one behind the other, in the order data flows; returns those that missed their deadline.
///
/// A stage that is late is left behind: what it holds is in the write-ahead log.
pub async fn drain_in_order(stages: Vec<Stage>) -> Vec<&'static str> {
    let mut late = Vec::new();
    for stage in stages {
        let started = Instant::now();
        let is_done = tokio::time::timeout(stage.within, stage.stop).await.is_ok();
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if is_done {
            tracing::debug!(stage = stage.name, took_ms, "stopped");
        } else {
            tracing::warn!(stage = stage.name, took_ms, "stopping takes too long, going on without");
            late.push(stage.name);
        }
    }
    late
}

thread_local! {
    static THREAD_KIND: Cell<ThreadKind> = const { Cell::new(ThreadKind::Worker) };
}

/// Makes every panic one log line, and a panic of a writer thread the end of the process, unless it is contained
/// ([`basics::contain_panic`]).
///
/// `last_words` runs before the end, to flush what is still in buffers; it gets a second.
pub fn install_panic_hook(last_words: impl Fn() + Send + Sync + 'static) {
    let last_words = Arc::new(last_words);
    std::panic::set_hook(Box::new(move |info| {
        let message = info
            .payload()
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| info.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let (panic, place, thread) = (message.as_str(), place.as_str(), thread.name().unwrap_or("unnamed"));
        if basics::is_panic_contained() {
            tracing::warn!(panic, place, thread, "a library stumbled over damaged bytes; they are reported as damage");
            return;
        }
        let is_the_end = THREAD_KIND.get() == ThreadKind::Writer;
        // Two places in the code, so that the end is told even when the limit for repeats holds other panics back.
        if is_the_end {
            tracing::error!(
                panic,
                place,
                thread,
                "panic in a thread that owns data, a bug of ours; the process ends, a restart replays"
            );
        } else {
            tracing::error!(panic, place, thread, "panic, a bug of ours");
        }
        if is_the_end {
            let last_words = Arc::clone(&last_words);
            let flusher = std::thread::Builder::new().name("last words".into()).spawn(move || last_words());
            if let Ok(flusher) = flusher {
                let end = std::time::Instant::now() + Duration::from_secs(1);
                while !flusher.is_finished() && std::time::Instant::now() < end {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            std::process::exit(ExitCode::Internal.number());
        }
    }));
}

#[cfg(test)]
mod tests;
