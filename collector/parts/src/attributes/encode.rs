//! Attributes into columns, in two walks: one counts and chooses the columns, one fills them.

use super::{AttributeEntries, AttributeEntry, IN_REST, TypedKey, rest_fields};
use crate::limits::{ATTRIBUTE_COLUMNS_MAX, RECORDS_PER_VALUE_MAX};
use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder, UInt8Builder, UInt64Builder,
};
use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use model::ValueKind;
use std::cmp::Reverse;
use std::sync::Arc;

/// The columns that came out.
pub(crate) struct Encoded {
    pub(crate) order: ArrayRef,
    pub(crate) rest: ArrayRef,
    pub(crate) typed: Vec<(TypedKey, ArrayRef)>,
}

/// Puts the attributes into columns, which are chosen by frequency.
pub(crate) fn encode(entries: &AttributeEntries<'_>) -> Encoded {
    fill(entries, &plan(entries))
}

/// Puts the attributes into these columns, and all others into the list.
pub(crate) fn encode_as<'a>(entries: &mut AttributeEntries<'a>, typed: &'a [TypedKey]) -> Encoded {
    let keys: Vec<u32> = typed.iter().map(|typed| entries.key(&typed.key)).collect();
    let mut plan = Plan {
        columns: Vec::with_capacity(typed.len()),
        numbers: vec![[IN_REST; SCALARS]; entries.keys.len()],
        rest_count: 0,
        rest_text_bytes: 0,
        rest_key_bytes: 0,
    };
    for (number, (key, typed)) in (0u8..).zip(keys.into_iter().zip(typed)) {
        let scalar = scalar(typed.kind).expect("only scalars get a column of their own");
        plan.numbers[key as usize][scalar] = number;
        plan.columns.push(Planned { key, kind: typed.kind, count: 0, text_bytes: 0 });
    }
    fill(entries, &plan)
}

/// True for the types that may get a column of their own.
pub(crate) fn is_scalar(kind: ValueKind) -> bool {
    scalar(kind).is_some()
}

fn fill(entries: &AttributeEntries<'_>, plan: &Plan) -> Encoded {
    let mut columns: Vec<ColumnBuilder> =
        plan.columns.iter().map(|planned| ColumnBuilder::new(planned, entries.ends.len())).collect();
    let mut rest = RestBuilder::new(plan, entries.ends.len());
    let mut order = BinaryBuilder::with_capacity(entries.ends.len(), entries.entries.len());
    let mut numbers = Vec::new();
    let mut firsts = Firsts::new(entries.keys.len());
    for (row, record) in entries.records().enumerate() {
        numbers.clear();
        for entry in record {
            let number = if firsts.is_first(row, entry.key) { plan.number_of(entry) } else { IN_REST };
            numbers.push(number);
            match columns.get_mut(usize::from(number)) {
                Some(column) => column.push(row, entry),
                None => rest.push(entries.keys[entry.key as usize], entry),
            }
        }
        rest.end_record();
        order.append_value(&numbers);
    }
    let typed = plan.columns.iter().zip(columns).map(|(planned, column)| {
        let key = entries.keys[planned.key as usize].into();
        (TypedKey { key, kind: planned.kind }, column.finish(entries.ends.len()))
    });
    Encoded { typed: typed.collect(), order: Arc::new(order.finish()), rest: rest.finish() }
}

struct Planned {
    key: u32,
    kind: ValueKind,
    count: usize,
    text_bytes: usize,
}

struct Plan {
    columns: Vec<Planned>,
    /// For each key and scalar type the number of its column.
    numbers: Vec<[u8; SCALARS]>,
    rest_count: usize,
    rest_text_bytes: usize,
    rest_key_bytes: usize,
}

impl Plan {
    fn number_of(&self, entry: &AttributeEntry<'_>) -> u8 {
        scalar(entry.kind).map_or(IN_REST, |scalar| self.numbers[entry.key as usize][scalar])
    }
}

const SCALARS: usize = 4;

/// A dense number for the types that may get a column.
fn scalar(kind: ValueKind) -> Option<usize> {
    match kind {
        ValueKind::Str => Some(0),
        ValueKind::Bool => Some(1),
        ValueKind::Int => Some(2),
        ValueKind::Double => Some(3),
        ValueKind::Empty | ValueKind::Bytes | ValueKind::Array | ValueKind::Map => None,
    }
}

const SCALAR_KINDS: [ValueKind; SCALARS] = [ValueKind::Str, ValueKind::Bool, ValueKind::Int, ValueKind::Double];

/// Counts values, and gives columns to the most frequent pairs of key and type.
fn plan(entries: &AttributeEntries<'_>) -> Plan {
    let mut counts = vec![[(0usize, 0usize); SCALARS]; entries.keys.len()];
    let mut plan = Plan {
        columns: Vec::new(),
        numbers: vec![[IN_REST; SCALARS]; entries.keys.len()],
        rest_count: 0,
        rest_text_bytes: 0,
        rest_key_bytes: 0,
    };
    let mut firsts = Firsts::new(entries.keys.len());
    for (row, record) in entries.records().enumerate() {
        for entry in record {
            let is_first = firsts.is_first(row, entry.key);
            match scalar(entry.kind).filter(|_| is_first) {
                Some(scalar) => {
                    let (count, bytes) = &mut counts[entry.key as usize][scalar];
                    *count += 1;
                    *bytes += entry.text.len();
                }
                None => plan.add_to_rest(entries.keys[entry.key as usize], 1, entry.text.len()),
            }
        }
    }
    let count_min = entries.ends.len().div_ceil(RECORDS_PER_VALUE_MAX);
    for (key, kinds) in (0u32..).zip(&counts) {
        for (kind, (count, text_bytes)) in SCALAR_KINDS.into_iter().zip(*kinds) {
            if count >= count_min && count > 0 {
                plan.columns.push(Planned { key, kind, count, text_bytes });
            } else {
                plan.add_to_rest(entries.keys[key as usize], count, text_bytes);
            }
        }
    }
    if plan.columns.len() > ATTRIBUTE_COLUMNS_MAX {
        plan.columns.sort_by_key(|planned| (Reverse(planned.count), planned.key, planned.kind));
        for surplus in plan.columns.split_off(ATTRIBUTE_COLUMNS_MAX) {
            plan.add_to_rest(entries.keys[surplus.key as usize], surplus.count, surplus.text_bytes);
        }
    }
    for (number, planned) in (0u8..).zip(&plan.columns) {
        let scalar = scalar(planned.kind).expect("only scalars are counted");
        plan.numbers[planned.key as usize][scalar] = number;
    }
    plan
}

impl Plan {
    fn add_to_rest(&mut self, key: &str, count: usize, text_bytes: usize) {
        self.rest_count += count;
        self.rest_text_bytes += text_bytes;
        self.rest_key_bytes += key.len() * count;
    }
}

/// Tells the first attribute of a record with some key from later ones.
struct Firsts {
    /// For each key the last record that had it, plus one.
    last: Vec<usize>,
}

impl Firsts {
    fn new(keys: usize) -> Firsts {
        Firsts { last: vec![0; keys] }
    }

    fn is_first(&mut self, row: usize, key: u32) -> bool {
        std::mem::replace(&mut self.last[key as usize], row + 1) != row + 1
    }
}

enum ColumnBuilder {
    Str(StringBuilder, usize),
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Double(Float64Builder),
}

impl ColumnBuilder {
    fn new(planned: &Planned, records: usize) -> ColumnBuilder {
        match planned.kind {
            ValueKind::Bool => ColumnBuilder::Bool(BooleanBuilder::with_capacity(records)),
            ValueKind::Int => ColumnBuilder::Int(Int64Builder::with_capacity(records)),
            ValueKind::Double => ColumnBuilder::Double(Float64Builder::with_capacity(records)),
            ValueKind::Str | ValueKind::Empty | ValueKind::Bytes | ValueKind::Array | ValueKind::Map => {
                ColumnBuilder::Str(StringBuilder::with_capacity(records, planned.text_bytes), 0)
            }
        }
    }

    fn push(&mut self, row: usize, entry: &AttributeEntry<'_>) {
        self.pad_to(row);
        match self {
            ColumnBuilder::Str(builder, filled) => {
                builder.append_value(entry.text);
                *filled += 1;
            }
            ColumnBuilder::Bool(builder) => builder.append_value(entry.bits != 0),
            ColumnBuilder::Int(builder) => builder.append_value(entry.bits.cast_signed()),
            ColumnBuilder::Double(builder) => builder.append_value(f64::from_bits(entry.bits)),
        }
    }

    /// Fills the records before `row` that have no value.
    fn pad_to(&mut self, row: usize) {
        use arrow_array::builder::ArrayBuilder;
        match self {
            ColumnBuilder::Str(builder, filled) => {
                while *filled < row {
                    builder.append_null();
                    *filled += 1;
                }
            }
            ColumnBuilder::Bool(builder) if builder.len() < row => builder.append_nulls(row - builder.len()),
            ColumnBuilder::Int(builder) if builder.len() < row => builder.append_nulls(row - builder.len()),
            ColumnBuilder::Double(builder) if builder.len() < row => builder.append_nulls(row - builder.len()),
            ColumnBuilder::Bool(_) | ColumnBuilder::Int(_) | ColumnBuilder::Double(_) => {}
        }
    }

    fn finish(mut self, records: usize) -> ArrayRef {
        self.pad_to(records);
        match self {
            ColumnBuilder::Str(mut builder, _) => Arc::new(builder.finish()),
            ColumnBuilder::Bool(mut builder) => Arc::new(builder.finish()),
            ColumnBuilder::Int(mut builder) => Arc::new(builder.finish()),
            ColumnBuilder::Double(mut builder) => Arc::new(builder.finish()),
        }
    }
}

struct RestBuilder {
    keys: StringBuilder,
    kinds: UInt8Builder,
    bits: UInt64Builder,
    texts: StringBuilder,
    lengths: Vec<usize>,
    length: usize,
}

impl RestBuilder {
    fn new(plan: &Plan, records: usize) -> RestBuilder {
        RestBuilder {
            keys: StringBuilder::with_capacity(plan.rest_count, plan.rest_key_bytes),
            kinds: UInt8Builder::with_capacity(plan.rest_count),
            bits: UInt64Builder::with_capacity(plan.rest_count),
            texts: StringBuilder::with_capacity(plan.rest_count, plan.rest_text_bytes),
            lengths: Vec::with_capacity(records),
            length: 0,
        }
    }

    fn push(&mut self, key: &str, entry: &AttributeEntry<'_>) {
        self.keys.append_value(key);
        self.kinds.append_value(entry.kind as u8);
        self.bits.append_value(entry.bits);
        self.texts.append_value(entry.text);
        self.length += 1;
    }

    fn end_record(&mut self) {
        self.lengths.push(std::mem::take(&mut self.length));
    }

    fn finish(mut self) -> ArrayRef {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.keys.finish()),
            Arc::new(self.kinds.finish()),
            Arc::new(self.bits.finish()),
            Arc::new(self.texts.finish()),
        ];
        let entries = StructArray::new(rest_fields(), columns, None);
        let field = Arc::new(Field::new("entry", DataType::Struct(rest_fields()), false));
        Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(self.lengths), Arc::new(entries), None))
    }
}
