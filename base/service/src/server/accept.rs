//! Lets connections in, one place each, and survives running out of file descriptors.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};

use super::{Server, ServerSettings};
use crate::limits::ACCEPT_PAUSE;
use crate::tls::Tls;

/// A bound port, with TLS or without.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    /// Given up when the process has no descriptor left, to accept and close what would wait for ever.
    spare: Option<File>,
}

/// What came of waiting for a connection.
pub(crate) enum Arrival {
    Connection {
        stream: TcpStream,
        peer: SocketAddr,
        place: Place,
    },
    OverCap {
        peer: SocketAddr,
    },
    /// Nothing to serve; go on.
    Nothing,
}

/// What to do about an error of accept(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterError {
    /// The connection ended before it was taken: take the next.
    Next,
    /// No descriptor is left: give up the spare one.
    UseSpare,
    /// The machine is short of something else: wait.
    Pause,
}

impl Listener {
    /// Takes over a bound socket that listens and does not block. Must be called inside a runtime.
    ///
    /// # Errors
    /// When the socket cannot be handed to the runtime.
    pub fn new(socket: std::net::TcpListener, tls: Option<Arc<Tls>>) -> io::Result<Listener> {
        socket.set_nonblocking(true)?;
        let tcp = TcpListener::from_std(socket)?;
        let address = tcp.local_addr()?;
        Ok(Listener { tcp, address, tls, spare: open_spare() })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    pub(crate) async fn accept(&mut self, server: &Arc<Server>) -> Arrival {
        match self.tcp.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and written whole; waiting to fill a packet only delays them.
                basics::carry_on(stream.set_nodelay(true), "slower, not wrong");
                match Place::take(server, peer) {
                    Some(place) => Arrival::Connection { stream, peer, place },
                    None => Arrival::OverCap { peer },
                }
            }
            Err(error) => {
                self.bear(&error).await;
                Arrival::Nothing
            }
        }
    }

    async fn bear(&mut self, error: &io::Error) {
        match after(error) {
            AfterError::Next => {}
            AfterError::UseSpare => {
                tracing::error!(error = ?error, "out of file descriptors, closing a connection unserved");
                if self.spare.take().is_some() {
                    // Without a limit this would wait for a connection that may have gone meanwhile.
                    let closed = tokio::time::timeout(ACCEPT_PAUSE, self.tcp.accept()).await;
                    drop(closed);
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                self.spare = open_spare();
            }
            AfterError::Pause => {
                tracing::error!(error = ?error, "cannot accept connections, trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn open_spare() -> Option<File> {
    basics::carry_on(File::open("/dev/null"), "without a spare descriptor, waiting connections wait longer")
}

fn after(error: &io::Error) -> AfterError {
    use rustix::io::Errno;
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE) => AfterError::UseSpare,
        Some(Errno::NOBUFS | Errno::NOMEM) => AfterError::Pause,
        Some(Errno::CONNABORTED | Errno::CONNRESET | Errno::INTR | Errno::PROTO | Errno::PERM) => AfterError::Next,
        // An unknown error may come back at once and for ever.
        _ => AfterError::Pause,
    }
}

/// The connections of a process at the moment.
#[derive(Debug, Default)]
pub struct Connections {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_peer: HashMap<IpAddr, usize>,
}

impl Connections {
    /// Connections open at the moment.
    pub fn count(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, peer: Option<IpAddr>, settings: &ServerSettings) -> bool {
        let mut open = self.lock();
        if open.total >= settings.connections_max {
            return false;
        }
        if let Some(peer) = peer {
            let of_peer = open.by_peer.entry(peer).or_default();
            if *of_peer >= settings.connections_per_peer_max {
                return false;
            }
            *of_peer += 1;
        }
        open.total += 1;
        true
    }

    fn give_back(&self, peer: Option<IpAddr>) {
        let mut open = self.lock();
        open.total = open.total.saturating_sub(1);
        let Some(peer) = peer else { return };
        if let Some(of_peer) = open.by_peer.get_mut(&peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                open.by_peer.remove(&peer);
            }
        }
    }
}

/// The right to one connection; given back on drop.
pub(crate) struct Place {
    server: Arc<Server>,
    peer: Option<IpAddr>,
}

impl Place {
    fn take(server: &Arc<Server>, peer: SocketAddr) -> Option<Place> {
        let counted = counted_address(peer.ip());
        let is_taken = server.connections.take(counted, &server.settings);
        is_taken.then(|| Place { server: Arc::clone(server), peer: counted })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.server.connections.give_back(self.peer);
    }
}

/// The address a peer is counted by: none on loopback, the /64 of IPv6, since one host owns it whole.
fn counted_address(ip: IpAddr) -> Option<IpAddr> {
    let ip = ip.to_canonical();
    if ip.is_loopback() {
        return None;
    }
    match ip {
        IpAddr::V4(_) => Some(ip),
        IpAddr::V6(ip) => Some(IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)))),
    }
}

#[cfg(test)]
mod tests;
