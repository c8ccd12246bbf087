//! One checksum for each column chunk, in the footer of the records file.
//!
//! Parquet as it is written here has no checksum of its own, and zstd frames carry none either: of single flipped bits,
//! more than half would come back as other data without any error.

use crate::part::error::PartError;
use crate::part::open::has_possible_places;
use crate::part::thrift::is_whole_struct;
use bytes::Bytes;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader, RowGroupMetaData};
use std::path::Path;

/// The key of the footer's entry: CRC32C of each chunk, eight hexadecimal digits each, row group by row group.
const KEY: &str = "outrigger.crc32c";
const DIGITS: usize = 8;

/// The checksums of all chunks of a file.
#[derive(Debug)]
pub(crate) struct ChunkChecksums {
    sums: Vec<u32>,
    columns: usize,
}

impl ChunkChecksums {
    pub(crate) fn new(columns: usize) -> ChunkChecksums {
        ChunkChecksums { sums: Vec::new(), columns }
    }

    /// Adds those of a row group whose bytes are `bytes`, the first of them at `first` in the file.
    pub(crate) fn add(&mut self, group: &RowGroupMetaData, bytes: &[u8], first: u64) -> Option<()> {
        for column in group.columns() {
            let (start, length) = column.byte_range();
            let start = usize::try_from(start.checked_sub(first)?).ok()?;
            let chunk = bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)?;
            self.sums.push(crc32c::crc32c(chunk));
        }
        Some(())
    }

    /// The checksum of a chunk.
    pub(crate) fn of(&self, group: usize, column: usize) -> u32 {
        self.sums[group * self.columns + column]
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.sums.len() * size_of::<u32>()
    }

    pub(crate) fn entry(&self) -> KeyValue {
        let mut text = String::with_capacity(self.sums.len() * DIGITS);
        self.sums.iter().for_each(|sum| text.push_str(&format!("{sum:08x}")));
        KeyValue { key: KEY.to_owned(), value: Some(text) }
    }

    /// Reads them back. They must be as many as the file has chunks.
    pub(crate) fn read(
        entries: &[KeyValue],
        groups: usize,
        columns: usize,
        path: &Path,
    ) -> Result<ChunkChecksums, PartError> {
        let text = entries.iter().find(|entry| entry.key == KEY).and_then(|entry| entry.value.as_deref());
        let text = text.ok_or_else(|| PartError::malformed(path, "the footer has no checksums"))?;
        let sums: Option<Vec<u32>> = text
            .as_bytes()
            .chunks(DIGITS)
            .map(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .collect();
        match sums.filter(|sums| sums.len() == groups * columns) {
            Some(sums) => Ok(ChunkChecksums { sums, columns }),
            None => Err(PartError::malformed(path, "the footer's checksums are not one for each column chunk")),
        }
    }
}

/// Makes the checksums of the chunks of any records file fit, for fuzzing, as far as its footer says where they are.
pub(crate) fn mend_chunk_checksums(records: &mut [u8]) {
    if !footer_of(records).is_some_and(is_whole_struct) {
        return;
    }
    let bytes = Bytes::copy_from_slice(records);
    let Ok(metadata) = ParquetMetaDataReader::new().parse_and_finish(&bytes) else { return };
    if !metadata.row_groups().iter().all(has_possible_places) {
        return;
    }
    let entries = metadata.file_metadata().key_value_metadata();
    let old = entries.and_then(|entries| entries.iter().find(|entry| entry.key == KEY)?.value.as_deref());
    let Some(old) = old else { return };
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let sums = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).map(|column| {
        let (start, length) = column.byte_range();
        let chunk = bytes.get(place(start)..).and_then(|rest| rest.get(..place(length)));
        format!("{:08x}", chunk.map_or(0, crc32c::crc32c))
    });
    let new: String = sums.collect();
    let at = bytes.windows(old.len().max(1)).rposition(|window| window == old.as_bytes());
    if let Some(at) = at.filter(|_| new.len() == old.len()) {
        records[at..at + new.len()].copy_from_slice(new.as_bytes());
    }
}

/// What lies where the end of a file says that its footer is.
fn footer_of(records: &[u8]) -> Option<&[u8]> {
    let (rest, end) = records.split_last_chunk::<8>()?;
    let length = u32::from_le_bytes(*end.first_chunk()?);
    rest.get(rest.len().checked_sub(usize::try_from(length).ok()?)?..)
}

#[cfg(test)]
mod tests;
