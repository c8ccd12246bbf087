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
    has_read: bool,
    unreadable_bytes: u64,
}

impl SalvageFile {
    pub(crate) fn new(file: Box<dyn DiskFile>) -> SalvageFile {
        SalvageFile { file, has_read: false, unreadable_bytes: 0 }
    }

    /// Fills `buffer` from `at`, the beginning of a page. Fails when the file cannot be read at all.
    pub(crate) fn read(&mut self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let Err(error) = self.read_patiently(buffer, at) else {
            self.has_read = true;
            return Ok(());
        };
        for (page, page_at) in buffer.chunks_mut(PAGE).zip((at..).step_by(PAGE)) {
            if self.read_patiently(page, page_at).is_ok() {
                self.has_read = true;
            } else {
                page.fill(0);
                self.unreadable_bytes += page.len() as u64;
            }
        }
        if !self.has_read {
            self.has_read = self.read_patiently(&mut [0; 1], 0).is_ok();
        }
        if self.has_read { Ok(()) } else { Err(error) }
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
