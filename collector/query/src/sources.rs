//! Where a query's records come from: batches in memory, and row groups of parts, opened when their turn comes.
//!
//! A row group takes memory from the query's budget as long as it is open. A few are open at a time, since parts overlap in
//! time; the one that was not asked for longest is closed for another one.

use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::limits::{GROUP_RECORD_BYTES, GROUPS_PER_HAND, HANDS_MAX, OPEN_GROUPS_MAX, PICKED_BYTES, PICKED_SHARE};
use crate::plan::Window;
use basics::Reservation;
use log_store::LogSnapshot;
use parts::manifest::PartEntry;
use parts::{Batch, LivePart, StoredGroup};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// The sources that may hold records of a window.
#[derive(Debug)]
pub(crate) struct Sources {
    in_memory: Vec<Arc<Batch>>,
    stored: Vec<Stored>,
    /// The row groups that are open, the one asked for last at the end.
    opened: RefCell<Vec<Opened>>,
    opened_max: Cell<usize>,
    has_damage: Cell<bool>,
}

#[derive(Debug)]
struct Stored {
    group: StoredGroup,
    part: Arc<LivePart>,
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
            opened: RefCell::default(),
            opened_max: Cell::new(OPEN_GROUPS_MAX),
            has_damage: Cell::new(false),
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
        let mut sources = Sources { in_memory: snapshot.batches().to_vec(), has_damage, ..Sources::default() };
        for part in snapshot.parts() {
            if !window.may_hold_times(part.time_range()) || !window.may_hold_sequences(part.sequence_range()) {
                continue;
            }
            // An index that cannot be read says nothing; reading the records will tell whether they are whole.
            if !keys.is_empty() && !part.part().may_hold_words(&keys).unwrap_or(true) {
                continue;
            }
            match part.part().groups() {
                Ok(groups) => {
                    let asked = groups.into_iter().filter(|group| {
                        window.may_hold_times(group.time_range()) && window.may_hold_sequences(group.sequence_range())
                    });
                    sources.stored.extend(asked.map(|group| Stored { group, part: part.clone() }));
                }
                Err(error) => {
                    part.report_damage(&error);
                    sources.has_damage.set(true);
                }
            }
        }
        sources
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
            opened.remove(0);
        }
        let group = &self.stored[source - self.in_memory.len()].group;
        let bytes = group.text_bytes() + group.records() as u64 * GROUP_RECORD_BYTES;
        let memory = loop {
            match guard.reserve(bytes) {
                Ok(memory) => break memory,
                Err(stop) if opened.is_empty() => return Err(stop),
                Err(_) => drop(opened.remove(0)),
            }
        };
        let batch = Arc::new(group.clone().open());
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
            self.opened.borrow_mut().clear();
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
        let empty = || Sources { has_damage: Cell::new(self.has_damage.get()), ..Sources::default() };
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
        self.opened.borrow_mut().clear();
    }

    /// Closes the row groups that are open, but for this one.
    pub(crate) fn close_all_but(&self, source: usize) {
        self.opened.borrow_mut().retain(|opened| opened.source == source);
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
