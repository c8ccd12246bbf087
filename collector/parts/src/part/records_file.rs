//! The file with the records, row group by row group. Synced when it is whole; nobody reads it before.

use crate::part::checksums::ChunkChecksums;
use crate::part::error::PartError;
use crate::part::open::Ranges;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::SchemaRef;
use basics::{Disk, DiskFile, OpenMode, TextHash};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::io::IoSlice;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What the manifest keeps of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileFacts {
    /// Length of the file.
    pub bytes: u64,
    /// CRC32C of its tail: the footer of a records file, the directory of an index, each with what says how long it is.
    pub tail_crc32c: u32,
}

/// A column of a row group that is to be written.
pub(crate) enum Column {
    /// To be packed.
    New(ArrayRef),
    /// For each of its leaves the chunk as it lies in another file.
    Packed(Vec<PackedChunk>),
}

/// A column chunk of another file.
pub(crate) struct PackedChunk {
    pub(crate) bytes: Ranges,
    pub(crate) metadata: ColumnChunkMetaData,
    pub(crate) records: u64,
}

impl PackedChunk {
    /// What the library knows of a chunk that it has just packed.
    fn closed(&self) -> ColumnCloseResult {
        ColumnCloseResult {
            bytes_written: self.metadata.compressed_size().unsigned_abs(),
            rows_written: self.records,
            metadata: self.metadata.clone(),
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        }
    }
}

/// A records file that is being written.
pub(crate) struct RecordsWriter {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    schema: SchemaRef,
    writer: SerializedFileWriter<Vec<u8>>,
    factory: ArrowRowGroupWriterFactory,
    /// For columns of strings nearly all of which differ.
    varied_factory: ArrowRowGroupWriterFactory,
    /// The columns that may be such.
    strings: Range<usize>,
    checksums: ChunkChecksums,
    written: u64,
}

impl RecordsWriter {
    /// Columns of `strings` that hold strings are packed as `varied` says where nearly all of them differ.
    pub(crate) fn create(
        disk: &dyn Disk,
        path: &Path,
        schema: SchemaRef,
        properties: WriterProperties,
        varied: WriterProperties,
        strings: Range<usize>,
    ) -> Result<RecordsWriter, PartError> {
        let file = disk.open(path, OpenMode::CreateNew).map_err(PartError::disk("create", path))?;
        let begin = |properties| {
            let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
            let writer = ArrowWriter::try_new_with_options(Vec::new(), schema.clone(), options);
            writer.and_then(ArrowWriter::into_serialized_writer).map_err(PartError::parquet("begin", path))
        };
        let (writer, factory) = begin(properties)?;
        let (_, varied_factory) = begin(varied)?;
        let columns = writer.schema_descr().num_columns();
        Ok(RecordsWriter {
            path: path.to_path_buf(),
            file,
            schema,
            writer,
            factory,
            varied_factory,
            strings,
            checksums: ChunkChecksums::new(columns),
            written: 0,
        })
    }

    /// Writes a row group: one array for each field of the schema, all of one length.
    pub(crate) fn write_group(&mut self, columns: &[ArrayRef]) -> Result<(), PartError> {
        self.write_columns(&columns.iter().cloned().map(Column::New).collect::<Vec<Column>>())
    }

    /// The same of columns some of which are packed already.
    pub(crate) fn write_columns(&mut self, columns: &[Column]) -> Result<(), PartError> {
        let number = self.writer.flushed_row_groups().len();
        let first = self.written;
        self.pack_group(number, columns).map_err(PartError::parquet("pack records for", &self.path))?;
        let bytes = self.take_bytes()?;
        let group = self.writer.flushed_row_groups().get(number);
        let summed = group.and_then(|group| self.checksums.add(group, &bytes, first));
        summed.ok_or_else(|| PartError::malformed(&self.path, "a row group lies outside the bytes written for it"))?;
        self.append(&bytes)
    }

    fn pack_group(&mut self, number: usize, columns: &[Column]) -> parquet::errors::Result<()> {
        let is_varied = |place: usize, column: &Column| match column {
            Column::New(column) => self.strings.contains(&place) && is_varied(column),
            Column::Packed(_) => false,
        };
        let varied: Vec<bool> = columns.iter().enumerate().map(|(place, column)| is_varied(place, column)).collect();
        let mut leaves = self.factory.create_column_writers(number)?.into_iter();
        let mut varied_leaves = match varied.contains(&true) {
            true => self.varied_factory.create_column_writers(number)?.into_iter().map(Some).collect(),
            false => Vec::new(),
        };
        let mut leaf_number = 0;
        let mut group = self.writer.next_row_group()?;
        for ((field, column), is_varied) in self.schema.fields().iter().zip(columns).zip(varied) {
            match column {
                Column::New(column) => {
                    for leaf in compute_leaves(field, column)? {
                        let mut writer = leaves.next().expect("there is a writer for each leaf of the schema");
                        if let Some(varied) = varied_leaves.get_mut(leaf_number).filter(|_| is_varied) {
                            writer = varied.take().expect("a leaf is written once");
                        }
                        leaf_number += 1;
                        writer.write(&leaf)?;
                        writer.close()?.append_to_row_group(&mut group)?;
                    }
                }
                Column::Packed(chunks) => {
                    for chunk in chunks {
                        drop(leaves.next());
                        leaf_number += 1;
                        group.append_column(&chunk.bytes, chunk.closed())?;
                    }
                }
            }
        }
        group.close()?;
        Ok(())
    }

    /// Writes what is left and makes the file durable.
    pub(crate) fn finish(mut self) -> Result<FileFacts, PartError> {
        self.writer.append_key_value_metadata(self.checksums.entry());
        self.writer.finish().map_err(PartError::parquet("end", &self.path))?;
        let tail = self.take_bytes()?;
        self.append(&tail)?;
        self.file.sync_all().map_err(PartError::disk("sync", &self.path))?;
        Ok(FileFacts { bytes: self.written, tail_crc32c: crc32c::crc32c(&tail) })
    }

    fn take_bytes(&mut self) -> Result<Vec<u8>, PartError> {
        // Into memory, so that the checksums are those of what was meant, not of what came back from the disk.
        self.writer.flush().map_err(PartError::disk("pack", &self.path))?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), PartError> {
        let written = self.file.write_all_at(&mut [IoSlice::new(bytes)], self.written);
        written.map_err(PartError::disk("write", &self.path))?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// At most so many of a column's strings are looked at.
const SAMPLE: usize = 2_048;
/// Of fewer strings a dictionary costs nothing that matters.
const SAMPLE_MIN: usize = 256;
/// Places for their hashes: so many that few of them meet by chance.
const SAMPLE_PLACES: usize = SAMPLE * 16;

/// True when, in a sample, at least seven in eight strings of a column differ from all others. Of 16,384 records whose
/// strings are drawn at random that begins where they are drawn from some 9,500.
fn is_varied(column: &ArrayRef) -> bool {
    let Some(column) = column.as_any().downcast_ref::<StringArray>() else { return false };
    let count = column.len() - column.null_count();
    if count < SAMPLE_MIN {
        return false;
    }
    let hash = TextHash::default();
    let mut places = vec![false; SAMPLE_PLACES];
    let (mut looked_at, mut different) = (0, 0);
    for text in column.iter().flatten().step_by(count.div_ceil(SAMPLE)) {
        let place = usize::try_from(hash.of(text) % SAMPLE_PLACES as u64).expect("there are few places");
        looked_at += 1;
        different += usize::from(!std::mem::replace(&mut places[place], true));
    }
    different * 8 >= looked_at * 7
}

#[cfg(test)]
mod tests;
