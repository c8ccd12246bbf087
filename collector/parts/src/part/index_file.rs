//! The file with the index: numbered sections, each with its own checksum, and a directory of them at the end.
//!
//! Drawn in docs/formats/part.md. What a section holds is its writer's and reader's business.

use crate::part::bytes_read;
use crate::part::error::PartError;
use crate::part::records_file::FileFacts;
use basics::{Disk, DiskFile, OpenMode};
use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"OTRINDEX";
const VERSION: u32 = 1;
const HEADER_BYTES: u64 = 16;
const ENTRY_BYTES: usize = 28;
const TRAILER_BYTES: usize = 16;

/// What a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Section {
    /// What is known of each row group.
    Groups,
    /// The distinct streams.
    Streams,
    /// The distinct shapes.
    Shapes,
    /// Words of the whole part.
    PartWords,
    /// Words of a row group's messages that are in no shape.
    MessageWords,
    /// Words of a row group's attributes and ids.
    ValueWords,
    /// Letters of a row group's variables.
    Letters,
    /// Letters of a row group's attributes.
    ValueLetters,
    /// What the variables of the shapes have in common.
    VariableForms,
    /// Which characters the strings of a row group's attributes hold, column by column.
    Characters,
}

const SECTIONS: [Section; 10] = [
    Section::Groups,
    Section::Streams,
    Section::Shapes,
    Section::PartWords,
    Section::MessageWords,
    Section::ValueWords,
    Section::Letters,
    Section::ValueLetters,
    Section::VariableForms,
    Section::Characters,
];

impl Section {
    fn number(self) -> u32 {
        let place = SECTIONS.iter().position(|section| *section == self);
        place.and_then(|place| u32::try_from(place + 1).ok()).unwrap_or(0)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Section::Groups => "list of row groups",
            Section::Streams => "list of streams",
            Section::Shapes => "list of shapes",
            Section::PartWords => "words of the part",
            Section::MessageWords => "words of messages",
            Section::ValueWords => "words of values",
            Section::Letters => "letters of variables",
            Section::ValueLetters => "letters of values",
            Section::VariableForms => "forms of variables",
            Section::Characters => "characters of columns",
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Place {
    section: u32,
    group: u32,
    offset: u64,
    bytes: u64,
    crc32c: u32,
}

/// An index file that is being written.
pub(crate) struct IndexWriter {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    places: Vec<Place>,
    written: u64,
}

impl IndexWriter {
    pub(crate) fn create(disk: &dyn Disk, path: &Path) -> Result<IndexWriter, PartError> {
        let file = disk.open(path, OpenMode::CreateNew).map_err(PartError::disk("create", path))?;
        let mut writer = IndexWriter { path: path.to_path_buf(), file, places: Vec::new(), written: 0 };
        let mut header = MAGIC.to_vec();
        header.extend(VERSION.to_le_bytes());
        header.extend(0u32.to_le_bytes());
        writer.append(&header)?;
        Ok(writer)
    }

    /// Adds a section; `group` is 0 for those of the whole part.
    pub(crate) fn add(&mut self, section: Section, group: u32, bytes: &[u8]) -> Result<(), PartError> {
        let place = Place {
            section: section.number(),
            group,
            offset: self.written,
            bytes: bytes.len() as u64,
            crc32c: crc32c::crc32c(bytes),
        };
        self.append(bytes)?;
        self.places.push(place);
        Ok(())
    }

    /// Writes the directory and makes the file durable.
    pub(crate) fn finish(mut self) -> Result<FileFacts, PartError> {
        let mut tail = Vec::with_capacity(self.places.len() * ENTRY_BYTES + TRAILER_BYTES);
        for place in &self.places {
            tail.extend(place.section.to_le_bytes());
            tail.extend(place.group.to_le_bytes());
            tail.extend(place.offset.to_le_bytes());
            tail.extend(place.bytes.to_le_bytes());
            tail.extend(place.crc32c.to_le_bytes());
        }
        let sum = crc32c::crc32c(&tail);
        let count = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        tail.extend(count.to_le_bytes());
        tail.extend(sum.to_le_bytes());
        tail.extend(MAGIC);
        self.append(&tail)?;
        self.file.sync_all().map_err(PartError::disk("sync", &self.path))?;
        Ok(FileFacts { bytes: self.written, tail_crc32c: crc32c::crc32c(&tail) })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), PartError> {
        let written = self.file.write_all_at(&mut [IoSlice::new(bytes)], self.written);
        written.map_err(PartError::disk("write", &self.path))?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// An index file whose directory is read and checked. The file is open only while something is read of it: a store has
/// more parts than a process may have files open.
pub(crate) struct IndexReader {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    places: Vec<Place>,
}

impl std::fmt::Debug for IndexReader {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("IndexReader").field("path", &self.path).field("sections", &self.places.len()).finish()
    }
}

impl IndexReader {
    pub(crate) fn open(disk: &Arc<dyn Disk>, path: &Path, facts: FileFacts) -> Result<IndexReader, PartError> {
        let file = disk.open(path, OpenMode::Read).map_err(PartError::disk("open", path))?;
        let length = file.len().map_err(PartError::disk("measure", path))?;
        if length != facts.bytes {
            return Err(PartError::malformed(
                path,
                format!("it has {length} bytes where {} were written", facts.bytes),
            ));
        }
        let read = |offset, bytes: usize| read_at(&*file, path, offset, bytes);
        let too_short = || PartError::malformed(path, "it is shorter than an empty index");
        if length < HEADER_BYTES {
            return Err(too_short());
        }
        let header = read(0, usize::try_from(HEADER_BYTES).unwrap_or(0))?;
        if header.first_chunk::<8>() != Some(MAGIC) {
            return Err(PartError::malformed(path, "it does not begin as an index does"));
        }
        match number(&header, 8) {
            VERSION if number(&header, 12) != 0 => {
                return Err(PartError::malformed(path, "its beginning holds what no writer puts there"));
            }
            VERSION => {}
            found => return Err(PartError::Version { path: path.to_path_buf(), found, known: VERSION }),
        }
        let trailer_at = length.checked_sub(TRAILER_BYTES as u64).filter(|at| *at >= HEADER_BYTES);
        let trailer_at = trailer_at.ok_or_else(too_short)?;
        let trailer = read(trailer_at, TRAILER_BYTES)?;
        if trailer.last_chunk::<8>() != Some(MAGIC) {
            return Err(PartError::malformed(path, "it does not end as an index does"));
        }
        let (count, expected) = (number(&trailer, 0), number(&trailer, 4));
        let bytes = u64::from(count) * ENTRY_BYTES as u64;
        let offset = trailer_at.checked_sub(bytes).filter(|at| *at >= HEADER_BYTES);
        let offset = offset.ok_or_else(|| PartError::malformed(path, "its directory is longer than the file"))?;
        let directory = read(offset, usize::try_from(bytes).unwrap_or(usize::MAX))?;
        check(path, "directory", offset, &directory, expected)?;
        // The directory of another index would be whole as well.
        check(path, "directory", offset, &[&directory[..], &trailer[..]].concat(), facts.tail_crc32c)?;
        let places: Vec<Place> = directory
            .chunks_exact(ENTRY_BYTES)
            .map(|entry| Place {
                section: number(entry, 0),
                group: number(entry, 4),
                offset: wide(entry, 8),
                bytes: wide(entry, 16),
                crc32c: number(entry, 24),
            })
            .collect();
        let fits = |place: &Place| place.offset.checked_add(place.bytes).is_some_and(|end| end <= offset);
        if !places.iter().all(fits) {
            return Err(PartError::malformed(path, "a section lies outside of it"));
        }
        Ok(IndexReader { path: path.to_path_buf(), disk: disk.clone(), places })
    }

    /// The bytes of a section, checked; `None` when there is none.
    pub(crate) fn section(&self, section: Section, group: u32) -> Result<Option<Vec<u8>>, PartError> {
        let number = section.number();
        let Some(place) = self.places.iter().find(|place| place.section == number && place.group == group) else {
            return Ok(None);
        };
        let length = usize::try_from(place.bytes).map_err(|_| PartError::malformed(&self.path, section.name()))?;
        let bytes = open_and_read_at(&*self.disk, &self.path, place.offset, length)?;
        check(&self.path, section.name(), place.offset, &bytes, place.crc32c)?;
        Ok(Some(bytes))
    }

    /// The same of a section that every index has.
    pub(crate) fn required(&self, section: Section, group: u32) -> Result<Vec<u8>, PartError> {
        let missing = || PartError::malformed(&self.path, format!("it has no {}", section.name()));
        self.section(section, group)?.ok_or_else(missing)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads every section and compares its checksum.
    pub(crate) fn verify(&self) -> Result<(), PartError> {
        for place in &self.places {
            let length = usize::try_from(place.bytes).map_err(|_| PartError::malformed(&self.path, "a section"))?;
            let bytes = open_and_read_at(&*self.disk, &self.path, place.offset, length)?;
            check(&self.path, "section", place.offset, &bytes, place.crc32c)?;
        }
        Ok(())
    }
}

/// Reads some bytes of a file that is not open.
pub(crate) fn open_and_read_at(disk: &dyn Disk, path: &Path, offset: u64, bytes: usize) -> Result<Vec<u8>, PartError> {
    let file = disk.open(path, OpenMode::Read).map_err(PartError::disk("open", path))?;
    read_at(&*file, path, offset, bytes)
}

pub(crate) fn read_at(file: &dyn DiskFile, path: &Path, offset: u64, bytes: usize) -> Result<Vec<u8>, PartError> {
    let mut buffer = vec![0; bytes];
    file.read_exact_at(&mut buffer, offset).map_err(PartError::disk("read", path))?;
    bytes_read::note(path, bytes as u64);
    Ok(buffer)
}

/// Makes the checksums of any bytes fit, for fuzzing: of each section that lies within them, and of the directory.
pub(crate) fn mend_index_checksums(bytes: &mut [u8]) {
    let Some(trailer_at) = bytes.len().checked_sub(TRAILER_BYTES) else { return };
    let count = number(bytes, trailer_at) as usize;
    let Some(directory_at) = count.checked_mul(ENTRY_BYTES).and_then(|bytes| trailer_at.checked_sub(bytes)) else {
        return;
    };
    for at in (directory_at..trailer_at).step_by(ENTRY_BYTES) {
        let place = |at: usize| usize::try_from(wide(bytes, at)).unwrap_or(usize::MAX);
        let (offset, length) = (place(at + 8), place(at + 16));
        let section = bytes.get(offset..).and_then(|rest| rest.get(..length));
        if let Some(sum) = section.map(crc32c::crc32c) {
            bytes[at + 24..at + 28].copy_from_slice(&sum.to_le_bytes());
        }
    }
    let sum = crc32c::crc32c(&bytes[directory_at..trailer_at]);
    bytes[trailer_at + 4..trailer_at + 8].copy_from_slice(&sum.to_le_bytes());
}

pub(crate) fn check(
    path: &Path,
    what: &'static str,
    offset: u64,
    bytes: &[u8],
    expected: u32,
) -> Result<(), PartError> {
    let found = crc32c::crc32c(bytes);
    match found == expected {
        true => Ok(()),
        false => Err(PartError::Checksum { what, path: path.to_path_buf(), offset, expected, found }),
    }
}

/// The little-endian number at `at` of bytes that reach that far.
pub(crate) fn number(bytes: &[u8], at: usize) -> u32 {
    let number = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    number.map_or(0, |number| u32::from_le_bytes(*number))
}

pub(crate) fn wide(bytes: &[u8], at: usize) -> u64 {
    let number = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
    number.map_or(0, |number| u64::from_le_bytes(*number))
}
