use crate::attributes::TypedKey;
use crate::batch::typed_field;
use crate::part::flat_column::FlatColumn;
use crate::part::records_file::RecordsWriter;
use crate::part::schema::properties;
use crate::{Layout, tests::new_layout};
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::{DataType, Field, Schema};
use basics::{Disk, OpenMode};
use model::ValueKind;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::FaultyDisk;

fn strings(count: usize, distinct: usize) -> ArrayRef {
    // The multiplier has no divisor in common with the counts here.
    Arc::new(StringArray::from_iter_values((0..count).map(|number| format!("user-{}", number * 7_919 % distinct))))
}

/// Two columns of strings, one varied; how each is packed, and what the library and the reader by hand find in it.
#[test]
fn varied_strings_are_written_one_by_one_and_others_as_distinct_ones() {
    let layout: Layout = new_layout();
    let typed = ["few", "varied"].map(|key| TypedKey { key: key.into(), kind: ValueKind::Str });
    let schema = Arc::new(Schema::new(typed.iter().map(typed_field).collect::<Vec<Field>>()));
    let disk = Arc::new(FaultyDisk::new(1));
    let path = Path::new("/records.parquet");
    let mut writer = RecordsWriter::create(&*disk, path, schema, properties(&layout, &typed, 3), 0..2).unwrap();
    let records = 10_000;
    let columns = [strings(records, 10), strings(records, 1_000_000)];
    writer.write_group(&columns).unwrap();
    writer.finish().unwrap();

    let file = disk.open(path, OpenMode::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let bytes = bytes::Bytes::from(bytes);
    let metadata = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new().with_skip_arrow_metadata(true)).unwrap();
    let read = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), metadata.clone());
    let read = read.with_batch_size(records).build().unwrap().next().unwrap().unwrap();
    let leaves = crate::part::open::leaves(&metadata);
    for (root, has_dictionary) in [(0, true), (1, false)] {
        let column = metadata.metadata().row_group(0).column(leaves[root].start);
        assert_eq!(column.dictionary_page_offset().is_some(), has_dictionary);
        assert_eq!(read.column(root), &columns[root], "by the library");
        let (start, length) = column.byte_range();
        let chunk = &bytes[usize::try_from(start).unwrap()..][..usize::try_from(length).unwrap()];
        let distinct = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let flat = FlatColumn { chunk, column, data_type: &distinct, records, only: None };
        let found = flat.read(None).unwrap();
        assert_eq!(matches!(found.data_type(), DataType::Dictionary(..)), has_dictionary);
        let text = |column: &ArrayRef, row| crate::Strings::of(&**column).value(row).to_owned();
        let only = [0, 4_095, 4_096, 9_999];
        let picked = FlatColumn { only: Some(&only), ..flat }.read(None).unwrap();
        for (place, row) in only.into_iter().enumerate() {
            assert_eq!(text(&found, row), text(&columns[root], row));
            assert_eq!(text(&picked, place), text(&columns[root], row));
        }
        assert_eq!((found.len(), picked.len()), (records, only.len()));
        let distinct = flat.distinct().unwrap();
        assert_eq!(distinct.is_some(), has_dictionary);
        assert_eq!(&flat.read(distinct.as_ref()).unwrap(), &found);
        if let Some(distinct) = distinct {
            let expected: HashSet<_> = columns[root].as_any().downcast_ref::<StringArray>().unwrap().iter().collect();
            assert_eq!(distinct.iter().collect::<HashSet<_>>(), expected);
        }
    }
}
