//! Makes a part anew from its records alone: for one whose index is damaged or gone.
//!
//! The records are read under a makeshift index, which says no more than how many there are in each row group; from what
//! is read a second one is made that a merge can work with; and a merge of this one part writes records and index anew.
//!
//! Always true: every column chunk is compared with its checksum before anything is made of the records, so what is
//! damaged never becomes part of something that looks whole.
//!
//! Start at [`rebuild`].

use crate::batch::Batch;
use crate::hidden::HiddenSequences;
use crate::layout::Layout;
use crate::part::error::PartError;
use crate::part::group_facts::{self, GroupFacts};
use crate::part::index_file::{IndexWriter, Section};
use crate::part::merge_parts::{MergeFailure, merge_parts};
use crate::part::records_file::FileFacts;
use crate::part::stream_numbers::StreamNumbers;
use crate::part::stream_text;
use crate::part::words::WordReader;
use crate::part::write::{PartFiles, PartSettings, RowAt, WrittenPart};
use crate::part::{INDEX_FILE, Keeper, Part, RECORDS_FILE, StoredGroup};
use arrow_array::{Array, StringArray, UInt32Array};
use basics::{Disk, error_chain};
use model::Stream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use text_index::{ShapeIndex, ShapeTable};

/// Where a rebuild works.
pub(crate) struct RebuildPlaces<'a> {
    /// The directory with the records.
    pub(crate) from: &'a Path,
    /// A new directory for what is only needed meanwhile. Whoever calls removes it.
    pub(crate) scratch: PathBuf,
    /// A new directory for the part.
    pub(crate) to: &'a Path,
}

/// Why there is no new part.
#[derive(Debug)]
pub(crate) enum RebuildFailure {
    /// The records are damaged, or the disk does not give them.
    Records(PartError),
    /// The new part could not be written.
    Output(PartError),
}

/// Columns of a records file that describe the stream.
const STREAM: usize = 2;
const RESOURCE: usize = 4;
const SCOPE: usize = 5;

/// Writes a new part with the records of the file in `from`, which is as the manifest says, and makes it durable, its
/// directory's own name aside.
pub(crate) fn rebuild(
    disk: &Arc<dyn Disk>,
    places: &RebuildPlaces<'_>,
    records: FileFacts,
    layout: &Arc<Layout>,
    settings: &PartSettings,
) -> Result<WrittenPart, RebuildFailure> {
    let RebuildPlaces { from, scratch, to } = places;
    let index_path = scratch.join(INDEX_FILE);
    let records_path = from.join(RECORDS_FILE);
    disk.create_dir_all(scratch).map_err(PartError::disk("create", scratch)).map_err(RebuildFailure::Output)?;
    disk.hard_link(&records_path, &scratch.join(RECORDS_FILE))
        .map_err(PartError::disk("give a second name to", &records_path))
        .map_err(RebuildFailure::Records)?;
    let open = |index| {
        let (files, keeper) = (PartFiles { records, index }, Arc::new(Keeper::new(settings.kept_bytes)));
        Part::open(disk.clone(), scratch.clone(), layout.clone(), files, keeper)
    };
    let counts = open(FileFacts::default()).record_counts().map_err(RebuildFailure::Records)?;
    let groups: Vec<GroupFacts> =
        counts.into_iter().map(|records| GroupFacts { records, ..GroupFacts::default() }).collect();
    let makeshift = Found { groups, streams: StreamNumbers::default(), shapes: ShapeTable::new(settings.shapes) };
    let facts = makeshift.write(&**disk, &index_path, settings).map_err(RebuildFailure::Output)?;
    let found = look(&open(facts), layout, settings).map_err(RebuildFailure::Records)?;
    disk.remove_file(&index_path).map_err(PartError::disk("remove", &index_path)).map_err(RebuildFailure::Output)?;
    let facts = found.write(&**disk, &index_path, settings).map_err(RebuildFailure::Output)?;
    drop(found);
    let none_hidden = HiddenSequences::default();
    // Row groups are written anew: the words of one that is taken over stand in the index that is lost.
    let settings = &PartSettings { splices: false, ..*settings };
    let merged = merge_parts(&**disk, to, layout, &[&open(facts)], &none_hidden, settings, &|| false);
    let written = merged.map_err(|failure| match failure {
        MergeFailure::Output(error) => RebuildFailure::Output(error),
        MergeFailure::Input { what, .. } => RebuildFailure::Records(PartError::malformed(from, what)),
        MergeFailure::Stopped => RebuildFailure::Records(PartError::malformed(from, "it was stopped")),
    })?;
    written.written.ok_or_else(|| RebuildFailure::Records(PartError::malformed(from, "it has no records")))
}

/// What an index says, read from the records.
struct Found {
    groups: Vec<GroupFacts>,
    streams: StreamNumbers,
    shapes: ShapeTable,
}

impl Found {
    /// Writes as much of an index as a merge needs.
    fn write(&self, disk: &dyn Disk, path: &Path, settings: &PartSettings) -> Result<FileFacts, PartError> {
        let mut index = IndexWriter::create(disk, path)?;
        index.add(Section::Groups, 0, &group_facts::encode(&self.groups))?;
        index.add(Section::Streams, 0, &self.streams.encode(settings.zstd_level))?;
        let shapes = self.shapes.sorted();
        index.add(Section::Shapes, 0, &ShapeIndex::encode(&shapes.texts, settings.zstd_level))?;
        let count = u32::try_from(shapes.texts.len()).unwrap_or(u32::MAX);
        index.add(Section::VariableForms, 0, &shapes.forms.encode(count, settings.zstd_level))?;
        index.finish()
    }
}

/// Reads all records, checked.
fn look(part: &Part, layout: &Layout, settings: &PartSettings) -> Result<Found, PartError> {
    part.verify()?;
    let mut found =
        Found { groups: Vec::new(), streams: StreamNumbers::default(), shapes: ShapeTable::new(settings.shapes) };
    let mut reader = WordReader::new();
    let mut streams: Vec<Option<Arc<Stream>>> = Vec::new();
    for group in part.groups()? {
        let batch = Arc::new(group.clone().open());
        // Not by way of the batch, which knows none of these streams yet.
        let numbers = group.read(STREAM, None)?;
        let numbers = numbers.as_any().downcast_ref::<UInt32Array>();
        let numbers = numbers.ok_or_else(|| PartError::malformed(part.dir(), "its streams have no numbers"))?;
        take_streams(part, &group, numbers.values(), &mut streams)?;
        let rows: Vec<RowAt> = (0..batch.len()).map(|row| RowAt::new(0, row)).collect();
        let words = reader.read(layout, std::slice::from_ref(&batch), &rows, &mut found.shapes);
        let facts = GroupFacts {
            has_other_messages: words.has_other_messages,
            has_unshaped: words.has_unshaped,
            ..facts_of(&batch, layout, [words.message_keys.len(), words.value_keys.len()])
        };
        if let Some(damage) = batch.damage() {
            return Err(PartError::malformed(part.dir(), error_chain(damage)));
        }
        found.groups.push(facts);
    }
    for stream in streams {
        let stream = stream.ok_or_else(|| PartError::malformed(part.dir(), "no record has one of its streams"))?;
        found.streams.number(&stream);
    }
    Ok(found)
}

/// Reads the streams of a row group that were not seen before, from the words that its records say about them.
fn take_streams(
    part: &Part,
    group: &StoredGroup,
    numbers: &[u32],
    streams: &mut Vec<Option<Arc<Stream>>>,
) -> Result<(), PartError> {
    let malformed = |what: &str| PartError::malformed(part.dir(), what);
    let columns = [group.read(RESOURCE, None)?, group.read(SCOPE, None)?];
    let texts = |column: usize| columns[column].as_any().downcast_ref::<StringArray>();
    let (Some(resources), Some(scopes)) = (texts(0), texts(1)) else {
        return Err(malformed("its streams are not in words"));
    };
    if resources.len() != numbers.len() || scopes.len() != numbers.len() {
        return Err(malformed("its streams are more or fewer than its records"));
    }
    for (row, number) in numbers.iter().enumerate() {
        let number = *number as usize;
        if number >= streams.len() {
            // Numbers are given as streams come, so the next one is at most one for each record ahead.
            if number > streams.len() + numbers.len() {
                return Err(malformed("a stream has a number that no writer gives"));
            }
            streams.resize(number + 1, None);
        }
        if streams[number].is_none() {
            let stream = stream_text::read(resources.value(row), scopes.value(row));
            streams[number] = Some(Arc::new(stream.ok_or_else(|| malformed("a stream is no text form of one"))?));
        }
    }
    Ok(())
}

fn facts_of(batch: &Batch, layout: &Layout, [message_keys, value_keys]: [usize; 2]) -> GroupFacts {
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let (times, sequences) = (batch.times(), batch.sequences());
    GroupFacts {
        records: narrow(batch.len()),
        first_time: times.iter().copied().min().unwrap_or_default(),
        last_time: times.iter().copied().max().unwrap_or_default(),
        first_sequence: sequences.iter().copied().min().unwrap_or_default(),
        last_sequence: sequences.iter().copied().max().unwrap_or_default(),
        text_bytes: text_bytes(batch, layout),
        message_keys: narrow(message_keys),
        value_keys: narrow(value_keys),
        ..GroupFacts::default()
    }
}

/// Bytes of texts: a merge cuts row groups by it.
fn text_bytes(batch: &Batch, layout: &Layout) -> u64 {
    let own =
        (0..layout.own_columns()).filter_map(|index| batch.own_column(index).as_any().downcast_ref::<StringArray>());
    let typed = batch.string_attribute_columns().map(|column| column.text_bytes(batch.len()));
    let columns = own.map(|column| column.value_data().len() as u64).chain(typed);
    columns.sum::<u64>() + batch.rest().texts().value_data().len() as u64
}

#[cfg(test)]
mod tests;
