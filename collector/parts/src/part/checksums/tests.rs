use super::mend_chunk_checksums;
use crate::part::tests::{SETTINGS, keeper, layout};
use crate::part::{FileFacts, Part, PartFiles, RECORDS_FILE, write_part};
use crate::tests::{Sample, batch, sample};
use basics::{Disk, OpenMode};
use model::TimeRange;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

/// What fuzzers change in a chunk reaches its reader only behind the checksum.
#[test]
fn mended_checksums_fit_whatever_the_chunks_hold() {
    let disk = Arc::new(FaultyDisk::new(1));
    let samples: Vec<Sample> = (0..10).map(|sequence| sample(5, sequence)).collect();
    let (dir, batches) = (Path::new("/part"), [Arc::new(batch(&samples))]);
    let files = write_part(&*disk, dir, &layout(), &batches, TimeRange::ALL, &SETTINGS).unwrap().unwrap().files;
    let path = dir.join(RECORDS_FILE);
    let length = usize::try_from(files.records.bytes).unwrap();
    let mut records = vec![0; length];
    disk.open(&path, OpenMode::Read).unwrap().read_exact_at(&mut records, 0).unwrap();
    records[40] ^= 1;
    disk.flip(&path, 40, 0);
    let open = |files| Part::open(disk.clone(), dir.into(), layout(), files, keeper());
    assert!(open(files).verify().is_err());

    mend_chunk_checksums(&mut records);
    let file = disk.open(&path, OpenMode::ReadWrite).unwrap();
    file.write_all_at(&mut [std::io::IoSlice::new(&records)], 0).unwrap();
    let footer = u32::from_le_bytes(*records[length - 8..].first_chunk().unwrap());
    let tail = &records[length - 8 - usize::try_from(footer).unwrap()..];
    let facts = FileFacts { bytes: files.records.bytes, tail_crc32c: crc32c::crc32c(tail) };
    open(PartFiles { records: facts, ..files }).verify().unwrap();
}
