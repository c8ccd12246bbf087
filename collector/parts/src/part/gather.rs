//! The columns of one row group, gathered from batches.

use crate::attributes::{Conformed, Strings, TypedKey, conform};
use crate::batch::{Batch, typed_field};
use crate::layout::Layout;
use crate::part::group_facts::GroupFacts;
use crate::part::stream_numbers::StreamNumbers;
use crate::part::words::UNSHAPED;
use crate::part::write::RowAt;
use arrow_array::builder::StringBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int32Array, TimestampNanosecondArray, UInt32Array, UInt64Array, new_null_array,
};
use arrow_schema::DataType;
use arrow_select::interleave::interleave;
use model::ValueKind;
use std::collections::HashMap;
use std::sync::Arc;

/// A row group, ready to be written.
pub(crate) struct Group {
    /// One array for each field of the file's schema.
    pub(crate) columns: Vec<ArrayRef>,
    /// What is known of it; what the words tell is not filled in.
    pub(crate) facts: GroupFacts,
}

/// Gathers row groups. A batch's attributes are brought into the part's columns once, however many row groups it ends
/// up in.
pub(crate) struct Gatherer<'a> {
    layout: &'a Layout,
    /// By the batch's address. The batch is held, so that no other one gets it.
    conformed: HashMap<*const Batch, (Arc<Batch>, Conformed)>,
}

impl<'a> Gatherer<'a> {
    pub(crate) fn new(layout: &'a Layout) -> Gatherer<'a> {
        Gatherer { layout, conformed: HashMap::new() }
    }

    /// The row group of these records of some batches, in this order. `shapes` has their final numbers.
    pub(crate) fn gather(
        &mut self,
        batches: &[Arc<Batch>],
        typed: &[TypedKey],
        rows: &[RowAt],
        streams: &mut StreamNumbers,
        shapes: Vec<u32>,
    ) -> Group {
        let used = Used::of(batches.len(), rows);
        let batches: Vec<&Arc<Batch>> = used.batches.iter().map(|batch| &batches[*batch]).collect();
        for batch in &batches {
            let conformed = || ((*batch).clone(), conform(batch, typed));
            self.conformed.entry(Arc::as_ptr(batch)).or_insert_with(conformed);
        }
        let conformed: Vec<&Conformed> = batches.iter().map(|batch| &self.conformed[&Arc::as_ptr(batch)].1).collect();
        let time: Vec<i64> = used.places.iter().map(|(batch, row)| batches[*batch].times()[*row]).collect();
        let sequence: Vec<u64> = used.places.iter().map(|(batch, row)| batches[*batch].sequences()[*row]).collect();
        let stream = stream_numbers(&batches, &used.places, streams);
        let mut facts = GroupFacts {
            records: u32::try_from(rows.len()).expect("a row group has fewer than 2^32 records"),
            first_time: time.iter().copied().min().unwrap_or_default(),
            last_time: time.iter().copied().max().unwrap_or_default(),
            first_sequence: sequence.iter().copied().min().unwrap_or_default(),
            last_sequence: sequence.iter().copied().max().unwrap_or_default(),
            ..GroupFacts::default()
        };
        let described = describe(&stream, streams);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(TimestampNanosecondArray::from(time).with_timezone("UTC")),
            Arc::new(UInt64Array::from(sequence)),
            Arc::new(UInt32Array::from(stream)),
        ];
        columns.extend(described);
        for index in 0..self.layout.own_columns() {
            let own: Vec<&dyn Array> = batches.iter().map(|batch| batch.own_column(index)).collect();
            columns.push(pick(&own, &used.places));
        }
        if self.layout.message().is_some() {
            let shapes = shapes.into_iter().map(|shape| Some(shape).filter(|shape| *shape != UNSHAPED));
            columns.push(Arc::new(UInt32Array::from_iter(shapes)));
        }
        let orders: Vec<&dyn Array> = conformed.iter().map(|conformed| &*conformed.order).collect();
        let rests: Vec<&dyn Array> = conformed.iter().map(|conformed| &*conformed.rest).collect();
        columns.extend([pick(&orders, &used.places), pick(&rests, &used.places)]);
        let longest = batches.iter().map(|batch| batch.len()).max().unwrap_or_default();
        let mut nulls: HashMap<DataType, ArrayRef> = HashMap::new();
        for (number, key) in typed.iter().enumerate() {
            let field = typed_field(key);
            let null = nulls
                .entry(field.data_type().clone())
                .or_insert_with(|| new_null_array(field.data_type(), longest.max(rows.len())))
                .clone();
            let is_absent = conformed.iter().all(|conformed| conformed.typed[number].is_none());
            columns.push(if is_absent {
                null.slice(0, rows.len())
            } else if key.kind == ValueKind::Str {
                let of_batch = |conformed: &&'_ Conformed| conformed.typed[number].clone();
                let arrays: Vec<Option<ArrayRef>> = conformed.iter().map(of_batch).collect();
                let strings: Vec<Option<Strings<'_>>> =
                    arrays.iter().map(|array| array.as_deref().map(Strings::of)).collect();
                pick_strings(&strings, &used.places)
            } else {
                let of_batch =
                    |conformed: &&'_ Conformed| conformed.typed[number].clone().unwrap_or_else(|| null.clone());
                let arrays: Vec<ArrayRef> = conformed.iter().map(of_batch).collect();
                let arrays: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
                pick(&arrays, &used.places)
            });
        }
        facts.text_bytes = columns.iter().skip(DESCRIBED_END).map(text_bytes).sum();
        Group { columns, facts }
    }

    /// Gives up what is kept of all batches but these.
    pub(crate) fn keep_only(&mut self, batches: &[Arc<Batch>]) {
        self.conformed.retain(|address, _| batches.iter().any(|batch| Arc::as_ptr(batch) == *address));
    }
}

/// Behind the columns that describe the stream.
const DESCRIBED_END: usize = 6;

/// The batches that some records are in, and each record's place among them.
struct Used {
    batches: Vec<usize>,
    places: Vec<(usize, usize)>,
}

impl Used {
    fn of(count: usize, rows: &[RowAt]) -> Used {
        let mut numbers: Vec<Option<usize>> = vec![None; count];
        let mut batches = Vec::new();
        let places = rows
            .iter()
            .map(|at| {
                let number = *numbers[at.batch()].get_or_insert_with(|| {
                    batches.push(at.batch());
                    batches.len() - 1
                });
                (number, at.row())
            })
            .collect();
        Used { batches, places }
    }
}

fn pick(columns: &[&dyn Array], places: &[(usize, usize)]) -> ArrayRef {
    interleave(columns, places)
        .expect("columns of one layout have one type, and a row group's texts stay far below what offsets can count")
}

/// The same of strings, whether each record of a batch has its own or not.
fn pick_strings(columns: &[Option<Strings<'_>>], places: &[(usize, usize)]) -> ArrayRef {
    let found = |(batch, row): &(usize, usize)| {
        columns[*batch].filter(|column| column.is_valid(*row)).map(|column| column.value(*row))
    };
    let bytes = places.iter().filter_map(found).map(str::len).sum();
    let mut picked = StringBuilder::with_capacity(places.len(), bytes);
    places.iter().for_each(|place| picked.append_option(found(place)));
    Arc::new(picked.finish())
}

fn stream_numbers(batches: &[&Arc<Batch>], places: &[(usize, usize)], streams: &mut StreamNumbers) -> Vec<u32> {
    let maps: Vec<Vec<u32>> =
        batches.iter().map(|batch| batch.streams().iter().map(|stream| streams.number(stream)).collect()).collect();
    let number = |(batch, row): &(usize, usize)| maps[*batch][batches[*batch].stream_indexes()[*row] as usize];
    places.iter().map(number).collect()
}

/// The columns `service`, `resource` and `scope`: each distinct stream of the row group once, and a place in that list for
/// each record.
fn describe(numbers: &[u32], streams: &StreamNumbers) -> [ArrayRef; 3] {
    let mut places: HashMap<u32, i32> = HashMap::new();
    let (mut services, mut resources, mut scopes) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let mut has_service = Vec::new();
    let mut keys: Vec<i32> = Vec::with_capacity(numbers.len());
    // Records of one stream follow each other.
    for run in numbers.chunk_by(|left, right| left == right) {
        let next = i32::try_from(places.len()).expect("a row group has few streams");
        let key = *places.entry(run[0]).or_insert_with(|| {
            let texts = streams.texts(run[0]);
            services.append_value(streams.service(run[0]).unwrap_or_default());
            has_service.push(streams.service(run[0]).is_some());
            resources.append_value(&texts.resource);
            scopes.append_value(&texts.scope);
            next
        });
        keys.resize(keys.len() + run.len(), key);
    }
    let with_service = |key: &i32| usize::try_from(*key).is_ok_and(|key| has_service[key]);
    let service_keys: Int32Array = keys.iter().map(|key| Some(*key).filter(with_service)).collect();
    let keys = Int32Array::from(keys);
    let column = |keys: Int32Array, mut values: StringBuilder| -> ArrayRef {
        Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(values.finish())))
    };
    [column(service_keys, services), column(keys.clone(), resources), column(keys, scopes)]
}

/// Bytes of texts in a column.
fn text_bytes(column: &ArrayRef) -> u64 {
    match column.data_type() {
        DataType::Utf8 | DataType::Binary | DataType::List(_) => column.get_buffer_memory_size() as u64,
        _ => 0,
    }
}
