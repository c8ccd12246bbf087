//! The work of a pipe that groups, shared among hands: each reads some of the row groups and counts for itself, then all
//! is put together.

use super::gather::{Counts, Groups, Road, Sink};
use super::held::Held;
use super::tally::Tables;
use super::{PipelineRequest, Plan, groups_of};
use crate::cut_short::CutShort;
use crate::error::QueryError;
use crate::evaluate::Question;
use crate::guard::{QueryGuard, Stop};
use crate::limits::PIPES_GRACE;
use crate::plan::{Scan, Window};
use crate::sources::Sources;
use crate::work::Work;
use basics::Reservation;
use model::{Pipe, TimeRange};

/// What all hands are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) request: &'a PipelineRequest,
    pub(super) window: Window,
    pub(super) slice_records: usize,
    /// The pipe that groups.
    pub(super) pipe: &'a Pipe,
    pub(super) rate_range: Option<TimeRange>,
}

/// What the hands counted.
pub(super) struct Gathered {
    hands: Vec<Counted>,
    pub(super) counts: Counts,
    pub(super) has_damage: bool,
    pub(super) work: Work,
}

/// What one of them counted, and its memory.
struct Counted {
    groups: Groups,
    /// `None` when there was not even memory to begin.
    memory: Option<Reservation>,
    counts: Counts,
    stopped: Option<Stop>,
    has_damage: bool,
    work: Work,
}

impl Shared<'_> {
    /// Reads all sources.
    pub(super) fn gather(&self, sources: Sources, guard: &QueryGuard) -> Result<Gathered, QueryError> {
        let planned = sources.work();
        let hands = guard.hands(sources.hands_wanted());
        let pieces = sources.deal_out(hands.count()).into_iter().zip(guard.for_hands(hands.count())).collect();
        let tables = Tables::default();
        let counted = hands.map(pieces, |(sources, guard)| self.count(sources, &tables, &guard));
        let hands = counted.into_iter().collect::<Result<Vec<Counted>, QueryError>>()?;
        let mut counts = Counts::default();
        for hand in &hands {
            counts.scanned += hand.counts.scanned;
            counts.matched += hand.counts.matched;
        }
        let has_damage = hands.iter().any(|hand| hand.has_damage);
        let work = hands.iter().fold(planned, |work, hand| work.and(hand.work));
        Ok(Gathered { hands, counts, has_damage, work })
    }

    fn count(&self, mut sources: Sources, tables: &Tables, guard: &QueryGuard) -> Result<Counted, QueryError> {
        sources.begin_on_this_thread();
        // What a filter and a step remember while they read is a hand's own.
        let plan = Plan::new(self.request)?;
        let question = Question::compile(&plan.filter)?;
        let groups = match groups_of(self.pipe, self.rate_range)?.expect("the pipe groups") {
            Groups::Top(top) => Groups::Top(Box::new(top.counting_in(tables.clone()))),
            groups @ (Groups::Stats(_) | Groups::Patterns(_)) => groups,
        };
        let mut counted = Counted {
            groups,
            memory: None,
            counts: Counts::default(),
            stopped: None,
            has_damage: false,
            work: Work::default(),
        };
        let mut held = match Held::new(&sources, guard) {
            Ok(held) => held,
            Err(stop) => {
                counted.stopped = Some(stop);
                return Ok(counted);
            }
        };
        let mut scan = Scan::new(&sources, &question, self.window, self.slice_records).in_any_order();
        let road = Road { question: &question, sources: &sources, steps: &plan.steps };
        let mut sink = Sink::Groups(counted.groups);
        let gathered = road.gather(&mut scan, &mut sink, &mut counted.counts, &mut held, guard);
        let Sink::Groups(groups) = sink else { unreachable!("it is what went in") };
        counted.groups = groups;
        // What was read in time is counted, also by a hand that another one has stopped.
        let settled = counted.groups.settle(&guard.later(PIPES_GRACE), &mut held);
        counted.memory = Some(held.settle());
        counted.stopped = gathered.and(settled).err();
        if counted.stopped.is_some() {
            guard.give_up();
        }
        counted.has_damage = sources.has_damage();
        counted.work = sources.work();
        Ok(counted)
    }
}

impl Gathered {
    /// Puts together what the hands counted.
    pub(super) fn together<'s>(
        self,
        sources: &'s Sources,
        guard: &QueryGuard,
        stopped: &mut Option<CutShort>,
    ) -> Result<Result<(Held<'s>, Option<Groups>), Stop>, QueryError> {
        *stopped = Stop::first(self.hands.iter().map(|hand| hand.stopped)).map(Stop::cut_short).transpose()?;
        let mut hands = self.hands.into_iter();
        let Some(Counted { groups: mut all, memory: Some(memory), .. }) = hands.next() else {
            return Ok(Err(Stop::OUT_OF_MEMORY));
        };
        let mut held = Held::of(sources, memory);
        let late_guard = guard.later(PIPES_GRACE);
        for hand in hands {
            if let Err(stop) = all.absorb(hand.groups, &late_guard, &mut held) {
                *stopped = stopped.or(Some(stop.cut_short()?));
                break;
            }
        }
        Ok(Ok((held, Some(all))))
    }
}
