//! `--format`: everything that matches, straight from the collector's export to the output.

use super::LogsArgs;
use super::client::{ApiClient, encoded};
use super::follow::cut_short_text;
use super::view::escaped;
use crate::failure::Failure;
use http_body_util::BodyExt;
use serde_json::Value;
use std::io::{self, Write};

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One record a line, as the API gives them.
    Ndjson,
    /// A line with the names of the columns, then one record a line.
    Csv,
}

/// The last line of an export is kept: it may say that it is not whole. Longer ones are records.
const LAST_LINE_BYTES_MAX: usize = 4_096;

/// Writes all of it.
pub(super) async fn run(args: &LogsArgs, format: Format) -> Result<(), Failure> {
    let mut body = ApiClient::of(&args.connection.resolve(), &path(args, format))?.open(&args.query).await?;
    let mut end = End::default();
    let mut stdout = io::stdout().lock();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::unavailable(format!("the export broke off: {error}")))?;
        let Some(bytes) = frame.data_ref() else { continue };
        let shown = end.take(bytes, format);
        match stdout.write_all(&shown) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Failure::unavailable(format!("cannot write to the output: {error}"))),
        }
    }
    match stdout.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::unavailable(format!("cannot write to the output: {error}")));
        }
        Ok(()) | Err(_) => {}
    }
    end.verdict(format)
}

fn path(args: &LogsArgs, format: Format) -> String {
    let name = if format == Format::Csv { "csv" } else { "ndjson" };
    let mut path = format!("/api/v1/logs/export?format={name}&q={}", encoded(&args.query));
    let since = Some(&args.since).filter(|_| args.start.is_none() && args.end.is_none());
    let limit = args.limit.map(|limit| limit.to_string());
    let all = [
        ("since", since),
        ("start", args.start.as_ref()),
        ("end", args.end.as_ref()),
        ("limit", limit.as_ref()),
        ("columns", args.columns.as_ref()),
    ];
    for (name, value) in all {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    path
}

/// The last line, which is not for the reader of the output.
#[derive(Debug, Default)]
struct End {
    /// The bytes behind the last line end but one, as far as they may be what is said at the end.
    held: Vec<u8>,
}

impl End {
    /// Takes some bytes, and gives those that are surely records.
    fn take(&mut self, bytes: &[u8], format: Format) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let mark: &[u8] = match format {
            Format::Ndjson => b"{\"summary\":",
            Format::Csv => b"# cut short: ",
        };
        // The beginning of the last line, ended or not.
        let body = self.held.strip_suffix(b"\n").unwrap_or(&self.held);
        let start = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = &self.held[start..];
        let may_be_last = line.len() <= LAST_LINE_BYTES_MAX && (line.starts_with(mark) || mark.starts_with(line));
        let keep = if may_be_last { start } else { self.held.len() };
        self.held.drain(..keep).collect()
    }

    /// What the last line says.
    fn verdict(self, format: Format) -> Result<(), Failure> {
        let line = String::from_utf8_lossy(&self.held).trim().to_owned();
        let reason = match format {
            Format::Ndjson => {
                let Ok(last) = serde_json::from_str::<Value>(&line) else {
                    return Err(Failure::unavailable("the export broke off: its last line is missing".to_owned()));
                };
                last["summary"]["cut_short"].as_str().map(str::to_owned)
            }
            Format::Csv => line.strip_prefix("# cut short: ").map(str::to_owned),
        };
        match reason {
            None => Ok(()),
            Some(reason) => {
                let reason = reason.split(';').next().unwrap_or_default();
                Err(Failure::unavailable(cut_short_text(&escaped(reason))))
            }
        }
    }
}

#[cfg(test)]
mod tests;
