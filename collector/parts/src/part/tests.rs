use super::*;
use crate::tests::{Sample, attribute, batch, exact, read, sample, samples, stream, text};
use crate::{AttributeEntries, Batch, Layout, Message, NewBatch, OwnColumn, Storage};
use arrow_array::{StringArray, UInt8Array};
use arrow_schema::{DataType, Field};
use basics::Timestamp;
use model::{TimeRange, Value, ValueKind};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

const DIR: &str = "/data/parts/7";

/// Small row groups, so that a part has several.
pub(super) const SETTINGS: PartSettings = PartSettings { group_records: 7, ..PartSettings::SEALED };

pub(super) fn layout() -> Arc<Layout> {
    Arc::new(crate::tests::new_layout())
}

pub(super) fn keeper() -> Arc<Keeper> {
    Arc::new(Keeper::new(1 << 20))
}

/// A layout with messages.
pub(super) fn message_layout() -> Arc<Layout> {
    let own = |name: &str, data_type, storage| OwnColumn { field: Field::new(name, data_type, false), storage };
    let own = vec![own("text", DataType::Utf8, Storage::Text), own("kind", DataType::UInt8, Storage::Few)];
    Arc::new(Layout::new(own, Some(Message { text: 0, kind: 1 })))
}

/// A record for each message, with times and sequences from `first` on.
pub(super) fn message_batch(layout: &Layout, first: i64, said: &[(String, ValueKind)]) -> Arc<Batch> {
    let mut attributes = AttributeEntries::default();
    said.iter().for_each(|_| attributes.end_record());
    let times: Vec<i64> = (first..).take(said.len()).collect();
    let new = NewBatch {
        sequence: times.iter().map(|time| time.cast_unsigned()).collect(),
        time: times,
        stream: vec![0; said.len()],
        streams: vec![Arc::default()],
        stream_bytes: 0,
        own: vec![
            Arc::new(StringArray::from_iter_values(said.iter().map(|(text, _)| text))),
            Arc::new(UInt8Array::from_iter_values(said.iter().map(|(_, kind)| *kind as u8))),
        ],
        attributes,
    };
    Arc::new(Batch::build(layout, new))
}

fn write(disk: &Arc<FaultyDisk>, batches: &[Arc<Batch>], range: TimeRange) -> Option<Part> {
    let written = write_part(&**disk, Path::new(DIR), &layout(), batches, range, &SETTINGS).unwrap()?;
    Some(Part::open(disk.clone(), DIR.into(), layout(), written.files, keeper()))
}

/// All records of a part, row group by row group.
pub(super) fn read_groups(part: &Part) -> Vec<Vec<Sample>> {
    let groups = part.groups().unwrap();
    groups
        .into_iter()
        .map(|group| {
            let batch = Batch::stored(&layout(), group);
            let samples = read(&batch);
            assert!(batch.damage().is_none(), "{:?}", batch.damage());
            samples
        })
        .collect()
}

/// One line per record, in the order of (time, sequence). Streams are told apart by what they are.
pub(super) fn lines(samples: impl IntoIterator<Item = Sample>) -> Vec<String> {
    let mut samples: Vec<Sample> = samples.into_iter().collect();
    samples.sort_by_key(|sample| (sample.time, sample.sequence));
    let line = |sample: &Sample| {
        let attributes: Vec<String> =
            sample.attributes.iter().map(|(key, value)| format!("{key:?}={}", exact(value))).collect();
        format!("{} {} {:?} {:?} {}", sample.time, sample.sequence, sample.stream, sample.text, attributes.join(" "))
    };
    samples.iter().map(line).collect()
}

pub(super) fn streams() -> Vec<Arc<model::Stream>> {
    vec![stream("a"), stream("b"), stream("c")]
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(64))]

    #[test]
    fn a_part_gives_back_every_record_of_its_range_once(
        batches in proptest::collection::vec(samples(streams()), 1..4), first in -1..4i64, length in 1..8i64,
    ) {
        let mut sequence = 0;
        let batches: Vec<Vec<Sample>> = batches
            .into_iter()
            .map(|batch| {
                batch.into_iter().map(|sample| { sequence += 1; Sample { sequence, ..sample } }).collect()
            })
            .collect();
        let range = TimeRange { start: Timestamp(first), end: Timestamp(first + length) };
        let disk = Arc::new(FaultyDisk::new(1));
        let built: Vec<Arc<Batch>> = batches.iter().map(|samples| Arc::new(batch(samples))).collect();
        let part = write(&disk, &built, range);
        let inside = batches.into_iter().flatten().filter(|sample| range.contains(Timestamp(sample.time)));
        let inside: Vec<Sample> = inside.collect();
        match part {
            None => prop_assert!(inside.is_empty()),
            Some(part) => {
                let groups = read_groups(&part);
                let ends: Vec<(i64, i64)> = groups
                    .iter()
                    .map(|group| {
                        let times = || group.iter().map(|sample| sample.time);
                        (times().min().unwrap(), times().max().unwrap())
                    })
                    .collect();
                prop_assert!(ends.windows(2).all(|pair| pair[0].1 <= pair[1].0), "time goes on from group to group");
                prop_assert_eq!(lines(groups.into_iter().flatten()), lines(inside));
                part.verify().unwrap();
            }
        }
    }
}

#[test]
fn the_last_row_group_is_not_a_small_one() {
    let sizes = |count: u64| -> Vec<usize> {
        let disk = Arc::new(FaultyDisk::new(1));
        let samples: Vec<Sample> = (0..count).map(|sequence| sample(1, sequence)).collect();
        let part = write(&disk, &[Arc::new(batch(&samples))], TimeRange::ALL).unwrap();
        part.groups().unwrap().iter().map(|group| group.records()).collect()
    };
    assert_eq!([sizes(3), sizes(7), sizes(8)], [vec![3], vec![7], vec![4, 4]]);
    assert_eq!([sizes(14), sizes(17), sizes(18)], [vec![7, 7], vec![7, 5, 5], vec![7, 7, 4]]);
}

#[test]
fn what_a_part_says_of_its_row_groups_is_what_they_hold() {
    let disk = Arc::new(FaultyDisk::new(1));
    let samples: Vec<Sample> =
        (0..20).map(|sequence| sample(100 - i64::try_from(sequence).unwrap(), sequence)).collect();
    let part = write(&disk, &[Arc::new(batch(&samples))], TimeRange::ALL).unwrap();
    let groups = part.groups().unwrap();
    let said: Vec<(usize, i64, i64, u64, u64)> = groups
        .iter()
        .map(|group| {
            let (times, sequences) = (group.time_range(), group.sequence_range());
            (group.records(), times.start.0, times.end.0, sequences.start, sequences.end)
        })
        .collect();
    assert_eq!(said, [(7, 81, 88, 13, 20), (7, 88, 95, 6, 13), (6, 95, 101, 0, 6)]);
}

#[test]
fn a_flipped_bit_anywhere_is_found_by_a_check() {
    let disk = Arc::new(FaultyDisk::new(1));
    let with_attributes = |sequence| Sample {
        attributes: vec![attribute("user", text("anna")), attribute("n", Value::Int(5))],
        ..sample(5, sequence)
    };
    let samples: Vec<Sample> = (0..10).map(with_attributes).collect();
    let files = write_part(&*disk, Path::new(DIR), &layout(), &[Arc::new(batch(&samples))], TimeRange::ALL, &SETTINGS)
        .unwrap()
        .unwrap()
        .files;
    let (mut found, mut flips) = (0, 0);
    for (name, facts) in [(RECORDS_FILE, files.records), (INDEX_FILE, files.index)] {
        let path = Path::new(DIR).join(name);
        for offset in 0..facts.bytes {
            // The first bytes of a records file say that it is one; nothing that is read lies there.
            if name == RECORDS_FILE && offset < 4 {
                continue;
            }
            disk.flip(&path, offset, u32::try_from(offset % 8).unwrap());
            let part = Part::open(disk.clone(), DIR.into(), layout(), files, keeper());
            flips += 1;
            found += usize::from(part.verify().is_err());
            disk.flip(&path, offset, u32::try_from(offset % 8).unwrap());
        }
    }
    assert_eq!(found, flips);
    Part::open(disk, DIR.into(), layout(), files, keeper()).verify().unwrap();
}

#[test]
fn a_damaged_column_says_so_and_reads_as_empty() {
    let disk = Arc::new(FaultyDisk::new(1));
    let samples: Vec<Sample> = (0..5).map(|sequence| sample(5, sequence)).collect();
    let part = write(&disk, &[Arc::new(batch(&samples))], TimeRange::ALL).unwrap();
    let group = part.groups().unwrap().remove(0);
    let (start, _) = part.contents().unwrap().metadata.metadata().row_group(0).column(6).byte_range();
    disk.flip(&Path::new(DIR).join(RECORDS_FILE), start + 3, 1);
    let batch = Batch::stored(&layout(), group);
    assert_eq!(batch.times().len(), 5);
    assert!(batch.damage().is_none(), "another column is whole");
    assert!(read(&batch).iter().all(|sample| sample.text.is_empty()));
    let damage = batch.damage().expect("the damage is told").to_string();
    assert!(damage.contains("column chunk") && damage.contains("records.parquet"), "{damage}");
}

#[test]
fn a_message_has_a_shape_and_its_words_are_known() {
    let own = |name: &str, data_type, storage| OwnColumn { field: Field::new(name, data_type, false), storage };
    let layout = Arc::new(Layout::new(
        vec![own("text", DataType::Utf8, Storage::Text), own("kind", DataType::UInt8, Storage::Few)],
        Some(Message { text: 0, kind: 1 }),
    ));
    let texts = ["user 5 left", "user 17 left", "disk full"];
    let entries = {
        let mut entries = crate::AttributeEntries::default();
        texts.iter().for_each(|_| entries.end_record());
        entries
    };
    let batch = Batch::build(
        &layout,
        crate::NewBatch {
            time: vec![1, 2, 3],
            sequence: vec![1, 2, 3],
            stream: vec![0; 3],
            streams: vec![stream("a")],
            stream_bytes: 0,
            own: vec![
                Arc::new(arrow_array::StringArray::from_iter_values(texts)),
                Arc::new(arrow_array::UInt8Array::from(vec![model::ValueKind::Str as u8; 3])),
            ],
            attributes: entries,
        },
    );
    let disk = Arc::new(FaultyDisk::new(1));
    let written = write_part(&*disk, Path::new(DIR), &layout, &[Arc::new(batch)], TimeRange::ALL, &SETTINGS);
    let part = Part::open(disk, DIR.into(), layout, written.unwrap().unwrap().files, keeper());
    let contents = part.contents().unwrap();
    let mut shapes = Vec::new();
    contents.shapes().unwrap().for_each(&mut |_, shape| shapes.push(shape.to_owned())).unwrap();
    assert_eq!(shapes, ["disk full", "user \u{1a} left"]);
}
