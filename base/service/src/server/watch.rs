//! What is known about one connection, and the decision when it must go.
//!
//! The connection's stream, its requests and its answers note what happens in [`Watch`]; once per tick
//! [`verdict`] looks at all of it. It decides only; the connection's task acts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::settings::ServerSettings;

/// Never happened. Times are milliseconds since the connection was accepted, plus one.
const NEVER: u64 = 0;

/// The notes on one connection.
#[derive(Debug)]
pub(crate) struct Watch {
    accepted: Instant,
    bytes_in: AtomicU64,
    first_byte_since_rest: AtomicU64,
    write_blocked_since: AtomicU64,
    resting_since: AtomicU64,
    in_flight: AtomicU64,
    requests: AtomicU64,
    is_http2: AtomicBool,
    has_preface: AtomicBool,
    must_close: AtomicBool,
    is_own: AtomicBool,
    /// Answers that wait for the peer to take them: number and since when. At most one per stream.
    unsent: Mutex<Vec<(u64, u64)>>,
}

/// What to do with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All is well.
    Stay,
    /// Take no more requests, finish what runs, then close.
    Retire(&'static str),
    /// Close at once.
    Abort(&'static str),
}

/// The notes at one moment; `None` for what does not hold.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Notes {
    pub(crate) age: Duration,
    pub(crate) has_bytes: bool,
    pub(crate) in_flight: u64,
    pub(crate) is_http2: bool,
    pub(crate) has_preface: bool,
    pub(crate) must_close: bool,
    /// Time since the connection had its last answer out, or since it was accepted.
    pub(crate) resting: Duration,
    /// Time since the first byte after that.
    pub(crate) since_first_byte: Option<Duration>,
    pub(crate) write_blocked: Option<Duration>,
    pub(crate) oldest_unsent: Option<Duration>,
}

/// Decides about a connection of which `notes` are known; `age_max` is its own, jittered.
pub(crate) fn verdict(notes: &Notes, settings: &ServerSettings, age_max: Duration) -> Verdict {
    let is_over = |time: Option<Duration>, limit: Duration| time.is_some_and(|time| time >= limit);
    if is_over(notes.write_blocked, settings.write_stalled) || is_over(notes.oldest_unsent, settings.write_stalled) {
        return Verdict::Abort("stalled_write");
    }
    if !notes.has_bytes && notes.age >= settings.first_byte {
        return Verdict::Abort("silent");
    }
    // Bytes that the peer has not taken are work, even when the answer they belong to is done for us.
    if notes.in_flight > 0 || notes.write_blocked.is_some() {
        return if notes.must_close || notes.age >= age_max { Verdict::Retire("old") } else { Verdict::Stay };
    }
    if notes.must_close {
        return Verdict::Retire("slow_body");
    }
    // Before its first request, HTTP/2 owes the preface; afterwards bytes may be pings and window updates.
    let owes_header = !(notes.is_http2 && notes.has_preface);
    if owes_header && is_over(notes.since_first_byte, settings.header) {
        return Verdict::Abort("slow_header");
    }
    if notes.resting >= settings.idle {
        return Verdict::Retire("idle");
    }
    if notes.age >= age_max { Verdict::Retire("old") } else { Verdict::Stay }
}

impl Watch {
    pub(crate) fn new() -> Watch {
        Watch {
            accepted: Instant::now(),
            bytes_in: AtomicU64::new(0),
            first_byte_since_rest: AtomicU64::new(NEVER),
            write_blocked_since: AtomicU64::new(NEVER),
            resting_since: AtomicU64::new(NEVER),
            in_flight: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            is_http2: AtomicBool::new(false),
            has_preface: AtomicBool::new(false),
            must_close: AtomicBool::new(false),
            is_own: AtomicBool::new(false),
            unsent: Mutex::new(Vec::new()),
        }
    }

    /// Milliseconds since the connection was accepted, plus one, so that 0 can mean never.
    fn moment(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    pub(crate) fn note_read(&self, bytes: usize) {
        self.bytes_in.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
        if !self.is_busy() && self.first_byte_since_rest.load(Ordering::Relaxed) == NEVER {
            self.first_byte_since_rest.store(self.moment(), Ordering::Relaxed);
        }
    }

    pub(crate) fn note_http2(&self, has_whole_preface: bool) {
        self.is_http2.store(true, Ordering::Relaxed);
        self.has_preface.store(has_whole_preface, Ordering::Relaxed);
    }

    pub(crate) fn note_write_blocked(&self) {
        if self.write_blocked_since.load(Ordering::Relaxed) == NEVER {
            self.write_blocked_since.store(self.moment(), Ordering::Relaxed);
        }
    }

    pub(crate) fn note_write_progress(&self) {
        let was_blocked = self.write_blocked_since.swap(NEVER, Ordering::Relaxed) != NEVER;
        if was_blocked && self.in_flight.load(Ordering::Relaxed) == 0 {
            self.resting_since.store(self.moment(), Ordering::Relaxed);
        }
    }

    /// Notes a request and returns its number.
    pub(crate) fn note_request(&self) -> u64 {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.first_byte_since_rest.store(NEVER, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Notes that the request `number` is over, answered or not.
    pub(crate) fn note_request_over(&self, number: u64) {
        self.note_answer_moves(number);
        if self.in_flight.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.first_byte_since_rest.store(NEVER, Ordering::Relaxed);
            self.resting_since.store(self.moment(), Ordering::Relaxed);
        }
    }

    /// Notes that the answer to request `number` waits for the peer to take it.
    pub(crate) fn note_answer_waits(&self, number: u64) {
        let now = self.moment();
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        match unsent.iter_mut().find(|(waiting, _)| *waiting == number) {
            Some((_, since)) => *since = now,
            None => unsent.push((number, now)),
        }
    }

    /// Notes that the peer took some of the answer to request `number`. What it has not taken goes on waiting.
    pub(crate) fn note_answer_taken(&self, number: u64) {
        let now = self.moment();
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, since)) = unsent.iter_mut().find(|(waiting, _)| *waiting == number) {
            *since = now;
        }
    }

    /// Notes that the answer to request `number` waits for us, or is out.
    pub(crate) fn note_answer_moves(&self, number: u64) {
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        unsent.retain(|(waiting, _)| *waiting != number);
    }

    pub(crate) fn close_after_answer(&self) {
        self.must_close.store(true, Ordering::Relaxed);
    }

    /// Notes that this process itself is the other end.
    pub(crate) fn note_own(&self) {
        self.is_own.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_own(&self) -> bool {
        self.is_own.load(Ordering::Relaxed)
    }

    /// A request runs, or bytes wait for the peer.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0 || self.write_blocked_since.load(Ordering::Relaxed) != NEVER
    }

    pub(crate) fn notes(&self) -> Notes {
        let now = self.moment();
        let since = |moment: u64| (moment != NEVER).then(|| Duration::from_millis(now.saturating_sub(moment)));
        let age = self.accepted.elapsed();
        let oldest_unsent = {
            let unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
            unsent.iter().map(|(_, since)| *since).min()
        };
        Notes {
            age,
            has_bytes: self.bytes_in.load(Ordering::Relaxed) > 0,
            in_flight: self.in_flight.load(Ordering::Relaxed),
            is_http2: self.is_http2.load(Ordering::Relaxed),
            has_preface: self.has_preface.load(Ordering::Relaxed),
            must_close: self.must_close.load(Ordering::Relaxed),
            resting: since(self.resting_since.load(Ordering::Relaxed)).unwrap_or(age),
            since_first_byte: since(self.first_byte_since_rest.load(Ordering::Relaxed)),
            write_blocked: since(self.write_blocked_since.load(Ordering::Relaxed)),
            oldest_unsent: oldest_unsent.and_then(since),
        }
    }
}

#[cfg(test)]
mod tests;
