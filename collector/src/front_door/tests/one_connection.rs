//! Many calls on one connection. The frames of HTTP/2 are written by hand, because no client leaves a call half sent.

use super::*;
use crate::tests::harness::{EXPORT, encoded_request, grpc_frame, record};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
}

fn write_frame(out: &mut Vec<u8>, frame: &Frame, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    out.extend_from_slice(&length[1..]);
    out.extend_from_slice(&[frame.kind, frame.flags]);
    out.extend_from_slice(&frame.stream.to_be_bytes());
    out.extend_from_slice(payload);
}

fn read_frame(from: &mut TcpStream) -> Frame {
    let mut head = [0; 9];
    from.read_exact(&mut head).unwrap();
    let [high, middle, low, kind, flags, a, b, c, d] = head;
    let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap()];
    from.read_exact(&mut payload).unwrap();
    Frame { kind, flags, stream: u32::from_be_bytes([a & 0x7f, b, c, d]) }
}

/// The header of a call of Export: each line a literal that is not indexed, none of it compressed.
fn call_header() -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", EXPORT),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ] {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// Begins call 1 and leaves it half sent, makes `count` others, and returns those that were answered.
fn answered_beside_a_stuck_call(address: SocketAddr, count: u32) -> BTreeSet<u32> {
    let message = grpc_frame(&encoded_request(vec![record("front crowd")]), false);
    let (half, header) = (message.len() / 2, call_header());
    let mut out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    write_frame(&mut out, &Frame { kind: SETTINGS, flags: 0, stream: 0 }, &[]);
    write_frame(&mut out, &Frame { kind: HEADERS, flags: END_HEADERS, stream: 1 }, &header);
    write_frame(&mut out, &Frame { kind: DATA, flags: 0, stream: 1 }, &message[..half]);
    let others: Vec<u32> = (1..=count).map(|number| 2 * number + 1).collect();
    // All begin before the first is whole.
    for stream in &others {
        write_frame(&mut out, &Frame { kind: HEADERS, flags: END_HEADERS, stream: *stream }, &header);
        write_frame(&mut out, &Frame { kind: DATA, flags: 0, stream: *stream }, &message[..half]);
    }
    for stream in &others {
        write_frame(&mut out, &Frame { kind: DATA, flags: END_STREAM, stream: *stream }, &message[half..]);
    }
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.write_all(&out).unwrap();
    let mut answered = BTreeSet::new();
    while answered.len() < others.len() {
        let frame = read_frame(&mut connection);
        if frame.kind == SETTINGS && frame.flags & ACK == 0 {
            let mut agreed = Vec::new();
            write_frame(&mut agreed, &Frame { kind: SETTINGS, flags: ACK, stream: 0 }, &[]);
            connection.write_all(&agreed).unwrap();
        }
        // The trailers of an answer, with its status.
        if frame.kind == HEADERS && frame.flags & END_STREAM != 0 {
            answered.insert(frame.stream);
        }
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn point_21_many_calls_on_one_connection_are_answered_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let collector = started(dir.path()).await;
    let address = collector.addresses().otlp_grpc;
    let answered = spawn_blocking(move || answered_beside_a_stuck_call(address, 50)).await.unwrap();
    assert!(!answered.contains(&1) && answered.len() == 50, "{answered:?}");
    let give_up = Instant::now() + PATIENCE;
    while found(collector.addresses().web).await != 50 {
        assert!(Instant::now() < give_up, "each answer was a yes");
    }
    stopped_whole(collector).await;
}
