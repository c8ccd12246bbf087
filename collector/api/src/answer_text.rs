//! The text of a large answer: written in chunks, each charged to the memory of queries until the socket has taken it.
//!
//! Always true:
//! - a chunk is reserved before it is allocated, and given back when the last holder of its bytes lets go, which is the
//!   server when it has handed them to the system;
//! - what does not fit is taken back whole: the text never ends within a piece that [`AnswerText::piece`] refused.
//!
//! Start at [`AnswerText::piece`].

use crate::limits::CHUNK_BYTES;
use axum::body::Body;
use basics::{MemoryBudget, Reservation};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use query::QueryGuard;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A text that grows under a budget.
pub(crate) struct AnswerText<'a> {
    memory: MemoryBudget,
    guard: &'a QueryGuard,
    chunks: Vec<Chunk>,
    stopped: Option<Stopped>,
}

/// Why a piece was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The memory of queries is in use.
    Memory,
    /// Nobody waits for the answer.
    Cancelled,
}

/// Bytes and what was reserved for them.
struct Chunk {
    bytes: Vec<u8>,
    _memory: Reservation,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<'a> AnswerText<'a> {
    /// An empty text. Its chunks are reserved from `memory`; it ends early when `guard` says that nobody waits.
    pub(crate) fn new(memory: MemoryBudget, guard: &'a QueryGuard) -> AnswerText<'a> {
        AnswerText { memory, guard, chunks: Vec::new(), stopped: None }
    }

    /// Appends what `write` writes, or nothing of it.
    pub(crate) fn piece(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) -> Result<(), Stopped> {
        self.look()?;
        let (chunk_count, last_bytes) = (self.chunks.len(), self.chunks.last().map_or(0, |chunk| chunk.bytes.len()));
        if write(self).is_ok() {
            return Ok(());
        }
        self.chunks.truncate(chunk_count);
        if let Some(last) = self.chunks.last_mut() {
            last.bytes.truncate(last_bytes);
        }
        // The only error that writing has is ours.
        Err(self.stopped.take().unwrap_or(Stopped::Memory))
    }

    /// The text and its end as the body of an answer. The end is short, and there is always room for it.
    pub(crate) fn into_body(self, end: String) -> Body {
        let mut left: VecDeque<Bytes> = self.chunks.into_iter().map(Bytes::from_owner).collect();
        left.push_back(end.into());
        Body::new(Chunks { left })
    }

    fn look(&self) -> Result<(), Stopped> {
        if self.guard.is_cancelled() { Err(Stopped::Cancelled) } else { Ok(()) }
    }

    fn begin_chunk(&mut self) -> Result<(), Stopped> {
        self.look()?;
        let memory = self.memory.try_reserve(CHUNK_BYTES as u64).ok_or(Stopped::Memory)?;
        self.chunks.push(Chunk { bytes: Vec::with_capacity(CHUNK_BYTES), _memory: memory });
        Ok(())
    }
}

impl io::Write for AnswerText<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let free = |chunk: &Chunk| CHUNK_BYTES - chunk.bytes.len();
        if self.chunks.last().is_none_or(|chunk| free(chunk) == 0)
            && let Err(stopped) = self.begin_chunk()
        {
            self.stopped = Some(stopped);
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let Some(chunk) = self.chunks.last_mut() else { return Ok(0) };
        let count = free(chunk).min(bytes.len());
        chunk.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The chunks that are not sent yet.
struct Chunks {
    left: VecDeque<Bytes>,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.left.pop_front().map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.iter().map(|chunk| chunk.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests;
