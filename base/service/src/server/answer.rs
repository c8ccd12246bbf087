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
use crate::front::Front;
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
    /// Answers one request. What it returns is in flight until its body is dropped.
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
            let response = match this.front.admit(&mut parts, &this.info).await {
                Ok(caller) => {
                    let is_own = caller.is_own();
                    if is_own {
                        this.watch.note_own();
                    }
                    let span = request_span::begin(&parts, &caller);
                    parts.extensions.insert(caller);
                    let body = Body::paced(incoming, this.server.settings.pace(), Arc::clone(&this.watch));
                    let asked = parts.clone();
                    let work = run_app(this.app, Request::from_parts(parts, body), is_own);
                    let response = match work.instrument(span.clone()).await {
                        Some(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
                        None => {
                            this.server.counts.panics.fetch_add(1, Ordering::Relaxed);
                            this.front.refuse(&Refusal::Internal, &asked)
                        }
                    };
                    request_span::end(&span, &asked.method, response.status());
                    response
                }
                Err(refusal) => {
                    this.server.counts.refused.fetch_add(1, Ordering::Relaxed);
                    say_refused(&refusal, &parts, this.info.peer);
                    this.front.refuse(&refusal, &parts)
                }
            };
            let response = this.front.finish(response);
            mark.watch.note_answer_waits(mark.number);
            Ok(response.map(|inner| WatchedBody { inner, mark }))
        }
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
pub(crate) struct WatchedBody {
    inner: ResponseBody,
    mark: Mark,
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let result = Pin::new(&mut self.inner).poll_frame(cx);
        match &result {
            Poll::Ready(Some(Ok(_))) => self.mark.watch.note_answer_waits(self.mark.number),
            Poll::Ready(_) | Poll::Pending => self.mark.watch.note_answer_moves(self.mark.number),
        }
        result
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
