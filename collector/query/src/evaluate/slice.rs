//! Some neighbouring records of one batch.

use super::mask::Mask;
use crate::limits::SLICE_RECORDS;
use arrow_buffer::NullBuffer;
use log_store::LogColumns;
use std::ops::Range;

/// At least one and at most [`SLICE_RECORDS`] neighbouring records of one batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice<'a> {
    columns: LogColumns<'a>,
    start: usize,
    end: usize,
}

impl<'a> Slice<'a> {
    pub(crate) fn new(columns: LogColumns<'a>, rows: Range<usize>) -> Slice<'a> {
        assert!(!rows.is_empty() && rows.len() <= SLICE_RECORDS, "a mask has that many bits");
        Slice { columns, start: rows.start, end: rows.end }
    }

    pub(crate) fn columns(&self) -> LogColumns<'a> {
        self.columns
    }

    /// Its records, counted in the batch.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.start..self.end
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// The records that a column has a value for.
    pub(crate) fn valid(&self, nulls: Option<&NullBuffer>) -> Mask {
        let Some(nulls) = nulls else { return Mask::first(self.len()) };
        let bits = nulls.inner().slice(self.start, self.len());
        Mask::from_words(bits.bit_chunks().iter_padded())
    }
}
