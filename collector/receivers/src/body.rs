//! Reading a request body under the memory budget.
//!
//! Always true: what a body holds of the budget before it is whole is at most twice what has come of it. A length that
//! is only claimed takes nothing from others.

use crate::limits::{
    INLINE_BYTES_MAX, MEMORY_LOOK_INTERVAL, MEMORY_WAIT, PIECE_BYTES, STEP_BYTES, SWELLING_BYTES, SWELLING_MAX,
};
use basics::{ErrorClass, MemoryBudget, Reservation};
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::{Instant, sleep};
use wire::WireError;
use wire::inflate::{Coding, Inflater, Step};

/// A body as it came, and decompressed; both are paid for.
pub(crate) struct PaidBody {
    pub(crate) raw: Vec<Bytes>,
    pub(crate) plain: Bytes,
    pub(crate) reservation: Reservation,
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the request body is larger than {limit_bytes} bytes; send smaller batches")]
    TooLarge { limit_bytes: u64 },
    #[error("the memory budget of {limit_bytes} bytes is in use; try again")]
    Memory { limit_bytes: u64 },
    /// Too slow, or broken off: what was sent may be right, and the sender still has it.
    #[error("the request body ended early: {0}")]
    Incomplete(String),
    #[error("{0}")]
    Malformed(&'static str),
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl BodyError {
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            BodyError::TooLarge { .. } => ErrorClass::TooLarge,
            BodyError::Memory { .. } | BodyError::Incomplete(_) => ErrorClass::Overloaded,
            BodyError::Malformed(_) => ErrorClass::Invalid,
            BodyError::Wire(error) => error.class(),
        }
    }
}

/// The two ceilings of a body.
#[derive(Clone)]
pub(crate) struct BodyLimits {
    pub(crate) budget: MemoryBudget,
    pub(crate) bytes_max: u64,
}

impl BodyLimits {
    fn too_large(&self) -> BodyError {
        BodyError::TooLarge { limit_bytes: self.bytes_max }
    }

    /// Waits a moment for memory when there is none.
    async fn reserve(&self, bytes: u64) -> Result<Reservation, BodyError> {
        let give_up_at = Instant::now() + MEMORY_WAIT;
        loop {
            if let Some(reservation) = self.budget.try_reserve(bytes) {
                return Ok(reservation);
            }
            if Instant::now() >= give_up_at {
                return Err(BodyError::Memory { limit_bytes: self.budget.limit_bytes() });
            }
            sleep(MEMORY_LOOK_INTERVAL).await;
        }
    }

    async fn grow(&self, reservation: &mut Reservation, to_bytes: u64) -> Result<(), BodyError> {
        if to_bytes > reservation.bytes() && !reservation.try_grow_to(to_bytes) {
            reservation.absorb(self.reserve(to_bytes - reservation.bytes()).await?);
        }
        Ok(())
    }
}

/// A body with a count of the bytes that were read of it.
pub(crate) struct Counted<B> {
    body: B,
    read_bytes: u64,
}

impl<B> Counted<B> {
    pub(crate) fn new(body: B) -> Counted<B> {
        Counted { body, read_bytes: 0 }
    }

    pub(crate) fn read_bytes(&self) -> u64 {
        self.read_bytes
    }
}

impl<B> Body for Counted<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let next = ready!(Pin::new(&mut this.body).poll_frame(cx));
        let data = next.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
        this.read_bytes += data.map_or(0, |data| data.len() as u64);
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads a whole HTTP body. `claimed_bytes` is its Content-Length, which need not be there and need not be true.
pub(crate) async fn read<B>(
    body: B,
    claimed_bytes: Option<u64>,
    coding: Coding,
    limits: &BodyLimits,
) -> Result<PaidBody, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    if claimed_bytes.is_some_and(|bytes| bytes > limits.bytes_max) {
        return Err(limits.too_large());
    }
    let mut reservation = limits.reserve(0).await?;
    let raw = collect(body, claimed_bytes, limits, &mut reservation).await?;
    reservation.shrink_to(raw.len() as u64);
    inflate(raw, coding, limits, reservation).await
}

/// Reads a gRPC body: exactly one length-prefixed message (gRPC over HTTP/2, "Length-Prefixed-Message").
/// `coding` is what `grpc-encoding` names; the message's own flag says whether it applies.
pub(crate) async fn read_grpc_message<B>(
    mut body: B,
    coding: Option<Coding>,
    limits: &BodyLimits,
) -> Result<(PaidBody, Coding), BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    const PREFIX_BYTES: usize = 5;
    let mut start = BytesMut::new();
    while start.len() < PREFIX_BYTES {
        match next_data(&mut body).await? {
            Some(data) => start.extend_from_slice(&data),
            None => return Err(BodyError::Malformed("the request holds no gRPC message")),
        }
    }
    let prefix = start.split_to(PREFIX_BYTES);
    let declared_bytes = u64::from(u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]));
    if declared_bytes > limits.bytes_max {
        return Err(limits.too_large());
    }
    let coding = match (prefix[0], coding) {
        (0, _) => Coding::Identity,
        (1, Some(coding)) if coding != Coding::Identity => coding,
        (1, _) => {
            return Err(BodyError::Malformed("the gRPC message is compressed and grpc-encoding does not say how"));
        }
        _ => return Err(BodyError::Malformed("the gRPC message has an unknown compression flag")),
    };
    let mut reservation = limits.reserve(0).await?;
    let message = Prefixed { first: Some(start.freeze()), rest: body, left_bytes: declared_bytes };
    let raw = message.collect(&mut reservation, limits).await?;
    reservation.shrink_to(raw.len() as u64);
    Ok((inflate(raw, coding, limits, reservation).await?, coding))
}

/// A gRPC message of which some bytes were read along with its prefix.
struct Prefixed<B> {
    first: Option<Bytes>,
    rest: B,
    left_bytes: u64,
}

impl<B> Prefixed<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    async fn collect(mut self, reservation: &mut Reservation, limits: &BodyLimits) -> Result<Bytes, BodyError> {
        let mut pieces = Pieces::new(Some(self.left_bytes), limits.bytes_max);
        loop {
            let data = match self.first.take() {
                Some(data) => data,
                None => match next_data(&mut self.rest).await? {
                    Some(data) => data,
                    None => break,
                },
            };
            let bytes = data.len() as u64;
            if bytes > self.left_bytes {
                return Err(BodyError::Malformed("bytes follow the gRPC message of a unary call"));
            }
            self.left_bytes -= bytes;
            limits.grow(reservation, pieces.bytes_with(bytes)).await?;
            pieces.push(data);
        }
        if self.left_bytes > 0 {
            return Err(BodyError::Malformed("the gRPC message is shorter than its prefix says"));
        }
        Ok(pieces.into_bytes())
    }
}

async fn collect<B>(
    mut body: B,
    claimed_bytes: Option<u64>,
    limits: &BodyLimits,
    reservation: &mut Reservation,
) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let mut pieces = Pieces::new(claimed_bytes, limits.bytes_max);
    while let Some(data) = next_data(&mut body).await? {
        let bytes = data.len() as u64;
        if pieces.len() + bytes > limits.bytes_max {
            return Err(limits.too_large());
        }
        limits.grow(reservation, pieces.bytes_with(bytes)).await?;
        pieces.push(data);
    }
    Ok(pieces.into_bytes())
}

async fn next_data<B>(body: &mut B) -> Result<Option<Bytes>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(BodyError::Incomplete(error.to_string())),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Collects pieces into one buffer; a body that came in one piece is not copied.
struct Pieces {
    first: Option<Bytes>,
    joined: Vec<u8>,
    /// No more than this is expected, by what the sender claims and by what it may.
    expected_bytes: u64,
}

impl Pieces {
    fn new(claimed_bytes: Option<u64>, bytes_max: u64) -> Pieces {
        let expected_bytes = claimed_bytes.map_or(bytes_max, |claimed| claimed.min(bytes_max));
        Pieces { first: None, joined: Vec::new(), expected_bytes }
    }

    fn len(&self) -> u64 {
        self.first.as_ref().map_or(self.joined.len(), Bytes::len) as u64
    }

    fn is_empty(&self) -> bool {
        self.first.is_none() && self.joined.is_empty()
    }

    /// Memory held with so many bytes more. The room ahead is as much again as what came, and no more than is expected:
    /// a lie about the length must cost its teller the bytes.
    fn bytes_with(&self, more_bytes: u64) -> u64 {
        let (total, room_bytes) = (self.len() + more_bytes, self.joined.capacity() as u64);
        if self.is_empty() || total <= room_bytes {
            return total.max(room_bytes);
        }
        (2 * total).min(self.expected_bytes).max(total)
    }

    fn push(&mut self, data: Bytes) {
        if self.is_empty() {
            self.first = Some(data);
            return;
        }
        let room_bytes = usize::try_from(self.bytes_with(data.len() as u64)).unwrap_or(usize::MAX);
        self.joined.reserve_exact(room_bytes.saturating_sub(self.joined.len()));
        if let Some(first) = self.first.take() {
            self.joined.extend_from_slice(&first);
        }
        self.joined.extend_from_slice(&data);
    }

    /// All of it, and not a byte of memory more.
    fn into_bytes(mut self) -> Bytes {
        self.joined.shrink_to_fit();
        self.first.unwrap_or_else(|| Bytes::from(self.joined))
    }
}

async fn inflate(
    raw: Bytes,
    coding: Coding,
    limits: &BodyLimits,
    mut reservation: Reservation,
) -> Result<PaidBody, BodyError> {
    if coding == Coding::Identity {
        return Ok(PaidBody { raw: vec![raw.clone()], plain: raw, reservation });
    }
    let raw_bytes = raw.len() as u64;
    let mut work = Inflating {
        inflater: Inflater::new(coding, limits.bytes_max),
        plain: Inflated::in_pieces_of(PIECE_BYTES),
        raw: &raw,
        input: &raw,
        is_measured: false,
    };
    loop {
        // What came out tells how long it takes, however little went in.
        let stop = off_the_loop(raw.len().max(work.plain.len()), || work.run(&mut reservation))?;
        match stop {
            Stop::End => break,
            Stop::Long => {}
            Stop::Memory { wanted_bytes } => limits.grow(&mut reservation, wanted_bytes).await?,
            // What swells like nothing that a sender of records writes is measured before it is kept, so that a bomb
            // costs time only. Then its length is known, and it is kept in one piece.
            Stop::Swelling => {
                drop(std::mem::take(&mut work.plain));
                let bytes = off_the_loop(INLINE_BYTES_MAX + 1, || measure(&raw, coding, limits.bytes_max))?;
                work.begin_again(Inflater::new(coding, limits.bytes_max), bytes);
                limits.grow(&mut reservation, raw_bytes + work.plain.bytes_after_step()).await?;
                work.plain.last.reserve_exact(bytes + STEP_BYTES);
            }
        }
    }
    let Inflating { inflater, mut plain, .. } = work;
    inflater.finish(plain.space())?;
    // Joining copies: for that moment both copies may live.
    limits.grow(&mut reservation, raw_bytes + plain.bytes_to_join()).await?;
    let plain = off_the_loop(plain.len(), || plain.into_bytes());
    reservation.shrink_to(raw_bytes + plain.len() as u64);
    Ok(PaidBody { raw: vec![raw], plain, reservation })
}

/// A decompression under way.
struct Inflating<'a> {
    inflater: Inflater,
    plain: Inflated,
    raw: &'a [u8],
    input: &'a [u8],
    is_measured: bool,
}

/// Why a decompression pauses.
enum Stop {
    End,
    /// It turns out to be no work for the event loop.
    Long,
    /// The next step needs so much memory in all.
    Memory {
        wanted_bytes: u64,
    },
    /// It grows out of all proportion.
    Swelling,
}

impl Inflating<'_> {
    /// Goes on until there is a reason to stop. The memory that a step may need is paid for before the step.
    fn run(&mut self, reservation: &mut Reservation) -> Result<Stop, WireError> {
        let was_long = self.is_long();
        loop {
            let wanted_bytes = self.raw.len() as u64 + self.plain.bytes_after_step();
            if !reservation.try_grow_to(wanted_bytes) {
                return Ok(Stop::Memory { wanted_bytes });
            }
            if self.inflater.step(&mut self.input, self.plain.space())? == Step::NeedsInput {
                return Ok(Stop::End);
            }
            let used_bytes = self.raw.len() - self.input.len();
            let plain_bytes = self.plain.len();
            if !self.is_measured && plain_bytes > SWELLING_BYTES && plain_bytes > SWELLING_MAX * used_bytes {
                return Ok(Stop::Swelling);
            }
            if self.is_long() && !was_long {
                return Ok(Stop::Long);
            }
        }
    }

    fn is_long(&self) -> bool {
        self.raw.len().max(self.plain.len()) > INLINE_BYTES_MAX
    }

    /// Begins at the first byte, with room for `plain_bytes` in one piece.
    fn begin_again(&mut self, inflater: Inflater, plain_bytes: usize) {
        self.inflater = inflater;
        self.plain = Inflated::in_pieces_of(plain_bytes + 2 * STEP_BYTES);
        self.input = self.raw;
        self.is_measured = true;
    }
}

/// How long a body is decompressed, without keeping any of it.
fn measure(raw: &[u8], coding: Coding, bytes_max: u64) -> Result<usize, WireError> {
    let mut inflater = Inflater::new(coding, bytes_max);
    let mut scratch = Vec::with_capacity(STEP_BYTES);
    let mut input = raw;
    let mut bytes = 0;
    loop {
        let step = inflater.step(&mut input, &mut scratch)?;
        bytes += scratch.len();
        scratch.clear();
        if step == Step::NeedsInput {
            return Ok(bytes);
        }
    }
}

/// What came out of a decompressor so far, in pieces. One buffer that grows would be copied each time it doubles, and
/// what it leaves behind adds up to several times its length before the allocator gives it back: a few requests that
/// are refused for their size would cost far more memory than one that is taken.
#[derive(Default)]
struct Inflated {
    piece_bytes: usize,
    full: Vec<Vec<u8>>,
    full_bytes: usize,
    last: Vec<u8>,
}

impl Inflated {
    fn in_pieces_of(piece_bytes: usize) -> Inflated {
        Inflated { piece_bytes, ..Inflated::default() }
    }

    fn len(&self) -> usize {
        self.full_bytes + self.last.len()
    }

    fn is_last_full(&self) -> bool {
        self.last.len() + STEP_BYTES > self.piece_bytes
    }

    /// Where the next step writes to.
    fn space(&mut self) -> &mut Vec<u8> {
        if self.is_last_full() {
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(self.piece_bytes));
            self.full_bytes += full.len();
            self.full.push(full);
        }
        &mut self.last
    }

    /// Memory held once the next step has written. A full piece is followed by another; one that has no room for the
    /// step is copied into one of at most twice its length.
    fn bytes_after_step(&self) -> u64 {
        let (held, needed) = (self.last.capacity(), self.last.len() + STEP_BYTES);
        let grown = if self.is_last_full() {
            self.piece_bytes
        } else if needed > held {
            needed.max(2 * held)
        } else {
            0
        };
        let full: usize = self.full.iter().map(Vec::capacity).sum();
        (full + held + grown) as u64
    }

    /// Memory held while the pieces are joined.
    fn bytes_to_join(&self) -> u64 {
        let joined = if self.full.is_empty() { 0 } else { self.len() };
        let full: usize = self.full.iter().map(Vec::capacity).sum();
        (full + self.last.capacity() + joined) as u64
    }

    /// The whole; pieces are freed as they are copied. One piece is not copied.
    fn into_bytes(self) -> Bytes {
        if self.full.is_empty() {
            return Bytes::from(self.last);
        }
        let mut whole = Vec::with_capacity(self.len());
        for piece in self.full {
            whole.extend_from_slice(&piece);
        }
        whole.extend_from_slice(&self.last);
        Bytes::from(whole)
    }
}

/// Runs work on this thread, telling the runtime to serve other connections elsewhere when it will take long.
pub(crate) fn off_the_loop<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes > INLINE_BYTES_MAX { tokio::task::block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests;
