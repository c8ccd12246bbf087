//! What a Parquet part costs: row-group size, zstd level, page length, sort order, the encoding of the shape column.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::corpus::{Corpus, Record};
use crate::cpu::Instant;
use crate::dictionary::{Dictionary, Shapes, UNSHAPED};
use crate::splitter::{Rules, Splitter};
use crate::{Random, fig, median_ms};

pub struct Columns {
    batch: RecordBatch,
}

#[derive(Clone, Copy)]
pub enum Sorting {
    Time,
    /// Over the whole part, so each row group covers few streams and much time.
    Stream,
    /// Row groups are cut by time; inside each one, streams (or shapes) lie together.
    StreamInGroups(usize),
    ShapeInGroups(usize),
}

/// Times a millisecond apart on average, half of the records with a random trace id, one stream per source and host.
pub fn columns(corpus: &Corpus, records: &[Record], dictionary: &Dictionary, sorting: Sorting) -> Columns {
    let mut random = Random(7);
    let mut time = 1_790_000_000_000_000_000i64;
    let mut rows: Vec<(u64, i64, usize)> = Vec::with_capacity(records.len());
    for (i, record) in records.iter().enumerate() {
        time += (random.draw() % 2_000_000) as i64;
        let host = random.draw() % 8;
        rows.push((u64::from(record.source) << 8 | host, time, i));
    }
    match sorting {
        Sorting::Time => {}
        Sorting::Stream => rows.sort_by_key(|row| (row.0, row.1)),
        Sorting::StreamInGroups(group) => {
            rows.chunks_mut(group).for_each(|rows| rows.sort_by_key(|row| (row.0, row.1)))
        }
        Sorting::ShapeInGroups(group) => {
            rows.chunks_mut(group).for_each(|rows| rows.sort_by_key(|row| (dictionary.shape_of[row.2], row.1)));
        }
    }
    let mut ids = Random(11);
    let trace: Vec<Option<[u8; 16]>> = (0..records.len())
        .map(|_| {
            let id = (u128::from(ids.draw()) << 64 | u128::from(ids.draw())).to_le_bytes();
            ids.draw().is_multiple_of(2).then_some(id)
        })
        .collect();
    let service: Vec<&str> = corpus.sources.iter().map(|source| source.name.as_str()).collect();
    let hosts: Vec<String> = (0..8).map(|n| format!("node-{n}.cluster.internal")).collect();
    let severity = |text: &str| match text {
        text if text.contains("rror") || text.contains("ERR") => 17,
        text if text.contains("arn") => 13,
        text if text.contains("ebug") || text.contains("DEBUG") => 5,
        _ => 9,
    };
    let shape = |row: &usize| Some(dictionary.shape_of[*row]).filter(|shape| *shape != UNSHAPED);
    let order: Vec<usize> = rows.iter().map(|row| row.2).collect();
    let schema = Arc::new(Schema::new(vec![
        Field::new("time", DataType::Int64, false),
        Field::new("seq", DataType::Int64, false),
        Field::new("severity", DataType::Int32, false),
        Field::new("service", DataType::Utf8, false),
        Field::new("host", DataType::Utf8, false),
        Field::new("stream", DataType::UInt64, false),
        Field::new("trace_id", DataType::FixedSizeBinary(16), true),
        Field::new("body", DataType::Utf8, false),
        Field::new("shape", DataType::UInt32, true),
    ]));
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(Int64Array::from_iter_values(
            order.iter().map(|row| (*row as i64 / 1000) << 20 | (*row as i64 % 1000)),
        )),
        Arc::new(Int32Array::from_iter_values(order.iter().map(|row| severity(&records[*row].text)))),
        Arc::new(StringArray::from_iter_values(order.iter().map(|row| service[records[*row].source as usize]))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| hosts[(row.0 & 255) as usize].as_str()))),
        Arc::new(UInt64Array::from_iter_values(
            rows.iter().map(|row| xxhash_rust::xxh3::xxh3_64(&row.0.to_le_bytes())),
        )),
        Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(order.iter().map(|row| trace[*row]), 16)
                .expect("16 bytes each"),
        ),
        Arc::new(StringArray::from_iter_values(order.iter().map(|row| &*records[*row].text))),
        Arc::new(UInt32Array::from_iter(order.iter().map(shape))),
    ];
    Columns { batch: RecordBatch::try_new(schema, arrays).expect("columns of one length") }
}

#[derive(Clone, Copy)]
pub struct Form {
    pub group_records: usize,
    pub page_records: usize,
    pub page_bytes: usize,
    pub level: i32,
    pub shape_dictionary: bool,
}

pub const USUAL: Form =
    Form { group_records: 16_384, page_records: 20_000, page_bytes: 1 << 20, level: 3, shape_dictionary: false };

fn properties(form: Form) -> WriterProperties {
    let column = |name: &str| ColumnPath::from(name);
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(form.level).expect("a level")))
        .set_max_row_group_row_count(Some(form.group_records))
        .set_data_page_row_count_limit(form.page_records)
        .set_data_page_size_limit(form.page_bytes)
        .set_write_batch_size(form.page_records.min(1024))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_dictionary_enabled(column("time"), false)
        .set_column_encoding(column("time"), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(column("seq"), false)
        .set_column_encoding(column("seq"), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(column("trace_id"), false)
        .set_column_bloom_filter_enabled(column("trace_id"), true)
        .set_column_bloom_filter_fpp(column("trace_id"), 0.01)
        .set_column_dictionary_enabled(column("body"), false)
        .set_column_dictionary_enabled(column("variables"), false)
        .set_column_statistics_enabled(column("body"), EnabledStatistics::None)
        .set_column_statistics_enabled(column("variables"), EnabledStatistics::None)
        .set_column_dictionary_enabled(column("shape"), form.shape_dictionary)
        .build()
}

pub struct Written {
    pub bytes: Bytes,
    pub seconds: f64,
    pub memory_peak: usize,
}

pub fn write(columns: &Columns, form: Form) -> Written {
    let before = crate::alloc::mark();
    let start = Instant::now();
    let batch = &columns.batch;
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties(form))).expect("a writer");
    for start in (0..batch.num_rows()).step_by(4096) {
        writer.write(&batch.slice(start, 4096.min(batch.num_rows() - start))).expect("write");
    }
    let bytes = writer.into_inner().expect("finish");
    Written {
        seconds: start.elapsed().as_secs_f64(),
        memory_peak: crate::alloc::peak() - before,
        bytes: Bytes::from(bytes),
    }
}

/// Prints the price of one form.
pub fn measure(prefix: &str, columns: &Columns, form: Form, records: usize, needles: &[&str]) {
    let mut seconds = Vec::new();
    let mut written = write(columns, form);
    for _ in 0..3 {
        seconds.push(written.seconds);
        written = write(columns, form);
    }
    seconds.push(written.seconds);
    seconds.sort_by(f64::total_cmp);
    fig(prefix, "write_records_per_s", format!("{:.0}", records as f64 / seconds[seconds.len() / 2]));
    fig(prefix, "bytes_per_record", format!("{:.2}", written.bytes.len() as f64 / records as f64));
    fig(prefix, "write_memory_peak_bytes", written.memory_peak);
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    fig(
        prefix,
        "open_ms",
        format!(
            "{:.3}",
            median_ms(5, || ArrowReaderMetadata::load(&written.bytes, options.clone())
                .expect("metadata")
                .metadata()
                .num_row_groups())
        ),
    );
    let metadata = ArrowReaderMetadata::load(&written.bytes, options).expect("metadata");
    let groups = metadata.metadata().num_row_groups();
    fig(prefix, "row_groups", groups);
    let mut footer = written.bytes.len() as i64;
    let mut parts = std::collections::BTreeMap::new();
    for group in metadata.metadata().row_groups() {
        for column in group.columns() {
            *parts.entry(column.column_path().string()).or_insert(0i64) += column.compressed_size();
            footer -= column.compressed_size();
            if let Some(length) = column.bloom_filter_length() {
                *parts.entry("bloom".to_owned()).or_insert(0) += i64::from(length);
                footer -= i64::from(length);
            }
        }
    }
    parts.insert("footer_and_page_index".to_owned(), footer);
    for (name, bytes) in &parts {
        fig(prefix, &format!("bytes_per_record_{name}"), format!("{:.3}", *bytes as f64 / records as f64));
    }
    let reader = || {
        ParquetRecordBatchReaderBuilder::new_with_metadata(written.bytes.clone(), metadata.clone())
            .with_batch_size(8192)
    };
    let mask = |names: &[&str]| ProjectionMask::columns(metadata.parquet_schema(), names.iter().copied());
    let in_last = metadata.metadata().row_group(groups - 1).num_rows() as usize;
    let full_group = (0..groups)
        .rev()
        .find(|group| metadata.metadata().row_group(*group).num_rows() as usize == form.group_records)
        .unwrap_or(groups - 1);
    let rows = metadata.metadata().row_group(full_group).num_rows() as usize;
    fig(prefix, "last_group_rows", in_last);
    fig(
        prefix,
        "decode_group_all_columns_ms",
        format!(
            "{:.2}",
            median_ms(7, || reader()
                .with_row_groups(vec![full_group])
                .build()
                .expect("reader")
                .map(|batch| batch.expect("batch").num_rows())
                .sum())
        ),
    );
    let last = RowSelection::from(vec![RowSelector::skip(rows - 100), RowSelector::select(100)]);
    fig(
        prefix,
        "last_100_of_a_group_by_pages_ms",
        format!(
            "{:.3}",
            median_ms(9, || reader()
                .with_row_groups(vec![full_group])
                .with_row_selection(last.clone())
                .build()
                .expect("reader")
                .map(|batch| batch.expect("batch").num_rows())
                .sum())
        ),
    );
    let scan_shape = median_ms(5, || {
        let mut sum = 0u64;
        for batch in reader().with_projection(mask(&["shape"])).build().expect("reader") {
            let batch = batch.expect("batch");
            if batch.num_columns() > 0 {
                sum = sum.wrapping_add(
                    batch.column(0).as_primitive::<UInt32Type>().values().iter().fold(0, |a, b| a ^ u64::from(*b)),
                );
            }
        }
        sum as usize
    });
    fig(prefix, "scan_shape_records_per_s", format!("{:.0}", records as f64 / scan_shape * 1e3));
    let scan_time = median_ms(5, || {
        let mut buckets = [0usize; 64];
        for batch in reader().with_projection(mask(&["time"])).build().expect("reader") {
            for time in batch.expect("batch").column(0).as_primitive::<Int64Type>().values() {
                buckets[(time >> 36 & 63) as usize] += 1;
            }
        }
        buckets[0]
    });
    fig(prefix, "scan_time_records_per_s", format!("{:.0}", records as f64 / scan_time * 1e3));
    let mut slowest = 0f64;
    for needle in needles {
        let finder = memchr::memmem::Finder::new(needle);
        let scan = median_ms(3, || {
            let mut found = 0;
            for batch in reader().with_projection(mask(&["body"])).build().expect("reader") {
                let batch = batch.expect("batch");
                let bodies = batch.column(0).as_string::<i32>();
                for i in 0..bodies.len() {
                    found += usize::from(finder.find(bodies.value(i).as_bytes()).is_some());
                }
            }
            found
        });
        slowest = slowest.max(scan);
    }
    fig(prefix, "scan_body_records_per_s", format!("{:.0}", records as f64 / slowest * 1e3));
}

/// Prints what the text of the messages costs as it is, what the shape's id beside it adds (64-bit hashes; without the shapes that one
/// record has; numbered from 0 within the part), and what the id with the variables in one column would cost in place of the text,
/// the shapes' texts counted in.
pub fn measure_bodies(prefix: &str, records: &[Record], rules: Rules, group_records: usize) {
    let splitter = Splitter { rules };
    let mut shapes = Shapes::new(usize::MAX);
    let mut text = String::new();
    let mut numbers = Vec::with_capacity(records.len());
    let mut variables = Vec::with_capacity(records.len());
    for record in records {
        let mut joined = String::new();
        splitter.split(&record.text, &mut text, &mut |variable| {
            joined.push_str(variable);
            joined.push('\u{1f}');
        });
        numbers.push(shapes.number(&text));
        variables.push(joined);
    }
    let body: ArrayRef = Arc::new(StringArray::from_iter_values(records.iter().map(|record| &*record.text)));
    let shape_of = |number: &u32| &shapes.list[*number as usize];
    let shape: ArrayRef = Arc::new(UInt64Array::from_iter_values(numbers.iter().map(|number| shape_of(number).id)));
    let not_once =
        numbers.iter().map(|number| Some(shape_of(number)).filter(|shape| shape.count > 1).map(|shape| shape.id));
    let not_once: ArrayRef = Arc::new(UInt64Array::from_iter(not_once));
    let dense: ArrayRef = Arc::new(UInt32Array::from(numbers.clone()));
    let variables: ArrayRef = Arc::new(StringArray::from_iter_values(&variables));
    let texts: Vec<&str> = shapes.list.iter().map(|shape| &*shape.text).collect();
    let texts = zstd::bulk::compress(texts.join("\n").as_bytes(), 3).expect("zstd").len();
    let mut by_text: Vec<u32> = (0..).take(shapes.list.len()).collect();
    by_text.sort_by_key(|number| &shapes.list[*number as usize].text);
    let mut rank = vec![0u32; by_text.len()];
    (0..).zip(&by_text).for_each(|(place, number)| rank[*number as usize] = place);
    let ranked: ArrayRef = Arc::new(UInt32Array::from_iter_values(numbers.iter().map(|number| rank[*number as usize])));
    let usual = Form { group_records, ..USUAL };
    let with_dictionary = Form { shape_dictionary: true, ..usual };
    for (name, form, columns, extra) in [
        ("body", usual, vec![("body", body)], 0),
        ("shape_hash", usual, vec![("shape", shape.clone())], 0),
        ("shape_hash_dictionary", with_dictionary, vec![("shape", shape)], 0),
        ("shape_hash_not_once_dictionary", with_dictionary, vec![("shape", not_once)], 0),
        ("shape_number", usual, vec![("shape", dense.clone())], 0),
        ("shape_number_dictionary", with_dictionary, vec![("shape", dense.clone())], 0),
        ("shape_number_by_text", usual, vec![("shape", ranked)], 0),
        ("shape_number_and_variables", usual, vec![("variables", variables), ("shape", dense)], texts),
    ] {
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns of one length");
        let written = write(&Columns { batch }, form);
        let bytes = (written.bytes.len() + extra) as f64 / records.len() as f64;
        fig(prefix, &format!("{name}_bytes_per_record"), format!("{bytes:.2}"));
    }
}
