use super::*;
use crate::store::tests::{DIR, Request, Step, TENANTS, open, perform};
use crate::tests::new_layout;
use basics::OpenMode;
use testkit::faulty_disk::{Fault, FaultyDisk};

fn store_of_three(disk: &Arc<FaultyDisk>) {
    let store = open(disk).unwrap();
    let mut requests = Vec::new();
    for time in 0..3 {
        perform(&store, &Step::Append(Request { tenant: TENANTS[0], time }), &mut requests);
        perform(&store, &Step::Seal, &mut requests);
    }
}

fn run(disk: &Arc<FaultyDisk>) -> Result<Option<StoreCheck>, StoreError> {
    let disk: Arc<dyn Disk> = disk.clone();
    StoreCheck::run(&disk, Path::new(DIR), new_layout())
}

fn part_file(id: u64, name: &str) -> PathBuf {
    Path::new(DIR).join(PARTS_DIR).join(dir_name(PartId(id))).join(name)
}

#[test]
fn a_sound_store_is_sound_and_nothing_is_changed() {
    let disk = Arc::new(FaultyDisk::new(1));
    assert_eq!(run(&disk).unwrap(), None);
    store_of_three(&disk);
    let before: Vec<Vec<u8>> = disk.paths().iter().map(|path| disk.bytes_of(path)).collect();
    let found = run(&disk).unwrap().unwrap();
    assert!(found.is_sound(), "{found:?}");
    assert_eq!((found.parts, found.records, found.orphans.len()), (3, 3, 0));
    let after: Vec<Vec<u8>> = disk.paths().iter().map(|path| disk.bytes_of(path)).collect();
    assert_eq!(before, after);
}

#[test]
fn each_damaged_part_is_named_with_its_file() {
    let disk = Arc::new(FaultyDisk::new(1));
    store_of_three(&disk);
    disk.flip(&part_file(1, "records.parquet"), 30, 2);
    disk.flip(&part_file(2, "index"), 30, 2);
    disk.take_away(&part_file(3, "index"));
    let found = run(&disk).unwrap().unwrap();
    let ids: Vec<u64> = found.damaged.iter().map(|(id, _)| id.0).collect();
    assert_eq!(ids, [1, 2, 3], "{found:?}");
    for ((_, what), file) in found.damaged.iter().zip(["records.parquet", "index", "index"]) {
        assert!(what.contains(file), "{what}");
    }
    assert!(!found.is_sound());
}

#[test]
fn a_part_in_quarantine_and_a_directory_of_none_are_told() {
    let disk = Arc::new(FaultyDisk::new(1));
    store_of_three(&disk);
    let store = open(&disk).unwrap();
    store.quarantine(PartId(2), "somebody said so").unwrap();
    drop(store);
    let orphan = Path::new(DIR).join(PARTS_DIR).join("00000000000000ff");
    disk.create_dir_all(&orphan).unwrap();
    disk.open(&orphan.join("index"), OpenMode::CreateNew).unwrap();
    let found = run(&disk).unwrap().unwrap();
    assert_eq!(found.quarantined, [(PartId(2), "somebody said so".to_owned())]);
    assert_eq!((found.orphans, found.damaged.len()), (vec![orphan], 0));
}

#[test]
fn what_the_disk_does_not_give_is_no_damage_and_a_damaged_manifest_is_an_error() {
    let disk = Arc::new(FaultyDisk::new(1));
    store_of_three(&disk);
    let first = disk.call_count();
    run(&disk).unwrap();
    let last = disk.call_count() - 1;
    disk.fail_at(last + 1 + (last - first), Fault::Eio);
    let found = run(&disk).unwrap().unwrap();
    disk.fail_no_more();
    assert_eq!((found.unread.len(), found.damaged.len()), (1, 0), "{found:?}");
    let manifest = Path::new(DIR).join("manifest");
    (0..64).for_each(|offset| disk.flip(&manifest, offset, 1));
    assert_eq!(run(&disk).unwrap_err().class(), ErrorClass::Corrupt);
}
