//! Writes a part from batches: which records go into which row group, in which order, and what the index keeps of them.

use crate::attributes::{TypedKey, frequent};
use crate::batch::Batch;
use crate::layout::Layout;
use crate::limits::{ATTRIBUTE_COLUMNS_MAX, GROUP_RECORDS, GROUP_TEXT_BYTES, KEPT_BYTES, PART_RECORDS_PER_VALUE_MAX};
use crate::part::column_characters::ColumnCharacters;
use crate::part::error::PartError;
use crate::part::gather::{Gatherer, Group};
use crate::part::group_facts::{self, GroupFacts};
use crate::part::index_file::{IndexWriter, Section};
use crate::part::records_file::{FileFacts, RecordsWriter};
use crate::part::schema::{FileLayout, arrow_schema, properties};
use crate::part::splice::Spliced;
use crate::part::stream_numbers::StreamNumbers;
use crate::part::words::{GroupWords, Lettered, UNSHAPED, WordReader};
use crate::part::{INDEX_FILE, RECORDS_FILE};
use basics::Disk;
use model::TimeRange;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use text_index::limits::{
    BLOOM_BYTES_MAX, GROUP_BLOOM_BITS_PER_KEY, GROUP_BLOOM_BYTES_MAX, GROUP_VALUE_BLOOM_BITS_PER_KEY, MERGED_SHAPES,
    PART_BLOOM_BITS_PER_KEY, SEALED_SHAPES, ShapeLimits,
};
use text_index::{LetterTrigrams, ShapeForms, ShapeIndex, ShapeTable, WordBloom};

/// How a part is written.
#[derive(Debug, Clone, Copy)]
pub struct PartSettings {
    /// Level of zstd.
    pub zstd_level: i32,
    /// Most shapes.
    pub shapes: ShapeLimits,
    /// Most records of a row group.
    pub group_records: usize,
    /// A row group is ended at this many bytes of text.
    pub group_text_bytes: u64,
    /// How much of footers and indexes is kept in memory.
    pub kept_bytes: u64,
    /// Whether a merge takes row groups over as they are packed where it can.
    pub splices: bool,
}

impl PartSettings {
    /// For parts made of the head. Neighbours are so much alike that a higher level finds nothing more before it takes several
    /// times as long (`docs/decisions/0006`).
    pub const SEALED: PartSettings = PartSettings {
        zstd_level: 1,
        shapes: SEALED_SHAPES,
        group_records: GROUP_RECORDS,
        group_text_bytes: GROUP_TEXT_BYTES,
        kept_bytes: KEPT_BYTES,
        splices: true,
    };

    /// For parts that others are merged into.
    pub const MERGED: PartSettings = PartSettings { shapes: MERGED_SHAPES, ..PartSettings::SEALED };
}

/// What a part's files are, as the manifest keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartFiles {
    /// The file with the records.
    pub records: FileFacts,
    /// The file with the index.
    pub index: FileFacts,
}

/// A part that is on the disk, durable, and not part of anything yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenPart {
    /// How many records.
    pub records: u64,
    /// Bytes of their texts, unpacked.
    pub text_bytes: u64,
    /// Their times.
    pub times: TimeRange,
    /// Their sequences.
    pub sequences: Range<u64>,
    /// How many row groups.
    pub groups: u32,
    /// The files.
    pub files: PartFiles,
}

/// Where a record is among batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowAt {
    batch: u32,
    row: u32,
}

impl RowAt {
    pub(crate) fn new(batch: usize, row: usize) -> RowAt {
        let narrow = |number| u32::try_from(number).expect("a part is made of fewer than 2^32 batches and records");
        RowAt { batch: narrow(batch), row: narrow(row) }
    }

    pub(crate) fn batch(self) -> usize {
        self.batch as usize
    }

    pub(crate) fn row(self) -> usize {
        self.row as usize
    }
}

/// Writes the records of `range` among batches into a new directory `dir`, and makes them durable, the directory's own
/// name aside. `None`, and no directory, when there are none.
///
/// All batches are held in memory meanwhile.
pub fn write_part(
    disk: &dyn Disk,
    dir: &Path,
    layout: &Layout,
    batches: &[Arc<Batch>],
    range: TimeRange,
    settings: &PartSettings,
) -> Result<Option<WrittenPart>, PartError> {
    let rows = rows_in_order(batches, range);
    if rows.is_empty() {
        return Ok(None);
    }
    let typed = frequent(batches, ATTRIBUTE_COLUMNS_MAX, PART_RECORDS_PER_VALUE_MAX);
    let mut streams = StreamNumbers::default();
    let mut table = ShapeTable::new(settings.shapes);
    let mut reader = WordReader::new();
    let groups: Vec<(Vec<RowAt>, GroupWords)> = cut(batches, &rows, settings)
        .into_iter()
        .map(|cut| {
            let rows = streams.in_stream_order(batches, &rows[cut]);
            let words = reader.read(layout, batches, &rows, &mut table);
            (rows, words)
        })
        .collect();
    drop(rows);
    let lettered = Lettered::of(table.forms());
    let key_count = groups.iter().map(|(_, words)| words.message_keys.len() + words.value_keys.len()).sum();
    let sorted = table.sorted();
    disk.create_dir_all(dir).map_err(PartError::disk("create", dir))?;
    let mut writer = PartWriter::create(disk, dir, layout, typed, key_count, settings)?;
    let mut gatherer = Gatherer::new(layout);
    for (rows, mut words) in groups {
        let rows = lettered.behind_others(rows, &mut words);
        for shape in words.shapes.iter_mut().filter(|shape| **shape != UNSHAPED) {
            *shape = sorted.final_number[*shape as usize];
        }
        let group = gatherer.gather(batches, &writer.typed, &rows, &mut streams, words.shapes.clone());
        writer.add(&group, &words)?;
    }
    let written = writer.finish(&streams, &sorted.texts, &sorted.forms, settings)?;
    disk.sync_dir(dir).map_err(PartError::disk("sync", dir))?;
    Ok(Some(written))
}

/// All records of the range, in the order of (time, sequence).
fn rows_in_order(batches: &[Arc<Batch>], range: TimeRange) -> Vec<RowAt> {
    let mut rows = Vec::with_capacity(batches.iter().map(|batch| batch.len()).sum());
    for (number, batch) in batches.iter().enumerate() {
        for (row, (time, sequence)) in batch.times().iter().zip(batch.sequences()).enumerate() {
            if range.start.0 <= *time && *time < range.end.0 {
                rows.push((*time, *sequence, RowAt::new(number, row)));
            }
        }
    }
    rows.sort_unstable_by_key(|(time, sequence, _)| (*time, *sequence));
    rows.into_iter().map(|(_, _, at)| at).collect()
}

/// Cuts records into row groups.
fn cut(batches: &[Arc<Batch>], rows: &[RowAt], settings: &PartSettings) -> Vec<Range<usize>> {
    let costs = costs(batches);
    let mut cuts = Vec::new();
    let mut start = 0;
    while start < rows.len() {
        let rest = &rows[start..];
        let (NextGroup::Full(count) | NextGroup::Last(count)) = next_group(&costs, rest.iter().copied(), settings);
        cuts.push(start..start + count);
        start += count;
    }
    cuts
}

/// Bytes of text of a record of each batch. Of one batch all records count the same: what matters is that a row group's
/// texts fit into memory many times.
pub(crate) fn costs(batches: &[Arc<Batch>]) -> Vec<u64> {
    batches.iter().map(|batch| batch.text_bytes() / batch.len().max(1) as u64).collect()
}

/// How many of these records, which follow each other, make a full row group; `None` when they are too few.
fn full_group(costs: &[u64], rows: impl Iterator<Item = RowAt>, settings: &PartSettings) -> Option<usize> {
    let mut bytes = 0;
    for (count, at) in (1..).zip(rows) {
        bytes += costs[at.batch()];
        if count >= settings.group_records || bytes >= settings.group_text_bytes {
            return Some(count);
        }
    }
    None
}

/// The next row group of records that follow each other, and how many it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextGroup {
    /// It is full, and enough is left for another one.
    Full(usize),
    /// With it, or with one more of its size, all records are written. So the last one is never small where it has a
    /// neighbour: a small one would be packed anew by every merge.
    Last(usize),
}

/// Cuts off the next row group of these records, behind which none come.
pub(crate) fn next_group(
    costs: &[u64],
    rows: impl ExactSizeIterator<Item = RowAt> + Clone,
    settings: &PartSettings,
) -> NextGroup {
    let all = rows.len();
    let full = full_group(costs, rows.clone(), settings).unwrap_or(all);
    if full == all {
        return NextGroup::Last(all);
    }
    // Where texts differ much in length, half of the records may have far more than half of the bytes.
    let half = all.div_ceil(2);
    let fits = || full_group(costs, rows.clone().skip(half), settings).is_none_or(|count| half + count == all);
    match (all - full) * LARGE_SHARE < full && fits() {
        true => NextGroup::Last(half),
        false => NextGroup::Full(full),
    }
}

/// A row group of at least this part of a full one is large.
pub(crate) const LARGE_SHARE: usize = 2;

/// A part that is being written, row group by row group.
pub(crate) struct PartWriter {
    pub(crate) typed: Vec<TypedKey>,
    records: RecordsWriter,
    index: IndexWriter,
    groups: Vec<GroupFacts>,
    words: Option<WordBloom>,
    /// The first column of an attribute.
    first_typed: usize,
}

impl PartWriter {
    /// Begins both files. `key_count` is how many words the part has at most, so that their set gets the right size.
    pub(crate) fn create(
        disk: &dyn Disk,
        dir: &Path,
        layout: &Layout,
        typed: Vec<TypedKey>,
        key_count: usize,
        settings: &PartSettings,
    ) -> Result<PartWriter, PartError> {
        let schema = Arc::new(arrow_schema(layout, &typed));
        let properties = properties(layout, &typed, settings.zstd_level);
        let first_typed = FileLayout::of(layout).first_typed();
        let strings = first_typed..schema.fields().len();
        Ok(PartWriter {
            records: RecordsWriter::create(disk, &dir.join(RECORDS_FILE), schema, properties, strings)?,
            index: IndexWriter::create(disk, &dir.join(INDEX_FILE))?,
            groups: Vec::new(),
            words: WordBloom::with_room(key_count, PART_BLOOM_BITS_PER_KEY, BLOOM_BYTES_MAX),
            typed,
            first_typed,
        })
    }

    pub(crate) fn add(&mut self, group: &Group, words: &GroupWords) -> Result<(), PartError> {
        self.records.write_group(&group.columns)?;
        let number = u32::try_from(self.groups.len()).expect("a part has fewer than 2^32 row groups");
        let sets = [
            (Section::MessageWords, &words.message_keys, GROUP_BLOOM_BITS_PER_KEY),
            (Section::ValueWords, &words.value_keys, GROUP_VALUE_BLOOM_BITS_PER_KEY),
        ];
        for (section, keys, bits) in sets {
            // A set that would be too large is left out: such a row group may hold every word.
            if let Some(mut bloom) = WordBloom::with_room(keys.len(), bits, GROUP_BLOOM_BYTES_MAX) {
                keys.iter().for_each(|key| bloom.insert(*key));
                let mut bytes = Vec::with_capacity(bloom.stored_bytes());
                bloom.write_to(&mut bytes);
                self.index.add(section, number, &bytes)?;
            }
            if let Some(all) = &mut self.words {
                keys.iter().for_each(|key| all.insert(*key));
            }
        }
        for (section, letters) in [(Section::Letters, &words.letters), (Section::ValueLetters, &words.value_letters)] {
            let mut bytes = Vec::with_capacity(LetterTrigrams::STORED_BYTES);
            letters.write_to(&mut bytes);
            self.index.add(section, number, &bytes)?;
        }
        let (own, typed) = group.columns.split_at(self.first_typed);
        if let Some(rest) = own.last() {
            self.index.add(Section::Characters, number, &ColumnCharacters::of(rest, typed).encode())?;
        }
        self.groups.push(GroupFacts {
            has_other_messages: words.has_other_messages,
            has_unshaped: words.has_unshaped,
            message_keys: u32::try_from(words.message_keys.len()).unwrap_or(u32::MAX),
            value_keys: u32::try_from(words.value_keys.len()).unwrap_or(u32::MAX),
            ..group.facts
        });
        Ok(())
    }

    /// Adds a row group that comes from another part as it is packed.
    pub(crate) fn add_spliced(&mut self, group: &Spliced) -> Result<(), PartError> {
        self.records.write_columns(&group.columns)?;
        let number = u32::try_from(self.groups.len()).expect("a part has fewer than 2^32 row groups");
        for (section, bytes) in &group.words {
            self.index.add(*section, number, bytes)?;
        }
        self.groups.push(group.facts);
        // Its words are not known one by one.
        self.words = None;
        Ok(())
    }

    /// Ends both files. `shapes` are the texts by number, `forms` those of their variables.
    pub(crate) fn finish(
        mut self,
        streams: &StreamNumbers,
        shapes: &[&str],
        forms: &ShapeForms,
        settings: &PartSettings,
    ) -> Result<WrittenPart, PartError> {
        let records = self.records.finish()?;
        self.index.add(Section::Groups, 0, &group_facts::encode(&self.groups))?;
        self.index.add(Section::Streams, 0, &streams.encode(settings.zstd_level))?;
        self.index.add(Section::Shapes, 0, &ShapeIndex::encode(shapes, settings.zstd_level))?;
        if !shapes.is_empty() {
            let count = u32::try_from(shapes.len()).expect("a part has fewer shapes than records");
            self.index.add(Section::VariableForms, 0, &forms.encode(count, settings.zstd_level))?;
        }
        if let Some(words) = &self.words {
            let mut bytes = Vec::with_capacity(words.stored_bytes());
            words.write_to(&mut bytes);
            self.index.add(Section::PartWords, 0, &bytes)?;
        }
        let index = self.index.finish()?;
        let (times, sequences) = group_facts::ranges(&self.groups).expect("a part has a row group");
        Ok(WrittenPart {
            records: self.groups.iter().map(|group| u64::from(group.records)).sum(),
            text_bytes: self.groups.iter().map(|group| group.text_bytes).sum(),
            times,
            sequences,
            groups: u32::try_from(self.groups.len()).expect("a part has fewer than 2^32 row groups"),
            files: PartFiles { records, index },
        })
    }
}
