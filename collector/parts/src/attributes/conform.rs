//! The attributes of a batch in the columns of a part, whatever columns the batch has itself.

use super::encode::encode_as;
use super::{AttributeEntries, AttributeEntry, Encoded, IN_REST, TypedKey};
use crate::batch::Batch;
use arrow_array::builder::BinaryBuilder;
use arrow_array::{Array, ArrayRef, BinaryArray};
use model::ValueKind;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A batch's attributes in the columns of a part.
#[derive(Debug)]
pub(crate) struct Conformed {
    pub(crate) order: ArrayRef,
    pub(crate) rest: ArrayRef,
    /// For each column of the part; `None` where no record of the batch has a value.
    pub(crate) typed: Vec<Option<ArrayRef>>,
}

/// Brings a batch's attributes into the columns of a part.
///
/// Columns are shared, not copied, unless values must move between them and the list.
pub(crate) fn conform(batch: &Batch, typed: &[TypedKey]) -> Conformed {
    match places_in(batch, typed) {
        Some(places) => by_columns(batch, &places, typed.len()),
        None => by_values(batch, typed),
    }
}

/// For each of the batch's columns the part's; `None` when some value would have to move.
pub(crate) fn places_in(batch: &Batch, typed: &[TypedKey]) -> Option<Vec<u8>> {
    let numbers: HashMap<(&str, ValueKind), u8> =
        (0..).zip(typed).map(|(number, typed)| ((&*typed.key, typed.kind), number)).collect();
    let places: Option<Vec<u8>> =
        batch.typed_keys().iter().map(|own| numbers.get(&(&*own.key, own.kind)).copied()).collect();
    let rest = batch.rest();
    let mut looked_at = HashSet::new();
    let must_move = (0..rest.len()).any(|entry| {
        let pair = (rest.key(entry), rest.kind(entry));
        looked_at.insert(pair) && numbers.contains_key(&pair)
    });
    places.filter(|_| !must_move)
}

fn by_columns(batch: &Batch, places: &[u8], count: usize) -> Conformed {
    let layout = batch.attribute_layout();
    let mut typed: Vec<Option<ArrayRef>> = vec![None; count];
    for (number, place) in places.iter().enumerate() {
        typed[usize::from(*place)] = Some(batch.column_ref(layout.first_typed + number));
    }
    let order = renumbered(batch, places).unwrap_or_else(|| batch.column_ref(layout.order));
    Conformed { order, rest: batch.column_ref(layout.rest), typed }
}

/// The column `order` with the part's numbers of columns; `None` when these are the batch's own.
pub(crate) fn renumbered(batch: &Batch, places: &[u8]) -> Option<ArrayRef> {
    if places.iter().enumerate().all(|(number, place)| usize::from(*place) == number) {
        return None;
    }
    let order: &BinaryArray = super::downcast(batch.column(batch.attribute_layout().order));
    let mut out = BinaryBuilder::with_capacity(order.len(), order.values().len());
    let mut numbers = Vec::new();
    for row in 0..order.len() {
        numbers.clear();
        let place = |number: &u8| places.get(usize::from(*number)).copied().unwrap_or(IN_REST);
        numbers.extend(order.value(row).iter().map(place));
        out.append_value(&numbers);
    }
    Some(Arc::new(out.finish()))
}

fn by_values(batch: &Batch, typed: &[TypedKey]) -> Conformed {
    let mut entries = AttributeEntries::with_capacity(batch.len(), batch.len() * 4);
    let keys: Vec<u32> = batch.typed_keys().iter().map(|typed| entries.key(&typed.key)).collect();
    for row in 0..batch.len() {
        push_record(batch, row, &keys, &mut entries);
    }
    let Encoded { order, rest, typed } = encode_as(&mut entries, typed);
    let typed = typed.into_iter().map(|(_, column)| Some(column).filter(|column| column.null_count() < column.len()));
    Conformed { order, rest, typed: typed.collect() }
}

/// Adds a record's attributes in the order sent. `keys` holds the numbers of the batch's own keys.
pub(crate) fn push_record<'a>(batch: &'a Batch, row: usize, keys: &[u32], entries: &mut AttributeEntries<'a>) {
    let rest = batch.rest();
    let mut in_rest = rest.entries(row);
    for number in batch.attribute_order(row) {
        if *number == IN_REST {
            let Some(entry) = in_rest.next() else { continue };
            let (bits, text) = rest.parts(entry);
            let key = entries.key(rest.key(entry));
            entries.push(AttributeEntry { key, kind: rest.kind(entry), bits, text });
        } else {
            let number = usize::from(*number);
            let column = batch.typed_column(number);
            // A value that is named and not there is damage, as is an entry.
            if !column.is_present(row) {
                continue;
            }
            let (bits, text) = column.parts(row);
            entries.push(AttributeEntry { key: keys[number], kind: batch.typed_keys()[number].kind, bits, text });
        }
    }
    entries.end_record();
}

/// The pairs of key and type that most records of some batches have, the most frequent first, and at most `count_max`.
///
/// A pair that fewer than one in `records_per_value_max` records have gets no column.
pub(crate) fn frequent(batches: &[Arc<Batch>], count_max: usize, records_per_value_max: usize) -> Vec<TypedKey> {
    let mut counts: HashMap<(&str, ValueKind), usize> = HashMap::new();
    let mut records = 0;
    for batch in batches {
        records += batch.len();
        for (number, typed) in batch.typed_keys().iter().enumerate() {
            *counts.entry((&typed.key, typed.kind)).or_default() += batch.typed_count(number);
        }
        let rest = batch.rest();
        for entry in 0..rest.len() {
            if super::encode::is_scalar(rest.kind(entry)) {
                *counts.entry((rest.key(entry), rest.kind(entry))).or_default() += 1;
            }
        }
    }
    let pairs = counts.into_iter().map(|((key, kind), count)| (TypedKey { key: key.into(), kind }, count));
    most_frequent(pairs, records, count_max, records_per_value_max)
}

/// The same from counts.
fn most_frequent(
    counts: impl Iterator<Item = (TypedKey, usize)>,
    records: usize,
    count_max: usize,
    records_per_value_max: usize,
) -> Vec<TypedKey> {
    let enough = records.div_ceil(records_per_value_max.max(1)).max(1);
    let mut frequent: Vec<(TypedKey, usize)> = counts.filter(|(_, count)| *count >= enough).collect();
    frequent.sort_unstable_by(|(left, left_count), (right, right_count)| {
        let order = |typed: &'_ TypedKey| (typed.key.clone(), typed.kind);
        right_count.cmp(left_count).then_with(|| order(left).cmp(&order(right)))
    });
    frequent.truncate(count_max);
    frequent.into_iter().map(|(typed, _)| typed).collect()
}

/// Counts pairs of key and type over batches that come one after the other and go.
#[derive(Debug, Default)]
pub(crate) struct KeyCounts {
    counts: HashMap<Box<str>, [usize; SCALARS.len()]>,
    records: usize,
}

/// The types that get columns.
const SCALARS: [ValueKind; 4] = [ValueKind::Str, ValueKind::Bool, ValueKind::Int, ValueKind::Double];
/// From this many keys on, rare ones are forgotten.
const KEYS_COUNTED: usize = 65_536;
/// A key is rare when fewer than one in so many records had it so far: far fewer than would get a column.
const RARE: usize = 512;

impl KeyCounts {
    /// Counts those of some records of a batch. Reads two of its columns.
    pub(crate) fn add_some(&mut self, batch: &Batch, is_counted: &dyn Fn(usize) -> bool) {
        let rest = batch.rest();
        for row in (0..batch.len()).filter(|row| is_counted(*row)) {
            for number in batch.attribute_order(row) {
                if let Some(typed) = batch.typed_keys().get(usize::from(*number)) {
                    self.count(&typed.key, typed.kind, 1);
                }
            }
            rest.entries(row).for_each(|entry| self.count(rest.key(entry), rest.kind(entry), 1));
            self.records += 1;
        }
        self.forget_rare();
    }

    /// Counts those of a batch. Reads two of its columns.
    pub(crate) fn add(&mut self, batch: &Batch) {
        let mut by_column = [0_usize; 1 << u8::BITS];
        for row in 0..batch.len() {
            batch.attribute_order(row).iter().for_each(|number| by_column[usize::from(*number)] += 1);
        }
        for (typed, count) in batch.typed_keys().iter().zip(by_column) {
            self.count(&typed.key, typed.kind, count);
        }
        let rest = batch.rest();
        for entry in 0..rest.len() {
            self.count(rest.key(entry), rest.kind(entry), 1);
        }
        self.records += batch.len();
        self.forget_rare();
    }

    fn forget_rare(&mut self) {
        if self.counts.len() > KEYS_COUNTED {
            let least = self.records / RARE;
            self.counts.retain(|_, counts| counts.iter().any(|count| *count > least));
        }
    }

    fn count(&mut self, key: &str, kind: ValueKind, count: usize) {
        let Some(place) = SCALARS.iter().position(|scalar| *scalar == kind) else { return };
        match self.counts.get_mut(key) {
            Some(counts) => counts[place] += count,
            None => {
                let mut counts = [0; SCALARS.len()];
                counts[place] = count;
                self.counts.insert(key.into(), counts);
            }
        }
    }

    /// What [`frequent`] says, over all that was counted.
    pub(crate) fn frequent(self, count_max: usize, records_per_value_max: usize) -> Vec<TypedKey> {
        let pairs = self.counts.into_iter().flat_map(|(key, counts)| {
            let of = move |(kind, count)| (TypedKey { key: key.clone(), kind }, count);
            SCALARS.into_iter().zip(counts).map(of)
        });
        most_frequent(pairs, self.records, count_max, records_per_value_max)
    }
}
