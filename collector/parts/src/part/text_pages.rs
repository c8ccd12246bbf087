//! The pages of a row group's messages, unpacked one by one as they are asked for.
//!
//! Messages are most of a row group's bytes, and an index often leaves few of them open. So they lie in pages of
//! [`MESSAGE_PAGE_RECORDS`], and whoever asks for some of them unpacks those pages alone. The chunk is read and compared
//! with its checksum as a whole, once.

use crate::part::error::PartError;
use crate::part::open::{Contents, Ranges};
use arrow_array::StringArray;
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::file::reader::SerializedPageReader;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Records of a page of messages, in files that this program writes.
pub(crate) const MESSAGE_PAGE_RECORDS: usize = 1_024;

/// The messages of a row group, page by page.
pub(crate) struct TextPages {
    contents: Arc<Contents>,
    group: usize,
    leaf: usize,
    records: usize,
    reading: Mutex<Option<Reading>>,
    /// `None` for a page of another form or length than expected: all messages are read in the ordinary way then.
    pages: Box<[OnceLock<Option<StringArray>>]>,
}

/// The chunk, and a reader that stands before a page.
struct Reading {
    chunk: Arc<Ranges>,
    pages: SerializedPageReader<Ranges>,
    next: usize,
}

impl std::fmt::Debug for TextPages {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unpacked = self.pages.iter().filter(|page| page.get().is_some()).count();
        out.debug_struct("TextPages").field("group", &self.group).field("unpacked", &unpacked).finish_non_exhaustive()
    }
}

impl TextPages {
    /// Reads nothing yet. `leaf` is the column among the leaves of the file.
    pub(crate) fn new(contents: Arc<Contents>, group: usize, leaf: usize, records: usize) -> TextPages {
        let count = records.div_ceil(MESSAGE_PAGE_RECORDS);
        let pages = std::iter::repeat_with(OnceLock::new).take(count).collect();
        TextPages { contents, group, leaf, records, reading: Mutex::new(None), pages }
    }

    /// The page that holds all of these records, and the number of its first record. `None` when no page does.
    pub(crate) fn page_of(&self, rows: &Range<usize>) -> Result<Option<(&StringArray, usize)>, PartError> {
        let number = rows.start / MESSAGE_PAGE_RECORDS;
        let is_inside = !rows.is_empty() && (rows.end - 1) / MESSAGE_PAGE_RECORDS == number;
        let Some(page) = self.pages.get(number).filter(|_| is_inside) else { return Ok(None) };
        if page.get().is_none() {
            let texts = self.read(number)?;
            // Whoever came first has set the same.
            page.get_or_init(|| texts);
        }
        let texts = page.get().and_then(Option::as_ref);
        Ok(texts.map(|texts| (texts, number * MESSAGE_PAGE_RECORDS)))
    }

    /// Bytes of memory that it holds.
    pub(crate) fn memory_bytes(&self) -> usize {
        let texts = self.pages.iter().filter_map(|page| page.get()?.as_ref());
        texts.map(arrow_array::Array::get_array_memory_size).sum()
    }

    fn read(&self, number: usize) -> Result<Option<StringArray>, PartError> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = match reading.take() {
            Some(own) if own.next <= number => own,
            // Pages lie one behind the other: to go back is to begin anew.
            Some(own) => self.begin(own.chunk)?,
            None => {
                let range = self.contents.read_chunk(self.group, self.leaf)?;
                self.begin(Arc::new(Ranges { file_bytes: self.contents.bytes, ranges: vec![range] }))?
            }
        };
        let path = &self.contents.path;
        while own.next < number {
            own.pages.skip_next_page().map_err(PartError::parquet("read a page of", path))?;
            own.next += 1;
        }
        let page = own.pages.get_next_page().map_err(PartError::parquet("unpack a page of", path))?;
        own.next += 1;
        *reading = Some(own);
        drop(reading);
        let expected = (self.records - number * MESSAGE_PAGE_RECORDS).min(MESSAGE_PAGE_RECORDS);
        match page {
            Some(Page::DataPage { buf, num_values, encoding: Encoding::PLAIN, .. })
                if usize::try_from(num_values).is_ok_and(|count| count == expected) =>
            {
                texts(&buf, expected, path).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn begin(&self, chunk: Arc<Ranges>) -> Result<Reading, PartError> {
        let column = self.contents.metadata.metadata().row_group(self.group).column(self.leaf);
        let pages = SerializedPageReader::new(chunk.clone(), column, self.records, None);
        let pages = pages.map_err(PartError::parquet("read", &self.contents.path))?;
        Ok(Reading { chunk, pages, next: 0 })
    }
}

/// The texts of a plain page: each behind its length in four bytes.
fn texts(page: &[u8], count: usize, path: &Path) -> Result<StringArray, PartError> {
    let malformed = |what: &str| PartError::malformed(path, format!("a page of messages {what}"));
    let mut ends: Vec<i32> = Vec::with_capacity(count + 1);
    ends.push(0);
    let mut bytes = Vec::with_capacity(page.len().saturating_sub(count * LENGTH_BYTES));
    let mut rest = page;
    for _ in 0..count {
        let (length, behind) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or_else(|| malformed("is cut off"))?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| malformed("holds too long a text"))?;
        let (text, behind) = behind.split_at_checked(length).ok_or_else(|| malformed("is cut off"))?;
        bytes.extend_from_slice(text);
        ends.push(i32::try_from(bytes.len()).map_err(|_| malformed("is too long"))?);
        rest = behind;
    }
    let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
    StringArray::try_new(ends, Buffer::from_vec(bytes), None).map_err(|_| malformed("holds a text that is not UTF-8"))
}

const LENGTH_BYTES: usize = 4;

#[cfg(test)]
mod tests;
