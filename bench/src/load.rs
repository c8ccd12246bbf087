//! Load in two forms: as fast as answers come (closed loop), and at given times whatever happens (open loop).
//!
//! In the open loop an answer's time counts from the moment its request was due, not from when a sender got round to
//! it, so that a stall is paid for by all requests that it delays.
//!
//! Start at [`closed_loop`] and [`open_loop`].

use bytes::Bytes;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use testkit::http_client::HttpConnection;
use testkit::log_load::LogLoad;
use testkit::outrigger_process::NETWORK_DEADLINE;

use crate::bare_loop::BareLoop;

/// Requests that are made once and sent in turn, so that making them costs no time of the measurement.
const DISTINCT_BODIES: u64 = 32;
/// Pause before an open loop's first request, for the senders to be ready.
const HEAD_START: Duration = Duration::from_millis(50);

/// Requests ready to be sent.
pub struct Bodies {
    bodies: Vec<Bytes>,
}

impl Bodies {
    /// Makes requests of `records` records each, dated to a moment ago.
    pub fn make(records: u64, start: basics::Timestamp) -> Bodies {
        let mut load = LogLoad::new("bench", 1, start);
        Bodies { bodies: (0..DISTINCT_BODIES).map(|_| Bytes::from(load.request(records).body)).collect() }
    }

    /// These requests, of which there is at least one.
    pub fn of(bodies: Vec<Bytes>) -> Bodies {
        assert!(!bodies.is_empty(), "a load without requests");
        Bodies { bodies }
    }

    /// The request for the `index`th sending.
    pub fn get(&self, index: usize) -> &Bytes {
        &self.bodies[index % self.bodies.len()]
    }

    /// Bytes of an average request.
    pub fn mean_bytes(&self) -> u64 {
        let sum: usize = self.bodies.iter().map(Bytes::len).sum();
        (sum / self.bodies.len()) as u64
    }
}

/// Somewhere to send to: a collector or the bare loop. Each sender has its own.
pub trait Target: Send {
    /// Sends one request and waits until it is durable.
    fn send(&mut self, body: &Bytes) -> io::Result<()>;
}

/// A collector, over one connection.
pub struct OverHttp {
    connection: HttpConnection,
}

impl OverHttp {
    /// Connects to the OTLP/HTTP port.
    pub fn connect(address: SocketAddr) -> io::Result<OverHttp> {
        Ok(OverHttp { connection: HttpConnection::connect(address, NETWORK_DEADLINE)? })
    }
}

impl Target for OverHttp {
    fn send(&mut self, body: &Bytes) -> io::Result<()> {
        let headers = [("content-type", "application/x-protobuf")];
        let answer = self.connection.request("POST", "/v1/logs", &headers, body)?;
        if answer.status == 200 && answer.body.is_empty() {
            return Ok(());
        }
        Err(io::Error::other(format!("the collector answered {}: {}", answer.status, answer.text())))
    }
}

/// The bare loop.
impl Target for &BareLoop {
    fn send(&mut self, body: &Bytes) -> io::Result<()> {
        self.append_and_wait(body.clone())
    }
}

/// Sends `count` requests over all targets as fast as answers come, and says how long that took.
pub fn closed_loop<T: Target>(targets: Vec<T>, bodies: &Bodies, count: usize) -> io::Result<Duration> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    thread::scope(|scope| {
        let senders: Vec<_> = targets
            .into_iter()
            .map(|mut target| {
                let next = &next;
                scope.spawn(move || -> io::Result<()> {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count {
                            return Ok(());
                        }
                        target.send(bodies.get(index))?;
                    }
                })
            })
            .collect();
        senders.into_iter().try_for_each(|sender| sender.join().expect("a sender does not panic"))
    })?;
    Ok(begun.elapsed())
}

/// Sends `count` requests, one every `interval`, and returns how long after it was due each was answered.
pub fn open_loop<T: Target>(
    targets: &mut [T],
    bodies: &Bodies,
    count: usize,
    interval: Duration,
) -> io::Result<Vec<Duration>> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now() + HEAD_START;
    thread::scope(|scope| {
        let senders: Vec<_> = targets
            .iter_mut()
            .map(|target| {
                let next = &next;
                scope.spawn(move || -> io::Result<Vec<Duration>> {
                    let mut delays = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count {
                            return Ok(delays);
                        }
                        let due = begun + interval.mul_f64(index as f64);
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        target.send(bodies.get(index))?;
                        delays.push(due.elapsed());
                    }
                })
            })
            .collect();
        let mut delays = Vec::with_capacity(count);
        for sender in senders {
            delays.extend(sender.join().expect("a sender does not panic")?);
        }
        Ok(delays)
    })
}
