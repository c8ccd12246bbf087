//! Reads a manifest's bytes: the state they tell, or what is damaged.
//!
//! Always true: a state that is handed out is one that was committed, the last one unless the very end of the file is
//! torn. What is torn was never acknowledged: a record is acknowledged after its sync, and a whole record or mark behind
//! a bad place says that there was one.

use super::error::ManifestError;
use super::layout::{BadHeader, BadRecord, Header, Record, VERSION, padded, read_edits};
use super::limits::{FILE_BYTES_MAX, PAGE};
use super::protection::{Protection, is_off};
use super::state::{ManifestState, Phase};
use basics::DiskFile;
use std::io;
use std::path::Path;

/// What a file tells.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) state: ManifestState,
    /// The oldest version whose reader the file is for.
    pub(crate) min_reader: u16,
    pub(crate) generation: u64,
    /// Number of the record that comes next, and what its checksum continues.
    pub(crate) next_record: u64,
    pub(crate) chain: u32,
    /// Where it goes.
    pub(crate) end: usize,
    /// Bytes of a record that was begun there and not ended.
    pub(crate) torn_bytes: usize,
}

/// Why a file is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    Damaged { offset: usize, expected: String, found: String },
    TooNew { version: u16 },
}

impl Unreadable {
    fn damaged(offset: usize, expected: impl Into<String>, found: impl Into<String>) -> Unreadable {
        Unreadable::Damaged { offset, expected: expected.into(), found: found.into() }
    }

    fn at(self, path: &Path) -> ManifestError {
        let path = path.to_path_buf();
        match self {
            Unreadable::Damaged { offset, expected, found } => {
                ManifestError::Corrupt { path, offset: offset as u64, expected, found }
            }
            Unreadable::TooNew { version } => ManifestError::TooNew { path, version, newest: VERSION },
        }
    }
}

/// Reads a file. What does not fit is read a second time, since a bit may flip on its way from the disk.
pub(crate) fn read(file: &dyn DiskFile, path: &Path) -> Result<(Loaded, u64), ManifestError> {
    let first = read_once(file, path);
    if matches!(&first, Ok((loaded, _)) if loaded.torn_bytes == 0) || is_off(Protection::SecondRead) {
        return first;
    }
    read_once(file, path)
}

fn read_once(file: &dyn DiskFile, path: &Path) -> Result<(Loaded, u64), ManifestError> {
    let bytes = file.len().map_err(ManifestError::disk("measure", path))?;
    let length = usize::try_from(bytes).ok().filter(|_| bytes <= FILE_BYTES_MAX);
    let Some(length) = length else {
        let expected = format!("a file of at most {FILE_BYTES_MAX} bytes");
        return Err(Unreadable::damaged(0, expected, format!("{bytes} bytes")).at(path));
    };
    let mut content = vec![0; length];
    match file.read_exact_at(&mut content, 0) {
        Ok(()) => {}
        Err(error) => return Err(ManifestError::disk("read", path)(error)),
    }
    load(&content).map(|loaded| (loaded, bytes)).map_err(|unreadable| unreadable.at(path))
}

/// Reads the bytes of a manifest.
pub(crate) fn load(bytes: &[u8]) -> Result<Loaded, Unreadable> {
    let header = read_header(bytes)?;
    let mut loaded = Loaded {
        state: ManifestState::default(),
        min_reader: header.min_reader,
        generation: header.generation,
        next_record: header.first_record,
        chain: header.chain(),
        end: PAGE,
        torn_bytes: 0,
    };
    loop {
        let is_snapshot = loaded.next_record - header.first_record < header.snapshot_records;
        let there = bytes.get(loaded.end..).unwrap_or_default();
        let record = match Record::decode(there) {
            Ok(record) if loaded.is_due(&record) => record,
            found => return loaded.end_at(bytes, found, is_snapshot),
        };
        if record.edits == 0 {
            return loaded.end_at_mark(bytes, is_snapshot);
        }
        loaded.take(&record, is_snapshot)?;
    }
}

fn read_header(bytes: &[u8]) -> Result<Header, Unreadable> {
    Header::decode(bytes).map_err(|bad| match bad {
        BadHeader::Magic => Unreadable::damaged(0, "the header of a manifest", "other bytes"),
        BadHeader::Checksum { expected, found } => {
            Unreadable::damaged(0, format!("a header with checksum {expected:08x}"), format!("{found:08x}"))
        }
        BadHeader::Numbers => Unreadable::damaged(0, "generation and record numbers from 1 on", "other numbers"),
        BadHeader::TooNew { version } => Unreadable::TooNew { version },
    })
}

impl Loaded {
    fn is_due(&self, record: &Record<'_>) -> bool {
        let place = record.place;
        let is_in_order = place.number == self.next_record && place.chain == self.chain;
        place.generation == self.generation && (is_in_order || is_off(Protection::Chain))
    }

    /// Makes a record's edits true.
    fn take(&mut self, record: &Record<'_>, is_snapshot: bool) -> Result<(), Unreadable> {
        let what = |edit: usize| format!("edit {edit} of record {} to be possible", record.place.number);
        let edits = read_edits(record.payload, record.edits)
            .map_err(|edit| Unreadable::damaged(self.end, what(edit), "bytes that are no edit"))?;
        let phase = if is_snapshot { Phase::Snapshot } else { Phase::Commit };
        for (number, edit) in edits.iter().enumerate() {
            let applied = self.state.apply(edit, phase);
            applied.map_err(|broken| Unreadable::damaged(self.end, what(number), broken.to_string()))?;
        }
        self.next_record += 1;
        self.chain = record.crc;
        self.end += record.padded_bytes();
        Ok(())
    }

    /// There is no record that is due: this is the end, unless something says that there was one.
    fn end_at(
        mut self,
        bytes: &[u8],
        found: Result<Record<'_>, BadRecord>,
        is_snapshot: bool,
    ) -> Result<Loaded, Unreadable> {
        let expected = |crc: Option<u32>| match crc {
            Some(crc) => format!("record {} with checksum {crc:08x}", self.next_record),
            None => format!("record {}", self.next_record),
        };
        let (expected, mut found) = match found {
            Ok(record) => (expected(None), describe(&record)),
            Err(BadRecord::NoRecord) => (expected(None), "no record".to_string()),
            Err(BadRecord::Checksum { expected: crc, found }) => (expected(Some(crc)), format!("checksum {found:08x}")),
        };
        let behind = self.whole_record_from(self.end, bytes);
        if let Some((at, record)) = behind.filter(|_| !is_off(Protection::TailSearch)) {
            if at > self.end {
                found = format!("{found}, and {} behind it at byte {at}", describe(&record));
            }
            return Err(Unreadable::damaged(self.end, expected, found));
        }
        if is_snapshot {
            return Err(Unreadable::damaged(self.end, expected, found));
        }
        let rest = bytes.get(self.end..).unwrap_or_default();
        self.torn_bytes = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Ok(self)
    }

    /// The file says itself that it ends here.
    fn end_at_mark(self, bytes: &[u8], is_snapshot: bool) -> Result<Loaded, Unreadable> {
        let expected = || format!("record {} in place of the mark of the end", self.next_record);
        if is_snapshot {
            return Err(Unreadable::damaged(self.end, expected(), "the mark"));
        }
        match self.whole_record_from(self.end + PAGE, bytes) {
            Some((at, record)) => {
                let found = format!("the mark, and {} behind it at byte {at}", describe(&record));
                Err(Unreadable::damaged(self.end, expected(), found))
            }
            None => Ok(self),
        }
    }

    /// The first whole record of this generation on the pages from `at` on.
    fn whole_record_from<'a>(&self, at: usize, bytes: &'a [u8]) -> Option<(usize, Record<'a>)> {
        (padded(at)..bytes.len()).step_by(PAGE).find_map(|at| {
            let record = Record::decode(bytes.get(at..)?).ok()?;
            (record.place.generation == self.generation).then_some((at, record))
        })
    }
}

fn describe(record: &Record<'_>) -> String {
    match record.edits {
        0 => format!("the mark behind record {}", record.place.number.saturating_sub(1)),
        _ => format!("record {}, which continues {:08x}", record.place.number, record.place.chain),
    }
}

/// The error of the system when what was written does not come back.
pub(crate) fn differs() -> io::Error {
    io::Error::other("what was written does not come back")
}

/// Compares what lies in a file with what was written there. What differs is read a second time.
pub(crate) fn read_back(file: &dyn DiskFile, written: &[u8], offset: u64) -> io::Result<()> {
    if is_off(Protection::ReadBack) {
        return Ok(());
    }
    let mut content = vec![0; written.len()];
    for _ in 0..2 {
        file.read_exact_at(&mut content, offset)?;
        if content == written {
            return Ok(());
        }
    }
    Err(differs())
}
