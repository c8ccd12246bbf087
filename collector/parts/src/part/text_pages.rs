//! The pages of a row group's messages, unpacked one by one as they are asked for.
//!
//! Messages are most of a row group's bytes, and an index often leaves few of them open. So they lie in pages of
//! [`MESSAGE_PAGE_RECORDS`], and whoever asks for some of them unpacks those pages alone. The chunk is read and compared
//! with its checksum as a whole, once.

use crate::part::chunk_pages::{Layout, PackedPage, PageKind};
use crate::part::column_values::{LENGTH_BYTES, plain_texts};
use crate::part::error::PartError;
use crate::part::flat_column::pages_of;
use crate::part::open::{Contents, OpenFile};
use arrow_array::StringArray;
use bytes::Bytes;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Records of a page of messages, in files that this program writes.
pub(crate) const MESSAGE_PAGE_RECORDS: usize = 1_024;

/// The messages of a row group, page by page.
pub(crate) struct TextPages {
    contents: Arc<Contents>,
    file: Arc<OpenFile>,
    group: usize,
    leaf: usize,
    records: usize,
    chunk: OnceLock<Chunk>,
    /// `None` for a page of another form or length than expected: all messages are read in the ordinary way then.
    pages: Box<[OnceLock<Option<StringArray>>]>,
    /// Of which pages some texts were taken in passing.
    passed: Box<[AtomicBool]>,
}

/// A page whose texts are read in their order, with others passed over.
#[derive(Debug)]
pub struct PassedPage {
    bytes: Vec<u8>,
    at: usize,
    /// The number in its batch of the record whose text begins there.
    row: usize,
}

/// The chunk, and where its pages lie in it; no pages when they are of another form.
struct Chunk {
    bytes: Bytes,
    pages: Vec<PackedPage>,
}

impl std::fmt::Debug for TextPages {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unpacked = self.pages.iter().filter(|page| page.get().is_some()).count();
        out.debug_struct("TextPages").field("group", &self.group).field("unpacked", &unpacked).finish_non_exhaustive()
    }
}

impl TextPages {
    /// Reads nothing yet. `leaf` is the column among the leaves of the file.
    pub(crate) fn new(
        contents: Arc<Contents>,
        file: Arc<OpenFile>,
        group: usize,
        leaf: usize,
        records: usize,
    ) -> TextPages {
        let count = records.div_ceil(MESSAGE_PAGE_RECORDS);
        let pages = std::iter::repeat_with(OnceLock::new).take(count).collect();
        let passed = std::iter::repeat_with(AtomicBool::default).take(count).collect();
        TextPages { contents, file, group, leaf, records, chunk: OnceLock::new(), pages, passed }
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

    /// The page that holds all of these records, for who reads few of them. It is kept for nobody, so each page is given
    /// once in this way; `None` from then on, and where it has to be read in the ordinary way.
    pub(crate) fn passed_page(&self, rows: &Range<usize>) -> Result<Option<PassedPage>, PartError> {
        let number = rows.start / MESSAGE_PAGE_RECORDS;
        let is_inside = !rows.is_empty() && (rows.end - 1) / MESSAGE_PAGE_RECORDS == number;
        let is_new = |page: &OnceLock<_>| page.get().is_none() && !self.passed[number].swap(true, Ordering::Relaxed);
        if !is_inside || !self.pages.get(number).is_some_and(is_new) {
            return Ok(None);
        }
        let Chunk { bytes, pages } = self.chunk()?;
        let bytes = self.page(pages, number).and_then(|page| page.unpack(bytes).ok());
        Ok(bytes.map(|bytes| PassedPage { bytes, at: 0, row: number * MESSAGE_PAGE_RECORDS }))
    }

    /// Bytes of memory that it holds.
    pub(crate) fn memory_bytes(&self) -> usize {
        let texts = self.pages.iter().filter_map(|page| page.get()?.as_ref());
        let chunk = self.chunk.get().map_or(0, |chunk| chunk.bytes.len() + chunk.pages.len() * size_of::<PackedPage>());
        chunk + texts.map(arrow_array::Array::get_array_memory_size).sum::<usize>()
    }

    /// True when some page was unpacked.
    pub(crate) fn has_texts(&self) -> bool {
        self.pages.iter().any(|page| page.get().is_some())
            || self.passed.iter().any(|passed| passed.load(Ordering::Relaxed))
    }

    fn read(&self, number: usize) -> Result<Option<StringArray>, PartError> {
        let Chunk { bytes, pages } = self.chunk()?;
        // What is wrong with a page is told where all messages are read.
        let texts = self.page(pages, number);
        Ok(texts.and_then(|page| plain_texts(&page.unpack(bytes).ok()?, page.values).ok()))
    }

    /// A page of the form and length that is expected.
    fn page<'a>(&self, pages: &'a [PackedPage], number: usize) -> Option<&'a PackedPage> {
        let expected = (self.records - number * MESSAGE_PAGE_RECORDS).min(MESSAGE_PAGE_RECORDS);
        pages.get(number).filter(|page| page.values == expected && page.layout == Layout::Plain)
    }

    fn chunk(&self) -> Result<&Chunk, PartError> {
        if let Some(chunk) = self.chunk.get() {
            return Ok(chunk);
        }
        let (_, bytes) = self.contents.read_chunk(&self.file, self.group, self.leaf)?;
        let column = self.contents.metadata.metadata().row_group(self.group).column(self.leaf);
        let mut pages = Vec::with_capacity(self.pages.len());
        if let Ok(mut found) = pages_of(&bytes, column)
            && column.column_descr().max_def_level() == 0
        {
            while let Ok(Some(page)) = found.next()
                && page.kind == PageKind::Data
            {
                pages.push(page);
            }
        }
        let countable = countable(pages.iter().map(|page| page.values));
        pages.truncate(countable);
        // Whoever came first has read the same.
        Ok(self.chunk.get_or_init(|| Chunk { bytes, pages }))
    }
}

impl PassedPage {
    /// The text of a record behind those that were asked for before, by its number in the batch. `None` when the page does
    /// not hold what it should: all messages are read in the ordinary way then, and that tells what is wrong.
    pub fn text(&mut self, row: usize) -> Option<&str> {
        while self.row < row {
            self.at = self.take()?.end;
            self.row += 1;
        }
        let text = self.take()?;
        std::str::from_utf8(&self.bytes[text]).ok()
    }

    /// Where the text lies that is next.
    fn take(&self) -> Option<Range<usize>> {
        let length = self.bytes.get(self.at..)?.first_chunk::<LENGTH_BYTES>()?;
        let start = self.at + LENGTH_BYTES;
        let end = start.checked_add(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        (end <= self.bytes.len()).then_some(start..end)
    }
}

/// How many pages of these lengths, from the first on, begin where their number says. Very long texts may end a page early,
/// and all pages behind such a one hold other records.
fn countable(lengths: impl Iterator<Item = usize>) -> usize {
    let mut count = 0;
    for length in lengths {
        count += 1;
        if length != MESSAGE_PAGE_RECORDS {
            break;
        }
    }
    count
}

#[cfg(test)]
mod tests;
