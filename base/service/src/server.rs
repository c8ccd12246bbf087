//! The server under every HTTP and gRPC face: an accept loop with deadlines, caps, TLS and a guarded front.
//!
//! Always true:
//! - every connection has a deadline at every moment of its life, and nothing it does can make it immortal;
//! - no request reaches a face before [`Front::admit`](crate::front::Front::admit) has passed it, and every
//!   request that does carries a [`Caller`](crate::Caller) in its extensions;
//! - [`serve`] returns only when all its connections are closed.
//!
//! Start at [`serve`]. `watch` decides when a connection must go, `connection` acts on it.

mod accept;
mod answer;
mod body;
mod connection;
mod settings;
mod stream;
mod watch;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower_service::Service;

pub use accept::{Connections, Listener};
pub use body::{Body, BodyError, BoxError, ResponseBody};
pub use settings::ServerSettings;

use crate::front::Front;
use crate::tasks::Shutdown;
use accept::{Arrival, Place};
use connection::Connection;

/// What is known about the connection a request came on; in the extensions of every request.
#[derive(Debug, Clone)]
pub struct ConnectionInfo {
    /// The other end.
    pub peer: SocketAddr,
    /// Whether the bytes are encrypted.
    pub is_tls: bool,
    /// The client certificate in DER, verified against the configured authority.
    pub client_certificate: Option<Arc<[u8]>>,
}

/// What all listeners of a process share.
#[derive(Debug)]
pub struct Server {
    /// Deadlines and caps.
    pub settings: ServerSettings,
    /// Connections at the moment, in total and by peer.
    pub connections: Connections,
    /// What happened so far.
    pub counts: ServerCounts,
}

/// What a server has seen since it was started.
#[derive(Debug, Default)]
pub struct ServerCounts {
    /// Connections that were served.
    pub accepted: AtomicU64,
    /// Connections closed at once because a cap was reached.
    pub over_cap: AtomicU64,
    /// Connections closed by a deadline.
    pub timed_out: AtomicU64,
    /// TLS handshakes that failed or took too long.
    pub failed_handshakes: AtomicU64,
    /// Requests that reached the front.
    pub requests: AtomicU64,
    /// Requests refused by the front.
    pub refused: AtomicU64,
    /// Handlers that panicked.
    pub panics: AtomicU64,
}

impl Server {
    /// A server with these deadlines and caps and no connection yet.
    pub fn new(settings: ServerSettings) -> Arc<Server> {
        Arc::new(Server { settings, connections: Connections::default(), counts: ServerCounts::default() })
    }
}

/// Serves one listener until `shutdown` is requested and its connections are closed.
///
/// `app` is cloned for every connection. It sees requests that `front` has admitted, with a
/// [`Caller`](crate::Caller) and a [`ConnectionInfo`] in their extensions, and a [`Body`] that ends with
/// [`BodyError::TooSlow`] when its sender dawdles. A panic of `app` costs the request it happened in.
pub async fn serve<A, B>(listener: Listener, server: Arc<Server>, front: Arc<Front>, app: A, shutdown: Shutdown)
where
    A: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    A::Future: Future + Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut listener = listener;
    let mut open = JoinSet::new();
    loop {
        let arrival = tokio::select! {
            arrival = listener.accept(&server) => arrival,
            Some(_ended) = open.join_next(), if !open.is_empty() => continue,
            () = shutdown.requested() => break,
        };
        match arrival {
            Arrival::Connection { stream, peer, place } => {
                server.counts.accepted.fetch_add(1, Ordering::Relaxed);
                let connection = Connection {
                    server: Arc::clone(&server),
                    front: Arc::clone(&front),
                    tls: listener.tls(),
                    peer,
                    app: app.clone(),
                    shutdown: shutdown.clone(),
                };
                open.spawn(run(connection, stream, place));
            }
            Arrival::OverCap { peer } => {
                server.counts.over_cap.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(peer = ?peer, "connection closed at once: too many");
            }
            Arrival::Nothing => {}
        }
    }
    drop(listener);
    let deadline = Instant::now() + server.settings.drain + crate::limits::CLOSE_GRACE;
    while let Ok(Some(_ended)) = tokio::time::timeout_at(deadline, open.join_next()).await {}
    open.shutdown().await;
}

async fn run<A, B>(connection: Connection<A>, stream: tokio::net::TcpStream, place: Place)
where
    A: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    A::Future: Future + Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    connection.run(stream).await;
    drop(place);
}

#[cfg(test)]
mod tests;
