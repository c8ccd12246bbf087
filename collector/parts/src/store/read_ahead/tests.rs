use super::*;
use crate::PartSettings;
use crate::part::BytesRead;
use crate::store::tests::{DAY, DIR, Request, Step, TENANTS, open, perform};
use crate::tests::new_layout;
use std::path::Path;
use testkit::faulty_disk::FaultyDisk;

/// Three parts of one tenant, of days that follow each other.
fn three_parts(disk: &Arc<FaultyDisk>) -> PartStore {
    let store = open(disk).unwrap();
    let mut requests = Vec::new();
    for day in 0..3 {
        for second in 0..20 {
            let request = Request { tenant: TENANTS[0], time: day * DAY + second };
            perform(&store, &Step::Append(request), &mut requests);
        }
        perform(&store, &Step::Seal, &mut requests);
    }
    store
}

/// Bytes of its index that are read to ask a part about a word.
fn read_for_a_word(part: &LivePart) -> u64 {
    let before = BytesRead::of_this_thread();
    let keys =
        text_index::required_word_keys(text_index::Needle { text: "17", is_open_start: false, is_open_end: false });
    part.part().may_hold_words(&keys).unwrap();
    for group in part.part().groups().unwrap() {
        group.may_hold_message_words(&keys).unwrap();
        group.may_hold_value_words(&keys).unwrap();
        group.may_hold_letters(&[1]).unwrap();
        group.may_hold_value_letters(&[1]).unwrap();
        group.shape_count().unwrap();
    }
    BytesRead::of_this_thread().since(before).index
}

fn parts(store: &PartStore) -> Vec<Arc<LivePart>> {
    store.snapshot(TENANTS[0]).parts().to_vec()
}

#[test]
fn what_was_read_ahead_is_not_read_again() {
    let disk = Arc::new(FaultyDisk::new(1));
    drop(three_parts(&disk));
    let store = open(&disk).unwrap();
    assert!(read_for_a_word(&parts(&store)[0]) > 0, "a start reads no more than it needs");
    store.read_ahead(&|| true);
    assert!(read_for_a_word(&parts(&store)[1]) > 0, "it was stopped");
    store.read_ahead(&|| false);
    assert_eq!(parts(&store).iter().map(|part| read_for_a_word(part)).sum::<u64>(), 0);
    let before = BytesRead::of_this_thread();
    store.read_ahead(&|| false);
    assert_eq!(BytesRead::of_this_thread().since(before), BytesRead::default(), "once is enough");
}

#[test]
fn the_newest_are_read_ahead_where_not_all_have_room() {
    let disk = Arc::new(FaultyDisk::new(1));
    drop(three_parts(&disk));
    let taken: Vec<u64> = parts(&open(&disk).unwrap()).iter().map(|part| part.read_ahead()).collect();
    // Room for the newest two, and not for the index of the third.
    let settings = PartSettings { kept_bytes: (taken[1] + taken[2]) * 8 / 7 + 16, ..PartSettings::SEALED };
    let store = PartStore::open(disk, Path::new(DIR), new_layout(), settings).unwrap();
    store.read_ahead(&|| false);
    // The newest first: what is read of the third takes the room of others.
    let read: Vec<bool> = parts(&store).iter().rev().map(|part| read_for_a_word(part) == 0).collect();
    assert_eq!(read, [true, true, false]);
}

#[test]
fn a_part_whose_footer_is_damaged_is_reported() {
    let disk = Arc::new(FaultyDisk::new(1));
    drop(three_parts(&disk));
    let store = open(&disk).unwrap();
    let path = parts(&store)[2].part().dir().join("records.parquet");
    let end = disk.bytes_of(&path).len() - 12;
    disk.flip(&path, u64::try_from(end).unwrap(), 1);
    store.read_ahead(&|| false);
    let damaged: Vec<bool> = parts(&store).iter().map(|part| part.damage().is_some()).collect();
    assert_eq!(damaged, [false, false, true]);
}
