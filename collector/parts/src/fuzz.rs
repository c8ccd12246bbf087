//! What fuzzers of stored parts need: files of any bytes whose checksums fit, so that what lies behind the checksums is
//! reached, and what a manifest would say of them.

use crate::manifest::{Edit, Manifest, PartEntry, PartFile, PartId};
use crate::part::{FileFacts, INDEX_FILE, RECORDS_FILE, mend_chunk_checksums, mend_index_checksums};
use crate::store::{INDEX_KIND, PARTS_DIR, RECORDS_KIND, dir_name};
use basics::{Disk, OpenMode, TenantId, Timestamp};
use std::io::{self, IoSlice};
use std::path::Path;

/// The files of a part as a fuzzer made them up.
#[derive(Debug, Clone, Copy)]
pub struct MadeUp<'a> {
    /// `records.parquet`.
    pub records: &'a [u8],
    /// `index`.
    pub index: &'a [u8],
}

/// Writes a store of one part into an empty directory: whatever the files hold, the manifest says that they are what was
/// written. Checksums within both files are made to fit.
///
/// # Errors
/// When the disk refuses.
pub fn lay_out(disk: &std::sync::Arc<dyn Disk>, dir: &Path, tenant: TenantId, files: MadeUp<'_>) -> io::Result<()> {
    const DAY: i32 = 20_780;
    let id = PartId(1);
    let (mut records, mut index) = (files.records.to_vec(), files.index.to_vec());
    mend_chunk_checksums(&mut records);
    mend_index_checksums(&mut index);
    let part_dir = dir.join(PARTS_DIR).join(dir_name(id));
    let (mut manifest, _) = Manifest::open(disk.clone(), dir).map_err(io::Error::other)?;
    disk.create_dir_all(&part_dir)?;
    write(&**disk, &part_dir.join(RECORDS_FILE), &records)?;
    write(&**disk, &part_dir.join(INDEX_FILE), &index)?;
    let file = |kind, facts: FileFacts| PartFile { kind, bytes: facts.bytes, crc: facts.tail_crc32c };
    let entry = PartEntry {
        id,
        tenant,
        day: DAY,
        time_min: Timestamp::MIN,
        time_max: Timestamp::MAX,
        sequence_min: 0,
        sequence_max: u64::MAX,
        records: 1,
        raw_bytes: 1,
        row_groups: 1,
        format_version: 1,
        min_reader: 1,
        files: vec![
            file(RECORDS_KIND, records_facts(&records)),
            file(INDEX_KIND, FileFacts { bytes: index.len() as u64, tail_crc32c: crc32c::crc32c(index_tail(&index)) }),
        ],
    };
    manifest.commit(&[Edit::AddPart(entry)]).map_err(io::Error::other)
}

/// What the manifest would say of a records file: its tail is as long as its end says.
fn records_facts(records: &[u8]) -> FileFacts {
    let end = records.len().checked_sub(8).and_then(|at| records.get(at..)?.first_chunk::<4>());
    let footer = end.map_or(0, |length| u32::from_le_bytes(*length) as usize).saturating_add(8);
    let tail = records.len().checked_sub(footer).and_then(|at| records.get(at..)).unwrap_or_default();
    FileFacts { bytes: records.len() as u64, tail_crc32c: crc32c::crc32c(tail) }
}

/// The directory of an index and what is behind it.
fn index_tail(index: &[u8]) -> &[u8] {
    let count = index.len().checked_sub(16).and_then(|at| index.get(at..)?.first_chunk::<4>());
    let tail = count.map_or(0, |count| u32::from_le_bytes(*count) as usize).saturating_mul(28).saturating_add(16);
    index.len().checked_sub(tail).and_then(|at| index.get(at..)).unwrap_or_default()
}

fn write(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = disk.open(path, OpenMode::CreateNew)?;
    file.write_all_at(&mut [IoSlice::new(bytes)], 0)?;
    file.sync_all()
}
