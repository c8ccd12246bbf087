//! The bytes of a connection, noted as they pass.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::watch::Watch;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream that notes what passes, and whether it begins with the preface of HTTP/2.
pub(crate) struct WatchedStream<S> {
    inner: S,
    watch: Arc<Watch>,
    /// Bytes of the preface seen so far; `None` once the first bytes are known.
    preface_seen: Option<usize>,
}

impl<S> WatchedStream<S> {
    pub(crate) fn new(inner: S, watch: Arc<Watch>) -> WatchedStream<S> {
        WatchedStream { inner, watch, preface_seen: Some(0) }
    }

    fn look_at(&mut self, bytes: &[u8]) {
        let Some(seen) = self.preface_seen else { return };
        let expected = PREFACE.get(seen..).unwrap_or_default();
        let length = expected.len().min(bytes.len());
        if expected.get(..length) != bytes.get(..length) {
            self.preface_seen = None;
            return;
        }
        let is_whole = length == expected.len();
        self.watch.note_http2(is_whole);
        self.preface_seen = (!is_whole).then_some(seen + length);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let result = Pin::new(&mut this.inner).poll_read(cx, buf);
        let fresh = buf.filled().get(before..).unwrap_or_default();
        if !fresh.is_empty() {
            this.watch.note_read(fresh.len());
            this.look_at(fresh);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> WatchedStream<S> {
    fn note<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &result {
            Poll::Pending => self.watch.note_write_blocked(),
            Poll::Ready(_) => self.watch.note_write_progress(),
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.note(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.note(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        self.note(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
