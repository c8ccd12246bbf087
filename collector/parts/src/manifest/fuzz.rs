//! Entry point for fuzzers: a manifest may hold any bytes.

use super::edit::{Edit, PartEntry, PartFile, PartId};
use super::generation::NAME;
use super::layout::make_checksums_fit;
use super::{Manifest, ManifestError};
use basics::{Disk, OpenMode, TenantId, Timestamp};
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;

/// Bytes of an input that are taken; more makes a run slow and shows nothing new.
const INPUT_BYTES_MAX: usize = 256 * 1024;
/// Beyond this nobody counts; what is read up to there must only not overflow.
const NUMBERS_TESTED_MAX: u64 = 1 << 61;

/// Opens a manifest that holds `input` behind its first byte, commits to it and opens it again. When the lowest bit of
/// that byte is set, checksums and record numbers are made to fit first, so that what lies behind them is reached.
/// `disk` is empty.
///
/// Asserts that nothing panics, that a manifest that can be opened says the same when it is opened again, and that it
/// takes a commit and keeps it.
pub fn manifest(disk: Arc<dyn Disk>, input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let mut bytes = rest.get(..rest.len().min(INPUT_BYTES_MAX)).unwrap_or_default().to_vec();
    if choice & 1 != 0 {
        make_checksums_fit(&mut bytes);
    }
    let dir = Path::new("store");
    lay_out(&*disk, dir, &bytes).expect("a disk without faults takes a file");
    let read = Manifest::read(&*disk, dir);
    let mut opened = match Manifest::open(disk.clone(), dir) {
        Ok((manifest, _)) => manifest,
        Err(error) => {
            assert!(read.is_err(), "what cannot be opened cannot be read: {error}");
            return;
        }
    };
    let mut found = read.expect("what can be opened can be read").expect("there is a file");
    found.close_open_ids();
    assert_eq!(found, **opened.state(), "reading and opening agree");
    if opened.place.next_record > NUMBERS_TESTED_MAX || opened.last_generation > NUMBERS_TESTED_MAX {
        return;
    }
    match opened.commit(&edits(&opened)) {
        Ok(()) => {}
        Err(ManifestError::Contradiction { .. } | ManifestError::Full { .. }) => {}
        Err(error) => panic!("a disk without faults gave {error}"),
    }
    let (again, _) = Manifest::open(disk, dir).expect("what was opened once is opened again");
    let mut want = (**opened.state()).clone();
    want.close_open_ids();
    assert_eq!(**again.state(), want, "what was committed is there");
}

/// A part, in place of one that is there.
fn edits(manifest: &Manifest) -> Vec<Edit> {
    let state = manifest.state();
    let part = PartEntry {
        id: PartId(state.next_part_id()),
        tenant: TenantId::DEFAULT,
        day: 20_000,
        time_min: Timestamp(1),
        time_max: Timestamp(2),
        sequence_min: 1,
        sequence_max: 2,
        records: 2,
        raw_bytes: 700,
        row_groups: 1,
        format_version: 1,
        min_reader: 1,
        files: vec![PartFile { kind: 1, bytes: 300, crc: 7 }],
    };
    let removed = state.parts().next().map(|part| Edit::RemovePart(part.id));
    removed.into_iter().chain([Edit::AddPart(part), Edit::Sealed(state.sealed().saturating_add(1))]).collect()
}

fn lay_out(disk: &dyn Disk, dir: &Path, bytes: &[u8]) -> io::Result<()> {
    disk.create_dir_all(dir)?;
    let file = disk.open(&dir.join(NAME), OpenMode::CreateNew)?;
    file.write_all_at(&mut [IoSlice::new(bytes)], 0)?;
    file.sync_all()
}
