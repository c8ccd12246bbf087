//! A sample of the records as the API writes them, plain and compressed: the yardstick of what they take on disk.
//!
//! Start at [`take`].

use super::Range;
use crate::figures::SizeOf;
use basics::Timestamp;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;
use testkit::http_client::{HttpConnection, percent_encoded};

/// Records of a page: the most that the API gives.
const PAGE_RECORDS: u64 = 5_000;
/// As `zstd -19`.
const LEVEL: i32 = 19;
/// Longest wait for a page.
const PAGE_DEADLINE: Duration = Duration::from_secs(700);

/// A sample.
pub(super) struct Sample {
    pub(super) text: SizeOf,
    pub(super) compressed: SizeOf,
}

/// Counts bytes on their way to nowhere.
#[derive(Default)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Pages backwards through `wanted` records from the middle of `range`, which holds `records` of them.
pub(super) fn take(web: SocketAddr, range: Range, wanted: u64, records: u64) -> io::Result<Sample> {
    let wanted = wanted.min(records);
    let mut connection = HttpConnection::connect(web, PAGE_DEADLINE)?;
    let mut encoder = zstd::stream::Encoder::new(Counter::default(), LEVEL)?;
    let (mut taken, mut text_bytes) = (0, 0);
    let mut end = newest(range, wanted, records);
    let mut cursor: Option<String> = None;
    while taken < wanted {
        let text = |time: Timestamp| percent_encoded(&time.to_string());
        let mut target = format!(
            "/api/v1/logs/search?format=ndjson&limit={}&start={}&end={}",
            PAGE_RECORDS.min(wanted - taken),
            text(range.start),
            text(end)
        );
        if let Some(cursor) = &cursor {
            target.push_str("&cursor=");
            target.push_str(&percent_encoded(cursor));
        }
        let answer = connection.request("GET", &target, &[], &[])?;
        if answer.status != 200 {
            return Err(io::Error::other(format!("a page was answered {}: {}", answer.status, answer.text())));
        }
        let page = Page::read(&answer.body)?;
        encoder.write_all(page.records)?;
        text_bytes += page.records.len() as u64;
        taken += page.records.iter().filter(|byte| **byte == b'\n').count() as u64;
        match page.next {
            Some(next) => cursor = Some(next),
            None if taken < wanted && end < range.end => {
                // The stretch before the middle was shorter than it should be; all of it will do.
                (end, cursor, taken, text_bytes) = (range.end, None, 0, 0);
                encoder = zstd::stream::Encoder::new(Counter::default(), LEVEL)?;
            }
            None => break,
        }
    }
    let compressed = encoder.finish()?.0;
    Ok(Sample {
        text: SizeOf { bytes: text_bytes, records: taken },
        compressed: SizeOf { bytes: compressed, records: taken },
    })
}

/// Where the sample ends, so that it lies in the middle.
fn newest(range: Range, wanted: u64, records: u64) -> Timestamp {
    let share = (0.5 + 0.5 * wanted as f64 / records as f64).min(1.0);
    range.start.saturating_add(range.end.since(range.start).mul_f64(share))
}

/// An answer in NDJSON: records, and a summary in the last line.
struct Page<'a> {
    records: &'a [u8],
    next: Option<String>,
}

impl Page<'_> {
    fn read(body: &[u8]) -> io::Result<Page<'_>> {
        let summary_at = body.strip_suffix(b"\n").unwrap_or(body).iter().rposition(|byte| *byte == b'\n');
        let (records, last) = body.split_at(summary_at.map_or(0, |at| at + 1));
        let last: serde_json::Value = serde_json::from_slice(last).map_err(io::Error::other)?;
        let summary = &last["summary"];
        if !summary.is_object() || !summary["cut_short"].is_null() {
            return Err(io::Error::other(format!("a page of the sample is not whole: {last}")));
        }
        Ok(Page { records, next: summary["next"].as_str().map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests;
