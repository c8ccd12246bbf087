//! The yardstick of a durable log: a group commit with nothing but the write and the sync.
//!
//! One thread takes all that waits, writes it to the next place of a zero-filled file, syncs once and tells the
//! waiters; meanwhile the next batch gathers. No checksum, no header, no recovery: what it reaches is what disk and
//! scheduler allow. It goes round and round its file, as the log recycles its segments, and its batches begin at whole
//! pages, as the log's do.
//!
//! Start at [`BareLoop::append`].

use basics::MIB;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// What is told to a waiter, on the loop's thread, after the sync.
pub type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

/// Bytes of one batch at most, unless a single body is longer; as many as the log takes.
const BATCH_BYTES_MAX: u64 = wal::limits::BATCH_BYTES_MAX;
/// Batches begin at multiples of this.
const PAGE_BYTES: u64 = wal::limits::PAGE_BYTES;
/// Batches of bodies up to this length are gathered into one buffer: for small ones that is cheaper than slices.
const COPIED_BYTES_MAX: usize = 8 * 1024;
/// Slices that the kernel takes in one call.
const SLICES_MAX: usize = 1024;

/// The loop and its file. Dropping it ends the thread after what waits is written.
#[derive(Debug)]
pub struct BareLoop {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    syncs: AtomicU64,
}

#[derive(Default)]
struct Queue {
    // Bounded by its callers: each waits for its answer before it appends again.
    waiting: Vec<(Bytes, Done)>,
    is_closed: bool,
    loop_waits: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} waiting, closed: {}", self.waiting.len(), self.is_closed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BareLoop {
    /// Makes a file of at least `bytes` zeroes at `path`, syncs it, and starts the loop on it.
    pub fn start(path: &Path, bytes: u64) -> io::Result<BareLoop> {
        let mut file = File::options().create_new(true).read(true).write(true).open(path)?;
        let zeroes = vec![0u8; usize::try_from(MIB).map_err(io::Error::other)?];
        let pieces = bytes.div_ceil(MIB);
        for _ in 0..pieces {
            file.write_all(&zeroes)?;
        }
        file.sync_all()?;
        let queue = Mutex::new(Queue::default());
        let shared = Arc::new(Shared { queue, wake: Condvar::new(), syncs: AtomicU64::new(0) });
        let worker = Worker { shared: shared.clone(), file, file_bytes: pieces * MIB, at: 0, copied: Vec::new() };
        let thread = thread::Builder::new().name("bare-loop".to_owned()).spawn(move || worker.run())?;
        Ok(BareLoop { shared, thread: Some(thread) })
    }

    /// Hands a body over; `done` is called once it is durable.
    pub fn append(&self, body: Bytes, done: Done) {
        let mut queue = self.shared.lock();
        queue.waiting.push((body, done));
        let must_wake = std::mem::take(&mut queue.loop_waits);
        drop(queue);
        if must_wake {
            self.shared.wake.notify_one();
        }
    }

    /// Appends and waits for the sync.
    pub fn append_and_wait(&self, body: Bytes) -> io::Result<()> {
        let (sender, receiver) = sync_channel(1);
        let done = move |result| {
            basics::carry_on(sender.send(result), "the waiter waits until it is told");
        };
        self.append(body, Box::new(done));
        receiver.recv().map_err(io::Error::other)?
    }

    /// Syncs since the start.
    pub fn sync_count(&self) -> u64 {
        self.shared.syncs.load(Ordering::Acquire)
    }
}

impl Drop for BareLoop {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok(), "the bare loop does not panic");
        }
    }
}

struct Worker {
    shared: Arc<Shared>,
    file: File,
    file_bytes: u64,
    at: u64,
    copied: Vec<u8>,
}

impl Worker {
    fn run(mut self) {
        while let Some(batch) = self.next_batch() {
            let result = self.commit(&batch);
            self.shared.syncs.fetch_add(1, Ordering::AcqRel);
            for (_, done) in batch {
                done(match &result {
                    Ok(()) => Ok(()),
                    Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
                });
            }
        }
    }

    /// Waits for work; `None` when there will be no more.
    fn next_batch(&self) -> Option<Vec<(Bytes, Done)>> {
        let mut queue = self.shared.lock();
        while queue.waiting.is_empty() && !queue.is_closed {
            queue.loop_waits = true;
            queue = self.shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let mut bytes = 0;
        let fitting = queue.waiting.iter().take_while(|(body, _)| {
            bytes += body.len() as u64;
            bytes <= BATCH_BYTES_MAX
        });
        let count = fitting.count().max(1);
        match queue.waiting.len() {
            0 => None,
            all if count >= all => Some(std::mem::take(&mut queue.waiting)),
            _ => Some(queue.waiting.drain(..count).collect()),
        }
    }

    fn commit(&mut self, batch: &[(Bytes, Done)]) -> io::Result<()> {
        let bytes: u64 = batch.iter().map(|(body, _)| body.len() as u64).sum();
        if self.at + bytes > self.file_bytes {
            self.at = 0;
        }
        if batch.iter().all(|(body, _)| body.len() <= COPIED_BYTES_MAX) {
            self.copied.clear();
            batch.iter().for_each(|(body, _)| self.copied.extend_from_slice(body));
            self.file.write_all_at(&self.copied, self.at)?;
        } else {
            let mut slices: Vec<IoSlice<'_>> = batch.iter().map(|(body, _)| IoSlice::new(body)).collect();
            let (mut rest, mut at) = (slices.as_mut_slice(), self.at);
            while !rest.is_empty() {
                let taken = rest.len().min(SLICES_MAX);
                let written = rustix::io::pwritev(&self.file, &rest[..taken], at)?;
                IoSlice::advance_slices(&mut rest, written);
                at += written as u64;
            }
        }
        self.file.sync_data()?;
        self.at = (self.at + bytes).next_multiple_of(PAGE_BYTES);
        Ok(())
    }
}
