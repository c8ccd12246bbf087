//! The file of a tombstone: which records it hides. Drawn in docs/formats/tombstone.md.

use crate::limits::HIDDEN_RECORDS_MAX;
use crate::manifest::{Tombstone, TombstoneFile, TombstoneId};
use crate::store::StoreError;
use basics::{Disk, DiskFile, OpenMode, TenantId, carry_on};
use crc32c::crc32c;
use std::io::{self, IoSlice};
use std::path::Path;

const MAGIC: [u8; 8] = *b"ORTOMBST";
/// The version that is written.
const VERSION: u16 = 1;
/// The oldest version whose reader may read what is written.
const MIN_READER: u16 = 1;
/// Bytes before the sequences.
const HEADER_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;

/// Writes the file and makes it durable, its name aside. `sequences` rise. Returns its length and its checksum.
pub(super) fn write(
    disk: &dyn Disk,
    path: &Path,
    tenant: TenantId,
    id: TombstoneId,
    sequences: &[u64],
) -> Result<(u64, u32), StoreError> {
    // One that an attempt before left behind, which no manifest names.
    carry_on(disk.remove_file(path), "usually there is none; one that cannot be removed cannot be created");
    let (bytes, crc) = encode(tenant, id, sequences);
    let file = disk.open(path, OpenMode::CreateNew).map_err(StoreError::disk("create", path))?;
    file.write_all_at(&mut [IoSlice::new(&bytes)], 0).map_err(StoreError::disk("write", path))?;
    file.sync_all().map_err(StoreError::disk("sync", path))?;
    Ok((bytes.len() as u64, crc))
}

/// Reads the sequences of a tombstone, which rise.
pub(super) fn read(
    disk: &dyn Disk,
    path: &Path,
    tombstone: &Tombstone,
    facts: TombstoneFile,
) -> Result<Vec<u64>, StoreError> {
    let malformed = |what: String| StoreError::Tombstone { path: path.to_path_buf(), what };
    let file = match disk.open(path, OpenMode::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(malformed("it is missing".to_owned())),
        Err(error) => return Err(StoreError::disk("open", path)(error)),
    };
    let bytes = read_whole(&*file, facts).map_err(StoreError::disk("read", path))?;
    decode(&bytes, tombstone, facts).map_err(malformed)
}

/// As much of it as there should be, and one byte more where there is one.
fn read_whole(file: &dyn DiskFile, facts: TombstoneFile) -> io::Result<Vec<u8>> {
    let most = file_bytes(HIDDEN_RECORDS_MAX);
    let length = file.len()?.min(facts.bytes.min(most).saturating_add(1));
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

fn file_bytes(records: usize) -> u64 {
    (HEADER_BYTES + records * 8 + CHECKSUM_BYTES) as u64
}

pub(super) fn encode(tenant: TenantId, id: TombstoneId, sequences: &[u64]) -> (Vec<u8>, u32) {
    assert!(
        !sequences.is_empty() && sequences.is_sorted_by(|left, right| left < right),
        "a tombstone's sequences rise"
    );
    let mut out = Vec::with_capacity(HEADER_BYTES + sequences.len() * 8 + CHECKSUM_BYTES);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&MIN_READER.to_le_bytes());
    out.extend_from_slice(&tenant.0.to_le_bytes());
    out.extend_from_slice(&id.0.to_le_bytes());
    out.extend_from_slice(&(sequences.len() as u64).to_le_bytes());
    sequences.iter().for_each(|sequence| out.extend_from_slice(&sequence.to_le_bytes()));
    let crc = crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    (out, crc)
}

/// The sequences in a file's bytes, or what is wrong with them.
pub(super) fn decode(bytes: &[u8], tombstone: &Tombstone, facts: TombstoneFile) -> Result<Vec<u64>, String> {
    if bytes.len() as u64 != facts.bytes || facts.bytes != file_bytes(usize::try_from(facts.records).unwrap_or(0)) {
        return Err(format!("it has not the {} bytes that were written", facts.bytes));
    }
    let (covered, end) = bytes.split_at(bytes.len().saturating_sub(CHECKSUM_BYTES));
    let (found, stored) = (crc32c(covered), u32::try_from(number(end)).unwrap_or_default());
    if found != facts.crc || stored != facts.crc {
        let expected = facts.crc;
        return Err(format!("it has checksum {found:08x} and names {stored:08x} where {expected:08x} was written"));
    }
    let (header, sequences) = covered.split_at_checked(HEADER_BYTES).ok_or("it is cut off")?;
    let min_reader = number(&header[10..12]);
    if header[..8] != MAGIC || min_reader > u64::from(VERSION) {
        return Err(format!("it is no tombstone that this program reads (versions up to {VERSION})"));
    }
    let sequences: Vec<u64> = sequences.chunks_exact(8).map(number).collect();
    let says = [number(&header[12..16]), number(&header[16..24]), number(&header[24..32])];
    let is_of = says == [u64::from(tombstone.tenant.0), tombstone.id.0, facts.records];
    let is_rising = sequences.is_sorted_by(|left, right| left < right);
    let ends = (sequences.first().copied(), sequences.last().copied());
    match is_of && is_rising && ends == (Some(facts.sequence_min), Some(tombstone.sequence_max)) {
        true => Ok(sequences),
        false => Err("it is of another tombstone".to_owned()),
    }
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
