//! What a store notices of its manifest, one rule at a time.

use super::edits::{Deed, add, hiding, part, tombstone};
use super::run::{DIR, End, Run, SIZES};
use crate::manifest::limits::{OPEN_IDS_MAX, REASON_BYTES_MAX, RECORD_BYTES_MAX, REWRITE_BYTES_MIN};
use crate::manifest::{Edit, Manifest, ManifestError, PartId, TombstoneId, open_with};
use basics::{Disk, ErrorClass, OsDisk, TenantId};
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::{Call, Fault, FaultyDisk, Unsynced};

fn open(disk: &FaultyDisk) -> Manifest {
    open_with(Arc::new(disk.clone()), Path::new(DIR), SIZES).unwrap()
}

/// What a commit with a contradiction is told, and that nothing of it is true.
#[track_caller]
fn refuses(manifest: &mut Manifest, edits: &[Edit], want: &str) {
    let before = manifest.state().clone();
    let error = manifest.commit(edits).unwrap_err();
    assert_eq!(error.to_string(), want);
    assert_eq!(*manifest.state(), before);
}

#[test]
fn edits_of_a_commit_become_true_together_or_not_at_all() {
    let mut manifest = open(&FaultyDisk::new(0));
    manifest.commit(&[add(1), add(2), Edit::Sealed(10)]).unwrap();
    let want = "commit to a manifest refused: edit 2: there is no part 9";
    refuses(&mut manifest, &[add(3), Edit::Sealed(20), Edit::RemovePart(PartId(9))], want);
    manifest.commit(&[add(3)]).unwrap();
    assert_eq!((manifest.state().parts().len(), manifest.state().sealed()), (3, 10));
}

#[test]
fn a_part_id_is_never_used_again() {
    let disk = FaultyDisk::new(0);
    let mut manifest = open(&disk);
    manifest.commit(&[add(1)]).unwrap();
    manifest.commit(&[Edit::RemovePart(PartId(1))]).unwrap();
    let want = "commit to a manifest refused: edit 0: part id 1 is not free";
    refuses(&mut manifest, &[add(1)], want);
    let mut manifest = open(&disk);
    refuses(&mut manifest, &[add(1)], want);
    assert_eq!(manifest.state().next_part_id(), 2);
}

/// A merge that began after a seal may end before it.
#[test]
fn ids_may_be_used_in_another_order_than_they_were_given_out() {
    let disk = FaultyDisk::new(0);
    let mut manifest = open(&disk);
    manifest.commit(&[add(3)]).unwrap();
    manifest.commit(&[add(1)]).unwrap();
    // So many that the file is written anew, with ids still open.
    for id in 10..30 {
        manifest.commit(&[add(id), Edit::RemovePart(PartId(id))]).unwrap();
    }
    assert!(manifest.place.generation > 1);
    manifest.commit(&[add(2)]).unwrap();
    // The file says so too, as long as nobody starts anew.
    assert!(Manifest::read(&disk, Path::new(DIR)).unwrap().is_some_and(|state| state == **manifest.state()));
    refuses(&mut manifest, &[add(2)], "commit to a manifest refused: edit 0: part id 2 is not free");
    // After a start nobody works on a part any more, so ids that were skipped are given up.
    let mut manifest = open(&disk);
    refuses(&mut manifest, &[add(5)], "commit to a manifest refused: edit 0: part id 5 is not free");
}

#[test]
fn a_huge_part_id_opens_only_the_ids_just_below_it() {
    let mut manifest = open(&FaultyDisk::new(0));
    let huge = 1u64 << 40;
    manifest.commit(&[Edit::AddPart(crate::manifest::PartEntry { id: PartId(huge), ..part(1) })]).unwrap();
    let lowest = huge - OPEN_IDS_MAX as u64;
    for (id, is_free) in [(lowest - 1, false), (lowest, true), (huge - 1, true), (1, false)] {
        let added = manifest.commit(&[Edit::AddPart(crate::manifest::PartEntry { id: PartId(id), ..part(1) })]);
        assert_eq!(added.is_ok(), is_free, "{id}");
    }
    let last = Edit::AddPart(crate::manifest::PartEntry { id: PartId(u64::MAX), ..part(1) });
    assert!(manifest.commit(&[last]).is_err(), "there would be no next id");
}

#[test]
fn watermarks_keep_ids_that_were_given_out_and_lost_from_being_given_out_again() {
    let disk = FaultyDisk::new(0);
    let mut manifest = open(&disk);
    let ids = |part, open: &[u64]| Edit::NextIds { part, tombstone: 4, open_parts: open.to_vec() };
    manifest.commit(&[ids(10, &[7, 8])]).unwrap();
    refuses(&mut manifest, &[add(6)], "commit to a manifest refused: edit 0: part id 6 is not free");
    manifest.commit(&[add(7)]).unwrap();
    let falls = "commit to a manifest refused: edit 0: the next part id would fall from 10 to 9";
    refuses(&mut manifest, &[ids(9, &[])], falls);
    let taken = "commit to a manifest refused: edit 0: open part ids: one of them is not free";
    refuses(&mut manifest, &[ids(12, &[7])], taken);
    refuses(&mut manifest, &[tombstone(3, 1)], "commit to a manifest refused: edit 0: tombstone id 3 is not free");
    let manifest = open(&disk);
    assert_eq!((manifest.state().next_part_id(), manifest.state().next_tombstone_id()), (10, 4));
}

#[test]
fn numbers_that_never_fall_do_not() {
    let mut manifest = open(&FaultyDisk::new(0));
    let base = |stored| Edit::LedgerBase { tenant: TenantId(16), stored };
    manifest.commit(&[Edit::Sealed(10), base(100)]).unwrap();
    manifest.commit(&[Edit::Sealed(10), base(100)]).unwrap();
    let sealed = "commit to a manifest refused: edit 0: the sealed position would fall from 10 to 9";
    refuses(&mut manifest, &[Edit::Sealed(9)], sealed);
    let ledger = "commit to a manifest refused: edit 0: the ledger's base would fall from 100 to 99";
    refuses(&mut manifest, &[base(99)], ledger);
    assert_eq!((manifest.state().ledger_base(TenantId(16)), manifest.state().ledger_base(TenantId(17))), (100, 0));
}

#[test]
fn records_are_counted_without_overflow() {
    let mut manifest = open(&FaultyDisk::new(0));
    let many = |id, records| Edit::AddPart(crate::manifest::PartEntry { records, ..part(id) });
    manifest.commit(&[many(1, u64::MAX)]).unwrap();
    let want = "commit to a manifest refused: edit 0: part 2: more records than can be counted";
    refuses(&mut manifest, &[many(2, 1)], want);
    manifest.commit(&[Edit::RemovePart(PartId(1)), many(2, 5)]).unwrap();
    assert_eq!(manifest.state().records(), 5);
}

#[test]
fn a_quarantine_stays_until_its_part_goes() {
    let disk = FaultyDisk::new(0);
    let mut manifest = open(&disk);
    let long = "é".repeat(REASON_BYTES_MAX);
    manifest.commit(&[add(1), Edit::quarantine(PartId(1), &long)]).unwrap();
    let manifest_again = open(&disk);
    let reason = manifest_again.state().quarantine_of(PartId(1)).unwrap();
    assert_eq!(reason.len(), REASON_BYTES_MAX);
    assert!(long.starts_with(reason));
    let mut manifest = manifest_again;
    manifest.commit(&[Edit::RemovePart(PartId(1))]).unwrap();
    assert_eq!(manifest.state().quarantined().len(), 0);
}

#[test]
fn tombstones_come_and_go_and_their_ids_do_not_come_back() {
    let disk = FaultyDisk::new(0);
    let mut manifest = open(&disk);
    manifest.commit(&[tombstone(1, 0), tombstone(2, 16_384)]).unwrap();
    manifest.commit(&[Edit::DropTombstone(TombstoneId(2))]).unwrap();
    let mut manifest = open(&disk);
    assert_eq!(manifest.state().tombstones().len(), 1);
    refuses(&mut manifest, &[tombstone(2, 1)], "commit to a manifest refused: edit 0: tombstone id 2 is not free");
    let long = "commit to a manifest refused: edit 0: tombstone 3: its filter is too long";
    refuses(&mut manifest, &[tombstone(3, 16_385)], long);
    let none = "commit to a manifest refused: edit 0: there is no tombstone 2";
    refuses(&mut manifest, &[Edit::DropTombstone(TombstoneId(2))], none);
}

/// An older program must not take an edit that it does not know for damage.
#[test]
fn a_file_says_that_it_needs_a_later_reader_from_the_first_edit_on_that_does() {
    let disk = FaultyDisk::new(0);
    let min_reader = || disk.bytes_of(&Path::new(DIR).join("manifest"))[10];
    let mut manifest = open(&disk);
    manifest.commit(&[add(1), tombstone(1, 3)]).unwrap();
    assert_eq!(min_reader(), 1, "who deletes nothing may go back to the program before");
    manifest.commit(&[hiding(2, 4)]).unwrap();
    assert_eq!(min_reader(), 2);
    let mut manifest = open(&disk);
    assert_eq!(min_reader(), 2);
    manifest.commit(&[Edit::DropTombstone(TombstoneId(2))]).unwrap();
    let manifest = open(&disk);
    assert_eq!((min_reader(), manifest.state().tombstones().len()), (1, 1));
}

#[test]
fn a_tombstone_that_cannot_be_is_refused() {
    let mut manifest = open(&FaultyDisk::new(0));
    let none = "commit to a manifest refused: edit 0: tombstone 1: it hides nothing";
    refuses(&mut manifest, &[hiding(1, 0)], none);
    let Edit::AddTombstone(mut tombstone) = hiding(1, 2) else { unreachable!("it is one") };
    tombstone.sequence_max = 6;
    let want = "commit to a manifest refused: edit 0: tombstone 1: its sequences are the wrong way round";
    refuses(&mut manifest, &[Edit::AddTombstone(tombstone)], want);
}

#[test]
fn a_commit_that_is_too_large_is_refused_before_anything_is_written() {
    let disk = FaultyDisk::new(0);
    let mut manifest = open(&disk);
    let calls = disk.call_count();
    let error = manifest.commit(&(1..=300).map(|id| tombstone(id, 16_000)).collect::<Vec<_>>()).unwrap_err();
    assert!(matches!(error, ManifestError::TooLarge { limit_bytes: RECORD_BYTES_MAX, .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::TooLarge);
    assert_eq!(disk.call_count(), calls);
}

/// More than one record may hold is written as several, none of which a crash can have torn.
#[test]
fn a_large_state_is_written_as_several_records() {
    let disk = FaultyDisk::new(0);
    let mut manifest = open(&disk);
    for chunk in 0..12 {
        let ids = chunk * 50 + 1..=chunk * 50 + 50;
        manifest.commit(&ids.map(|id| tombstone(id, 16_000)).collect::<Vec<_>>()).unwrap();
    }
    let want = manifest.state().clone();
    let manifest = open(&disk);
    assert_eq!(*manifest.state(), want);
    let path = Path::new(DIR).join("manifest");
    let bytes = disk.bytes_of(&path);
    assert!(bytes.len() > 2 * RECORD_BYTES_MAX);
    // The last record of the snapshot is damaged, and so is the mark behind it.
    let mut damaged = bytes.clone();
    let end = usize::try_from(manifest.place.end).unwrap();
    damaged[end - 5_000..end + 100].fill(0xee);
    disk.put(&path, &damaged);
    let error = Manifest::read(&disk, Path::new(DIR)).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Corrupt, "{error}");
}

#[test]
fn a_missing_manifest_beside_other_files_is_an_error() {
    let disk = FaultyDisk::new(0);
    drop(open(&disk));
    disk.put(&Path::new(DIR).join("part-7/records.parquet"), b"x");
    disk.take_away(&Path::new(DIR).join("manifest"));
    let error = Manifest::open(Arc::new(disk.clone()), Path::new(DIR)).err().unwrap();
    assert_eq!(error.class(), ErrorClass::Corrupt);
    assert!(error.to_string().starts_with("there is no manifest in data/logs, though part-7 is there"), "{error}");
}

#[test]
fn a_manifest_of_a_newer_program_is_refused_with_one_line() {
    let disk = FaultyDisk::new(0);
    drop(open(&disk));
    let path = Path::new(DIR).join("manifest");
    let mut bytes = disk.bytes_of(&path);
    bytes[8] = 3;
    bytes[10] = 3;
    crate::manifest::layout::make_checksums_fit(&mut bytes);
    // The checksum of a header is made to fit whatever its version.
    disk.put(&path, &bytes);
    let error = Manifest::open(Arc::new(disk), Path::new(DIR)).err().unwrap();
    let want = "data/logs/manifest has format 3, which needs a newer program (this one reads up to 2)";
    assert_eq!((error.to_string().as_str(), error.class()), (want, ErrorClass::Unavailable));
}

#[test]
fn a_state_that_a_reader_holds_does_not_change() {
    let mut manifest = open(&FaultyDisk::new(0));
    manifest.commit(&[add(1)]).unwrap();
    let held = manifest.state().clone();
    manifest.commit(&[Edit::RemovePart(PartId(1))]).unwrap();
    assert_eq!((held.parts().len(), manifest.state().parts().len()), (1, 0));
}

/// A commit whose sync fails is refused for good, and the next one is taken.
#[test]
fn a_failed_sync_refuses_one_commit_and_no_more() {
    let mut run = Run::new(0);
    run.start().unwrap();
    assert!(run.commit(Deed::Seal(1)).unwrap());
    let calls = run.disk.call_count();
    assert!(run.commit(Deed::Seal(1)).unwrap());
    let sync = calls + run.disk.calls()[calls..].iter().position(|call| *call == Call::Sync).unwrap();
    for fault in [Fault::Eio, Fault::LostSync, Fault::LyingSync, Fault::Enospc] {
        let mut run = Run::new(0);
        run.start().unwrap();
        assert!(run.commit(Deed::Seal(1)).unwrap());
        run.disk.fail_at(sync, fault);
        assert!(!run.commit(Deed::Seal(1)).unwrap());
        assert_eq!(run.disk.faults(), [(sync, fault)]);
        assert!(!run.manifest.as_ref().unwrap().is_in_doubt());
        assert!(run.commit(Deed::Seal(1)).unwrap());
        run.end_and_start(End::PowerCut(Unsynced::Kept)).unwrap();
        assert_eq!(run.truth.parts().len(), 2);
    }
}

/// While a commit is in doubt, later ones are refused without doubt; settling ends it.
#[test]
fn a_commit_in_doubt_is_settled_once_the_disk_works() {
    let mut run = Run::new(0);
    run.start().unwrap();
    assert!(run.commit(Deed::Seal(1)).unwrap());
    run.disk.fail_from(run.disk.call_count(), Fault::LostSync);
    let edits = Deed::Seal(1).edits(&run.truth);
    let manifest = run.manifest.as_mut().unwrap();
    let error = manifest.commit(&edits).unwrap_err();
    assert!(matches!(error, ManifestError::InDoubt { .. }), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Unavailable);
    assert!(error.to_string().ends_with("manifest, and the outcome of the commit is open"), "{error}");
    assert!(matches!(manifest.commit(&edits).unwrap_err(), ManifestError::Disk { .. }));
    assert!(manifest.settle().is_err() && manifest.is_in_doubt());
    run.disk.fail_no_more();
    manifest.settle().unwrap();
    assert!(!manifest.is_in_doubt());
    run.end_and_start(End::Kill).unwrap();
    assert_eq!(run.truth.parts().len(), 1);
}

#[test]
fn a_file_that_has_grown_is_written_anew_and_stays_bounded() {
    let disk = FaultyDisk::new(0);
    let (mut manifest, _) = Manifest::open(Arc::new(disk.clone()), Path::new(DIR)).unwrap();
    let path = Path::new(DIR).join("manifest");
    let mut longest = 0;
    for id in 1..700 {
        manifest.commit(&[add(id)]).unwrap();
        if id > 20 {
            manifest.commit(&[Edit::RemovePart(PartId(id - 20))]).unwrap();
        }
        longest = longest.max(disk.bytes_of(&path).len() as u64);
    }
    assert!(manifest.place.generation > 4, "{}", manifest.place.generation);
    assert!(longest < REWRITE_BYTES_MIN + 256 * 1024, "{longest}");
    assert_eq!(disk.paths(), [path], "nothing else is left");
}

#[test]
fn a_real_disk_keeps_a_manifest() {
    let folder = std::env::temp_dir().join(format!("outrigger-manifest-{}", std::process::id()));
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let dir = folder.join("store");
    let (mut manifest, state) = Manifest::open(disk.clone(), &dir).unwrap();
    assert_eq!(state.parts().len(), 0);
    manifest.commit(&[add(1), tombstone(1, 5_000), Edit::Sealed(7)]).unwrap();
    let want = manifest.state().clone();
    let (_, state) = Manifest::open(disk.clone(), &dir).unwrap();
    assert_eq!(state, want);
    disk.remove_dir_all(&folder).unwrap();
}
