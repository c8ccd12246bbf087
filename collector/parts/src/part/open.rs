//! A part that is read.
//!
//! Its footer and its index are read when they are needed and kept in memory as long as there is room ([`Keeper`]).
//! An index is open only while something is read of it, a file of records as long as a row group of it is open or a merge
//! reads it: open files are bounded by how many read, not by how many parts.

use crate::attributes::TypedKey;
use crate::layout::Layout;
use crate::limits::{GROUP_RECORDS_MAX, SHAPE_LIST_BYTES_MAX};
use crate::part::checksums::ChunkChecksums;
use crate::part::column_characters::ColumnCharacters;
use crate::part::error::PartError;
use crate::part::group::StoredGroup;
use crate::part::group_facts::{self, GroupFacts};
use crate::part::index_file::{IndexReader, Section, check, number, read_at};
use crate::part::keeper::{Keeper, Kept};
use crate::part::schema::{FileLayout, reading_schema, typed_keys};
use crate::part::stream_numbers;
use crate::part::thrift::is_whole_struct;
use crate::part::write::PartFiles;
use crate::part::{INDEX_FILE, RECORDS_FILE};
use basics::{Disk, DiskFile, ErrorClass, OpenMode, error_chain};
use bytes::{Buf, Bytes};
use model::Stream;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use text_index::{LetterTrigrams, ShapeForms, ShapeIndex, ShapeList, WordBloom};

/// A part on disk. Nothing of it is read before it is needed; what was read of its footer and index is kept.
pub struct Part {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    layout: Arc<Layout>,
    files: PartFiles,
    keeper: Arc<Keeper>,
    contents: Kept<Contents>,
    /// What was found wrong with a part of the index that answers can do without.
    index_damage: Arc<OnceLock<String>>,
}

/// What a part holds beside its records.
pub(crate) struct Contents {
    pub(crate) path: PathBuf,
    disk: Arc<dyn Disk>,
    pub(crate) bytes: u64,
    pub(crate) metadata: ArrowReaderMetadata,
    pub(crate) checksums: ChunkChecksums,
    pub(crate) file_layout: FileLayout,
    /// For each column of the schema its leaves.
    pub(crate) leaves: Vec<Range<usize>>,
    pub(crate) typed: Arc<[TypedKey]>,
    pub(crate) streams: Arc<[Arc<Stream>]>,
    pub(crate) groups: Vec<GroupFacts>,
    pub(crate) index: IndexReader,
    /// It may hold this: a strong reference would keep both for ever.
    keeper: Weak<Keeper>,
    index_damage: Arc<OnceLock<String>>,
    words: Kept<Option<WordBloom>>,
    shapes: Kept<ShapeIndex>,
    shape_list: Kept<ShapeList>,
    forms: Kept<Option<ShapeForms>>,
    group_words: Vec<GroupWords>,
}

/// The words of a row group, as far as they are in memory.
#[derive(Default)]
struct GroupWords {
    messages: Kept<Option<WordBloom>>,
    values: Kept<Option<WordBloom>>,
    letters: Kept<Option<LetterTrigrams>>,
    value_letters: Kept<Option<LetterTrigrams>>,
    characters: Kept<Option<ColumnCharacters>>,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Part").field("dir", &self.dir).field("files", &self.files).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Contents")
            .field("path", &self.path)
            .field("groups", &self.groups.len())
            .finish_non_exhaustive()
    }
}

impl Part {
    /// The part in a directory, whose files are as the manifest says.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        layout: Arc<Layout>,
        files: PartFiles,
        keeper: Arc<Keeper>,
    ) -> Part {
        Part { disk, dir, layout, files, keeper, contents: Kept::default(), index_damage: Arc::default() }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The row groups, oldest first. Reads the footer and the index when nobody has.
    pub fn groups(&self) -> Result<Vec<StoredGroup>, PartError> {
        let contents = self.contents()?;
        let count = contents.groups.len();
        // One file serves whoever reads them one after the other.
        let file = Arc::<OpenFile>::default();
        let group = |number| StoredGroup::new(contents.clone(), self.layout.clone(), number, file.clone());
        Ok((0..count).map(group).collect())
    }

    /// False when a record with all of these words, by key, in its variables and values is certainly not in the part.
    ///
    /// Words of shapes are not among them; and of messages that are no strings nobody knows the words.
    pub fn may_hold_words(&self, keys: &[u64]) -> Result<bool, PartError> {
        let contents = self.contents()?;
        if contents.groups.iter().any(|group| group.has_other_messages) {
            return Ok(true);
        }
        Ok(contents.words()?.as_ref().as_ref().is_none_or(|words| words.may_hold_all(keys)))
    }

    /// Hands out the texts of all shapes in the order of their numbers.
    pub(crate) fn for_each_shape(&self, each: &mut dyn FnMut(&str)) -> Result<(), PartError> {
        let contents = self.contents()?;
        let shapes = contents.shapes()?;
        contents.stored(shapes.for_each(&mut |_, shape| each(shape)))
    }

    /// What the variables of each shape have in common; `None` in older parts.
    pub(crate) fn forms(&self) -> Result<Arc<Option<ShapeForms>>, PartError> {
        self.contents()?.forms()
    }

    /// Length of the index.
    pub(crate) fn index_bytes(&self) -> u64 {
        self.files.index.bytes
    }

    /// Reads all of the index into memory, and says how many bytes it takes there. What is damaged of it is noted, and
    /// questions do without.
    pub(crate) fn read_ahead(&self) -> Result<u64, PartError> {
        let contents = self.contents()?;
        let mut bytes = contents.memory_bytes() + self.files.index.bytes;
        // The error of one of them is told to whoever looks after parts; the others are read all the same.
        drop(contents.words());
        for group in 0..contents.groups.len() {
            drop(contents.message_words(group));
            drop(contents.value_words(group));
            drop(contents.letters(group));
            drop(contents.value_letters(group));
            drop(contents.characters(group));
        }
        if let Ok(forms) = contents.forms() {
            bytes += forms.as_ref().as_ref().map_or(0, |forms| forms.memory_bytes() as u64);
        }
        if contents.shapes().is_ok_and(|shapes| shapes.text_bytes() <= SHAPE_LIST_BYTES_MAX)
            && let Ok(list) = contents.shape_list()
        {
            bytes += list.memory_bytes() as u64;
        }
        Ok(bytes)
    }

    /// Reads every byte of both files and compares every checksum.
    pub fn verify(&self) -> Result<(), PartError> {
        let contents = self.contents()?;
        contents.index.verify()?;
        let file = OpenFile::default();
        for (number, group) in contents.metadata.metadata().row_groups().iter().enumerate() {
            for leaf in 0..group.num_columns() {
                contents.read_chunk(&file, number, leaf)?;
            }
        }
        Ok(())
    }

    /// What was found wrong with the index, when answers can do without: they take longer then, and are the same.
    pub fn index_damage(&self) -> Option<&str> {
        self.index_damage.get().map(String::as_str)
    }

    pub(crate) fn contents(&self) -> Result<Arc<Contents>, PartError> {
        self.contents.get(&self.keeper, || {
            let contents = self.read_contents()?;
            let bytes = contents.memory_bytes();
            Ok((contents, bytes))
        })
    }

    /// How many records each row group has, by the records' own footer.
    pub(crate) fn record_counts(&self) -> Result<Vec<u32>, PartError> {
        let (_, metadata) = self.read_metadata(&self.dir.join(RECORDS_FILE))?;
        let malformed = || PartError::malformed(&self.dir.join(RECORDS_FILE), "a row group has no possible length");
        let count = |rows: i64| u32::try_from(rows).ok().filter(|rows| *rows <= GROUP_RECORDS_MAX);
        let counts = metadata.metadata().row_groups().iter().map(|group| count(group.num_rows()));
        counts.collect::<Option<Vec<u32>>>().ok_or_else(malformed)
    }

    /// The length of the records file, and its footer, which is compared with the manifest.
    fn read_metadata(&self, path: &Path) -> Result<(u64, ArrowReaderMetadata), PartError> {
        let file = self.disk.open(path, OpenMode::Read).map_err(PartError::disk("open", path))?;
        let facts = self.files.records;
        let length = file.len().map_err(PartError::disk("measure", path))?;
        if length != facts.bytes {
            return Err(PartError::malformed(
                path,
                format!("it has {length} bytes where {} were written", facts.bytes),
            ));
        }
        let (tail_at, tail) = read_footer(&*file, path, length)?;
        check(path, "footer", tail_at, &tail, facts.tail_crc32c)?;
        if !tail.split_last_chunk::<8>().is_some_and(|(footer, _)| is_whole_struct(footer)) {
            return Err(PartError::malformed(path, "its footer is no structure of Parquet"));
        }
        let ranges = Ranges { file_bytes: length, ranges: vec![(tail_at, tail.into())] };
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let load = || ArrowReaderMetadata::load(&ranges, options);
        let metadata = PartError::guard_parquet("read the footer of", path, load)?;
        if !metadata.metadata().row_groups().iter().all(has_possible_places) {
            return Err(PartError::malformed(path, "a column chunk begins in front of it, or is less than empty"));
        }
        let schema = reading_schema(metadata.schema(), FileLayout::of(&self.layout).first_typed());
        let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
        let metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)
            .map_err(PartError::parquet("read the footer of", path))?;
        Ok((length, metadata))
    }

    fn read_contents(&self) -> Result<Contents, PartError> {
        let path = self.dir.join(RECORDS_FILE);
        let (length, metadata) = self.read_metadata(&path)?;
        let file_layout = FileLayout::of(&self.layout);
        let leaves = leaves(&metadata);
        let group_count = metadata.metadata().num_row_groups();
        let leaf_count = metadata.parquet_schema().num_columns();
        let entries = metadata.metadata().file_metadata().key_value_metadata();
        let entries = entries.map(Vec::as_slice).unwrap_or_default();
        let checksums = ChunkChecksums::read(entries, group_count, leaf_count, &path)?;
        let typed = metadata.schema().fields().get(file_layout.first_typed()..).and_then(typed_keys);
        let typed = typed.ok_or_else(|| PartError::malformed(&path, "its columns are not those of this signal"))?;
        let index = IndexReader::open(&self.disk, &self.dir.join(INDEX_FILE), self.files.index)?;
        let groups = group_facts::decode(&index.required(Section::Groups, 0)?)
            .ok_or_else(|| PartError::malformed(index.path(), "its list of row groups is cut off"))?;
        let are_same = groups.len() == group_count
            && groups
                .iter()
                .zip(metadata.metadata().row_groups())
                .all(|(facts, group)| i64::from(facts.records) == group.num_rows() && facts.records > 0);
        if groups.iter().any(|facts| facts.records > GROUP_RECORDS_MAX) {
            return Err(PartError::malformed(
                index.path(),
                "a row group has more records than any reader makes room for",
            ));
        }
        if !are_same {
            return Err(PartError::malformed(index.path(), "its row groups are not those of the records"));
        }
        let streams = stream_numbers::decode(&index.required(Section::Streams, 0)?)
            .map_err(|what| PartError::malformed(index.path(), what))?;
        Ok(Contents {
            path,
            disk: self.disk.clone(),
            bytes: length,
            metadata,
            checksums,
            file_layout,
            leaves,
            typed: typed.into(),
            streams: streams.into(),
            group_words: groups.iter().map(|_| GroupWords::default()).collect(),
            groups,
            index,
            keeper: Arc::downgrade(&self.keeper),
            index_damage: self.index_damage.clone(),
            words: Kept::default(),
            shapes: Kept::default(),
            shape_list: Kept::default(),
            forms: Kept::default(),
        })
    }
}

/// False when a chunk's place or length is negative, which the library does not survive.
pub(crate) fn has_possible_places(group: &RowGroupMetaData) -> bool {
    group.columns().iter().all(|column| {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        start >= 0 && column.data_page_offset() >= 0 && column.compressed_size() >= 0
    })
}

/// The footer of a records file and where it begins. Its length stands before the last four bytes.
fn read_footer(file: &dyn DiskFile, path: &Path, length: u64) -> Result<(u64, Vec<u8>), PartError> {
    let end = length.checked_sub(FOOTER_END_BYTES).map(|at| read_at(file, path, at, 8)).transpose()?;
    let footer_bytes = end.map(|end| u64::from(number(&end, 0)) + FOOTER_END_BYTES);
    match footer_bytes.and_then(|bytes| Some((length.checked_sub(bytes)?, usize::try_from(bytes).ok()?))) {
        Some((at, bytes)) => Ok((at, read_at(file, path, at, bytes)?)),
        None => Err(PartError::malformed(path, "its footer is longer than the file")),
    }
}

/// A footer's length and Parquet's mark.
const FOOTER_END_BYTES: u64 = 8;

impl Contents {
    /// Who holds what is read next: nobody when the store has gone.
    fn keeper(&self) -> Arc<Keeper> {
        self.keeper.upgrade().unwrap_or_else(|| Arc::new(Keeper::new(0)))
    }

    /// The bytes of a column chunk, checked.
    pub(crate) fn read_chunk(&self, file: &OpenFile, group: usize, leaf: usize) -> Result<(u64, Bytes), PartError> {
        let (start, length) = self.metadata.metadata().row_group(group).column(leaf).byte_range();
        if start.checked_add(length).is_none_or(|end| end > self.bytes) {
            return Err(PartError::malformed(&self.path, "a column chunk lies outside of it"));
        }
        let length =
            usize::try_from(length).map_err(|_| PartError::malformed(&self.path, "a column chunk is too long"))?;
        let bytes = read_at(file.get(self)?, &self.path, start, length)?;
        check(&self.path, "column chunk", start, &bytes, self.checksums.of(group, leaf))?;
        Ok((start, bytes.into()))
    }

    /// The words of the whole part; `None` when there are too many to be kept.
    pub(crate) fn words(&self) -> Result<Arc<Option<WordBloom>>, PartError> {
        self.words.get(&self.keeper(), || self.read_words(Section::PartWords, 0))
    }

    /// The words of a row group's messages that are in no shape; `None` when there are too many to be kept.
    pub(crate) fn message_words(&self, group: usize) -> Result<Arc<Option<WordBloom>>, PartError> {
        self.group_words[group].messages.get(&self.keeper(), || self.read_words(Section::MessageWords, group))
    }

    /// The words of a row group's attributes and ids; `None` when there are too many to be kept.
    pub(crate) fn value_words(&self, group: usize) -> Result<Arc<Option<WordBloom>>, PartError> {
        self.group_words[group].values.get(&self.keeper(), || self.read_words(Section::ValueWords, group))
    }

    fn read_words(&self, section: Section, group: usize) -> Result<(Option<WordBloom>, u64), PartError> {
        let number = u32::try_from(group).unwrap_or(u32::MAX);
        match self.told(self.index.section(section, number))? {
            Some(bytes) => Ok((Some(self.stored(WordBloom::read(&bytes))?), bytes.len() as u64)),
            None => Ok((None, 0)),
        }
    }

    /// The letters of a row group's variables.
    pub(crate) fn letters(&self, group: usize) -> Result<Arc<Option<LetterTrigrams>>, PartError> {
        self.group_words[group].letters.get(&self.keeper(), || self.read_letters(Section::Letters, group))
    }

    /// The letters of a row group's attributes. Older parts know none.
    pub(crate) fn value_letters(&self, group: usize) -> Result<Arc<Option<LetterTrigrams>>, PartError> {
        self.group_words[group].value_letters.get(&self.keeper(), || self.read_letters(Section::ValueLetters, group))
    }

    fn read_letters(&self, section: Section, group: usize) -> Result<(Option<LetterTrigrams>, u64), PartError> {
        match self.told(self.index.section(section, u32::try_from(group).unwrap_or(u32::MAX)))? {
            Some(bytes) => Ok((Some(self.stored(LetterTrigrams::read(&bytes))?), bytes.len() as u64)),
            None => Ok((None, 0)),
        }
    }

    /// Which characters the strings of a row group's attributes hold. Older parts do not know.
    pub(crate) fn characters(&self, group: usize) -> Result<Arc<Option<ColumnCharacters>>, PartError> {
        self.group_words[group].characters.get(&self.keeper(), || {
            let bytes = self.index.section(Section::Characters, u32::try_from(group).unwrap_or(u32::MAX));
            let Some(bytes) = self.told(bytes)? else { return Ok((None, 0)) };
            let characters = ColumnCharacters::decode(&bytes, self.typed.len());
            let malformed = || PartError::malformed(self.index.path(), "characters are not those of its columns");
            Ok((Some(self.told(characters.ok_or_else(malformed))?), bytes.len() as u64))
        })
    }

    /// The distinct shapes.
    pub(crate) fn shapes(&self) -> Result<Arc<ShapeIndex>, PartError> {
        self.shapes.get(&self.keeper(), || {
            let bytes = self.told(self.index.required(Section::Shapes, 0))?;
            let length = bytes.len() as u64;
            Ok((self.stored(ShapeIndex::open(bytes))?, length))
        })
    }

    /// The texts of the distinct shapes, unpacked.
    pub(crate) fn shape_list(&self) -> Result<Arc<ShapeList>, PartError> {
        self.shape_list.get(&self.keeper(), || {
            let list = self.stored(self.shapes()?.unpack())?;
            let bytes = list.memory_bytes() as u64;
            Ok((list, bytes))
        })
    }

    /// What the variables of each shape have in common. Older parts do not know.
    pub(crate) fn forms(&self) -> Result<Arc<Option<ShapeForms>>, PartError> {
        self.forms.get(&self.keeper(), || {
            let Some(bytes) = self.told(self.index.section(Section::VariableForms, 0))? else { return Ok((None, 0)) };
            let shapes = self.shapes()?;
            let mut forms = self.stored(ShapeForms::read(&bytes, shapes.count()))?;
            self.stored(shapes.for_each(&mut |number, text| forms.keep_fitting(number, text)))?;
            let length = forms.memory_bytes() as u64;
            Ok((Some(forms), length))
        })
    }

    /// Memory that it takes, what is kept of its index aside.
    fn memory_bytes(&self) -> u64 {
        let metadata = self.metadata.metadata().memory_size();
        let groups = self.groups.len() * (size_of::<GroupFacts>() + size_of::<GroupWords>());
        let streams = self.streams.len() * STREAM_BYTES;
        (metadata + groups + streams + self.checksums.memory_bytes()) as u64
    }

    /// Says which file a damaged stored form is in.
    pub(crate) fn stored<T>(&self, read: Result<T, text_index::StoredError>) -> Result<T, PartError> {
        self.told(read.map_err(|error| PartError::malformed(self.index.path(), error.to_string())))
    }

    /// Remembers what is wrong with the index, for whoever looks after parts.
    fn told<T>(&self, read: Result<T, PartError>) -> Result<T, PartError> {
        if let Err(error) = &read
            && error.class() == ErrorClass::Corrupt
        {
            self.index_damage.get_or_init(|| error_chain(error));
        }
        read
    }
}

/// A part's file of records, opened at the first read of it and kept open as long as this is.
#[derive(Default)]
pub(crate) struct OpenFile(OnceLock<Box<dyn DiskFile>>);

impl std::fmt::Debug for OpenFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("OpenFile").field("is_open", &self.0.get().is_some()).finish()
    }
}

impl OpenFile {
    fn get(&self, contents: &Contents) -> Result<&dyn DiskFile, PartError> {
        if let Some(file) = self.0.get() {
            return Ok(&**file);
        }
        let path = &contents.path;
        let file = contents.disk.open(path, OpenMode::Read).map_err(PartError::disk("open", path))?;
        // Whoever came first has opened the same.
        Ok(&**self.0.get_or_init(|| file))
    }
}

/// For each column of the schema its leaves.
pub(crate) fn leaves(metadata: &ArrowReaderMetadata) -> Vec<Range<usize>> {
    let schema = metadata.parquet_schema();
    let mut leaves: Vec<Range<usize>> = Vec::new();
    for leaf in 0..schema.num_columns() {
        let root = schema.get_column_root_idx(leaf);
        match leaves.get_mut(root) {
            Some(range) => range.end = leaf + 1,
            None => leaves.push(leaf..leaf + 1),
        }
    }
    leaves
}

/// What a stream takes in memory, roughly: a resource has some ten attributes.
const STREAM_BYTES: usize = 2 << 10;

/// Some bytes of a file, as the Parquet library reads them. It never reads others.
pub(crate) struct Ranges {
    pub(crate) file_bytes: u64,
    pub(crate) ranges: Vec<(u64, Bytes)>,
}

impl Length for Ranges {
    fn len(&self) -> u64 {
        self.file_bytes
    }
}

impl Ranges {
    fn behind(&self, start: u64) -> parquet::errors::Result<Bytes> {
        let found = self.ranges.iter().find_map(|(first, bytes)| {
            let skipped = usize::try_from(start.checked_sub(*first)?).ok()?;
            (skipped < bytes.len()).then(|| bytes.slice(skipped..))
        });
        found.ok_or_else(|| ParquetError::General(format!("byte {start} is outside of what was read")))
    }
}

impl ChunkReader for Ranges {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.behind(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let bytes = self.behind(start)?;
        match length <= bytes.len() {
            true => Ok(bytes.slice(..length)),
            false => Err(ParquetError::EOF(format!("{length} bytes at {start} are more than were read"))),
        }
    }
}
