use super::*;
use crate::attributes::TypedKey;
use crate::part::column_values::plain_texts;
use crate::part::list_column::ListColumn;
use crate::part::open::leaves;
use crate::part::records_file::RecordsWriter;
use crate::part::schema::{FileLayout, arrow_schema, properties, reading_schema};
use crate::{Layout as Columns, Message, OwnColumn, Storage};
use arrow_array::types::{Int32Type, Utf8Type};
use arrow_array::{
    Array, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, StructArray, TimestampNanosecondArray, UInt8Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::Field;
use arrow_select::take::take;
use basics::{Disk, OpenMode};
use bytes::Bytes;
use model::ValueKind;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;
use proptest::prelude::*;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

/// A column of each kind that a part has, the list of rarer attributes aside.
fn columns() -> Columns {
    let column = |name: &str, data_type, storage| OwnColumn { field: Field::new(name, data_type, false), storage };
    Columns::new(
        vec![
            column("near", DataType::Int64, Storage::Near),
            column("few", DataType::UInt8, Storage::Few),
            column("few_texts", DataType::Utf8, Storage::Few),
            column("text", DataType::Utf8, Storage::Text),
            column("id", DataType::FixedSizeBinary(8), Storage::Id),
        ],
        Some(Message { text: 3, kind: 1 }),
    )
}

fn typed() -> Vec<TypedKey> {
    [ValueKind::Str, ValueKind::Int, ValueKind::Double, ValueKind::Bool]
        .map(|kind| TypedKey { key: "k".into(), kind })
        .to_vec()
}

/// What a record holds besides what follows from its number.
#[derive(Debug, Clone)]
struct Record {
    number: u64,
    text: String,
    optional: Option<u64>,
}

fn record() -> impl Strategy<Value = Record> {
    let number = prop_oneof![0..4u64, any::<u64>()];
    let optional = prop_oneof![Just(None), (0..3u64).prop_map(Some), any::<u64>().prop_map(Some)];
    (number, ".{0,9}", optional).prop_map(|(number, text, optional)| Record { number, text, optional })
}

/// Some records, each many times: runs and groups of bits come in longer pieces so.
fn records() -> impl Strategy<Value = Vec<Record>> {
    let pieces = prop::collection::vec((record(), 1..40usize), 1..40);
    pieces.prop_map(|pieces| pieces.into_iter().flat_map(|(record, times)| vec![record; times]).collect())
}

fn batch(records: &[Record]) -> RecordBatch {
    let schema = arrow_schema(&columns(), &typed());
    let numbers = || records.iter().map(|record| record.number);
    let low = |number: u64| u32::from_le_bytes(*number.to_le_bytes().first_chunk().unwrap());
    let texts = || records.iter().map(|record| record.text.as_str());
    let optional = || records.iter().map(|record| record.optional);
    let words = || -> ArrayRef { Arc::new(texts().map(Some).collect::<DictionaryArray<Int32Type>>()) };
    let ids: Vec<u8> = numbers().flat_map(u64::to_le_bytes).collect();
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(TimestampNanosecondArray::from_iter_values(numbers().map(u64::cast_signed)).with_timezone("UTC")),
        Arc::new(UInt64Array::from_iter_values(numbers())),
        Arc::new(UInt32Array::from_iter_values(numbers().map(low))),
        words(),
        words(),
        words(),
        Arc::new(Int64Array::from_iter_values(numbers().map(u64::cast_signed))),
        Arc::new(UInt8Array::from_iter_values(numbers().map(|number| number.to_le_bytes()[0]))),
        Arc::new(StringArray::from_iter_values(texts())),
        Arc::new(StringArray::from_iter_values(texts())),
        Arc::new(FixedSizeBinaryArray::try_new(8, Buffer::from_vec(ids), None).unwrap()),
        Arc::new(optional().map(|number| number.map(low)).collect::<UInt32Array>()),
        Arc::new(BinaryArray::from_iter_values(texts().map(str::as_bytes))),
        lists(&schema, records),
        Arc::new(optional().map(|number| number.map(|number| format!("{number:x}"))).collect::<StringArray>()),
        Arc::new(optional().map(|number| number.map(u64::cast_signed)).collect::<Int64Array>()),
        Arc::new(optional().map(|number| number.map(f64::from_bits)).collect::<Float64Array>()),
        Arc::new(optional().map(|number| number.map(|number| number & 1 == 1)).collect::<BooleanArray>()),
    ];
    RecordBatch::try_new(Arc::new(schema), arrays).unwrap()
}

/// For each record as many entries as its number's lowest bits say.
fn lists(schema: &arrow_schema::Schema, records: &[Record]) -> ArrayRef {
    let DataType::List(entry) = schema.field_with_name("rest").unwrap().data_type() else { panic!("a list") };
    let DataType::Struct(fields) = entry.data_type() else { panic!("of structures") };
    let count = |record: &Record| usize::try_from(record.number % 4).unwrap().saturating_sub(1);
    let entries: Vec<&Record> = records.iter().flat_map(|record| std::iter::repeat_n(record, count(record))).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(entries.iter().map(|record| record.text.as_str()))),
        Arc::new(UInt8Array::from_iter_values(entries.iter().map(|record| record.number.to_le_bytes()[0]))),
        Arc::new(UInt64Array::from_iter_values(entries.iter().map(|record| record.number))),
        Arc::new(StringArray::from_iter_values(entries.iter().map(|record| format!("{:?}", record.optional)))),
    ];
    let entries = StructArray::try_new(fields.clone(), columns, None).unwrap();
    let offsets = OffsetBuffer::from_lengths(records.iter().map(count));
    Arc::new(ListArray::try_new(entry.clone(), offsets, Arc::new(entries), None).unwrap())
}

/// A column of a file by hand.
fn read(
    bytes: &Bytes,
    metadata: &ArrowReaderMetadata,
    root: usize,
    records: usize,
    only: Option<&[usize]>,
) -> Result<ArrayRef, Unfamiliar> {
    let data_type = metadata.schema().field(root).data_type();
    let columns = leaves(metadata)[root].clone().map(|leaf| metadata.metadata().row_group(0).column(leaf));
    let leaves: Vec<(&[u8], &ColumnChunkMetaData)> = columns.map(|column| (chunk(bytes, column), column)).collect();
    match leaves.as_slice() {
        [(chunk, column)] => FlatColumn { chunk, column, data_type, records, only }.read(None),
        leaves => ListColumn { leaves, data_type, records, only }.read(),
    }
}

/// Who packs the columns of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Library,
    ByHand,
}

/// A file with these records, and how it is read.
fn file(batch: &RecordBatch) -> (Bytes, ArrowReaderMetadata) {
    file_with(batch, properties(&columns(), &typed(), 3), Writer::ByHand)
}

/// The same with so many records in a page, lists aside.
fn file_in_pages_of(batch: &RecordBatch, page_records: usize, writer: Writer) -> (Bytes, ArrowReaderMetadata) {
    let builder = properties(&columns(), &typed(), 3).into_builder().set_write_batch_size(page_records);
    let schema = batch.schema();
    let flat = schema.fields().iter().filter(|field| field.name() != "rest");
    let properties = flat.fold(builder, |builder, field| {
        builder.set_column_data_page_row_count_limit(ColumnPath::from(field.name().as_str()), page_records)
    });
    file_with(batch, properties.build(), writer)
}

fn file_with(batch: &RecordBatch, properties: WriterProperties, writer: Writer) -> (Bytes, ArrowReaderMetadata) {
    let first_typed = FileLayout::of(&columns()).first_typed();
    let bytes = match writer {
        Writer::Library => {
            let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
            writer.write(batch).unwrap();
            writer.into_inner().unwrap()
        }
        Writer::ByHand => {
            let (disk, path) = (Arc::new(FaultyDisk::new(1)), Path::new("/records.parquet"));
            let strings = first_typed..batch.num_columns();
            let mut writer = RecordsWriter::create(&*disk, path, batch.schema(), properties, strings).unwrap();
            writer.write_group(batch.columns()).unwrap();
            writer.finish().unwrap();
            let file = disk.open(path, OpenMode::Read).unwrap();
            let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
            file.read_exact_at(&mut bytes, 0).unwrap();
            bytes
        }
    };
    let bytes = Bytes::from(bytes);
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&bytes, options).unwrap();
    let schema = reading_schema(metadata.schema(), first_typed);
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    let metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).unwrap();
    (bytes, metadata)
}

/// What was written, where it is read as another type: distinct texts and plain ones.
fn texts_of(column: &ArrayRef) -> Vec<Option<String>> {
    let strings = crate::Strings::of(&**column);
    (0..column.len()).map(|row| strings.is_valid(row).then(|| strings.value(row).to_owned())).collect()
}

fn chunk<'a>(bytes: &'a Bytes, column: &ColumnChunkMetaData) -> &'a [u8] {
    let (start, length) = column.byte_range();
    &bytes[usize::try_from(start).unwrap()..][..usize::try_from(length).unwrap()]
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(48))]

    #[test]
    fn each_column_is_what_the_library_reads(
        records in records(), picks in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
        page_records in prop_oneof![Just(usize::MAX), 1..300usize], by_hand in any::<bool>(),
    ) {
        let batch = batch(&records);
        let writer = if by_hand { Writer::ByHand } else { Writer::Library };
        let (bytes, metadata) = file_in_pages_of(&batch, page_records, writer);
        let mut only: Vec<usize> = picks.iter().map(|pick| pick.index(records.len())).collect();
        only.sort_unstable();
        only.dedup();
        let expected = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), metadata.clone())
            .with_batch_size(records.len()).build().unwrap().next().unwrap().unwrap();
        for (root, field) in metadata.schema().fields().iter().enumerate() {
            let (written, expected_column) = (batch.column(root), expected.column(root));
            match written.data_type() {
                DataType::Utf8 | DataType::Dictionary(..) => {
                    prop_assert_eq!(texts_of(written), texts_of(expected_column), "{}", field.name());
                }
                _ => prop_assert_eq!(written.to_data(), expected_column.to_data(), "{}", field.name()),
            }
            let found = read(&bytes, &metadata, root, records.len(), None);
            prop_assert!(found.is_ok(), "{} is of a form that is written here", field.name());
            prop_assert_eq!(&found.unwrap(), expected.column(root), "{}", field.name());
            if only.is_empty() {
                continue;
            }
            let found = read(&bytes, &metadata, root, records.len(), Some(&only)).unwrap();
            let places = UInt64Array::from_iter_values(only.iter().map(|row| *row as u64));
            prop_assert_eq!(&found, &take(expected.column(root), &places, None).unwrap(), "{}", field.name());
        }
        let root = metadata.schema().index_of("str:k").unwrap();
        let column = metadata.metadata().row_group(0).column(leaves(&metadata)[root].start);
        let data_type = metadata.schema().field(root).data_type();
        let flat = FlatColumn { chunk: chunk(&bytes, column), column, data_type, records: records.len(), only: None };
        let distinct = flat.distinct().unwrap();
        let found = flat.read(distinct.as_ref()).unwrap();
        prop_assert_eq!(&found, expected.column(root));
        if let Some(distinct) = distinct {
            let all: HashSet<&str> = distinct.iter().flatten().collect();
            let strings = crate::Strings::of(&*found);
            let used = (0..records.len()).filter(|row| strings.is_valid(*row)).map(|row| strings.value(row));
            prop_assert_eq!(all, used.collect::<HashSet<&str>>());
        }
    }

    #[test]
    fn any_bytes_are_survived(
        records in records(), root in 0..18usize, page_records in 1..40usize, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let batch = batch(&records[..records.len().min(40)]);
        let (bytes, metadata) = file_in_pages_of(&batch, page_records, Writer::ByHand);
        let (mut bytes, groups) = (bytes.to_vec(), metadata.metadata().row_group(0));
        for leaf in leaves(&metadata)[root].clone() {
            let (start, length) = groups.column(leaf).byte_range();
            let (start, length) = (usize::try_from(start).unwrap(), usize::try_from(length).unwrap());
            flips.iter().for_each(|(place, byte)| bytes[start + place.index(length)] ^= byte);
        }
        let (bytes, last) = (Bytes::from(bytes), batch.num_rows() - 1);
        if let Ok(found) = read(&bytes, &metadata, root, batch.num_rows(), None) {
            prop_assert_eq!(found.len(), batch.num_rows());
        }
        if let Ok(found) = read(&bytes, &metadata, root, batch.num_rows(), Some(&[last])) {
            prop_assert_eq!(found.len(), 1);
        }
    }

    #[test]
    fn any_plain_page_is_survived(page in prop::collection::vec(any::<u8>(), 0..200), count in 0usize..40) {
        if let Ok(found) = plain_texts::<Utf8Type>(&page, count) {
            prop_assert_eq!(found.len(), count);
        }
    }
}

/// So many records that ids and messages lie in several pages.
#[test]
fn only_pages_with_wanted_records_are_unpacked() {
    let records: Vec<Record> =
        (0..5_000).map(|number| Record { number, text: format!("text {number}"), optional: None }).collect();
    let batch = batch(&records);
    let (bytes, metadata) = file(&batch);
    let root = metadata.schema().index_of("text").unwrap();
    let column = metadata.metadata().row_group(0).column(leaves(&metadata)[root].start);
    let mut chunk = chunk(&bytes, column).to_vec();
    // The last page is damaged, and nobody wants it.
    let end = chunk.len() - 8;
    chunk[end..].fill(0xff);
    let flat = FlatColumn { chunk: &chunk, column, data_type: &DataType::Utf8, records: records.len(), only: None };
    assert!(flat.read(None).is_err());
    let found = FlatColumn { only: Some(&[0, 1_023, 1_024, 3_000]), ..flat }.read(None).unwrap();
    let found = found.as_any().downcast_ref::<StringArray>().unwrap().clone();
    assert_eq!(found, StringArray::from(vec!["text 0", "text 1023", "text 1024", "text 3000"]));
}

#[test]
fn a_plain_page_that_is_cut_off_or_no_text_is_unfamiliar() {
    let whole = [3, 0, 0, 0, b'o', b'n', b'e', 3, 0, 0, 0, b't', b'w', b'o'];
    let found = plain_texts::<Utf8Type>(&whole, 2).unwrap();
    assert_eq!(found, StringArray::from(vec!["one", "two"]));
    for length in 0..whole.len() {
        assert!(plain_texts::<Utf8Type>(&whole[..length], 2).is_err(), "{length}");
    }
    // A dictionary that says it has fewer texts than it has would hide one from those who look at them alone.
    assert!(plain_texts::<Utf8Type>(&whole, 1).is_err());
    assert!(plain_texts::<Utf8Type>(&[1, 0, 0, 0, 0xff], 1).is_err());
}

/// A chunk of another writer's making is left to the library.
#[test]
fn what_is_not_written_here_is_unfamiliar() {
    let batch = batch(&[Record { number: 1, text: "one".to_owned(), optional: None }]);
    let (bytes, metadata) = file(&batch);
    let column = metadata.metadata().row_group(0).column(0);
    let flat = FlatColumn { chunk: chunk(&bytes, column), column, data_type: &DataType::Utf8, records: 1, only: None };
    assert_eq!(flat.read(None).unwrap_err(), Unfamiliar);
    assert_eq!(FlatColumn { records: 2, ..flat }.read(None).unwrap_err(), Unfamiliar);
    let snappy = column.clone().into_builder().set_compression(Compression::SNAPPY).build().unwrap();
    assert_eq!(FlatColumn { column: &snappy, ..flat }.read(None).unwrap_err(), Unfamiliar);
}

/// Columns that are not what their names say are told of by whoever reads them whole.
#[test]
fn distinct_strings_are_those_of_columns_of_strings_alone() {
    let records: Vec<Record> = (0..300)
        .map(|number| Record { number: number % 3, text: "x".to_owned(), optional: Some(number % 3) })
        .collect();
    let batch = batch(&records);
    let (bytes, metadata) = file(&batch);
    let distinct = |name: &str| {
        let root = metadata.schema().index_of(name).unwrap();
        let column = metadata.metadata().row_group(0).column(leaves(&metadata)[root].start);
        let (chunk, records) = (chunk(&bytes, column), records.len());
        FlatColumn { chunk, column, data_type: &DataType::Utf8, records, only: None }.distinct()
    };
    assert_eq!(distinct("str:k").unwrap().unwrap(), StringArray::from(vec!["0", "1", "2"]));
    assert_eq!(distinct("int:k").unwrap_err(), Unfamiliar);
    assert_eq!(distinct("rest").unwrap_err(), Unfamiliar);
    assert_eq!(distinct("text").unwrap(), None);
}

/// A dictionary that would be too large is none from the beginning; but for texts that came as distinct ones, of which each may
/// be as long as a request.
#[test]
fn what_outgrows_a_dictionary_is_packed_by_hand_without_one() {
    let records: Vec<Record> =
        (0..200).map(|number| Record { number, text: format!("text {number}"), optional: Some(number) }).collect();
    let batch = batch(&records);
    let properties = properties(&columns(), &typed(), 3).into_builder().set_dictionary_page_size_limit(8).build();
    let (bytes, metadata) = file_with(&batch, properties, Writer::ByHand);
    for (root, field) in metadata.schema().fields().iter().enumerate().filter(|(_, field)| field.name() != "rest") {
        let column = metadata.metadata().row_group(0).column(leaves(&metadata)[root].start);
        let is_distinct = matches!(batch.column(root).data_type(), DataType::Dictionary(..));
        assert_eq!(column.dictionary_page_offset().is_some(), is_distinct, "{}", field.name());
        let found = read(&bytes, &metadata, root, records.len(), None).unwrap();
        match batch.column(root).data_type() {
            DataType::Utf8 | DataType::Dictionary(..) => assert_eq!(texts_of(&found), texts_of(batch.column(root))),
            _ => assert_eq!(&found, batch.column(root), "{}", field.name()),
        }
    }
}

/// Columns may be pieces of longer ones, and records without a text may name any.
#[test]
fn pieces_of_columns_are_packed_as_they_are() {
    let records: Vec<Record> = (0..300)
        .map(|number| Record {
            number: number % 7,
            text: format!("text {}", number % 5),
            optional: (number % 3 != 0).then_some(number % 11),
        })
        .collect();
    let piece = batch(&records).slice(13, 200);
    for page_records in [usize::MAX, 64, 1] {
        let (bytes, metadata) = file_in_pages_of(&piece, page_records, Writer::ByHand);
        for root in 0..piece.num_columns() {
            let found = read(&bytes, &metadata, root, 200, None).unwrap();
            match piece.column(root).data_type() {
                DataType::Utf8 | DataType::Dictionary(..) => assert_eq!(texts_of(&found), texts_of(piece.column(root))),
                _ => assert_eq!(&found, piece.column(root), "column {root}"),
            }
        }
    }
}

/// What a field says must be so before any byte of it is written.
#[test]
fn columns_that_are_not_what_their_fields_say_are_refused() {
    let batch = batch(&[Record { number: 1, text: "one".to_owned(), optional: None }]);
    let pack = |name: &str, column: ArrayRef, properties: WriterProperties| {
        let (disk, path) = (FaultyDisk::new(1), Path::new("/records.parquet"));
        let mut columns = batch.columns().to_vec();
        columns[batch.schema().index_of(name).unwrap()] = column;
        let disk = Arc::new(disk);
        let mut writer = RecordsWriter::create(&*disk, path, batch.schema(), properties, 0..0).unwrap();
        let packed = writer.write_group(&columns);
        packed.map_err(|error| basics::error_chain(&error))
    };
    let usual = || properties(&columns(), &typed(), 3);
    assert_eq!(pack("few", batch.column_by_name("few").unwrap().clone(), usual()), Ok(()));
    let missing = pack("few", Arc::new(UInt8Array::from(vec![None])), usual()).unwrap_err();
    assert!(missing.contains("values are missing"), "{missing}");
    let texts = Arc::new(StringArray::from(vec!["one"]));
    let beyond = DictionaryArray::<Int32Type>::try_new(vec![0].into(), Arc::new(StringArray::from(vec![None::<&str>])));
    let beyond = pack("scope", Arc::new(beyond.unwrap()), usual()).unwrap_err();
    assert!(beyond.contains("not among the distinct ones"), "{beyond}");
    let split =
        usual().into_builder().set_column_encoding(ColumnPath::from("text"), Encoding::BYTE_STREAM_SPLIT).build();
    let unfit = pack("text", texts, split).unwrap_err();
    assert!(unfit.contains("cannot be laid out"), "{unfit}");
}

/// What other programs pass over row groups by.
#[test]
fn times_and_sequences_have_their_bounds_in_the_footer() {
    let records: Vec<Record> =
        [5, 3, u64::MAX, 4].map(|number| Record { number, text: String::new(), optional: None }).to_vec();
    let (_, metadata) = file(&batch(&records));
    let bounds = |leaf: usize| {
        let statistics = metadata.metadata().row_group(0).column(leaf).statistics()?;
        let Statistics::Int64(bounds) = statistics else { panic!("numbers of 64 bits") };
        Some((*bounds.min_opt()?, *bounds.max_opt()?, bounds.null_count_opt()?))
    };
    assert_eq!(bounds(0), Some((-1, 5, 0)), "times have a sign");
    assert_eq!(bounds(1), Some((3, -1, 0)), "sequences have none: the bits of the largest are all ones");
    assert_eq!(bounds(2), None);
}

/// Strings that outgrow their dictionary stand by themselves from then on.
#[test]
fn a_dictionary_that_was_given_up_is_left_to_the_library() {
    let records: Vec<Record> =
        (0..4_000).map(|number| Record { number, text: String::new(), optional: Some(number) }).collect();
    let batch = batch(&records);
    let properties = properties(&columns(), &typed(), 3).into_builder().set_dictionary_page_size_limit(512);
    let (bytes, metadata) = file_with(&batch, properties.set_write_batch_size(64).build(), Writer::Library);
    let root = metadata.schema().index_of("str:k").unwrap();
    let column = metadata.metadata().row_group(0).column(leaves(&metadata)[root].start);
    let data_type = metadata.schema().field(root).data_type();
    let flat = FlatColumn { chunk: chunk(&bytes, column), column, data_type, records: records.len(), only: None };
    assert_eq!(flat.distinct().unwrap(), None);
    assert_eq!(flat.read(None).unwrap_err(), Unfamiliar);
}
