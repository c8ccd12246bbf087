//! Answers are read as RFC 9112 frames them.

use super::{percent_encoded, read_answer};

#[track_caller]
fn check(sent: &str, want_status: u16, want_body: &str) {
    let answer = read_answer(&mut sent.as_bytes()).unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (want_status, want_body), "sent: {sent:?}");
}

#[test]
fn a_body_ends_where_its_length_or_its_last_chunk_says() {
    check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP", 200, "ok");
    check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nHTTP", 200, "abcde");
    check("HTTP/1.1 503 Busy\r\n\r\nto the end", 503, "to the end");
    check("HTTP/1.1 204 No Content\r\n\r\nHTTP", 204, "");
}

#[test]
fn an_interim_answer_is_passed_over() {
    check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", 200, "x");
}

#[test]
fn a_cut_answer_is_an_error() {
    for sent in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", "SSH-2.0\r\n\r\n"] {
        assert!(read_answer(&mut sent.as_bytes()).is_err(), "sent: {sent:?}");
    }
}

#[test]
fn a_query_is_encoded_byte_by_byte() {
    assert_eq!(percent_encoded("a=\"검\" -x"), "a%3D%22%EA%B2%80%22%20-x");
}
