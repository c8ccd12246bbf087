use super::*;
use basics::MIB;
use http_body::Frame;
use std::collections::VecDeque;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use testkit::allocation::{Counting, measure};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A body that comes in these frames.
struct Frames(VecDeque<Result<Frame<Bytes>, &'static str>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.get_mut().0.pop_front())
    }
}

fn frames<T: AsRef<[u8]>>(pieces: impl IntoIterator<Item = T>) -> Frames {
    Frames(pieces.into_iter().map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece.as_ref())))).collect())
}

/// A body that must not be read.
struct Untouched;

impl Body for Untouched {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        panic!("the body is read");
    }
}

fn limits(budget_bytes: u64, bytes_max: u64) -> BodyLimits {
    BodyLimits { budget: MemoryBudget::new(budget_bytes), bytes_max }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn grpc(flag: u8, length: usize, message: &[u8]) -> Vec<u8> {
    [&[flag][..], &u32::try_from(length).unwrap().to_be_bytes(), message].concat()
}

/// Runs a future that waits for nothing outside of itself, on this thread.
fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap().block_on(future)
}

fn read_all(body: Frames, claimed: Option<u64>, coding: Coding, limits: &BodyLimits) -> Result<PaidBody, BodyError> {
    run(read(body, claimed, coding, limits))
}

fn read_grpc(body: Frames, coding: Option<Coding>, limits: &BodyLimits) -> Result<(PaidBody, Coding), BodyError> {
    run(read_grpc_message(body, coding, limits))
}

/// The error, once it is seen that nothing stays reserved.
#[track_caller]
fn refused<T>(result: Result<T, BodyError>, limits: &BodyLimits) -> BodyError {
    let error = result.err().unwrap();
    assert_eq!(limits.budget.used_bytes(), 0, "memory came back");
    error
}

#[test]
fn a_body_is_joined_and_paid_for() {
    let limits = limits(MIB, MIB);
    for claimed in [None, Some(9), Some(3), Some(100_000)] {
        let body = read_all(frames(["one", "two", "end"]), claimed, Coding::Identity, &limits).unwrap();
        assert_eq!((&body.plain[..], &body.raw[..]), (&b"onetwoend"[..], &[Bytes::from_static(b"onetwoend")][..]));
        assert!(body.reservation.bytes() >= 9);
    }
    assert!(read_all(frames([""; 0]), None, Coding::Identity, &limits).unwrap().plain.is_empty());
    assert_eq!(limits.budget.used_bytes(), 0);
}

#[test]
fn a_body_in_one_piece_is_not_copied() {
    let piece = Bytes::from(vec![7; 100_000]);
    let body = Frames([Ok(Frame::data(piece.clone())), Ok(Frame::trailers(http::HeaderMap::new()))].into());
    let read = read_all(body, None, Coding::Identity, &limits(MIB, MIB)).unwrap();
    assert_eq!((read.plain.as_ptr(), read.raw[0].as_ptr()), (piece.as_ptr(), piece.as_ptr()));
    assert_eq!(read.reservation.bytes(), 100_000);
}

#[test]
fn a_claimed_length_beyond_the_limit_is_refused_unread() {
    let limits = limits(MIB, 1_000);
    let error = refused(run(read(Untouched, Some(1_001), Coding::Identity, &limits)), &limits);
    assert!(matches!(error, BodyError::TooLarge { limit_bytes: 1_000 }));
}

#[test]
fn a_body_without_a_length_is_refused_where_it_passes_the_limit() {
    let limits = limits(MIB, 1_000);
    assert_eq!(read_all(frames([[0; 500]; 2]), None, Coding::Identity, &limits).unwrap().plain.len(), 1_000);
    let error = refused(read_all(frames([[0; 500]; 3]), None, Coding::Identity, &limits), &limits);
    assert_eq!(error.class(), ErrorClass::TooLarge);
    let error = refused(read_all(frames([[0; 500]; 3]), Some(10), Coding::Identity, &limits), &limits);
    assert_eq!(error.class(), ErrorClass::TooLarge, "whatever was claimed");
}

#[test]
fn a_claim_costs_its_teller_the_bytes() {
    let limits = limits(256 * MIB, 64 * MIB);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let body = frames([[1u8; 10]; 2]);
    let (read, taken) = measure(|| runtime.block_on(read(body, Some(60 * MIB), Coding::Identity, &limits)));
    assert_eq!(read.unwrap().plain.len(), 20);
    assert!(taken.peak_bytes < 2 * MIB, "{taken:?}");

    let body = frames([grpc(0, 60 << 20, b"short")]);
    let (read, taken) = measure(|| runtime.block_on(read_grpc_message(body, None, &limits)));
    assert_eq!(refused(read, &limits).class(), ErrorClass::Invalid);
    assert!(taken.peak_bytes < 2 * MIB, "{taken:?}");
}

/// A body whose sender goes silent after these pieces.
struct Stalled(VecDeque<Bytes>);

impl Stalled {
    fn after<const COUNT: usize>(pieces: [Vec<u8>; COUNT]) -> Stalled {
        Stalled(pieces.into_iter().map(Bytes::from).collect())
    }
}

impl Body for Stalled {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.get_mut().0.pop_front().map_or(Poll::Pending, |piece| Poll::Ready(Some(Ok(Frame::data(piece)))))
    }
}

/// Polls once, and wants the future to wait for its sender.
fn goes_to_sleep<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let is_ready = future.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_ready();
    assert!(!is_ready);
    future
}

#[test]
fn senders_that_claim_much_and_send_little_take_nothing_from_others() {
    let limits = limits(256 * MIB, 64 * MIB);
    let claimed: Vec<_> =
        (0..1_000).map(|_| goes_to_sleep(read(Stalled::after([]), Some(64 * MIB), Coding::Gzip, &limits))).collect();
    let declared: Vec<_> = (0..1_000)
        .map(|_| goes_to_sleep(read_grpc_message(Stalled::after([grpc(0, 64 << 20, b"")]), None, &limits)))
        .collect();
    assert_eq!(limits.budget.used_bytes(), 0);
    let begun: Vec<_> = (0..1_000)
        .map(|_| {
            let body = Stalled::after([vec![1; 10], vec![2; 10], vec![3; 10]]);
            goes_to_sleep(read(body, Some(64 * MIB), Coding::Identity, &limits))
        })
        .collect();
    assert!(limits.budget.used_bytes() <= 1_000 * 2 * 30, "{:?}", limits.budget);
    let whole = read_all(frames(vec![vec![7; 1_000_000]; 60]), None, Coding::Identity, &limits).unwrap();
    assert_eq!(whole.plain.len(), 60_000_000);
    drop(whole);
    drop((claimed, declared, begun));
    assert_eq!(limits.budget.used_bytes(), 0);
}

#[test]
fn what_a_body_holds_is_never_more_than_twice_what_came_of_it() {
    for (claimed, piece_bytes) in [(None, 1_000), (Some(64 * MIB), 16_384), (Some(100_000), 700), (Some(0), 5_000)] {
        let limits = limits(256 * MIB, 64 * MIB);
        let budget = limits.budget.clone();
        let body = Watched { pieces: 120, piece_bytes, sent: 0, budget };
        let body = run(read(body, claimed, Coding::Identity, &limits)).unwrap();
        assert_eq!(body.plain.len(), 120 * piece_bytes);
        assert_eq!(body.reservation.bytes(), body.plain.len() as u64, "and no more than it, once it is whole");
    }
}

/// Pieces that look at the budget before each of them comes.
struct Watched {
    pieces: usize,
    piece_bytes: usize,
    sent: u64,
    budget: MemoryBudget,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let this = self.get_mut();
        let used_bytes = this.budget.used_bytes();
        assert!((this.sent..=2 * this.sent).contains(&used_bytes), "{used_bytes} for {}", this.sent);
        if this.pieces == 0 {
            return Poll::Ready(None);
        }
        this.pieces -= 1;
        this.sent += this.piece_bytes as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![9; this.piece_bytes])))))
    }
}

#[test]
fn a_broken_connection_gives_the_memory_back() {
    let limits = limits(MIB, MIB);
    let body = Frames([Ok(Frame::data(Bytes::from_static(b"half"))), Err("reset")].into());
    let error = refused(read_all(body, Some(100), Coding::Identity, &limits), &limits);
    assert_eq!(error.to_string(), "the request body ended early: reset");
}

#[test]
fn a_compressed_body_is_paid_for_twice() {
    let limits = limits(MIB, MIB);
    let plain = b"some text, again and again".repeat(1_000);
    let packed = gzip(&plain);
    let body = read_all(frames(packed.chunks(11)), None, Coding::Gzip, &limits).unwrap();
    assert!(body.plain == plain && body.raw == [packed.clone()]);
    assert!(body.reservation.bytes() >= (plain.len() + packed.len()) as u64);
    assert_eq!(limits.budget.used_bytes(), body.reservation.bytes());
}

#[test]
fn a_body_that_swells_is_refused_where_it_passes_the_limit() {
    let limits = limits(64 * MIB, MIB);
    let packed = gzip(&vec![0; 40 << 20]);
    assert!(packed.len() < 60_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let body = frames([&packed]);
    let (read, taken) = measure(|| runtime.block_on(read(body, None, Coding::Gzip, &limits)));
    assert_eq!(refused(read, &limits).class(), ErrorClass::TooLarge);
    assert!(taken.peak_bytes < 4 * MIB, "{taken:?}");
}

#[test]
fn a_body_that_is_not_what_its_coding_says_is_invalid() {
    let limits = limits(MIB, MIB);
    for coding in [Coding::Gzip, Coding::Zstd] {
        assert_eq!(
            refused(read_all(frames(["no such thing"]), None, coding, &limits), &limits).class(),
            ErrorClass::Invalid
        );
        assert_eq!(refused(read_all(frames([""; 0]), None, coding, &limits), &limits).class(), ErrorClass::Invalid);
    }
}

#[test]
fn who_finds_no_memory_waits_a_moment_and_is_told_to_come_back() {
    let limits = limits(MIB, MIB);
    let held = limits.budget.try_reserve(MIB).unwrap();
    let error = read_all(frames(["x"]), Some(1), Coding::Identity, &limits).err().unwrap();
    assert_eq!(error.class(), ErrorClass::Overloaded);
    drop(held);
    assert_eq!(limits.budget.used_bytes(), 0);
}

#[test]
fn memory_that_is_given_back_in_time_is_taken() {
    let limits = limits(MIB, MIB);
    let held = limits.budget.try_reserve(MIB).unwrap();
    let body = run(async {
        let giving = async {
            tokio::task::yield_now().await;
            drop(held);
        };
        tokio::join!(read(frames(["x"]), Some(1), Coding::Identity, &limits), giving).0
    });
    assert_eq!(&body.unwrap().plain[..], b"x");
}

#[test]
fn a_grpc_message_is_found_however_it_is_cut() {
    let limits = limits(MIB, MIB);
    let whole = grpc(0, 5, b"hello");
    for size in 1..=whole.len() {
        let (body, coding) = read_grpc(frames(whole.chunks(size)), None, &limits).unwrap();
        assert_eq!((&body.plain[..], coding), (&b"hello"[..], Coding::Identity), "in pieces of {size}");
    }
    let packed = gzip(b"hello");
    let (body, coding) = read_grpc(frames([grpc(1, packed.len(), &packed)]), Some(Coding::Gzip), &limits).unwrap();
    assert_eq!((&body.plain[..], coding), (&b"hello"[..], Coding::Gzip));
    let (body, coding) = read_grpc(frames([grpc(0, 2, b"hi")]), Some(Coding::Gzip), &limits).unwrap();
    assert_eq!((&body.plain[..], coding), (&b"hi"[..], Coding::Identity), "the message's own flag decides");
    assert!(read_grpc(frames([grpc(0, 0, b"")]), None, &limits).unwrap().0.plain.is_empty());
}

#[test]
fn a_grpc_body_that_is_not_one_message_is_invalid() {
    let limits = limits(MIB, MIB);
    for (what, body, coding) in [
        ("nothing", vec![], None),
        ("half a prefix", b"\0\0\0".to_vec(), None),
        ("less than it says", grpc(0, 6, b"hello"), None),
        ("more than it says", grpc(0, 4, b"hello"), None),
        ("two messages", [grpc(0, 2, b"hi"), grpc(0, 2, b"hi")].concat(), None),
        ("an unknown flag", grpc(2, 5, b"hello"), None),
        ("compressed in no way", grpc(1, 5, b"hello"), None),
        ("compressed as not compressed", grpc(1, 5, b"hello"), Some(Coding::Identity)),
        ("no gzip", grpc(1, 5, b"hello"), Some(Coding::Gzip)),
    ] {
        let error = refused(read_grpc(frames([body]), coding, &limits), &limits);
        assert_eq!(error.class(), ErrorClass::Invalid, "{what}: {error}");
    }
}

#[test]
fn a_grpc_message_beyond_the_limit_is_too_large_by_its_prefix() {
    let limits = limits(64 * MIB, MIB);
    let body = frames([grpc(0, (1 << 20) + 1, b"")]);
    assert_eq!(refused(read_grpc(body, None, &limits), &limits).class(), ErrorClass::TooLarge);
    let bomb = gzip(&vec![0; 2 << 20]);
    let body = frames([grpc(1, bomb.len(), &bomb)]);
    assert_eq!(refused(read_grpc(body, Some(Coding::Gzip), &limits), &limits).class(), ErrorClass::TooLarge);
}

/// One thread serves the sockets here, and 8 MiB come out of a body that is short enough to be inflated there, and not
/// swollen enough to be measured first.
#[test]
fn a_small_body_with_much_in_it_does_not_hold_up_the_event_loop() {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let plain: Vec<u8> = (0..8 << 20).map(|index| if index % 1_024 < 16 { random() } else { b'x' }).collect();
    let mut packed = gzip(&plain);
    assert!(packed.len() < INLINE_BYTES_MAX && plain.len() < SWELLING_MAX * packed.len(), "{}", packed.len());
    // The last bytes are wrong, so that nothing but the decompression is seen.
    packed.iter_mut().rev().take(8).for_each(|byte| *byte ^= 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let limits = limits(256 * MIB, 64 * MIB);
    // How fast another thread takes over is the system's affair, so once in many times is enough; without help it never
    // happens.
    let is_served = (0..50).any(|_| {
        let served = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (packed, limits, sees) = (packed.clone(), limits.clone(), served.clone());
        let reading = runtime.spawn(async move {
            tokio::runtime::Handle::current()
                .spawn(async move { served.store(true, std::sync::atomic::Ordering::Release) });
            let error = read(frames([packed]), None, Coding::Gzip, &limits).await.err().unwrap();
            assert_eq!(error.class(), ErrorClass::Invalid);
            sees.load(std::sync::atomic::Ordering::Acquire)
        });
        runtime.block_on(reading).unwrap()
    });
    assert!(is_served, "another connection waited until everything was decompressed");
}
