//! The five threads of the house: writer of the log, preparer of its segments, writer of the store, caretaker of its parts,
//! and who merges them.
//!
//! A panic in any of them ends the process with 70: what was acknowledged is in the log and is replayed by the next
//! start. A replay that cannot read the log ends the process too, in order, by [`Threads::failed`]: requests that are
//! acknowledged meanwhile would wait behind it for ever.

use crate::caretaker::StopSign;
use crate::error::CollectorError;
use crate::rooms::{Rooms, Workers};
use ingest::{LogIngest, LogWriter, ReplayReport};
use log_store::LogStore;
use service::{Tasks, ThreadKind};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use wal::{Position, Wal, WalError};

/// How long threads that do nothing yet may take to end.
const UNDO_DEADLINE: Duration = Duration::from_secs(2);

/// The threads, in the order in which they stop.
pub(crate) struct Threads {
    log: Tasks,
    store: Tasks,
    parts: Tasks,
    caretaker_stop: Arc<StopSign>,
    failed: oneshot::Receiver<WalError>,
}

impl Threads {
    /// Starts all of them, or none.
    pub(crate) async fn start(rooms: &Rooms, workers: Workers) -> Result<Threads, CollectorError> {
        let (failure, failed) = oneshot::channel();
        let (log, store, parts) = (Tasks::new(), Tasks::new(), Tasks::new());
        let threads = Threads { log, store, parts, caretaker_stop: Arc::default(), failed };
        let started = threads.start_each(rooms, workers, failure);
        if started.is_err() {
            rooms.wal.close();
            threads.log.join(UNDO_DEADLINE).await;
            rooms.ingest.close();
            threads.store.join(UNDO_DEADLINE).await;
            threads.caretaker_stop.set();
            threads.parts.join(UNDO_DEADLINE).await;
        }
        started.map(|()| threads)
    }

    fn start_each(
        &self,
        rooms: &Rooms,
        workers: Workers,
        failure: oneshot::Sender<WalError>,
    ) -> Result<(), CollectorError> {
        let Workers { wal_writer, segment_preparer, log_writer, caretaker, merger, recovery, replay_first } = workers;
        let (ingest, store) = (rooms.ingest.clone(), rooms.store.clone());
        let feeder = StoreFeeder { log_writer, ingest, store, replay: replay_first..recovery.next };
        let (stop, merger_stop) = (self.caretaker_stop.clone(), self.caretaker_stop.clone());
        writer(&self.log, "logs wal writer", move || wal_writer.run())?;
        writer(&self.store, "logs store", move || feeder.run(failure))?;
        writer(&self.parts, "logs parts", move || caretaker.run(&stop))?;
        writer(&self.parts, "logs merges", move || merger.run(&merger_stop))?;
        writer(&self.log, "logs wal spares", move || segment_preparer.run())
    }

    /// Waits until a thread cannot go on. For as long as all can, this waits.
    pub(crate) async fn failed(&mut self) -> CollectorError {
        match (&mut self.failed).await {
            Ok(error) => CollectorError::Replay(error),
            // The replay went well, and its thread let go of the sender.
            Err(_) => std::future::pending().await,
        }
    }

    /// Writes what waits, and ends the threads of the log. Nothing may be admitted any more.
    pub(crate) async fn stop_log(&self, wal: &Wal, within: Duration) -> Vec<&'static str> {
        wal.close();
        self.log.join(within).await
    }

    /// Makes what was acknowledged searchable, or leaves it to the next replay, and ends the writer of the store.
    pub(crate) async fn stop_store(&self, ingest: &LogIngest, within: Duration) -> Vec<&'static str> {
        ingest.close();
        self.store.join(within).await
    }

    /// Ends the work on parts. A merge is given up, and a seal that is not done in time is left to the next start: its
    /// records are in the log.
    pub(crate) async fn stop_parts(&self, within: Duration) -> Vec<&'static str> {
        self.caretaker_stop.set();
        self.parts.join(within).await
    }
}

fn writer(tasks: &Tasks, name: &'static str, work: impl FnOnce() + Send + 'static) -> Result<(), CollectorError> {
    tasks.thread(name, ThreadKind::Writer, work).map_err(|source| CollectorError::Thread { name, source })
}

/// The body of the writer of the store.
struct StoreFeeder {
    log_writer: LogWriter,
    ingest: Arc<LogIngest>,
    store: Arc<LogStore>,
    replay: Range<Position>,
}

impl StoreFeeder {
    fn run(self, failure: oneshot::Sender<WalError>) {
        let begun = Instant::now();
        let report = match self.log_writer.replay(self.replay.start, self.replay.end) {
            Ok(report) => report,
            Err(error) => {
                basics::carry_on(failure.send(error).map_err(|_| "gone"), "the house is stopping already");
                return;
            }
        };
        let (replayed_to, end) = self.ingest.replay_progress();
        if replayed_to < end {
            tracing::info!(replayed_to, end, "replay interrupted; the next start begins it anew");
            return;
        }
        self.store.set_replaying(false);
        drop(failure);
        say_replayed(&report, begun.elapsed());
        self.log_writer.run();
    }
}

fn say_replayed(report: &ReplayReport, took: Duration) {
    let ReplayReport { entries, records, dropped, damages } = *report;
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if entries + damages > 0 {
        tracing::info!(entries, records, dropped, damages, took_ms, "log replayed");
    }
}
