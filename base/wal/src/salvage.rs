//! Reads a file that may have places which the disk cannot give back.
//!
//! One bad sector must not hide what lies before and behind it. An unreadable page therefore comes out as zeroes, which
//! no checksum fits, and is found to be damage like any other. A disk that gives nothing back at all is an error.

use crate::format::PAGE;
use basics::DiskFile;
use std::io;

/// How often a place is read before it is called unreadable.
const READ_ATTEMPTS: usize = 3;

/// A file that is read as far as it can be.
pub(crate) struct SalvageFile {
    file: Box<dyn DiskFile>,
    /// A place that could be read.
    good_at: Option<u64>,
    unreadable_bytes: u64,
}

impl SalvageFile {
    pub(crate) fn new(file: Box<dyn DiskFile>) -> SalvageFile {
        SalvageFile { file, good_at: None, unreadable_bytes: 0 }
    }

    /// Fills `buffer` from `at`, the beginning of a page. Fails when at this moment nothing of the file can be read, not even
    /// what could be before: then the disk is away, and may come back.
    pub(crate) fn read(&mut self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let Err(error) = self.read_patiently(buffer, at) else {
            self.good_at = Some(at);
            return Ok(());
        };
        let (mut unreadable_bytes, mut good_at) = (0, None);
        for (page, page_at) in buffer.chunks_mut(PAGE).zip((at..).step_by(PAGE)) {
            if self.read_patiently(page, page_at).is_ok() {
                good_at = Some(page_at);
            } else {
                page.fill(0);
                unreadable_bytes += page.len() as u64;
            }
        }
        let probed_at = self.good_at.unwrap_or(0);
        let good_at = good_at.or_else(|| self.read_patiently(&mut [0; 1], probed_at).is_ok().then_some(probed_at));
        if good_at.is_none() {
            return Err(error);
        }
        self.good_at = good_at;
        self.unreadable_bytes += unreadable_bytes;
        Ok(())
    }

    fn read_patiently(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let mut result = self.file.read_exact_at(buffer, at);
        for _ in 1..READ_ATTEMPTS {
            if result.is_ok() {
                break;
            }
            result = self.file.read_exact_at(buffer, at);
        }
        result
    }

    /// Bytes that came out as zeroes since the last call of [`SalvageFile::forget_unreadable`].
    pub(crate) fn unreadable_bytes(&self) -> u64 {
        self.unreadable_bytes
    }

    pub(crate) fn forget_unreadable(&mut self) {
        self.unreadable_bytes = 0;
    }
}
