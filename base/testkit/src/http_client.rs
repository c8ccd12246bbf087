//! A small blocking HTTP/1.1 client for tests and load generators: one connection, one request at a time.
//!
//! It is written on `std::net` alone, so that a test sees each byte that the product sends and no client of a
//! library repairs a wrong answer. Not done here: TLS, redirects, pipelining, trailers.
//!
//! Start at [`HttpConnection::request`].

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest answer that is read. A test that needs more asks in pages.
const ANSWER_BYTES_MAX: u64 = 256 * basics::MIB;
/// Most header lines of an answer.
const HEADER_LINES_MAX: usize = 200;

/// An answer, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Header names (lower case) and values, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body without its transfer coding.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// The first value of a header, asked for in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> io::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
            .map_err(|error| broken(format!("body is not JSON ({error}): {}", self.text())))
    }
}

/// An open connection. After an error, or after [`HttpConnection::is_open`] turned false, open another one.
#[derive(Debug)]
pub struct HttpConnection {
    peer: SocketAddr,
    reader: BufReader<TcpStream>,
    is_open: bool,
}

impl HttpConnection {
    /// Connects. `deadline` bounds the connecting and, later, each single read and write.
    pub fn connect(peer: SocketAddr, deadline: Duration) -> io::Result<HttpConnection> {
        let stream = TcpStream::connect_timeout(&peer, deadline)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(deadline))?;
        stream.set_write_timeout(Some(deadline))?;
        Ok(HttpConnection { peer, reader: BufReader::with_capacity(64 * 1024, stream), is_open: true })
    }

    /// False once the other side has said that it closes the connection.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Sends a request and reads its answer. `Host` and `Content-Length` are added.
    pub fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<HttpAnswer> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\n", self.peer);
        for (name, value) in headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        if !body.is_empty() || method == "POST" {
            write!(head, "content-length: {}\r\n", body.len()).map_err(io::Error::other)?;
        }
        head.push_str("\r\n");
        self.is_open = false;
        let stream = self.reader.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let answer = read_answer(&mut self.reader)?;
        self.is_open = !answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Ok(answer)
    }
}

/// One GET on a connection of its own.
pub fn get(peer: SocketAddr, target: &str, deadline: Duration) -> io::Result<HttpAnswer> {
    HttpConnection::connect(peer, deadline)?.request("GET", target, &[], &[])
}

/// A text as it may stand in a query string.
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn read_answer(reader: &mut impl BufRead) -> io::Result<HttpAnswer> {
    loop {
        let status_line = read_line(reader)?;
        let status: u16 = status_line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| broken(format!("not a status line: {status_line:?}")))?;
        let headers = read_headers(reader)?;
        if (100..200).contains(&status) {
            continue;
        }
        let mut answer = HttpAnswer { status, headers, body: Vec::new() };
        answer.body = read_body(reader, &answer)?;
        return Ok(answer);
    }
}

fn read_headers(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok(headers);
        }
        if headers.len() == HEADER_LINES_MAX {
            return Err(broken("more header lines than can be meant".to_owned()));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken(format!("not a header line: {line:?}")))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_body(reader: &mut impl BufRead, answer: &HttpAnswer) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if answer.status == 204 || answer.status == 304 {
        return Ok(body);
    }
    if answer.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        loop {
            let line = read_line(reader)?;
            let size =
                u64::from_str_radix(line.trim(), 16).map_err(|_| broken(format!("not a chunk size: {line:?}")))?;
            read_exactly(reader, size, &mut body)?;
            if !read_line(reader)?.is_empty() {
                return Err(broken("a chunk is longer than it says".to_owned()));
            }
            if size == 0 {
                return Ok(body);
            }
        }
    }
    match answer.header("content-length") {
        Some(length) => {
            let length = length.parse().map_err(|_| broken(format!("not a length: {length:?}")))?;
            read_exactly(reader, length, &mut body)?;
        }
        None => {
            reader.take(ANSWER_BYTES_MAX).read_to_end(&mut body)?;
        }
    }
    Ok(body)
}

fn read_exactly(reader: &mut impl BufRead, bytes: u64, body: &mut Vec<u8>) -> io::Result<()> {
    if bytes + body.len() as u64 > ANSWER_BYTES_MAX {
        return Err(broken(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes")));
    }
    let copied = io::copy(&mut reader.take(bytes), body)?;
    if copied < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.take(64 * 1024).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line).map_err(|_| broken("a header line is not UTF-8".to_owned()))
}

fn broken(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests;
