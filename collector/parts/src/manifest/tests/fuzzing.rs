//! Any bytes in a manifest: the corpus of the fuzz target, and neighbours of it for a bounded time.

use super::edits::{Deed, tombstone};
use super::flips::{path, small};
use super::run::{DIR, SIZES};
use crate::manifest::layout::{Header, RecordPlace, put_edit, put_record};
use crate::manifest::{Edit, open_with};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;
use testkit::fuzz_corpus::{Effort, replay};

const TARGET: &str = "manifest";

fn run(input: &[u8]) {
    crate::manifest::fuzz::manifest(Arc::new(FaultyDisk::new(0)), input);
}

/// The file without the zeroes at its end.
fn seed(choice: u8, bytes: &[u8]) -> Vec<u8> {
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    [&[choice], &bytes[..used]].concat()
}

fn empty() -> Vec<u8> {
    let disk = FaultyDisk::new(0);
    drop(open_with(Arc::new(disk.clone()), Path::new(DIR), SIZES).unwrap());
    disk.bytes_of(&path())
}

fn many_commits() -> Vec<u8> {
    let disk = FaultyDisk::new(0);
    let mut manifest = open_with(Arc::new(disk.clone()), Path::new(DIR), SIZES).unwrap();
    for deed in [Deed::Seal(2), Deed::Hide(30), Deed::HideRecords(9), Deed::Quarantine, Deed::Merge(2), Deed::Forget] {
        let edits = deed.edits(manifest.state());
        manifest.commit(&edits).unwrap();
    }
    disk.bytes_of(&path())
}

/// A header and one record of these edits.
fn forged(edits: &[Edit]) -> Vec<u8> {
    let header = Header { min_reader: 1, generation: 1, first_record: 1, snapshot_records: 1 };
    let mut bytes = header.encode();
    let mut payload = Vec::new();
    edits.iter().for_each(|edit| put_edit(&mut payload, edit));
    let place = RecordPlace { generation: 1, number: 1, chain: header.chain() };
    put_record(&mut bytes, place, u32::try_from(edits.len()).unwrap(), &payload);
    bytes
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let small = small().0.bytes_of(&path());
    let ids = |part, open: &[u64]| Edit::NextIds { part, tombstone: 1 << 40, open_parts: open.to_vec() };
    vec![
        ("empty", seed(0, &empty())),
        ("empty_made_to_fit", seed(1, &empty())),
        ("small", seed(0, &small)),
        ("small_made_to_fit", seed(1, &small)),
        ("small_without_its_mark", seed(0, &small[..small.len() - 4 * 4096])),
        ("many_commits", seed(0, &many_commits())),
        ("many_commits_made_to_fit", seed(1, &many_commits())),
        ("highest_ids", seed(0, &forged(&[ids(u64::MAX, &[5, 9]), Edit::Sealed(u64::MAX)]))),
        ("part_without_watermark", seed(0, &forged(&[super::edits::add(3)]))),
        ("tombstone_in_a_snapshot", seed(1, &forged(&[ids(4, &[]), tombstone(7, 3)]))),
        ("no_byte", vec![0]),
        ("header_cut_short", seed(0, &small[..40])),
    ]
}

#[test]
fn any_bytes_in_a_manifest_are_survived() {
    replay(TARGET, Effort::default(), run);
}

/// Writes the corpus when `UPDATE_EXPECT` is set; else wants it to be there as it is.
#[test]
fn the_corpus_has_what_is_written_today() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus")).join(TARGET);
    for (name, bytes) in seeds() {
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), &bytes).unwrap();
        }
        assert!(fs::read(folder.join(name)).unwrap() == bytes, "{name} differs; UPDATE_EXPECT=1 writes it");
    }
}
