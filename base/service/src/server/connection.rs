//! One connection from its handshake to its end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tower_service::Service;

use super::answer::Answerer;
use super::body::{Body, BoxError};
use super::stream::WatchedStream;
use super::watch::{Verdict, Watch, verdict};
use super::{ConnectionInfo, Server, ServerSettings};
use crate::clock::random_u64;
use crate::front::Front;
use crate::limits;
use crate::tasks::Shutdown;
use crate::tls::Tls;

/// What a connection needs for its life.
pub(crate) struct Connection<A> {
    pub(crate) server: Arc<Server>,
    pub(crate) front: Arc<Front>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) peer: SocketAddr,
    pub(crate) app: A,
    pub(crate) shutdown: Shutdown,
}

impl<A, B> Connection<A>
where
    A: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    A::Future: Future + Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    pub(crate) async fn run(self, stream: TcpStream) {
        let Some(tls) = &self.tls else {
            let info = ConnectionInfo { peer: self.peer, is_tls: false, client_certificate: None };
            return self.speak(stream, info).await;
        };
        let handshake = timeout(self.server.settings.handshake, tls.acceptor().accept(stream));
        let stopped = self.shutdown.requested();
        let outcome = tokio::select! { outcome = handshake => outcome, () = stopped => return };
        let Ok(Ok(stream)) = outcome else {
            self.server.counts.failed_handshakes.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(peer = ?self.peer, "TLS handshake failed");
            return;
        };
        let certificates = stream.get_ref().1.peer_certificates();
        let client_certificate = certificates.and_then(<[_]>::first).map(|leaf| Arc::from(leaf.as_ref()));
        let info = ConnectionInfo { peer: self.peer, is_tls: true, client_certificate };
        self.speak(stream, info).await;
    }

    /// Speaks HTTP until the peer, a deadline or the process ends the connection.
    async fn speak<S>(self, stream: S, info: ConnectionInfo)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let watch = Arc::new(Watch::new());
        let stream = WatchedStream::new(stream, Arc::clone(&watch));
        let settings = &self.server.settings;
        let answerer = Answerer {
            server: Arc::clone(&self.server),
            front: self.front,
            watch: Arc::clone(&watch),
            info,
            app: self.app,
        };
        let service =
            hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| answerer.answer(request));
        let builder = http_builder(settings);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));

        let age_max = settings.age_max + jitter(settings.age_max);
        let mut next_look = Instant::now() + settings.tick();
        let retired = loop {
            tokio::select! {
                _closed_by_peer = connection.as_mut() => return,
                () = self.shutdown.requested() => break None,
                () = sleep_until(next_look) => {
                    match verdict(&watch.notes(), settings, age_max) {
                        Verdict::Stay => {}
                        Verdict::Retire(reason) => break Some(reason),
                        Verdict::Abort(reason) => return self.server.note_timeout(reason, &watch),
                    }
                    next_look = Instant::now() + settings.tick();
                }
            }
        };
        connection.as_mut().graceful_shutdown();
        if let Some(reason) = retired {
            self.server.note_timeout(reason, &watch);
        }
        let patience = if retired.is_some() { settings.retired.max(settings.drain) } else { settings.drain };
        self.server.take_leave(connection, &watch, age_max, patience, &self.shutdown).await;
    }
}

impl Server {
    /// Goes on until what runs has ended; what rests has only to take leave. A process that stops has less patience
    /// than one that wants a connection to be made anew.
    async fn take_leave(
        &self,
        mut connection: Pin<&mut impl Future>,
        watch: &Watch,
        age_max: Duration,
        patience: Duration,
        shutdown: &Shutdown,
    ) {
        let settings = &self.settings;
        let mut deadline = Instant::now() + patience;
        let mut is_stopping = shutdown.is_requested();
        let leave = limits::CLOSE_GRACE.min(settings.drain) + watch.notes().resting;
        loop {
            tokio::select! {
                _closed = connection.as_mut() => return,
                () = shutdown.requested(), if !is_stopping => {
                    is_stopping = true;
                    deadline = deadline.min(Instant::now() + settings.drain);
                }
                () = tokio::time::sleep(settings.tick()) => {
                    // The last answer may still be on its way out, so rest alone is not the end.
                    let has_left = !watch.is_busy() && watch.notes().resting >= leave;
                    if has_left || Instant::now() >= deadline {
                        return;
                    }
                    if let Verdict::Abort(reason) = verdict(&watch.notes(), settings, age_max) {
                        return self.note_timeout(reason, watch);
                    }
                }
            }
        }
    }

    fn note_timeout(&self, reason: &'static str, watch: &Watch) {
        self.counts.timed_out.fetch_add(1, Ordering::Relaxed);
        // Said of the connection by which this very record would be sent, it would open the next.
        if !watch.is_own() {
            tracing::debug!(reason, "connection closed by a deadline");
        }
    }
}

/// HTTP/1.1 and HTTP/2 with their ceilings. hyper's own header deadline stays off: it also runs between
/// requests, and `watch` tells the two apart.
fn http_builder(settings: &ServerSettings) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(limits::HEADERS_MAX)
        .max_buf_size(limits::HTTP1_BUFFER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(settings.ping_interval)
        .keep_alive_timeout(settings.ping_timeout)
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION_MAX)
        .max_header_list_size(limits::HEADER_BYTES_MAX)
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(limits::SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(limits::RESET_STREAMS_MAX)
        .max_local_error_reset_streams(limits::LOCAL_RESET_STREAMS_MAX);
    builder
}

/// Up to a tenth of `time`, so that connections made together do not all end together.
fn jitter(time: Duration) -> Duration {
    let tenth_ms = u64::try_from(time.as_millis() / 10).unwrap_or(u64::MAX);
    Duration::from_millis(random_u64() % tenth_ms.max(1))
}
