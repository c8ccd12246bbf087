//! Small batches into one: which, and how.

use crate::attributes::{AttributeEntries, push_record};
use crate::batch::{Batch, NewBatch};
use crate::layout::Layout;
use crate::limits::{BATCH_RECORDS_FULL, BATCH_RECORDS_MAX, BATCH_TEXT_BYTES_MAX};
use arrow_array::{Array, ArrayRef};
use arrow_select::concat::concat;
use arrow_select::interleave::interleave;
use model::Stream;
use std::collections::HashMap;
use std::sync::Arc;

/// How many of the last batches are merged with `newest`, which comes behind them. Decides only.
///
/// A batch joins while it is at most twice as large as all behind it together, so a record is copied each time into
/// a batch at least half as large again: `log(records)` copies in all, and the batches that stay small at the end are
/// each more than twice as large as the next.
pub(crate) fn merge_count(batches: &[Arc<Batch>], newest: &Batch) -> usize {
    let mut records = newest.len();
    let mut text_bytes = newest.text_bytes();
    let mut count = 0;
    for batch in batches.iter().rev() {
        let is_worth_it = batch.len() < BATCH_RECORDS_FULL && batch.len() <= records * 2;
        records += batch.len();
        text_bytes += batch.text_bytes();
        if !is_worth_it || records > BATCH_RECORDS_MAX || text_bytes > BATCH_TEXT_BYTES_MAX {
            break;
        }
        count += 1;
    }
    count
}

/// One record of the batches to merge.
#[derive(Clone, Copy)]
struct Source {
    batch: usize,
    row: usize,
}

/// Merges batches of one layout.
pub(crate) fn merge(layout: &Layout, batches: &[&Batch]) -> Batch {
    let mut sources: Vec<Source> = Vec::with_capacity(batches.iter().map(|batch| batch.len()).sum());
    for (batch, records) in batches.iter().enumerate() {
        sources.extend((0..records.len()).map(|row| Source { batch, row }));
    }
    let is_in_order = sources.is_sorted_by_key(|source| batches[source.batch].position(source.row));
    if !is_in_order {
        sources.sort_by_cached_key(|source| batches[source.batch].position(source.row));
    }
    let (streams, stream_maps) = join_streams(batches);
    let own = (0..layout.own_columns()).map(|column| {
        let columns: Vec<&dyn Array> = batches.iter().map(|batch| batch.own_column(column)).collect();
        gather(&columns, &sources, is_in_order)
    });
    let new = NewBatch {
        time: sources.iter().map(|source| batches[source.batch].times()[source.row]).collect(),
        sequence: sources.iter().map(|source| batches[source.batch].sequences()[source.row]).collect(),
        stream: sources
            .iter()
            .map(|source| stream_maps[source.batch][batches[source.batch].stream_indexes()[source.row] as usize])
            .collect(),
        streams,
        stream_bytes: batches.iter().map(|batch| batch.stream_bytes()).sum(),
        own: own.collect(),
        attributes: join_attributes(batches, &sources),
    };
    Batch::build(layout, new)
}

fn gather(columns: &[&dyn Array], sources: &[Source], is_in_order: bool) -> ArrayRef {
    let gathered = if is_in_order {
        concat(columns)
    } else {
        let indexes: Vec<(usize, usize)> = sources.iter().map(|source| (source.batch, source.row)).collect();
        interleave(columns, &indexes)
    };
    gathered.expect("columns of one layout have one type, and a batch's text stays far below what offsets can count")
}

/// The distinct streams of all batches, and for each batch where its streams went.
fn join_streams(batches: &[&Batch]) -> (Vec<Arc<Stream>>, Vec<Vec<u32>>) {
    let mut streams: Vec<Arc<Stream>> = Vec::new();
    let mut indexes: HashMap<*const Stream, u32> = HashMap::new();
    let maps = batches.iter().map(|batch| {
        let of_batch = batch.streams().iter().map(|stream| {
            let next = u32::try_from(streams.len()).expect("a batch has fewer streams than records");
            let index = *indexes.entry(Arc::as_ptr(stream)).or_insert(next);
            if index == next {
                streams.push(stream.clone());
            }
            index
        });
        of_batch.collect()
    });
    let maps = maps.collect();
    (streams, maps)
}

fn join_attributes<'a>(batches: &[&'a Batch], sources: &[Source]) -> AttributeEntries<'a> {
    let mut joined = AttributeEntries::with_capacity(sources.len(), sources.len() * 4);
    let keys: Vec<Vec<u32>> =
        batches.iter().map(|batch| batch.typed_keys().iter().map(|typed| joined.key(&typed.key)).collect()).collect();
    for source in sources {
        push_record(batches[source.batch], source.row, &keys[source.batch], &mut joined);
    }
    joined
}

#[cfg(test)]
mod tests;
