//! Makes one part of several, in memory that does not grow with them.
//!
//! The row groups of all inputs are opened in the order of their times. A record is written once no unopened row group
//! may hold an older one, so what is open at once is about two row groups of each input whose times overlap, and about
//! two in all where they follow each other. A large row group whose time nothing else meets is not unpacked at all
//! ([`spliced`]).
//!
//! Always true:
//! - each input is compared with all of its checksums before anything is made of it, and a column that cannot be read
//!   ends the merge: what is damaged never becomes part of something that looks whole;
//! - numbers of shapes are final from the start: the shapes of all inputs are known, and no other is taken;
//! - of records that were deleted nothing is taken, not even a key or a shape that only they had.
//!
//! Not done here: what is merged, ids, the manifest. Whoever calls removes what a failed merge has left.
//!
//! Start at [`merge_parts`].

use crate::attributes::{KeyCounts, TypedKey};
use crate::batch::Batch;
use crate::hidden::HiddenSequences;
use crate::layout::Layout;
use crate::limits::{ATTRIBUTE_COLUMNS_MAX, PART_RECORDS_PER_VALUE_MAX};
use crate::part::error::PartError;
use crate::part::gather::Gatherer;
use crate::part::group::StoredGroup;
use crate::part::left_out::{LeftOut, staying};
use crate::part::open::Part;
use crate::part::splice::spliced;
use crate::part::stream_numbers::StreamNumbers;
use crate::part::words::{Lettered, WordReader};
use crate::part::write::{LARGE_SHARE, NextGroup, PartSettings, PartWriter, RowAt, WrittenPart, costs, next_group};
use basics::{Disk, ErrorClass, error_chain};
use std::path::Path;
use std::sync::Arc;
use text_index::ShapeTable;
use text_index::limits::ShapeLimits;

/// Why parts did not become one.
#[derive(Debug)]
pub(crate) enum MergeFailure {
    /// Somebody wished so.
    Stopped,
    /// An input could not be read.
    Input {
        /// Which one.
        number: usize,
        /// Whether it is damaged, or the disk did not give it.
        class: ErrorClass,
        /// What is wrong.
        what: String,
    },
    /// The new part could not be written.
    Output(PartError),
}

impl MergeFailure {
    pub(crate) fn input(number: usize, error: &PartError) -> MergeFailure {
        MergeFailure::Input { number, class: error.class(), what: error_chain(error) }
    }
}

/// What became of several parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Merged {
    /// The part; `None`, and no directory, when all records were deleted.
    pub(crate) written: Option<WrittenPart>,
    /// Records that were left out since they were deleted.
    pub(crate) left_out: u64,
    /// How many row groups of the inputs it has as they were packed.
    pub(crate) spliced: u64,
}

/// Writes the records of all inputs, but for the hidden ones, into a new directory `dir`, and makes them durable, the
/// directory's own name aside. Asks `is_stopped` before each part and each row group.
pub(crate) fn merge_parts(
    disk: &dyn Disk,
    dir: &Path,
    layout: &Layout,
    inputs: &[&Part],
    hidden: &HiddenSequences,
    settings: &PartSettings,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Merged, MergeFailure> {
    verify(inputs, is_stopped)?;
    let left_out = left_out(inputs, hidden, layout, is_stopped)?;
    let left_out_count = left_out.iter().map(|input| input.records).sum();
    if left_out.iter().all(LeftOut::is_all) {
        return Ok(Merged { written: None, left_out: left_out_count, spliced: 0 });
    }
    let groups = groups_in_order(inputs)?;
    let typed = typed_keys(&groups, hidden, is_stopped)?;
    let mut shapes = shapes(inputs, &left_out, settings.shapes)?;
    let shape_numbers = shape_numbers(inputs, &mut shapes)?;
    join_forms(inputs, &left_out, &shape_numbers, &mut shapes)?;
    let mut texts = Vec::with_capacity(shapes.count());
    texts.extend((0..).map_while(|number| shapes.text(number)).map(str::to_owned));
    disk.create_dir_all(dir).map_err(PartError::disk("create", dir)).map_err(MergeFailure::Output)?;
    let key_count = groups.iter().map(|source| source.group.key_count()).sum();
    let writer = PartWriter::create(disk, dir, layout, typed, key_count, settings).map_err(MergeFailure::Output)?;
    let mut merging = Merging {
        layout,
        settings,
        hidden,
        writer,
        lettered: Lettered::of(shapes.forms()),
        shapes,
        shape_numbers,
        streams: StreamNumbers::default(),
        reader: WordReader::new(),
        gatherer: Gatherer::new(layout),
        open: Vec::new(),
        inputs: Vec::new(),
        rows: Vec::new(),
        spliced: 0,
    };
    let mut groups = groups.into_iter().peekable();
    while let Some(source) = groups.next() {
        go_on(is_stopped)?;
        let next_start = groups.peek().map(|next| next.group.time_range().start.0);
        if merging.splice(&source, next_start, is_stopped)? {
            continue;
        }
        merging.open(source)?;
        match groups.peek() {
            Some(next) => merging.write_full_groups(next.group.time_range().start.0, is_stopped)?,
            None => merging.write_all(is_stopped)?,
        }
    }
    let Merging { writer, streams, shapes, spliced, .. } = merging;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let written = writer.finish(&streams, &texts, shapes.forms(), settings).map_err(MergeFailure::Output)?;
    disk.sync_dir(dir).map_err(PartError::disk("sync", dir)).map_err(MergeFailure::Output)?;
    Ok(Merged { written: Some(written), left_out: left_out_count, spliced })
}

fn go_on(is_stopped: &dyn Fn() -> bool) -> Result<(), MergeFailure> {
    if is_stopped() { Err(MergeFailure::Stopped) } else { Ok(()) }
}

fn verify(inputs: &[&Part], is_stopped: &dyn Fn() -> bool) -> Result<(), MergeFailure> {
    for (number, part) in inputs.iter().enumerate() {
        go_on(is_stopped)?;
        part.verify().map_err(|error| MergeFailure::input(number, &error))?;
    }
    Ok(())
}

/// What is left out of each input.
fn left_out(
    inputs: &[&Part],
    hidden: &HiddenSequences,
    layout: &Layout,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Vec<LeftOut>, MergeFailure> {
    let mut all = Vec::with_capacity(inputs.len());
    for (number, part) in inputs.iter().enumerate() {
        go_on(is_stopped)?;
        all.push(LeftOut::of(number, part, hidden, layout.message().is_some())?);
    }
    Ok(all)
}

/// A row group of an input.
struct Source {
    input: usize,
    group: StoredGroup,
}

/// The row groups of all inputs, by the time of their oldest record. They are small: nothing of them is read yet.
fn groups_in_order(inputs: &[&Part]) -> Result<Vec<Source>, MergeFailure> {
    let mut sources = Vec::new();
    for (input, part) in inputs.iter().enumerate() {
        let groups = part.groups().map_err(|error| MergeFailure::input(input, &error))?;
        sources.extend(groups.into_iter().map(|group| Source { input, group }));
    }
    sources.sort_by_key(|source| source.group.time_range().start);
    Ok(sources)
}

/// The keys that get columns.
fn typed_keys(
    sources: &[Source],
    hidden: &HiddenSequences,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Vec<TypedKey>, MergeFailure> {
    let mut counts = KeyCounts::default();
    for source in sources {
        go_on(is_stopped)?;
        let batch = source.group.clone().open();
        match staying(&batch, hidden) {
            Some(stays) => counts.add_some(&batch, &stays),
            None => counts.add(&batch),
        }
        sound(source.input, &batch)?;
    }
    Ok(counts.frequent(ATTRIBUTE_COLUMNS_MAX, PART_RECORDS_PER_VALUE_MAX))
}

fn sound(input: usize, batch: &Batch) -> Result<(), MergeFailure> {
    batch.damage().map_or(Ok(()), |error| Err(MergeFailure::input(input, error)))
}

/// The shapes of all inputs, numbered in the order of their texts, in a table that takes no others.
fn shapes(inputs: &[&Part], left_out: &[LeftOut], limits: ShapeLimits) -> Result<ShapeTable, MergeFailure> {
    let mut all = ShapeTable::new(limits);
    for ((number, part), left_out) in inputs.iter().enumerate().zip(left_out) {
        let mut shape_number = 0;
        let told = part.for_each_shape(&mut |shape| {
            if left_out.has_shape(shape_number) {
                // A shape that is one too many has no number there; its messages are stored without one.
                all.number(shape);
            }
            shape_number += 1;
        });
        told.map_err(|error| MergeFailure::input(number, &error))?;
    }
    let texts = all.sorted().texts;
    // In another order other texts may find no place among those whose hashes lie side by side. Without them the table is
    // the same, and then it is as full as it may be.
    let (table, count) = filled(&texts, texts.len());
    Ok(if count == texts.len() { table } else { filled(&texts, count).0 })
}

fn filled(texts: &[&str], count_max: usize) -> (ShapeTable, usize) {
    let count_max = u32::try_from(count_max).expect("as many as a table numbered");
    let mut table = ShapeTable::new(ShapeLimits { count_max, text_bytes_max: usize::MAX });
    let count = texts.iter().filter(|text| table.number(text).is_some()).count();
    (table, count)
}

/// For each input and each of its shapes the shape's number in the table.
fn shape_numbers(inputs: &[&Part], table: &mut ShapeTable) -> Result<Vec<Vec<Option<u32>>>, MergeFailure> {
    let mut all = Vec::with_capacity(inputs.len());
    for (number, part) in inputs.iter().enumerate() {
        let mut numbers = Vec::new();
        let told = part.for_each_shape(&mut |shape| numbers.push(table.number(shape)));
        told.map_err(|error| MergeFailure::input(number, &error))?;
        all.push(numbers);
    }
    Ok(all)
}

/// Takes in what the variables of the inputs' shapes have in common. What deleted records had is among it: of a shape that
/// one of them had, nothing is known from now on.
fn join_forms(
    inputs: &[&Part],
    left_out: &[LeftOut],
    shape_numbers: &[Vec<Option<u32>>],
    table: &mut ShapeTable,
) -> Result<(), MergeFailure> {
    for (number, part) in inputs.iter().enumerate() {
        let forms = part.forms().map_err(|error| MergeFailure::input(number, &error))?;
        for (shape, own) in (0..).zip(&shape_numbers[number]) {
            if let Some(own) = own.filter(|_| left_out[number].has_shape(shape as usize)) {
                let forms = forms.as_ref().as_ref().filter(|_| !left_out[number].had_shape(shape as usize));
                table.join_forms(own, forms.and_then(|forms| forms.of(shape)));
            }
        }
    }
    Ok(())
}

/// With at least this part of a full one, records that wait make a row group of their own where the next one may stay.
const WAITING_SHARE: usize = 4;

/// A merge under way.
struct Merging<'a> {
    layout: &'a Layout,
    settings: &'a PartSettings,
    hidden: &'a HiddenSequences,
    writer: PartWriter,
    shapes: ShapeTable,
    lettered: Lettered,
    /// By input.
    shape_numbers: Vec<Vec<Option<u32>>>,
    streams: StreamNumbers,
    reader: WordReader,
    gatherer: Gatherer<'a>,
    /// Row groups with records that are not written yet.
    open: Vec<Arc<Batch>>,
    /// For each of them, of which input it is.
    inputs: Vec<usize>,
    /// Those records, by time and sequence.
    rows: Vec<(i64, u64, RowAt)>,
    /// Row groups that were written as they were packed.
    spliced: u64,
}

impl Merging<'_> {
    /// Writes a row group as it is packed, where it is large, whole, and alone in its time: what waits is not newer than it
    /// begins, and what is still to be opened (from `next_start` on) not older than it ends. False, and nothing done, where
    /// it is not.
    fn splice(
        &mut self,
        source: &Source,
        next_start: Option<i64>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<bool, MergeFailure> {
        let Source { input, group } = source;
        let is_large = is_share(group.records(), group.text_bytes(), LARGE_SHARE, self.settings);
        let (start, last) = (group.time_range().start.0, group.time_range().end.0.saturating_sub(1));
        let waiting = self.rows.last().map(|(newest, _, _)| *newest);
        let is_before = next_start.is_none_or(|next| last <= next);
        let is_behind = waiting.is_none_or(|newest| newest <= start && self.are_many_waiting());
        if !self.settings.splices || !is_large || !is_before || !is_behind || self.hidden.meets(group.sequence_range())
        {
            return Ok(false);
        }
        let batch = group.clone().open();
        let numbers = &self.shape_numbers[*input];
        let spliced = spliced(self.layout, group, &batch, &self.writer.typed, numbers, &mut self.streams);
        let spliced = spliced.map_err(|error| MergeFailure::input(*input, &error))?;
        sound(*input, &batch)?;
        let Some(spliced) = spliced else { return Ok(false) };
        self.write_all(is_stopped)?;
        self.writer.add_spliced(&spliced).map_err(MergeFailure::Output)?;
        self.spliced += 1;
        Ok(true)
    }

    /// True when the records that wait may make a row group of their own.
    fn are_many_waiting(&self) -> bool {
        let costs = costs(&self.open);
        let bytes = self.rows.iter().map(|(_, _, at)| costs[at.batch()]).sum();
        is_share(self.rows.len(), bytes, WAITING_SHARE, self.settings)
    }

    fn open(&mut self, source: Source) -> Result<(), MergeFailure> {
        let batch = Arc::new(source.group.open());
        let number = self.open.len();
        let stays = staying(&batch, self.hidden);
        let places = batch.times().iter().zip(batch.sequences()).enumerate();
        let places = places.filter(|(row, _)| stays.as_ref().is_none_or(|stays| stays(*row)));
        self.rows.extend(places.map(|(row, (time, sequence))| (*time, *sequence, RowAt::new(number, row))));
        drop(stays);
        sound(source.input, &batch)?;
        self.rows.sort_unstable_by_key(|(time, sequence, _)| (*time, *sequence));
        self.open.push(batch);
        self.inputs.push(source.input);
        Ok(())
    }

    /// Writes row groups as long as they are full of records that are not newer than `until`. All that is still to be
    /// opened is that new at least. What makes up to one and a half row groups waits: with less than that left behind, it
    /// would be too few records to let the next row group stay as it is.
    fn write_full_groups(&mut self, until: i64, is_stopped: &dyn Fn() -> bool) -> Result<(), MergeFailure> {
        let mut ready = self.rows.partition_point(|(time, _, _)| *time <= until);
        while let NextGroup::Full(count) = self.next_group(ready) {
            go_on(is_stopped)?;
            self.write_group(count)?;
            ready -= count;
        }
        Ok(())
    }

    fn write_all(&mut self, is_stopped: &dyn Fn() -> bool) -> Result<(), MergeFailure> {
        while !self.rows.is_empty() {
            go_on(is_stopped)?;
            let (NextGroup::Full(count) | NextGroup::Last(count)) = self.next_group(self.rows.len());
            self.write_group(count)?;
        }
        Ok(())
    }

    /// The next row group of the first `ready` records.
    fn next_group(&self, ready: usize) -> NextGroup {
        next_group(&costs(&self.open), self.rows[..ready].iter().map(|(_, _, at)| *at), self.settings)
    }

    fn write_group(&mut self, count: usize) -> Result<(), MergeFailure> {
        let rows: Vec<RowAt> = self.rows.drain(..count).map(|(_, _, at)| at).collect();
        let rows = self.streams.in_stream_order(&self.open, &rows);
        let mut words = self.reader.read(self.layout, &self.open, &rows, &mut self.shapes);
        let rows = self.lettered.behind_others(rows, &mut words);
        let group =
            self.gatherer.gather(&self.open, &self.writer.typed, &rows, &mut self.streams, words.shapes.clone());
        for (batch, input) in self.open.iter().zip(&self.inputs) {
            sound(*input, batch)?;
        }
        self.writer.add(&group, &words).map_err(MergeFailure::Output)?;
        self.close_written();
        Ok(())
    }

    /// Lets go of row groups whose records are all written.
    fn close_written(&mut self) {
        let mut is_left = vec![false; self.open.len()];
        self.rows.iter().for_each(|(_, _, at)| is_left[at.batch()] = true);
        let number = |batch: usize| is_left[..batch].iter().filter(|is_left| **is_left).count();
        let numbers: Vec<usize> = (0..is_left.len()).map(number).collect();
        for (_, _, at) in &mut self.rows {
            *at = RowAt::new(numbers[at.batch()], at.row());
        }
        let mut left = is_left.iter();
        self.open.retain(|_| left.next() == Some(&true));
        let mut left = is_left.iter();
        self.inputs.retain(|_| left.next() == Some(&true));
        self.gatherer.keep_only(&self.open);
    }
}

/// True for at least this part of the records or bytes of a full row group.
fn is_share(records: usize, bytes: u64, share: usize, settings: &PartSettings) -> bool {
    records.saturating_mul(share) >= settings.group_records
        || bytes.saturating_mul(share as u64) >= settings.group_text_bytes
}

#[cfg(test)]
mod tests;
