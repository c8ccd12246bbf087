//! A bounded queue in front of an exporter, and the task that empties it in batches.
//!
//! Always true: who reports never waits. When the queue is full the new piece is dropped and counted.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::limits::EXPORT_BATCH_MAX;
use crate::metrics::Counter;

/// The end that is filled.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    queue: mpsc::Sender<Piece<T>>,
    dropped: Counter,
}

/// The end that is emptied.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    queue: mpsc::Receiver<Piece<T>>,
}

#[derive(Debug)]
enum Piece<T> {
    Report(T),
    /// Answered when all that came before has been sent.
    Flush(oneshot::Sender<()>),
}

/// A queue of so many pieces; `dropped` counts what finds it full.
pub(crate) fn outbox<T>(capacity: usize, dropped: Counter) -> (Outbox<T>, Inbox<T>) {
    let (filled, emptied) = mpsc::channel(capacity);
    (Outbox { queue: filled, dropped }, Inbox { queue: emptied })
}

impl<T> Clone for Outbox<T> {
    fn clone(&self) -> Self {
        Outbox { queue: self.queue.clone(), dropped: self.dropped.clone() }
    }
}

impl<T> Outbox<T> {
    /// Takes a report, or drops it.
    pub(crate) fn put(&self, report: T) {
        if self.queue.try_send(Piece::Report(report)).is_err() {
            self.dropped.inc();
        }
    }

    /// Waits until all that was put before has been sent, or nobody empties the queue any more.
    pub(crate) async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        if self.queue.send(Piece::Flush(done)).await.is_ok() {
            basics::carry_on(is_done.await, "the exporter ended, so there is nothing to wait for");
        }
    }
}

impl<T> Inbox<T> {
    /// Sends what is put, in batches, until the last [`Outbox`] is gone. The first of a batch waits `delay` for company.
    pub(crate) async fn drain<F: Future<Output = ()>>(mut self, delay: Duration, mut send: impl FnMut(Vec<T>) -> F) {
        while let Some(first) = self.queue.recv().await {
            let mut batch = Vec::new();
            let mut waiting = None;
            let deadline = Instant::now() + delay;
            let mut next = Some(first);
            while let Some(piece) = next {
                match piece {
                    Piece::Report(report) => batch.push(report),
                    Piece::Flush(done) => waiting = Some(done),
                }
                if waiting.is_some() || batch.len() >= EXPORT_BATCH_MAX {
                    break;
                }
                next = timeout_at(deadline, self.queue.recv()).await.ok().flatten();
            }
            if !batch.is_empty() {
                send(batch).await;
            }
            if let Some(done) = waiting {
                basics::carry_on(done.send(()).map_err(|()| "unheard"), "who asked has stopped waiting");
            }
        }
    }
}

#[cfg(test)]
mod tests;
