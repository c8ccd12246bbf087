//! How many bytes of parts each thread has read.
//!
//! Each hand that works on a question has a thread to itself, so the difference between two looks is what the hand read.
//! Counted where bytes come from the disk: what is kept in memory costs nothing.

use crate::part::INDEX_FILE;
use std::cell::Cell;
use std::path::Path;

thread_local! {
    static READ: Cell<BytesRead> = const { Cell::new(BytesRead { index: 0, records: 0 }) };
}

/// Bytes read from files of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BytesRead {
    /// From indexes.
    pub index: u64,
    /// From files of records.
    pub records: u64,
}

impl BytesRead {
    /// All that the calling thread has read.
    pub fn of_this_thread() -> BytesRead {
        READ.get()
    }

    /// What came after an earlier look.
    #[must_use]
    pub fn since(self, earlier: BytesRead) -> BytesRead {
        BytesRead {
            index: self.index.saturating_sub(earlier.index),
            records: self.records.saturating_sub(earlier.records),
        }
    }
}

pub(crate) fn note(path: &Path, bytes: u64) {
    let read = READ.get();
    let is_index = path.file_name().is_some_and(|name| name == INDEX_FILE);
    READ.set(match is_index {
        true => BytesRead { index: read.index + bytes, ..read },
        false => BytesRead { records: read.records + bytes, ..read },
    });
}
