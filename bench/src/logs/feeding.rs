//! Sends the fleet as fast as answers come, and waits until the collector has come to rest.
//!
//! Senders make the requests that they send, so that a fleet of any size fits into memory; making them is no work of the
//! collector, and its processor time alone is counted.
//!
//! Start at [`feed`] and [`wait_rest`].

use super::{CONNECTIONS, PATIENCE};
use crate::fleet::Fleet;
use crate::process::{FilesOf, cpu_of, head_records_of};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use testkit::api_client::ledger_at_rest;
use testkit::http_client::HttpConnection;
use testkit::outrigger_process::{NETWORK_DEADLINE, OutriggerProcess};

/// Pause before a request that was turned away is sent again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// A collector that has changed no file and done no work for so long is at rest.
const QUIET: Duration = Duration::from_secs(5);
/// Pause between two looks at it.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// Processor time from one look to the next that is work; less is looking after itself, and answering our looks.
const WORK: Duration = Duration::from_millis(30);
/// How long a machine is woken before it is measured again.
const WAKING: Duration = Duration::from_secs(3);
/// In memory there may remain this share of all records: what the collector logs about itself arrives at any time.
const REST_SHARE: u64 = 1_000;

/// What sending took.
pub(super) struct Fed {
    pub(super) took: Duration,
    pub(super) cpu_before: Duration,
    /// Processor time of the collector while it was sent to.
    pub(super) cpu: Duration,
    /// Requests that were turned away with a hint, and sent again.
    pub(super) refused: u64,
}

/// Sends all requests in the order of their numbers, and fails when not all records can be searched afterwards.
pub(super) fn feed(process: &OutriggerProcess, fleet: &Fleet) -> io::Result<Fed> {
    let next = AtomicU64::new(0);
    let cpu_before = cpu_of(process.id())?;
    let begun = Instant::now();
    let refused = thread::scope(|scope| {
        let senders: Vec<_> =
            (0..CONNECTIONS).map(|_| scope.spawn(|| send_all(process.otlp_http, fleet, &next))).collect();
        senders.into_iter().map(|sender| sender.join().expect("a sender does not panic")).sum::<io::Result<u64>>()
    })?;
    let took = begun.elapsed();
    let account = ledger_at_rest(process.web, "default", PATIENCE)?;
    if account.stored != fleet.records() {
        let message = format!("{} of {} records can be searched: {account:?}", account.stored, fleet.records());
        return Err(io::Error::other(message));
    }
    let cpu = cpu_of(process.id())?.saturating_sub(cpu_before);
    Ok(Fed { took, cpu_before, cpu, refused })
}

fn send_all(address: SocketAddr, fleet: &Fleet, next: &AtomicU64) -> io::Result<u64> {
    let mut connection = HttpConnection::connect(address, NETWORK_DEADLINE)?;
    let headers = [("content-type", "application/x-protobuf")];
    let mut refused = 0;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= fleet.requests() {
            return Ok(refused);
        }
        let body = fleet.request(number).body;
        loop {
            let answer = connection.request("POST", "/v1/logs", &headers, &body)?;
            match answer.status {
                200 if answer.body.is_empty() => break,
                429 | 503 => {
                    refused += 1;
                    thread::sleep(RETRY_PAUSE);
                }
                status => {
                    return Err(io::Error::other(format!("the collector answered {status}: {}", answer.text())));
                }
            }
        }
    }
}

/// Keeps all processors busy for a moment. A virtual machine that was idle for minutes is given its processors back little by
/// little: what is asked in the first second takes twice as long, whoever is asked.
pub(super) fn wake_machine() {
    let until = Instant::now() + WAKING;
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while Instant::now() < until {
                    std::hint::spin_loop();
                }
            });
        }
    });
}

/// A collector at rest.
pub(super) struct Rest {
    pub(super) took: Duration,
    /// Processor time that it has used so far.
    pub(super) cpu: Duration,
    pub(super) files: FilesOf,
    /// Records that are not in parts.
    pub(super) head_records: u64,
}

/// Waits until nothing is done any more and next to all records are in parts, or until nothing is done any more and
/// `settle` has passed.
pub(super) fn wait_rest(
    process: &OutriggerProcess,
    logs_dir: &Path,
    settle: Duration,
    records: u64,
) -> io::Result<Rest> {
    let begun = Instant::now();
    let mut files = FilesOf::dir(logs_dir)?;
    let mut cpu = cpu_of(process.id())?;
    let mut busy = Instant::now();
    loop {
        thread::sleep(LOOK_INTERVAL);
        let (files_now, cpu_now) = (FilesOf::dir(logs_dir)?, cpu_of(process.id())?);
        if files_now != files || cpu_now.saturating_sub(cpu) >= WORK {
            busy = Instant::now();
        }
        (files, cpu) = (files_now, cpu_now);
        let head_records = head_records_of(process)?;
        if busy.elapsed() >= QUIET && (head_records <= records / REST_SHARE || begun.elapsed() >= settle) {
            return Ok(Rest { took: begun.elapsed(), cpu, files, head_records });
        }
        if begun.elapsed() > settle + PATIENCE {
            return Err(io::Error::other(format!("the collector is still at work after {:?}", begun.elapsed())));
        }
    }
}
