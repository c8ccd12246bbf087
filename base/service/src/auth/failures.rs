//! Slows down who guesses: after ten wrong credentials in a minute, each further one waits for its answer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{DELAYED_FAILURES_MAX, FAILING_PEERS_MAX, FAILURE_DELAY, FREE_FAILURES_PER_MINUTE};

const WINDOW: Duration = Duration::from_secs(60);

/// The wrong credentials of the last minute, by peer.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    by_peer: Mutex<HashMap<IpAddr, Window>>,
    waiting: AtomicUsize,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    started: Instant,
    failures: u32,
}

impl Failures {
    /// Notes a failure, and waits when its peer has had its share of them.
    pub(crate) async fn delay(&self, peer: IpAddr) {
        if !self.note(peer, Instant::now()) {
            return;
        }
        let is_room = self.waiting.fetch_add(1, Ordering::Relaxed) < DELAYED_FAILURES_MAX;
        let _leave = Leave(&self.waiting);
        if is_room {
            tokio::time::sleep(FAILURE_DELAY).await;
        }
    }

    /// Notes a failure; tells whether it has to wait.
    fn note(&self, peer: IpAddr, now: Instant) -> bool {
        let mut by_peer = self.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        if by_peer.len() >= FAILING_PEERS_MAX && !by_peer.contains_key(&peer) {
            make_room(&mut by_peer, now);
        }
        let window = by_peer.entry(peer).or_insert(Window { started: now, failures: 0 });
        if now.duration_since(window.started) >= WINDOW {
            *window = Window { started: now, failures: 0 };
        }
        window.failures = window.failures.saturating_add(1);
        window.failures > FREE_FAILURES_PER_MINUTE
    }
}

/// Forgets windows that are over, and the oldest when none is.
fn make_room(by_peer: &mut HashMap<IpAddr, Window>, now: Instant) {
    by_peer.retain(|_, window| now.duration_since(window.started) < WINDOW);
    if by_peer.len() < FAILING_PEERS_MAX {
        return;
    }
    let oldest = by_peer.iter().min_by_key(|(_, window)| window.started).map(|(peer, _)| *peer);
    if let Some(oldest) = oldest {
        by_peer.remove(&oldest);
    }
}

struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
