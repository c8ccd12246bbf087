//! The deadlines and caps of a server.

use std::time::Duration;

use super::body::Pace;
use crate::limits::{CONNECTION_WINDOW_BYTES, HTTP1_BUFFER_BYTES_MAX};

/// How patient a server is, and how much it takes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// From the connection to its first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its header, and for the preface of HTTP/2.
    pub header: Duration,
    /// From an answer to the next request.
    pub idle: Duration,
    /// Longest wait for the next byte of a body.
    pub body_idle: Duration,
    /// Waiting for a body that costs nothing.
    pub body_grace: Duration,
    /// Bytes that each second of waiting beyond the grace must have brought.
    pub body_bytes_per_second_min: u64,
    /// Longest wait for the peer to take an answer.
    pub write_stalled: Duration,
    /// Age at which a connection is retired, so that load spreads again; up to a tenth is added at random.
    pub age_max: Duration,
    /// How long what runs may go on after its connection was retired. The peer has been told to make a new one.
    pub retired: Duration,
    /// TLS handshake.
    pub handshake: Duration,
    /// Silence after which an HTTP/2 peer is pinged.
    pub ping_interval: Duration,
    /// How long a ping may stay unanswered.
    pub ping_timeout: Duration,
    /// How long requests may still run after the process was told to stop.
    pub drain: Duration,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one address (one /64 of IPv6). Loopback is exempt.
    pub connections_per_peer_max: usize,
}

impl Default for ServerSettings {
    fn default() -> Self {
        ServerSettings {
            first_byte: Duration::from_secs(5),
            header: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body_idle: Duration::from_secs(10),
            body_grace: Duration::from_secs(10),
            body_bytes_per_second_min: 1024,
            write_stalled: Duration::from_secs(30),
            age_max: Duration::from_secs(3600),
            retired: Duration::from_secs(900),
            handshake: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            connections_max: 2_048,
            connections_per_peer_max: 256,
        }
    }
}

impl ServerSettings {
    /// Lowers the connection cap so that what peers may send unread fits into `bytes`.
    #[must_use]
    pub fn fit_into(mut self, bytes: u64) -> ServerSettings {
        let per_connection =
            u64::from(CONNECTION_WINDOW_BYTES).max(u64::try_from(HTTP1_BUFFER_BYTES_MAX).unwrap_or(u64::MAX));
        let fitting = usize::try_from(bytes / per_connection).unwrap_or(usize::MAX).max(16);
        self.connections_max = self.connections_max.min(fitting);
        self.connections_per_peer_max = self.connections_per_peer_max.min(self.connections_max);
        self
    }

    pub(crate) fn pace(&self) -> Pace {
        Pace { idle: self.body_idle, grace: self.body_grace, bytes_per_second_min: self.body_bytes_per_second_min }
    }

    /// How often a connection is looked at: often enough for its shortest deadline, at most once a second.
    pub(crate) fn tick(&self) -> Duration {
        let shortest = [self.first_byte, self.header, self.idle, self.write_stalled, self.age_max]
            .into_iter()
            .min()
            .unwrap_or(self.idle);
        (shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1))
    }
}
