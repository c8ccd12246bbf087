//! The way of one request through the front to its face and back.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use tower_service::Service;
use tracing::Instrument;

use super::body::{Body, BoxError, ResponseBody};
use super::watch::Watch;
use super::{ConnectionInfo, Server};
use crate::cors;
use crate::front::Front;
use crate::limits::PIECE_BYTES;
use crate::refusal::Refusal;
use crate::telemetry::{quiet, request_span};

/// Answers the requests of one connection.
#[derive(Clone)]
pub(crate) struct Answerer<A> {
    pub(crate) server: Arc<Server>,
    pub(crate) front: Arc<Front>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) info: ConnectionInfo,
    pub(crate) app: A,
}

impl<A, B> Answerer<A>
where
    A: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    A::Future: Future + Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// Answers one request. What it returns is in flight until the last byte of its body is with the system.
    pub(crate) fn answer(
        &self,
        request: Request<hyper::body::Incoming>,
    ) -> impl Future<Output = Result<Response<WatchedBody>, Infallible>> + Send + use<A, B> {
        let mark = Mark::new(Arc::clone(&self.watch));
        let this = self.clone();
        async move {
            this.server.counts.requests.fetch_add(1, Ordering::Relaxed);
            let (mut parts, incoming) = request.into_parts();
            parts.extensions.insert(this.info.clone());
            let front = Arc::clone(&this.front);
            let origin = front.listed_origin(&parts);
            let response = match origin.as_ref().and_then(|_| cors::preflight(&parts)) {
                Some(permission) => permission,
                None => this.respond(parts, incoming).await,
            };
            let response = front.finish(response, origin.as_ref());
            mark.watch.note_answer_waits(mark.number);
            Ok(response.map(|inner| WatchedBody::new(inner, mark)))
        }
    }

    /// Lets the face answer, or refuses.
    async fn respond(self, mut parts: Parts, incoming: hyper::body::Incoming) -> Response<ResponseBody> {
        let caller = match self.front.admit(&mut parts, &self.info).await {
            Ok(caller) => caller,
            Err(refusal) => {
                self.server.counts.refused.fetch_add(1, Ordering::Relaxed);
                say_refused(&refusal, &parts, self.info.peer);
                return self.front.refuse(&refusal, &parts);
            }
        };
        let is_own = caller.is_own();
        if is_own {
            self.watch.note_own();
        }
        let span = request_span::begin(&parts, &caller);
        parts.extensions.insert(caller);
        let body = Body::paced(incoming, self.server.settings.pace(), Arc::clone(&self.watch));
        let asked = parts.clone();
        let work = run_app(self.app, Request::from_parts(parts, body), is_own);
        let response = match work.instrument(span.clone()).await {
            Some(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
            None => {
                self.server.counts.panics.fetch_add(1, Ordering::Relaxed);
                self.front.refuse(&Refusal::Internal, &asked)
            }
        };
        request_span::end(&span, &asked.method, response.status());
        response
    }
}

/// Tells the operator of refusals that a sender or a setting can mend; whoever only knocks on doors is not worth a line.
fn say_refused(refusal: &Refusal, request: &Parts, peer: SocketAddr) {
    let reason = refusal.name();
    match refusal {
        Refusal::Host
        | Refusal::Origin
        | Refusal::NoCredential
        | Refusal::UnknownCredential
        | Refusal::UnmappedCertificate
        | Refusal::Scope(_)
        | Refusal::Tenant => {
            tracing::warn!(reason, peer = ?peer.ip(), path = request.uri.path(), "request refused");
        }
        Refusal::Path | Refusal::HeaderTooLarge | Refusal::Closed | Refusal::Internal => {
            tracing::debug!(reason, peer = ?peer.ip(), path = request.uri.path(), "request refused");
        }
    }
}

/// Runs the face; `None` when it panicked.
async fn run_app<A, B>(mut app: A, request: Request<Body>, is_own: bool) -> Option<Response<B>>
where
    A: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    let ready = std::future::poll_fn(|cx| app.poll_ready(cx)).await;
    match ready {
        Ok(()) => {}
        Err(never) => match never {},
    }
    let call = std::panic::catch_unwind(AssertUnwindSafe(|| app.call(request))).ok()?;
    let caught = CatchPanic { inner: Box::pin(call) };
    let outcome = if is_own { quiet(caught).await } else { caught.await };
    match outcome? {
        Ok(response) => Some(response),
        Err(never) => match never {},
    }
}

/// Ends with `None` when the inner future panics.
struct CatchPanic<F> {
    inner: Pin<Box<F>>,
}

impl<F: Future> Future for CatchPanic<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // A face that panicked is dropped, so nobody sees its half-made state.
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.inner.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Err(_) => Poll::Ready(None),
        }
    }
}

/// Counts a request as in flight while it lives.
struct Mark {
    watch: Arc<Watch>,
    number: u64,
}

impl Mark {
    fn new(watch: Arc<Watch>) -> Mark {
        let number = watch.note_request();
        Mark { watch, number }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.watch.note_request_over(self.number);
    }
}

/// The body of an answer; tells whose turn it is while it is sent.
///
/// It goes out in pieces that keep the mark, because hyper drops a body when it has taken its last frame, and writes for
/// as long as the peer needs after that.
pub(crate) struct WatchedBody {
    inner: ResponseBody,
    /// What is left of the frame that is being cut.
    rest: Bytes,
    mark: Arc<Mark>,
}

/// Bytes on their way out. Whoever writes them drops them when they are with the system.
struct Piece {
    bytes: Bytes,
    mark: Arc<Mark>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.mark.watch.note_answer_taken(self.mark.number);
    }
}

impl WatchedBody {
    fn new(inner: ResponseBody, mark: Mark) -> WatchedBody {
        WatchedBody { inner, rest: Bytes::new(), mark: Arc::new(mark) }
    }

    fn next_piece(&mut self) -> Bytes {
        let bytes = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        self.mark.watch.note_answer_waits(self.mark.number);
        Bytes::from_owner(Piece { bytes, mark: Arc::clone(&self.mark) })
    }
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(this.next_piece()))));
        }
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => {
                    this.rest = bytes;
                    Poll::Ready(Some(Ok(Frame::data(this.next_piece()))))
                }
                Err(trailers) => {
                    this.mark.watch.note_answer_waits(this.mark.number);
                    Poll::Ready(Some(Ok(trailers)))
                }
            },
            ended => {
                this.mark.watch.note_answer_moves(this.mark.number);
                ended
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        // The upper bound first: it may not be below the lower one.
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(inner.lower().saturating_add(rest));
        hint
    }
}
