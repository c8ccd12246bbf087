//! Where a query's records come from: batches in memory, and row groups of parts, opened when their turn comes.
//!
//! A row group takes memory from the query's budget as long as it is open. A few are open at a time, since parts overlap in
//! time; the one that was not asked for longest is closed for another one.

use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::limits::{GROUP_RECORD_BYTES, GROUPS_PER_HAND, HANDS_MAX, OPEN_GROUPS_MAX, PICKED_BYTES, PICKED_SHARE};
use crate::plan::Window;
use crate::work::Work;
use basics::Reservation;
use log_store::{LogColumns, LogSnapshot};
use parts::manifest::PartEntry;
use parts::{Batch, BytesRead, HiddenSequences, LivePart, StoredGroup};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// The sources that may hold records of a window.
#[derive(Debug)]
pub(crate) struct Sources {
    in_memory: Vec<Arc<Batch>>,
    stored: Vec<Stored>,
    hidden: Arc<HiddenSequences>,
    /// The row groups that are open, the one asked for last at the end.
    opened: RefCell<Vec<Opened>>,
    opened_max: Cell<usize>,
    has_damage: Cell<bool>,
    work: Cell<Work>,
    /// What this thread had read before.
    read_before: BytesRead,
}

#[derive(Debug)]
struct Stored {
    group: StoredGroup,
    part: Arc<LivePart>,
    was_opened: Cell<bool>,
    had_texts: Cell<bool>,
}

/// A row group that is open.
#[derive(Debug)]
struct Opened {
    source: usize,
    batch: Arc<Batch>,
    _memory: Reservation,
}

impl Default for Sources {
    fn default() -> Self {
        Sources {
            in_memory: Vec::new(),
            stored: Vec::new(),
            hidden: Arc::default(),
            opened: RefCell::default(),
            opened_max: Cell::new(OPEN_GROUPS_MAX),
            has_damage: Cell::new(false),
            work: Cell::default(),
            read_before: BytesRead::of_this_thread(),
        }
    }
}

/// Some records of one source, ready to be made.
#[derive(Debug)]
pub(crate) struct Picked {
    pub(crate) batch: Arc<Batch>,
    is_whole: bool,
    _memory: Option<Reservation>,
}

impl Picked {
    /// Where a record is in the batch: the one of this number in its source, which is the `place`th that was picked.
    pub(crate) fn row(&self, row: usize, place: usize) -> usize {
        if self.is_whole { row } else { place }
    }
}

impl Sources {
    /// What may hold records of the window that match. A part that cannot be opened is left out, and its damage noted.
    pub(crate) fn new(snapshot: &LogSnapshot, window: &Window, question: &Question) -> Sources {
        let keys = question.required_keys();
        let is_missing = |part: &Arc<PartEntry>| {
            window.may_hold_times(part.time_range()) && window.may_hold_sequences(part.sequence_range())
        };
        let has_damage = Cell::new(snapshot.quarantined().iter().any(is_missing));
        let (in_memory, hidden) = (snapshot.batches().to_vec(), snapshot.hidden().clone());
        let mut sources = Sources { in_memory, hidden, has_damage, ..Sources::default() };
        let mut work = Work { batches: sources.in_memory.len() as u64, ..Work::default() };
        for part in snapshot.parts() {
            work.parts += 1;
            if !window.may_hold_times(part.time_range()) || !window.may_hold_sequences(part.sequence_range()) {
                work.parts_outside += 1;
                continue;
            }
            // An index that cannot be read says nothing; reading the records will tell whether they are whole.
            if !keys.is_empty() && !part.part().may_hold_words(&keys).unwrap_or(true) {
                work.parts_without_words += 1;
                continue;
            }
            match part.part().groups() {
                Ok(groups) => {
                    work.groups += groups.len() as u64;
                    let known = sources.stored.len();
                    let listed = groups.len();
                    let asked = groups.into_iter().filter(|group| {
                        window.may_hold_times(group.time_range()) && window.may_hold_sequences(group.sequence_range())
                    });
                    sources.stored.extend(asked.map(|group| Stored {
                        group,
                        part: part.clone(),
                        was_opened: Cell::new(false),
                        had_texts: Cell::new(false),
                    }));
                    work.groups_outside += (listed + known - sources.stored.len()) as u64;
                }
                Err(error) => {
                    part.report_damage(&error);
                    sources.has_damage.set(true);
                }
            }
        }
        sources.work.set(work);
        sources
    }

    /// Counts what is read from here on by the calling thread: each hand has a thread of its own.
    pub(crate) fn begin_on_this_thread(&mut self) {
        self.read_before = BytesRead::of_this_thread();
    }

    /// The records that were deleted: they belong into no answer.
    pub(crate) fn hidden(&self) -> &HiddenSequences {
        &self.hidden
    }

    /// The batches in memory, each with its number.
    pub(crate) fn in_memory(&self) -> impl Iterator<Item = (usize, &Arc<Batch>)> {
        self.in_memory.iter().enumerate()
    }

    /// The row groups, each with its number.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (usize, &StoredGroup)> {
        (self.in_memory.len()..).zip(self.stored.iter().map(|stored| &stored.group))
    }

    /// The row group that a source is.
    pub(crate) fn group(&self, source: usize) -> Option<&StoredGroup> {
        let stored = self.stored.get(source.checked_sub(self.in_memory.len())?)?;
        Some(&stored.group)
    }

    /// A source's batch.
    pub(crate) fn batch(&self, source: usize, guard: &QueryGuard) -> Result<Arc<Batch>, Stop> {
        if let Some(batch) = self.in_memory.get(source) {
            return Ok(batch.clone());
        }
        let mut opened = self.opened.borrow_mut();
        if let Some(place) = opened.iter().position(|opened| opened.source == source) {
            let found = opened.remove(place);
            let batch = found.batch.clone();
            opened.push(found);
            return Ok(batch);
        }
        if opened.len() >= self.opened_max.get() {
            self.close(opened.remove(0));
        }
        let stored = &self.stored[source - self.in_memory.len()];
        let group = &stored.group;
        let bytes = group.text_bytes() + group.records() as u64 * GROUP_RECORD_BYTES;
        let memory = loop {
            match guard.reserve(bytes) {
                Ok(memory) => break memory,
                Err(stop) if opened.is_empty() => return Err(stop),
                Err(_) => self.close(opened.remove(0)),
            }
        };
        let batch = Arc::new(group.clone().open());
        stored.was_opened.set(true);
        opened.push(Opened { source, batch: batch.clone(), _memory: memory });
        Ok(batch)
    }

    /// The batch that holds these records of a source, whose numbers rise, and where the first of them is in it: in memory
    /// all of the batch, of a row group these records alone.
    pub(crate) fn picked(&self, source: usize, rows: &[usize], guard: &QueryGuard) -> Result<Picked, Stop> {
        if let Some(batch) = self.in_memory.get(source) {
            return Ok(Picked { batch: batch.clone(), is_whole: true, _memory: None });
        }
        let group = &self.stored[source - self.in_memory.len()].group;
        let share = rows.len() as u64 * PICKED_SHARE;
        let texts = (group.text_bytes() / group.records().max(1) as u64 * share).min(group.text_bytes());
        let whole = group.text_bytes() + group.records() as u64 * GROUP_RECORD_BYTES;
        let bytes = (PICKED_BYTES + texts + rows.len() as u64 * GROUP_RECORD_BYTES).min(whole);
        let memory = guard.reserve(bytes).or_else(|_| {
            self.close_all();
            guard.reserve(bytes)
        })?;
        Ok(Picked { batch: Arc::new(group.clone().open_only(rows)), is_whole: false, _memory: Some(memory) })
    }

    /// How many hands reading all of it is worth.
    pub(crate) fn hands_wanted(&self) -> usize {
        (self.stored.len() / GROUPS_PER_HAND).clamp(1, HANDS_MAX)
    }

    /// Deals the sources out to so many hands, neighbours to different ones.
    pub(crate) fn deal_out(self, hands: usize) -> Vec<Sources> {
        let empty = || Sources {
            hidden: self.hidden.clone(),
            has_damage: Cell::new(self.has_damage.get()),
            ..Sources::default()
        };
        let mut dealt: Vec<Sources> = std::iter::repeat_with(empty).take(hands).collect();
        for (number, batch) in self.in_memory.into_iter().enumerate() {
            dealt[number % hands].in_memory.push(batch);
        }
        for (number, stored) in self.stored.into_iter().enumerate() {
            dealt[number % hands].stored.push(stored);
        }
        dealt
    }

    /// Keeps one row group open at a time: they are read one after the other.
    pub(crate) fn read_one_by_one(&self) {
        self.opened_max.set(1);
    }

    /// Closes the row groups that are open.
    pub(crate) fn close_all(&self) {
        self.opened.borrow_mut().drain(..).for_each(|opened| self.close(opened));
    }

    /// Closes the row groups that are open, but for this one.
    pub(crate) fn close_all_but(&self, source: usize) {
        let mut opened = self.opened.borrow_mut();
        while let Some(place) = opened.iter().position(|opened| opened.source != source) {
            self.close(opened.remove(place));
        }
    }

    fn close(&self, opened: Opened) {
        self.note_texts(&opened);
    }

    fn note_texts(&self, opened: &Opened) {
        if let Some(stored) = opened.source.checked_sub(self.in_memory.len()).and_then(|at| self.stored.get(at))
            && LogColumns::of(&opened.batch).has_read_body()
        {
            stored.had_texts.set(true);
        }
    }

    /// Counts a row group that is not read, since its index says that it would be in vain.
    pub(crate) fn note_in_vain(&self) {
        let work = self.work.get();
        self.work.set(Work { groups_without_words: work.groups_without_words + 1, ..work });
    }

    /// What the reading took so far.
    pub(crate) fn work(&self) -> Work {
        self.opened.borrow().iter().for_each(|opened| self.note_texts(opened));
        let read = BytesRead::of_this_thread().since(self.read_before);
        let count = |is_so: fn(&Stored) -> bool| self.stored.iter().filter(|stored| is_so(stored)).count() as u64;
        Work {
            groups_opened: count(|stored| stored.was_opened.get()),
            groups_with_texts: count(|stored| stored.had_texts.get()),
            index_bytes_read: read.index,
            record_bytes_read: read.records,
            ..self.work.get()
        }
    }

    /// True when the source's batch has told of damage; it is noted then.
    pub(crate) fn is_damaged(&self, source: usize, batch: &Batch) -> bool {
        let Some(damage) = batch.damage() else { return false };
        if let Some(stored) = source.checked_sub(self.in_memory.len()).and_then(|stored| self.stored.get(stored)) {
            stored.part.report_damage(damage);
        }
        self.has_damage.set(true);
        true
    }

    /// True when some source could not be read.
    pub(crate) fn has_damage(&self) -> bool {
        self.has_damage.get()
    }
}
