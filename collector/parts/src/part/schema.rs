//! The columns of a records file, and where those of a batch stand in it.
//!
//! In order: `time`, `sequence`, `stream` (number in the part), `service`, `resource` and `scope` (the stream in words, for
//! other programs and for building the index again), the signal's own, `shape` where there is a message, `order` and
//! `rest` and the typed attributes as in a batch.

use crate::attributes::TypedKey;
use crate::batch::typed_field;
use crate::layout::{COMMON_COLUMNS, Layout, Storage};
use crate::part::pack::PAGE_BYTES;
use crate::part::text_pages::MESSAGE_PAGE_RECORDS;
use arrow_schema::{DataType, Field, FieldRef, Schema, TimeUnit};
use model::ValueKind;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use std::sync::Arc;

/// Columns that only a file has, between the common ones and the signal's own: `service`, `resource`, `scope`.
const DESCRIBING_COLUMNS: usize = 3;

/// A page of ids, of attributes and of numbers that are near to each other holds so many records: one record of a row group can be read by unpacking a page of each
/// column. Columns that are asked for as a whole, or are small, have one page, and messages have pages of their own
/// ([`text_pages`]).
///
/// [`text_pages`]: crate::part::text_pages
const PAGE_RECORDS: usize = 4_096;
/// A dictionary larger than this is given up for plain values.
const DICTIONARY_BYTES: usize = 1 << 20;

/// Where the columns of a layout stand in a records file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileLayout {
    own: usize,
    has_shape: bool,
}

impl FileLayout {
    pub(crate) fn of(layout: &Layout) -> FileLayout {
        FileLayout { own: layout.own_columns(), has_shape: layout.message().is_some() }
    }

    /// The column of a file that a batch's column is read from.
    pub(crate) fn of_batch_column(&self, index: usize) -> usize {
        if index < COMMON_COLUMNS {
            index
        } else if index < COMMON_COLUMNS + self.own {
            index + DESCRIBING_COLUMNS
        } else {
            index + DESCRIBING_COLUMNS + usize::from(self.has_shape)
        }
    }

    pub(crate) fn shape(&self) -> Option<usize> {
        self.has_shape.then_some(COMMON_COLUMNS + DESCRIBING_COLUMNS + self.own)
    }

    /// The first column of an attribute.
    pub(crate) fn first_typed(&self) -> usize {
        COMMON_COLUMNS + DESCRIBING_COLUMNS + self.own + usize::from(self.has_shape) + 2
    }
}

/// The schema of a file with these typed attributes.
pub(crate) fn arrow_schema(layout: &Layout, typed: &[TypedKey]) -> Schema {
    let words = |name: &str, is_nullable| {
        let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        Arc::new(Field::new(name, data_type, is_nullable))
    };
    let mut fields: Vec<FieldRef> = vec![
        Arc::new(Field::new("time", DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), false)),
        Arc::new(Field::new("sequence", DataType::UInt64, false)),
        Arc::new(Field::new("stream", DataType::UInt32, false)),
        words("service", true),
        words("resource", false),
        words("scope", false),
    ];
    fields.extend(layout.own().map(|(field, _)| field.clone()));
    if layout.message().is_some() {
        fields.push(Arc::new(Field::new("shape", DataType::UInt32, true)));
    }
    fields.extend(layout.attribute_fields().iter().cloned());
    fields.extend(typed.iter().map(|typed| Arc::new(typed_field(typed))));
    Schema::new(fields)
}

/// The schema that a file is read with: typed strings as the distinct ones and the records' places among them, which is
/// how they are stored.
pub(crate) fn reading_schema(file: &Schema, first_typed: usize) -> Schema {
    let read = |(index, field): (usize, &FieldRef)| match field.data_type() {
        DataType::Utf8 if index >= first_typed => {
            let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(data_type))
        }
        _ => field.clone(),
    };
    Schema::new(file.fields().iter().enumerate().map(read).collect::<Vec<FieldRef>>())
}

/// How each column is packed.
pub(crate) fn properties(layout: &Layout, typed: &[TypedKey], zstd_level: i32) -> WriterProperties {
    let level = ZstdLevel::try_new(zstd_level).unwrap_or_default();
    let path = |name: &str| ColumnPath::new(vec![name.to_owned()]);
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(concat!("outrigger ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_data_page_row_count_limit(usize::MAX)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_max_row_group_row_count(None)
        .set_bloom_filter_enabled(false);
    for name in ["time", "sequence"] {
        builder = builder
            .set_column_dictionary_enabled(path(name), false)
            .set_column_encoding(path(name), Encoding::DELTA_BINARY_PACKED)
            .set_column_statistics_enabled(path(name), EnabledStatistics::Chunk);
    }
    for (field, storage) in layout.own() {
        let path = path(field.name());
        builder = match storage {
            Storage::Near => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED)
                .set_column_data_page_row_count_limit(path, PAGE_RECORDS),
            Storage::Few => builder,
            Storage::Text => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_data_page_row_count_limit(path, MESSAGE_PAGE_RECORDS),
            Storage::Id => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_data_page_row_count_limit(path, PAGE_RECORDS),
        };
    }
    builder = builder.set_column_data_page_row_count_limit(path("order"), PAGE_RECORDS);
    for typed in typed {
        let path = path(typed_field(typed).name());
        builder = builder.set_column_data_page_row_count_limit(path.clone(), PAGE_RECORDS);
        if typed.kind == ValueKind::Double {
            builder = builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
        }
    }
    builder.build()
}

/// The typed attributes that a file's columns name; `None` when a name is none of ours.
pub(crate) fn typed_keys(fields: &[FieldRef]) -> Option<Vec<TypedKey>> {
    let keys = fields.iter().map(|field| {
        let (kind, key) = field.name().split_once(':')?;
        let kind = match kind {
            "str" => ValueKind::Str,
            "bool" => ValueKind::Bool,
            "int" => ValueKind::Int,
            "double" => ValueKind::Double,
            _ => return None,
        };
        Some(TypedKey { key: key.into(), kind })
    });
    keys.collect()
}
