use super::*;
use crate::part::tests::{SETTINGS, keeper, layout, lines, message_batch, message_layout, read_groups, streams};
use crate::part::write_part;
use crate::tests::{Sample, batch, samples};
use model::{TimeRange, ValueKind};
use proptest::prelude::*;
use testkit::faulty_disk::FaultyDisk;

proptest! {
    #![proptest_config(testkit::random_cases::cases(48))]

    #[test]
    fn records_streams_and_attributes_are_the_same_without_the_old_index(set in samples(streams())) {
        let disk: Arc<dyn Disk> = Arc::new(FaultyDisk::new(1));
        let (from, to) = (Path::new("/data/parts/1"), Path::new("/data/parts/2"));
        let batches = [Arc::new(batch(&set))];
        let written = write_part(&*disk, from, &layout(), &batches, TimeRange::ALL, &SETTINGS).unwrap().unwrap();
        disk.remove_file(&from.join(INDEX_FILE)).unwrap();
        let places = RebuildPlaces { from, scratch: "/data/parts/3".into(), to };
        let settings = PartSettings { group_records: SETTINGS.group_records, ..PartSettings::MERGED };
        let rebuilt = rebuild(&disk, &places, written.files.records, &layout(), &settings).unwrap();
        prop_assert_eq!((rebuilt.records, rebuilt.times, rebuilt.sequences.clone()), (written.records, written.times, written.sequences));
        let part = Part::open(disk.clone(), to.to_owned(), layout(), rebuilt.files, keeper());
        part.verify().unwrap();
        let read: Vec<Sample> = read_groups(&part).into_iter().flatten().collect();
        prop_assert_eq!(lines(read), lines(set));
    }
}

/// Every list of the index comes back, also of row groups that a merge would take over as they are.
#[test]
fn an_index_that_is_made_anew_says_what_the_old_one_did() {
    let disk: Arc<dyn Disk> = Arc::new(FaultyDisk::new(1));
    let layout = message_layout();
    let said = |number: usize| match number % 50 {
        7 => (r#"{"id":"b17"}"#.to_owned(), ValueKind::Map),
        8 => ("x".repeat(2_000), ValueKind::Str),
        _ => (format!("took {number}ms of {:x}", number * 7_919), ValueKind::Str),
    };
    let said: Vec<(String, ValueKind)> = (0..400).map(said).collect();
    let batch = message_batch(&layout, 0, &said);
    let settings = PartSettings { group_records: 100, ..PartSettings::MERGED };
    let (from, to) = (Path::new("/data/parts/1"), Path::new("/data/parts/2"));
    let written = write_part(&*disk, from, &layout, &[batch], TimeRange::ALL, &settings).unwrap().unwrap();
    let old = Part::open(disk.clone(), from.to_owned(), layout.clone(), written.files, keeper());
    let told = |part: &Part| {
        let mut shapes = Vec::new();
        part.for_each_shape(&mut |shape| shapes.push(shape.to_owned())).unwrap();
        let forms = part.forms().unwrap().as_ref().clone();
        let groups = part.groups().unwrap();
        let of_group = |group: &StoredGroup| {
            let holds = |word: &str| {
                let mut keys = Vec::new();
                text_index::for_each_word_key(word, &mut |key| keys.push(key));
                group.may_hold_message_words(&keys).unwrap()
            };
            let shapes: Vec<Option<u32>> = group.shapes().unwrap().iter().collect();
            let words = ["b17", "150ms", "absent"].map(holds);
            (shapes, words, group.has_other_messages(), group.has_unshaped(), group.time_range())
        };
        (shapes, forms, groups.iter().map(of_group).collect::<Vec<_>>())
    };
    let before = told(&old);
    assert!(before.2.iter().all(|group| group.2 && group.3 && !group.1[2]), "{:?}", before.2);
    disk.remove_file(&from.join(INDEX_FILE)).unwrap();
    let places = RebuildPlaces { from, scratch: "/data/parts/3".into(), to };
    let rebuilt = rebuild(&disk, &places, written.files.records, &layout, &settings).unwrap();
    let part = Part::open(disk.clone(), to.to_owned(), layout, rebuilt.files, keeper());
    assert_eq!(told(&part), before);
}
