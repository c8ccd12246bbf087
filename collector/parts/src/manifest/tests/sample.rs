//! A manifest of each version opens for ever.

use super::edits::{Deed, add, hiding, part, tombstone};
use super::run::{DIR, SIZES};
use crate::manifest::{Edit, Manifest, PartId, open_with};
use basics::TenantId;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

/// A second generation with commits behind it, every kind of edit in both.
fn make() -> Vec<u8> {
    let disk = FaultyDisk::new(0);
    let dir = Path::new(DIR);
    let mut manifest = open_with(Arc::new(disk.clone()), dir, SIZES).unwrap();
    let base = |stored| Edit::LedgerBase { tenant: TenantId(16), stored };
    manifest.commit(&[add(1), add(2), Edit::Sealed(10), base(100), tombstone(1, 40)]).unwrap();
    manifest.commit(&[Edit::quarantine(PartId(2), "row group 1: checksum")]).unwrap();
    drop(manifest);
    let mut manifest = open_with(Arc::new(disk.clone()), dir, SIZES).unwrap();
    manifest.commit(&[add(5), Edit::RemovePart(PartId(1)), Edit::Sealed(20), base(150)]).unwrap();
    manifest.commit(&[tombstone(2, 5_000), Edit::DropTombstone(tombstone_id(1))]).unwrap();
    let ids = Edit::NextIds { part: 9, tombstone: 3, open_parts: vec![7] };
    manifest.commit(&[Edit::quarantine(PartId(5), "gone"), ids]).unwrap();
    manifest.commit(&Deed::Seal(1).edits(manifest.state())).unwrap();
    disk.bytes_of(&dir.join("manifest"))
}

fn tombstone_id(id: u64) -> crate::manifest::TombstoneId {
    crate::manifest::TombstoneId(id)
}

#[test]
fn a_manifest_of_version_1_is_opened_read_and_gone_on_with() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/manifest-1/manifest"));
    if std::env::var_os("UPDATE_EXPECT").is_some() && !path.exists() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, make()).unwrap();
    }
    let disk = FaultyDisk::new(0);
    let dir = Path::new(DIR);
    disk.put(&dir.join("manifest"), &fs::read(path).unwrap());
    let (mut manifest, state) = Manifest::open(Arc::new(disk.clone()), dir).unwrap();
    let ids: Vec<u64> = state.parts().map(|part| part.id.0).collect();
    assert_eq!(ids, [2, 5, 9]);
    assert_eq!(**state.part(PartId(5)).unwrap(), part(5));
    assert_eq!(state.quarantine_of(PartId(2)), Some("row group 1: checksum"));
    assert_eq!(state.quarantine_of(PartId(5)), Some("gone"));
    assert_eq!(state.tombstones().map(|tombstone| tombstone.filter.len()).collect::<Vec<_>>(), [5_000]);
    assert_eq!((state.sealed(), state.ledger_base(TenantId(16)), state.ledger_base(TenantId(1))), (120, 150, 10));
    assert_eq!((state.next_part_id(), state.next_tombstone_id(), manifest.torn_bytes()), (10, 3, 0));
    manifest.commit(&[Edit::RemovePart(PartId(2)), add(10)]).unwrap();
    let (_, again) = Manifest::open(Arc::new(disk), dir).unwrap();
    assert_eq!(again, *manifest.state());
}

/// As a store is behind a delete, a removal and another delete.
fn make_with_tombstones() -> Vec<u8> {
    let disk = FaultyDisk::new(0);
    let dir = Path::new(DIR);
    let mut manifest = open_with(Arc::new(disk.clone()), dir, SIZES).unwrap();
    manifest.commit(&[add(1), add(2), Edit::Sealed(80)]).unwrap();
    manifest.commit(&[hiding(1, 40)]).unwrap();
    manifest.commit(&[Edit::RemovePart(PartId(1)), add(3)]).unwrap();
    manifest.commit(&[Edit::DropTombstone(tombstone_id(1))]).unwrap();
    manifest.commit(&[hiding(2, 9)]).unwrap();
    disk.bytes_of(&dir.join("manifest"))
}

#[test]
fn a_manifest_of_version_2_is_opened_read_and_gone_on_with() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/manifest-2/manifest"));
    if std::env::var_os("UPDATE_EXPECT").is_some() && !path.exists() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, make_with_tombstones()).unwrap();
    }
    let disk = FaultyDisk::new(0);
    let dir = Path::new(DIR);
    disk.put(&dir.join("manifest"), &fs::read(path).unwrap());
    let (mut manifest, state) = Manifest::open(Arc::new(disk.clone()), dir).unwrap();
    let Edit::AddTombstone(want) = hiding(2, 9) else { unreachable!("it is one") };
    assert_eq!(state.tombstones().map(|tombstone| (**tombstone).clone()).collect::<Vec<_>>(), [want]);
    assert_eq!((state.parts().len(), state.sealed(), state.next_tombstone_id()), (2, 80, 3));
    manifest.commit(&[hiding(3, 1)]).unwrap();
    let (_, again) = Manifest::open(Arc::new(disk), dir).unwrap();
    assert_eq!(again, *manifest.state());
}
