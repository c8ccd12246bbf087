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
