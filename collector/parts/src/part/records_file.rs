//! The file with the records, row group by row group. Synced when it is whole; nobody reads it before.

use crate::part::checksums::ChunkChecksums;
use crate::part::error::PartError;
use crate::part::open::Ranges;
use crate::part::pack::{ColumnPacker, is_packed_by_hand};
use arrow_array::ArrayRef;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use basics::{Disk, DiskFile, OpenMode};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescPtr;
use std::io::IoSlice;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// What the library would know of the chunk if it had packed it.
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
    properties: WriterProperties,
    packer: ColumnPacker,
    /// The columns of the file, those within lists among them.
    leaves: Vec<ColumnDescPtr>,
    /// For columns that are not packed by hand.
    library: ArrowRowGroupWriterFactory,
    /// The columns of strings nearly all of which may differ.
    may_be_varied: Range<usize>,
    checksums: ChunkChecksums,
    written: u64,
}

impl RecordsWriter {
    /// Columns are packed as the properties say; those among `may_be_varied` without a dictionary where they hold strings
    /// nearly all of which differ.
    pub(crate) fn create(
        disk: &dyn Disk,
        path: &Path,
        schema: SchemaRef,
        properties: WriterProperties,
        may_be_varied: Range<usize>,
    ) -> Result<RecordsWriter, PartError> {
        let file = disk.open(path, OpenMode::CreateNew).map_err(PartError::disk("create", path))?;
        let begin = |schema: SchemaRef| {
            let options = ArrowWriterOptions::new().with_properties(properties.clone()).with_skip_arrow_metadata(true);
            let writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options);
            writer.and_then(ArrowWriter::into_serialized_writer).map_err(PartError::parquet("begin", path))
        };
        let others = schema.fields().iter().filter(|field| !is_packed_by_hand(field.data_type())).cloned();
        let (_, library) = begin(Arc::new(Schema::new(others.collect::<Vec<FieldRef>>())))?;
        let (writer, _) = begin(schema.clone())?;
        let leaves = writer.schema_descr().columns().to_vec();
        Ok(RecordsWriter {
            path: path.to_path_buf(),
            file,
            schema,
            writer,
            properties,
            packer: ColumnPacker::default(),
            library,
            may_be_varied,
            checksums: ChunkChecksums::new(leaves.len()),
            leaves,
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
        let mut by_library = self.library.create_column_writers(number)?.into_iter();
        let mut leaf = 0;
        let mut group = self.writer.next_row_group()?;
        for (place, (field, column)) in self.schema.fields().iter().zip(columns).enumerate() {
            let is_by_hand = is_packed_by_hand(field.data_type());
            match column {
                Column::New(column) if is_by_hand => {
                    let may_be_varied = self.may_be_varied.contains(&place);
                    let chunk = self.packer.pack(column, &self.leaves[leaf], &self.properties, may_be_varied)?;
                    group.append_column(&chunk.bytes, chunk.closed())?;
                    leaf += 1;
                }
                Column::New(column) => {
                    for values in compute_leaves(field, column)? {
                        let mut writer = by_library.next().expect("there is a writer for each leaf of these columns");
                        writer.write(&values)?;
                        writer.close()?.append_to_row_group(&mut group)?;
                        leaf += 1;
                    }
                }
                Column::Packed(chunks) => {
                    for chunk in chunks {
                        if !is_by_hand {
                            drop(by_library.next());
                        }
                        group.append_column(&chunk.bytes, chunk.closed())?;
                        leaf += 1;
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

#[cfg(test)]
mod tests;
