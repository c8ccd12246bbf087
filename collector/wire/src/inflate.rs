//! Decompression of request bodies, in steps and under a limit.
//!
//! A few kilobytes of gzip can hold gigabytes. So the limit is enforced on what comes out, while it comes out; what
//! a body claims about its length is not believed. [`Inflater::step`] appends at most
//! [`INFLATE_STEP_BYTES`], so that the caller can charge its budget before it asks for more.
//!
//! Gzip bodies may have several members and zstd bodies several frames; each must be whole.

use crate::WireError;
use crate::limits::{GZIP_MEMBERS_MAX, INFLATE_STEP_BYTES, ZSTD_WINDOW_LOG_MAX};
use flate2::{Decompress, FlushDecompress, Status};
use std::fmt;
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// All codings, as `Accept-Encoding` and `grpc-accept-encoding` name them.
    pub const ALL: [Coding; 3] = [Coding::Identity, Coding::Gzip, Coding::Zstd];

    /// Reads the value of `Content-Encoding` or `grpc-encoding`, in any case; empty means none. `None` for codings that are not
    /// spoken here, and for lists of several.
    pub fn parse(text: &str) -> Option<Coding> {
        let name = text.trim();
        if name.is_empty() {
            return Some(Coding::Identity);
        }
        if name.eq_ignore_ascii_case("x-gzip") {
            return Some(Coding::Gzip);
        }
        Coding::ALL.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.name()))
    }

    /// The name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
            Coding::Zstd => "zstd",
        }
    }
}

/// What [`Inflater::step`] leaves to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to come out: step again.
    More,
    /// All input is used up and all its output given out.
    NeedsInput,
}

/// Decompresses one body.
pub struct Inflater {
    limit_bytes: u64,
    produced_bytes: u64,
    coding: Coding,
    engine: Engine,
    /// Behind the end of a member or frame, where the body may end.
    is_at_end: bool,
    /// Gzip members begun.
    members: u32,
}

enum Engine {
    Identity,
    Gzip(Box<Decompress>),
    Zstd(Box<Decoder<'static>>),
    /// The library could not be set up; said when the first bytes come.
    Broken,
}

/// What one run of an engine did.
struct Run {
    consumed: usize,
    written: usize,
    is_at_end: bool,
}

/// RFC 1951's largest window, which every gzip member may use.
const GZIP_WINDOW_BITS: u8 = 15;

impl Inflater {
    /// Will let at most `limit_bytes` out.
    pub fn new(coding: Coding, limit_bytes: u64) -> Inflater {
        let engine = match coding {
            Coding::Identity => Engine::Identity,
            Coding::Gzip => Engine::Gzip(Box::new(Decompress::new_gzip(GZIP_WINDOW_BITS))),
            Coding::Zstd => zstd_decoder().map_or(Engine::Broken, |decoder| Engine::Zstd(Box::new(decoder))),
        };
        let is_at_end = coding == Coding::Identity;
        Inflater { limit_bytes, produced_bytes: 0, coding, engine, is_at_end, members: 1 }
    }

    /// Decompresses a piece of the body and appends what comes out, all of it, to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let mut input = chunk;
        while self.step(&mut input, out)? == Step::More {}
        Ok(())
    }

    /// Decompresses the front of `input`, which is shortened by what was used, and appends at most
    /// [`INFLATE_STEP_BYTES`] to `out`.
    pub fn step(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<Step, WireError> {
        let start = out.len();
        let left = self.limit_bytes.saturating_sub(self.produced_bytes);
        // One byte more than allowed, to see whether the body goes on beyond the limit.
        let room =
            usize::try_from(left.saturating_add(1)).map_or(INFLATE_STEP_BYTES, |room| room.min(INFLATE_STEP_BYTES));
        out.resize(start + room, 0);
        let space = out.get_mut(start..).unwrap_or_default();
        let run = self.run(input, space);
        let written = run.as_ref().map_or(0, |run| run.written);
        out.truncate(start + written);
        let run = run?;
        *input = input.get(run.consumed..).unwrap_or_default();
        if written as u64 > left {
            out.truncate(start);
            return Err(WireError::BodyTooLarge { limit_bytes: self.limit_bytes });
        }
        self.produced_bytes += written as u64;
        if run.consumed > 0 || run.written > 0 {
            self.is_at_end = run.is_at_end;
        }
        let is_room_left = written < room;
        if input.is_empty() && is_room_left {
            return Ok(Step::NeedsInput);
        }
        if run.consumed == 0 && written == 0 {
            return Err(self.broken("the data makes no progress"));
        }
        Ok(Step::More)
    }

    /// Checks that the body was whole. `out` is what the body was appended to.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.push(&[], out)?;
        if self.is_at_end { Ok(()) } else { Err(self.broken("the data ends too early")) }
    }

    fn run(&mut self, input: &[u8], space: &mut [u8]) -> Result<Run, WireError> {
        match &mut self.engine {
            Engine::Identity => Ok(copy(input, space)),
            Engine::Gzip(decoder) => {
                // Another member follows.
                if self.is_at_end && !input.is_empty() {
                    self.members += 1;
                    if self.members > GZIP_MEMBERS_MAX {
                        return Err(self.broken("the data has too many members"));
                    }
                    decoder.reset(true);
                }
                run_gzip(decoder, input, space, self.is_at_end)
                    .ok_or_else(|| self.broken("the data is damaged or no gzip"))
            }
            Engine::Zstd(decoder) => run_zstd(decoder, input, space, self.is_at_end)
                .ok_or_else(|| self.broken("the data is damaged, no zstd, or needs a window over 8 MiB")),
            Engine::Broken => Err(self.broken("no decoder could be set up")),
        }
    }

    fn broken(&self, problem: &'static str) -> WireError {
        WireError::Compression { coding: self.coding.name(), problem }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Inflater({}, {} of {} bytes)", self.coding.name(), self.produced_bytes, self.limit_bytes)
    }
}

fn zstd_decoder() -> Option<Decoder<'static>> {
    let mut decoder = Decoder::new().ok()?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX)).ok()?;
    Some(decoder)
}

fn copy(input: &[u8], space: &mut [u8]) -> Run {
    let written = input.len().min(space.len());
    if let (Some(to), Some(from)) = (space.get_mut(..written), input.get(..written)) {
        to.copy_from_slice(from);
    }
    Run { consumed: written, written, is_at_end: true }
}

fn run_gzip(decoder: &mut Decompress, input: &[u8], space: &mut [u8], was_at_end: bool) -> Option<Run> {
    if input.is_empty() && was_at_end {
        return Some(Run { consumed: 0, written: 0, is_at_end: true });
    }
    let (in_before, out_before) = (decoder.total_in(), decoder.total_out());
    let status = decoder.decompress(input, space, FlushDecompress::None).ok()?;
    let consumed = usize::try_from(decoder.total_in() - in_before).ok()?;
    let written = usize::try_from(decoder.total_out() - out_before).ok()?;
    Some(Run { consumed, written, is_at_end: status == Status::StreamEnd })
}

fn run_zstd(decoder: &mut Decoder<'static>, input: &[u8], space: &mut [u8], was_at_end: bool) -> Option<Run> {
    if input.is_empty() && was_at_end {
        return Some(Run { consumed: 0, written: 0, is_at_end: true });
    }
    let status = decoder.run_on_buffers(input, space).ok()?;
    Some(Run { consumed: status.bytes_read, written: status.bytes_written, is_at_end: status.remaining == 0 })
}

#[cfg(test)]
mod tests;
