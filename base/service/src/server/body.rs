//! The body of a request, which refuses to be dripped.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, Sleep};

use super::watch::Watch;

/// Any error that a body may end with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The body of a response, boxed.
pub type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// Why the body of a request ended early.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The sender is too slow; its connection is closed after the answer.
    #[error("the request body came too slowly: {received_bytes} bytes in {waited_ms} ms")]
    TooSlow {
        /// Bytes that came.
        received_bytes: u64,
        /// Time spent waiting for them.
        waited_ms: u128,
    },
    /// The connection ended, or broke its protocol.
    #[error("the request body broke off")]
    Broken(#[source] BoxError),
}

/// How fast a body must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Longest wait for the next byte.
    pub(crate) idle: Duration,
    /// Waiting that costs nothing.
    pub(crate) grace: Duration,
    /// Bytes that each further second of waiting must have brought.
    pub(crate) bytes_per_second_min: u64,
}

/// The body of a request as faces receive it. Only time spent waiting for the sender counts against its pace.
pub struct Body {
    inner: UnsyncBoxBody<Bytes, BoxError>,
    pace: Option<Pacer>,
}

struct Pacer {
    pace: Pace,
    watch: Arc<Watch>,
    received_bytes: u64,
    waited: Duration,
    waiting: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Body {
    /// A body of known bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Body {
        Body::new(Full::new(bytes.into()))
    }

    /// A body around another, without a pace.
    pub fn new<B>(inner: B) -> Body
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Body { inner: inner.map_err(Into::into).boxed_unsync(), pace: None }
    }

    pub(crate) fn paced<B>(inner: B, pace: Pace, watch: Arc<Watch>) -> Body
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let pacer = Pacer { pace, watch, received_bytes: 0, waited: Duration::ZERO, waiting: None, alarm: None };
        Body { inner: inner.map_err(Into::into).boxed_unsync(), pace: Some(pacer) }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(next) => {
                if let Some(pacer) = &mut this.pace {
                    let bytes = next.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
                    pacer.note_arrival(bytes.map_or(0, Bytes::len));
                }
                Poll::Ready(next.map(|frame| frame.map_err(BodyError::Broken)))
            }
            Poll::Pending => match &mut this.pace {
                Some(pacer) => pacer.poll_alarm(cx).map(|error| Some(Err(error))),
                None => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Pacer {
    fn note_arrival(&mut self, bytes: usize) {
        self.received_bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        if let Some(since) = self.waiting.take() {
            self.waited += since.elapsed();
        }
    }

    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        let now = Instant::now();
        let since = match self.waiting {
            Some(since) => since,
            None => {
                let deadline = now + patience(&self.pace, self.received_bytes, self.waited);
                match &mut self.alarm {
                    Some(alarm) => alarm.as_mut().reset(deadline),
                    None => self.alarm = Some(Box::pin(tokio::time::sleep_until(deadline))),
                }
                *self.waiting.insert(now)
            }
        };
        let Some(alarm) = &mut self.alarm else { return Poll::Pending };
        match alarm.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                self.watch.close_after_answer();
                let waited = self.waited + (now - since);
                Poll::Ready(BodyError::TooSlow { received_bytes: self.received_bytes, waited_ms: waited.as_millis() })
            }
        }
    }
}

/// How long a sender may keep us waiting for its next byte.
fn patience(pace: &Pace, received_bytes: u64, waited: Duration) -> Duration {
    let earned_ms = received_bytes.saturating_mul(1_000) / pace.bytes_per_second_min.max(1);
    let allowed = pace.grace.saturating_add(Duration::from_millis(earned_ms));
    pace.idle.min(allowed.saturating_sub(waited))
}

#[cfg(test)]
mod tests;
