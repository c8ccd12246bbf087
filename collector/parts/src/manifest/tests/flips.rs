//! Every byte of a small manifest is damaged in turn; and records of another history are put in.

use super::edits::{Deed, add};
use super::run::{DIR, SIZES, Verdict, during, violation};
use crate::manifest::{Edit, Manifest, ManifestError, ManifestState, open_with};
use basics::{ErrorClass, TenantId};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use testkit::faulty_disk::{Fault, FaultyDisk, Unsynced};

const PAGE: usize = 4096;

pub(super) fn path() -> PathBuf {
    Path::new(DIR).join("manifest")
}

/// A manifest with a few commits, one of them of several pages, whose mark has reached the disk.
pub(super) fn small() -> (FaultyDisk, ManifestState) {
    let disk = FaultyDisk::new(0);
    let mut manifest = open_with(Arc::new(disk.clone()), Path::new(DIR), SIZES).unwrap();
    for deed in [Deed::Seal(2), Deed::Hide(5_000), Deed::Merge(2)] {
        let edits = deed.edits(manifest.state());
        manifest.commit(&edits).unwrap();
    }
    disk.cut_power(Unsynced::Kept);
    let mut truth = (**manifest.state()).clone();
    truth.close_open_ids();
    (disk, truth)
}

/// What a damaged manifest may say: the truth, or an error that names the file.
fn judge(disk: &FaultyDisk, truth: &ManifestState) -> Verdict<bool> {
    match Manifest::read(disk, Path::new(DIR)) {
        Ok(Some(mut state)) => {
            state.close_open_ids();
            if state != *truth {
                return violation(format!("says {state:?} in place of {truth:?}"));
            }
            Ok(false)
        }
        Ok(None) => violation("there is no manifest"),
        Err(error @ ManifestError::Corrupt { .. }) => {
            let text = error.to_string();
            let is_clear = text.contains("data/logs/manifest") && text.contains("at byte") && text.contains("backup");
            if !is_clear || error.class() != ErrorClass::Corrupt {
                return violation(format!("an unclear error: {text}"));
            }
            Ok(true)
        }
        Err(error) => violation(format!("another error: {error}")),
    }
}

/// Each byte, with one bit flipped and with all of them.
pub(super) fn flips() -> Verdict<usize> {
    let (disk, truth) = small();
    let bytes = disk.bytes_of(&path());
    let mut found = 0;
    for at in 0..bytes.len() {
        for bits in [1u8 << (at % 8), 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bits;
            disk.put(&path(), &damaged);
            found += usize::from(judge(&disk, &truth).map_err(during(|| format!("byte {at} ^ {bits:02x}")))?);
        }
    }
    Ok(found)
}

/// A bit that flips on its way from the disk, at many places by lot.
pub(super) fn misreads() -> Verdict {
    let (disk, truth) = small();
    let bytes = disk.bytes_of(&path());
    for seed in 0..200 {
        let disk = FaultyDisk::new(seed);
        disk.put(&path(), &bytes);
        // The file is opened, measured and read.
        disk.fail_at(2, Fault::FlippedRead);
        if judge(&disk, &truth)? {
            return violation(format!("a misread bit is called damage, seed {seed}"));
        }
        assert_eq!(disk.faults().len(), 1);
    }
    Ok(())
}

/// Pages that are lost, moved, or hold what another file of the same generation holds there.
pub(super) fn splices() -> Verdict {
    let (disk, truth) = small();
    let bytes = disk.bytes_of(&path());
    let other = FaultyDisk::new(0);
    let mut manifest = open_with(Arc::new(other.clone()), Path::new(DIR), SIZES).unwrap();
    for edits in [vec![Edit::LedgerBase { tenant: TenantId(3), stored: 5 }], vec![add(9)], vec![Edit::Sealed(500)]] {
        manifest.commit(&edits).unwrap();
    }
    let others = other.bytes_of(&path());
    // Of the last pages one is the mark, and behind it are zeroes.
    let pages = bytes.len() / PAGE - 4;
    for page in 0..pages {
        let mut gone = bytes.clone();
        gone[page * PAGE..][..PAGE].fill(0);
        let mut left_out = bytes.clone();
        left_out.drain(page * PAGE..(page + 1) * PAGE);
        let mut twice = bytes.clone();
        twice.copy_within(page * PAGE.., 0);
        let mut foreign = bytes.clone();
        foreign[page * PAGE..][..PAGE].copy_from_slice(&others[page * PAGE..][..PAGE]);
        for (what, damaged) in [("gone", gone), ("left out", left_out), ("moved", twice), ("foreign", foreign)] {
            disk.put(&path(), &damaged);
            judge(&disk, &truth).map_err(during(|| format!("page {page} {what}")))?;
        }
    }
    Ok(())
}

#[test]
fn no_flipped_bit_of_a_manifest_makes_another_state_of_it() {
    let found = flips().unwrap();
    // The header, four records and what their payloads take.
    assert!(found > 2 * 5_000, "{found} of the flips were found");
    println!("{found} flips found");
}

#[test]
fn a_bit_that_flips_on_its_way_from_the_disk_is_no_damage() {
    misreads().unwrap();
}

#[test]
fn a_record_of_another_history_is_damage() {
    splices().unwrap();
}

#[test]
fn damage_before_the_end_is_named_with_place_and_what_to_do() {
    let (disk, _) = small();
    disk.flip(&path(), 2 * 4096 + 60, 3);
    let before = disk.bytes_of(&path());
    let error = Manifest::open(Arc::new(disk.clone()), Path::new(DIR)).err().unwrap();
    assert_eq!(error.class(), ErrorClass::Corrupt);
    let ManifestError::Corrupt { offset, expected, found, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*offset, 8192);
    assert!(expected.starts_with("record 2 with checksum "), "{expected}");
    assert!(found.starts_with("checksum ") && found.contains("record 3, which continues"), "{found}");
    assert!(found.ends_with("behind it at byte 12288"), "{found}");
    assert_eq!(disk.bytes_of(&path()), before, "evidence is left alone");
}

/// A record that a crash tore was never acknowledged.
#[test]
fn a_torn_record_is_cut_off_and_told() {
    let (disk, truth) = small();
    let mut bytes = disk.bytes_of(&path());
    let end = bytes.len() - 4 * PAGE;
    let torn = bytes[3 * PAGE..][..5_000].to_vec();
    bytes[end..][..torn.len()].copy_from_slice(&torn);
    bytes[end + 16] ^= 0x80;
    disk.put(&path(), &bytes);
    let (mut manifest, state) = Manifest::open(Arc::new(disk.clone()), Path::new(DIR)).unwrap();
    assert_eq!((*state).clone(), truth);
    assert!(manifest.torn_bytes() > 4_000, "{}", manifest.torn_bytes());
    manifest.commit(&[Edit::Sealed(5_000)]).unwrap();
    let (manifest, state) = Manifest::open(Arc::new(disk), Path::new(DIR)).unwrap();
    assert_eq!((state.sealed(), manifest.torn_bytes()), (5_000, 0));
}
