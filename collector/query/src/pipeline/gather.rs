//! From the store to the first pipe that looks at more than one row.

use super::held::Held;
use super::patterns::Patterns;
use super::sort::Sorter;
use super::stats::Stats;
use super::step::{Reads, Step, run_all};
use super::top::Top;
use super::view::{Row, View};
use crate::evaluate::{Mask, Question};
use crate::found_rows::FoundRows;
use crate::guard::{QueryGuard, Stop};
use crate::newest::{Found, Newest};
use crate::plan::Scan;
use crate::sources::Sources;
use log_store::LogColumns;
use model::{Field, RecordPosition};

/// What becomes of the rows.
#[derive(Debug)]
pub(crate) enum Sink {
    Groups(Groups),
    Sort(Sorter),
    /// The newest ones.
    Newest(Newest),
}

/// A pipe that makes one row of many.
#[derive(Debug)]
pub(crate) enum Groups {
    Stats(Box<Stats>),
    Top(Box<Top>),
    Patterns(Box<Patterns>),
}

impl Groups {
    pub(crate) fn fields(&self) -> Vec<Field> {
        match self {
            Groups::Stats(stats) => stats.fields(),
            Groups::Top(top) => top.fields(),
            Groups::Patterns(patterns) => patterns.fields(),
        }
    }

    pub(crate) fn add(&mut self, view: &View<'_>, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        match self {
            Groups::Stats(stats) => stats.add(view, guard, held),
            Groups::Top(top) => top.add(view, guard, held),
            Groups::Patterns(patterns) => patterns.add(view, guard, held),
        }
    }

    /// Counts records that no pipe has changed, all at a time. False when they must be added one by one.
    fn add_stored(
        &mut self,
        columns: LogColumns<'_>,
        first: usize,
        records: Mask,
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<bool, Stop> {
        match self {
            Groups::Top(top) => top.add_stored(columns, first, records, guard, held),
            Groups::Stats(_) | Groups::Patterns(_) => Ok(false),
        }
    }

    /// Counts what was only noted so far; what fails has lost some of it. A hand that another one is to absorb must do it.
    pub(crate) fn settle(&mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        match self {
            Groups::Top(top) => top.settle(guard, held),
            Groups::Stats(_) | Groups::Patterns(_) => Ok(()),
        }
    }

    /// Adds what another hand counted for the same pipe.
    pub(crate) fn absorb(&mut self, other: Groups, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        match (self, other) {
            (Groups::Stats(stats), Groups::Stats(other)) => stats.absorb(*other, guard, held),
            (Groups::Top(top), Groups::Top(other)) => top.absorb(*other, guard, held),
            (Groups::Patterns(patterns), Groups::Patterns(other)) => patterns.absorb(*other, guard, held),
            (Groups::Stats(_) | Groups::Top(_) | Groups::Patterns(_), _) => {
                unreachable!("all hands count for one pipe")
            }
        }
    }

    pub(crate) fn finish(self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<super::Made, Stop> {
        match self {
            Groups::Stats(stats) => stats.finish(held),
            Groups::Top(top) => top.finish(guard, held),
            Groups::Patterns(patterns) => patterns.finish(held),
        }
    }
}

/// How many records were looked at and found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) scanned: u64,
    pub(crate) matched: u64,
}

/// What is read, and through which steps it goes.
#[derive(Debug)]
pub(crate) struct Road<'a> {
    pub(crate) question: &'a Question,
    pub(crate) sources: &'a Sources,
    pub(crate) steps: &'a [Step],
}

impl Road<'_> {
    /// Reads to the end, or until nothing newer can follow.
    pub(crate) fn gather(
        &self,
        scan: &mut Scan<'_>,
        sink: &mut Sink,
        counts: &mut Counts,
        held: &mut Held<'_>,
        guard: &QueryGuard,
    ) -> Result<(), Stop> {
        let mut reads = Reads::default();
        self.steps.iter().for_each(|step| step.reads(&mut reads));
        match sink {
            Sink::Groups(groups) => {
                reads.add(groups.fields());
                if let Groups::Patterns(_) = groups {
                    reads.add_position();
                }
            }
            Sink::Sort(sorter) => {
                reads.add(sorter.fields());
                reads.add_position();
            }
            Sink::Newest(_) => reads.add_position(),
        }
        'slices: while let Some(next) = scan.next_slice(floor(sink), guard)? {
            guard.look()?;
            held.read_from(next.source);
            let matches = self.question.matches(next.slice(), next.candidates, guard)?;
            let columns = next.slice().columns();
            let first = next.slice().rows().start;
            let is_counted = match (&mut *sink, self.steps) {
                (Sink::Groups(groups), []) if !self.sources.is_damaged(next.source, &next.batch) => {
                    groups.add_stored(columns, first, matches, guard, held)?
                }
                (Sink::Groups(_) | Sink::Sort(_) | Sink::Newest(_), _) => false,
            };
            if !is_counted && !matches.is_empty() {
                reads.touch(columns);
            }
            if self.sources.is_damaged(next.source, &next.batch) {
                scan.give_up(&next);
                continue;
            }
            counts.scanned += next.candidates.count() as u64;
            if is_counted {
                counts.matched += matches.count() as u64;
                scan.pass(&next, None);
                continue;
            }
            for row in matches.rows_backwards() {
                let mut view = View::stored(columns, first + row);
                if !run_all(self.steps, &mut view, guard)? {
                    continue;
                }
                match sink {
                    Sink::Groups(groups) => groups.add(&view, guard, held)?,
                    Sink::Newest(newest) => {
                        let position = next.batch.position(first + row);
                        let found = Found { position, source: next.source, row: first + row };
                        if !newest.offer(found, guard)? && next.batch.is_sorted() {
                            counts.matched += 1;
                            break;
                        }
                    }
                    Sink::Sort(sorter) => {
                        sorter.add(view, guard, held)?;
                        if self.sources.is_damaged(next.source, &next.batch) {
                            sorter.take_back();
                            scan.give_up(&next);
                            continue 'slices;
                        }
                    }
                }
                counts.matched += 1;
            }
            scan.pass(&next, floor(sink));
        }
        Ok(())
    }

    /// Makes rows of the records that were found, in their order.
    pub(crate) fn make_rows(&self, found: &[Found], held: &mut Held<'_>, guard: &QueryGuard) -> Result<Vec<Row>, Stop> {
        held.take(size_of_val(found) as u64)?;
        let mut rows = Vec::with_capacity(found.len());
        let mut places = FoundRows::new(self.sources, found);
        for found in found {
            let (batch, row) = places.open(found, guard)?;
            held.read_from(found.source);
            let mut view = View::stored(LogColumns::of(&batch), row);
            let is_kept = run_all(self.steps, &mut view, guard)?;
            let row = view.keep(held)?;
            if is_kept && !self.sources.is_damaged(found.source, &batch) {
                rows.push(row);
            }
        }
        Ok(rows)
    }
}

fn floor(sink: &Sink) -> Option<RecordPosition> {
    match sink {
        Sink::Newest(newest) => newest.floor(),
        Sink::Groups(_) | Sink::Sort(_) => None,
    }
}
