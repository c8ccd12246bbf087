use super::*;
use crate::part::tests::{SETTINGS, keeper, layout, lines, read_groups, streams};
use crate::part::write_part;
use crate::tests::{Sample, batch, samples};
use model::TimeRange;
use proptest::prelude::*;
use testkit::faulty_disk::FaultyDisk;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

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
