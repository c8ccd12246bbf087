//! Writes a state into a new file, which then takes the place of the old one.
//!
//! Always true: when the new file gets its name, all of it is durable; so a manifest begins with records that no crash
//! can have torn, and at each moment the name stands for one whole file.

use super::error::ManifestError;
use super::layout::{Header, RECORD_HEADER_BYTES, RecordPlace, put_edit, put_record};
use super::limits::{PAGE, PAGE_BYTES, RECORD_BYTES_MAX};
use super::protection::{Protection, is_off};
use super::reader::read_back;
use super::state::ManifestState;
use basics::{Disk, DiskFile, OpenMode, carry_on};
use std::io::{self, IoSlice};
use std::path::Path;

pub(crate) const NAME: &str = "manifest";
pub(crate) const NEW_NAME: &str = "manifest.new";

/// Where the next record goes.
pub(crate) struct Place {
    pub(crate) file: Box<dyn DiskFile>,
    /// The oldest version whose reader the file is for.
    pub(crate) min_reader: u16,
    pub(crate) generation: u64,
    pub(crate) next_record: u64,
    /// What its checksum continues.
    pub(crate) chain: u32,
    pub(crate) end: u64,
    /// Bytes of the file that need no more room: written records, and zeroes behind them.
    pub(crate) allocated: u64,
}

impl Place {
    pub(crate) fn next(&self) -> RecordPlace {
        RecordPlace { generation: self.generation, number: self.next_record, chain: self.chain }
    }
}

/// What a new file begins with.
pub(crate) struct Beginning<'a> {
    /// The oldest version whose reader understands what will be appended; the state itself may need a later one.
    pub(crate) min_reader: u16,
    pub(crate) generation: u64,
    pub(crate) first_record: u64,
    pub(crate) state: &'a ManifestState,
    /// Zeroes that are kept behind the records.
    pub(crate) reserve_bytes: u64,
}

impl Beginning<'_> {
    fn min_reader(&self) -> u16 {
        self.state.min_reader().max(self.min_reader)
    }
}

/// Why there is no new file.
pub(crate) struct Failed {
    /// The name may stand for the old file or for the new one.
    pub(crate) is_name_open: bool,
    pub(crate) error: ManifestError,
}

/// Writes a new file and puts it into place. After an error that leaves the name alone, nothing has changed.
pub(crate) fn write(disk: &dyn Disk, dir: &Path, beginning: &Beginning<'_>) -> Result<Place, Failed> {
    let (path, new_path) = (dir.join(NAME), dir.join(NEW_NAME));
    carry_on(disk.remove_file(&new_path), "usually there is none; one that cannot be removed cannot be created");
    let place = write_new(disk, &path, &new_path, beginning).map_err(|error| {
        carry_on(disk.remove_file(&new_path), "the next generation, or the next start, removes it first");
        Failed { is_name_open: is_off(Protection::RenameLast), error }
    })?;
    let named = |error| Failed { is_name_open: true, error };
    if !is_off(Protection::RenameLast) {
        disk.rename(&new_path, &path).map_err(ManifestError::disk("put into place", &new_path)).map_err(named)?;
    }
    if !is_off(Protection::DirSync) {
        disk.sync_dir(dir).map_err(ManifestError::disk("sync", dir)).map_err(named)?;
    }
    Ok(place)
}

fn write_new(disk: &dyn Disk, path: &Path, new_path: &Path, beginning: &Beginning<'_>) -> Result<Place, ManifestError> {
    let at = |action| ManifestError::disk(action, new_path);
    let file = disk.open(new_path, OpenMode::CreateNew).map_err(at("create"))?;
    if is_off(Protection::RenameLast) {
        disk.rename(new_path, path).map_err(at("put into place"))?;
    }
    let (bytes, next) = encode(beginning);
    file.write_all_at(&mut [IoSlice::new(&bytes)], 0).map_err(at("write"))?;
    read_back(&*file, &bytes, 0).map_err(at("read back"))?;
    // The mark at the end of the bytes lies where the first commit goes.
    let (mut allocated, end) = (bytes.len() as u64, bytes.len() as u64 - PAGE_BYTES);
    match reserve(&*file, allocated, end + beginning.reserve_bytes) {
        Ok(reserved) => allocated = reserved,
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {}
        Err(error) if error.kind() == io::ErrorKind::QuotaExceeded => {}
        Err(error) => return Err(at("write")(error)),
    }
    if !is_off(Protection::NewFileSync) {
        file.sync_all().map_err(at("sync"))?;
    }
    let RecordPlace { generation, number, chain } = next;
    Ok(Place { file, min_reader: beginning.min_reader(), generation, next_record: number, chain, end, allocated })
}

/// Writes zeroes behind what a file has, so that it needs no more room up to `to`. Returns how far that is.
pub(crate) fn reserve(file: &dyn DiskFile, allocated: u64, to: u64) -> io::Result<u64> {
    let missing = usize::try_from(to.saturating_sub(allocated)).unwrap_or(usize::MAX);
    if missing > 0 && !is_off(Protection::Reserve) {
        file.write_all_at(&mut [IoSlice::new(&vec![0; missing])], allocated)?;
        return Ok(to);
    }
    Ok(allocated)
}

/// The bytes of a new file up to its mark, and where the next record belongs.
fn encode(beginning: &Beginning<'_>) -> (Vec<u8>, RecordPlace) {
    let payloads = payloads(beginning.state);
    let Beginning { generation, first_record, .. } = *beginning;
    let header = Header {
        min_reader: beginning.min_reader(),
        generation,
        first_record,
        snapshot_records: payloads.len() as u64,
    };
    let mut bytes = header.encode();
    let mut next = RecordPlace { generation, number: first_record, chain: header.chain() };
    for (edits, payload) in payloads {
        next.chain = put_record(&mut bytes, next, edits, &payload);
        next.number += 1;
    }
    put_mark(&mut bytes, next);
    (bytes, next)
}

/// Appends the mark that says: the record before is whole. It lies where the next record goes.
pub(crate) fn put_mark(out: &mut Vec<u8>, next: RecordPlace) {
    put_record(out, next, 0, &[]);
}

/// A state as the payloads of records, with the number of edits of each; at least one.
fn payloads(state: &ManifestState) -> Vec<(u32, Vec<u8>)> {
    let mut payloads = Vec::new();
    let (mut count, mut payload) = (0, Vec::new());
    for edit in state.snapshot() {
        // One edit takes less than a quarter of a record, so what is begun at three quarters is never too long.
        if payload.len() + RECORD_HEADER_BYTES > RECORD_BYTES_MAX / 4 * 3 {
            payloads.push((count, std::mem::take(&mut payload)));
            count = 0;
        }
        put_edit(&mut payload, &edit);
        count += 1;
    }
    payloads.push((count, payload));
    payloads
}

/// Bytes of a new file with this state, without what is reserved.
pub(crate) fn needed_bytes(state: &ManifestState) -> u64 {
    let payloads = payloads(state);
    let padded = payloads.iter().map(|(_, payload)| super::layout::padded(RECORD_HEADER_BYTES + payload.len()) as u64);
    PAGE as u64 + padded.sum::<u64>()
}
