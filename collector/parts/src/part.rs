//! A part: an immutable set of records on disk, with an index that is derived from them.
//!
//! A part is a directory with two files, drawn in docs/formats/part.md: `records.parquet`, which is the truth and which
//! any program that reads Parquet can read, and `index`, which can be built from it again.
//!
//! Always true:
//! - a byte that comes from the disk is compared with its checksum before anything is concluded from it: each column
//!   chunk and each section of the index has its own, the tail of each file has one in the manifest;
//! - records are in time order from row group to row group; within a row group those whose messages hold ids stand behind
//!   the others, and each of the two in the order of streams, which packs better;
//! - a row group is read column by column, and only the columns that somebody asks for;
//! - what is read by hand (`flat_column`, `list_column`) is what the Parquet library would have read. Whatever they do
//!   not know, damage included, is the library's;
//! - what is packed by hand (`pack`) are the forms that both of them read.
//!
//! Start at [`write_part`] for writing, at [`merge_parts()`] for making one of several, at [`Part::open`] for reading.

mod bytes_read;
mod checksums;
mod chunk_pages;
mod column_characters;
mod column_values;
mod error;
mod flat_column;
mod gather;
mod group;
mod group_facts;
mod index_file;
mod keeper;
mod left_out;
mod list_column;
mod merge_parts;
mod open;
mod pack;
mod packed_numbers;
mod rebuild;
mod records_file;
mod schema;
mod splice;
mod stream_numbers;
mod stream_text;
mod text_numbers;
mod text_pages;
mod thrift;
mod words;
mod write;

pub use bytes_read::BytesRead;
pub(crate) use checksums::mend_chunk_checksums;
pub use column_characters::StringColumn;
pub use error::PartError;
pub use group::StoredGroup;
pub(crate) use index_file::mend_index_checksums;
pub(crate) use keeper::Keeper;
pub(crate) use merge_parts::{MergeFailure, Merged, merge_parts};
pub use open::Part;
pub(crate) use rebuild::{RebuildFailure, RebuildPlaces, rebuild};
pub use records_file::FileFacts;
pub use text_pages::PassedPage;
pub(crate) use text_pages::TextPages;
pub use write::{PartFiles, PartSettings, WrittenPart, write_part};

/// The version of the format that this program writes.
pub(crate) const PART_FORMAT_VERSION: u32 = 1;
/// The oldest program version that reads what this one writes.
pub(crate) const PART_READER_VERSION: u32 = 1;

/// Name of the file with the records.
pub(crate) const RECORDS_FILE: &str = "records.parquet";
/// Name of the file with the index.
pub(crate) const INDEX_FILE: &str = "index";

#[cfg(test)]
mod tests;
