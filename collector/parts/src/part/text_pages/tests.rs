use super::{MESSAGE_PAGE_RECORDS, PassedPage, countable};
use crate::part::tests::keeper;
use crate::part::{Part, PartSettings, write_part};
use crate::tests::stream;
use crate::{AttributeEntries, Batch, Layout, Message, NewBatch, OwnColumn, Storage};
use arrow_array::{StringArray, UInt8Array};
use arrow_schema::{DataType, Field};
use basics::{Disk, Timestamp};
use model::{TimeRange, ValueKind};
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

fn layout() -> Arc<Layout> {
    let own = |name: &str, data_type, storage| OwnColumn { field: Field::new(name, data_type, false), storage };
    let own = vec![own("text", DataType::Utf8, Storage::Text), own("kind", DataType::UInt8, Storage::Few)];
    Arc::new(Layout::new(own, Some(Message { text: 0, kind: 1 })))
}

/// A part of these messages, in their order.
fn part(texts: &[String]) -> Part {
    let disk: Arc<dyn Disk> = Arc::new(FaultyDisk::new(1));
    let mut attributes = AttributeEntries::default();
    texts.iter().for_each(|_| attributes.end_record());
    let batch = Batch::build(
        &layout(),
        NewBatch {
            time: (0..).take(texts.len()).collect(),
            sequence: (0..).take(texts.len()).collect(),
            stream: vec![0; texts.len()],
            streams: vec![stream("a")],
            stream_bytes: 0,
            own: vec![
                Arc::new(StringArray::from_iter_values(texts)),
                Arc::new(UInt8Array::from(vec![ValueKind::Str as u8; texts.len()])),
            ],
            attributes,
        },
    );
    let (dir, range) = (Path::new("/part"), TimeRange { start: Timestamp::MIN, end: Timestamp::MAX });
    let written =
        write_part(&*disk, dir, &layout(), &[Arc::new(batch)], range, &PartSettings::SEALED).unwrap().unwrap();
    Part::open(disk, dir.to_owned(), layout(), written.files, keeper())
}

/// A record's sequence tells which text it was given.
fn text_of<'a>(texts: &'a [String], batch: &Batch, row: usize) -> &'a str {
    &texts[usize::try_from(batch.sequences()[row]).unwrap()]
}

/// Each message by its page, the last record of the slice first, so that no earlier page is unpacked before.
fn assert_each_is_found(texts: &[String]) {
    let mut count = 0;
    for group in part(texts).groups().unwrap() {
        let batch = group.open();
        for start in (0..batch.len()).step_by(MESSAGE_PAGE_RECORDS).rev() {
            let rows = start..batch.len().min(start + MESSAGE_PAGE_RECORDS);
            let found = batch.messages(0, rows.clone());
            for row in rows {
                assert_eq!(found.texts.value(row - found.first), text_of(texts, &batch, row), "{row}");
            }
        }
        assert!(batch.damage().is_none(), "{:?}", batch.damage());
        count += batch.len();
    }
    assert_eq!(count, texts.len());
}

#[test]
fn a_message_is_found_by_its_page() {
    assert_each_is_found(&(0..5_000).map(|number| format!("message {number}")).collect::<Vec<String>>());
}

#[test]
fn pages_behind_a_short_one_are_not_counted() {
    const FULL: usize = MESSAGE_PAGE_RECORDS;
    assert_eq!(countable([FULL, FULL, 300].into_iter()), 3);
    assert_eq!(countable([408, 408, 208, FULL, FULL].into_iter()), 1);
    assert_eq!(countable([FULL, 2 * FULL, FULL].into_iter()), 2);
    assert_eq!(countable([].into_iter()), 0);
}

/// A page of long messages ends before it has its number of records.
#[test]
fn a_message_behind_long_ones_is_found() {
    let long = |number: usize| format!("{number} {}", "long ".repeat(4_000));
    let texts = (0..5_120).map(|number| if number < 1_024 { long(number) } else { format!("short {number}") });
    assert_each_is_found(&texts.collect::<Vec<String>>());
}

#[test]
fn a_few_messages_are_taken_in_passing_once() {
    let texts: Vec<String> = (0..2_500).map(|number| format!("{number}{}", "é".repeat(number % 7))).collect();
    let group = part(&texts).groups().unwrap().remove(0);
    let batch = group.clone().open();
    for rows in [0..1_024, 1_024..2_048, 2_048..2_500] {
        let mut page = batch.passed_messages(0, rows.clone()).unwrap();
        for row in rows.clone().step_by(37) {
            assert_eq!(page.text(row), Some(text_of(&texts, &batch, row)));
            assert_eq!(page.text(row), Some(text_of(&texts, &batch, row)), "and again");
        }
        assert_eq!(page.text(rows.end), None, "the page ends");
        assert!(batch.passed_messages(0, rows.clone()).is_none(), "next time it is kept");
        assert_eq!(batch.messages(0, rows.clone()).texts.value(5), text_of(&texts, &batch, rows.start + 5));
    }
    assert!(batch.has_read_messages(0));
    let batch = group.open();
    assert!(batch.passed_messages(0, 1_000..1_100).is_none(), "no page holds all of these");
    batch.messages(0, 0..1_024);
    assert!(batch.passed_messages(0, 0..1_024).is_none() && batch.passed_messages(0, 4_000..4_001).is_none());
}

#[test]
fn a_page_that_is_cut_off_gives_no_text() {
    let mut page = PassedPage { bytes: vec![1, 0, 0, 0, b'a', 9, 0, 0, 0, b'b'], at: 0, row: 7 };
    assert_eq!(page.text(7), Some("a"));
    assert_eq!(page.text(8), None);
    let mut page = PassedPage { bytes: vec![1, 0, 0, 0, 0xff], at: 0, row: 0 };
    assert_eq!(page.text(0), None);
}
