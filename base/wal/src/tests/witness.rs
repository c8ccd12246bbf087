//! Who writes down what was appended and what was answered, and compares it with what is found.

use super::bodies::{body, kind, number_of};
use crate::{Position, ReadEntry, Recovery, WalError};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation(pub(super) String);

pub(super) type Verdict<T = ()> = Result<T, Violation>;

pub(super) fn violation<T>(text: impl Into<String>) -> Verdict<T> {
    Err(Violation(text.into()))
}

/// What a sender knows of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nothing, or that the outcome is open: it may be found or not.
    Nothing,
    /// Yes, with this position. An entry that was found after a restart counts as answered too.
    Yes(u64),
    /// No for good: it must never be found.
    No,
}

struct Sent {
    length: usize,
    told: Told,
    /// Which commit answered it.
    commit: usize,
}

/// What may be found wrong because the disk itself was at fault.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Excuse {
    /// Bits were flipped: acknowledged entries may be missing when they are reported lost.
    pub(super) damage: bool,
    /// A sync failed and the bytes are gone though they are still seen: what was found after a restart and never
    /// answered may be missing later.
    pub(super) lost_sync: bool,
}

#[derive(Default)]
pub(super) struct Witness {
    sent: Vec<Sent>,
    /// A trim up to here was answered with yes, or a start has said that the log begins here.
    forgotten: u64,
    /// A trim up to here was tried.
    trim_tried: u64,
    /// Highest position that was ever given.
    highest: u64,
    commits: usize,
    pub(super) excuse: Excuse,
    /// Entries were called lost that may be: the file where they stood is set aside in the end.
    has_excused_loss: Cell<bool>,
}

/// All that a reader gave.
pub(super) struct Findings {
    entries: Vec<ReadEntry>,
    lost: Vec<Range<u64>>,
}

impl Findings {
    /// Reads to the end; a call that fails is made again, since faults of these tests pass.
    pub(super) fn read(reader: &mut crate::WalReader) -> Verdict<Findings> {
        let mut findings = Findings { entries: Vec::new(), lost: Vec::new() };
        let mut failures = 0;
        loop {
            match reader.next() {
                Ok(None) => return Ok(findings),
                Ok(Some(entry)) => findings.entries.push(entry),
                Err(WalError::Lost { first, last, .. }) => findings.lost.push(first.0..last.0 + 1),
                Err(_) if failures < 8 => failures += 1,
                Err(error) => return violation(format!("reading fails again and again: {error}")),
            }
        }
    }

    fn is_lost(&self, position: u64) -> bool {
        self.lost.iter().any(|range| range.contains(&position))
    }
}

impl Witness {
    /// Books an entry that is about to be appended; its number.
    pub(super) fn sends(&mut self, length: usize) -> usize {
        self.sent.push(Sent { length, told: Told::Nothing, commit: 0 });
        self.sent.len() - 1
    }

    /// Books that an append was refused at once, so that nothing of it was ever written.
    pub(super) fn is_refused(&mut self, number: usize) {
        self.sent[number].told = Told::No;
    }

    pub(super) fn begins_commit(&mut self) {
        self.commits += 1;
    }

    pub(super) fn hears_yes(&mut self, number: usize, position: Position) -> Verdict {
        if position.0 <= self.highest {
            return violation(format!("position {position} is given again; {} was given before", self.highest));
        }
        self.highest = position.0;
        self.sent[number].told = Told::Yes(position.0);
        self.sent[number].commit = self.commits;
        Ok(())
    }

    /// Books that the log takes entries again: what it refused before is gone for good.
    pub(super) fn hears_that_all_is_well(&mut self) {
        for sent in self.sent.iter_mut().filter(|sent| sent.told == Told::Nothing) {
            sent.told = Told::No;
        }
    }

    pub(super) fn trims(&mut self, before: Position, is_done: bool) {
        self.trim_tried = self.trim_tried.max(before.0);
        if is_done {
            self.forgotten = self.forgotten.max(before.0);
        }
    }

    /// The position that leaves `count` acknowledged entries.
    pub(super) fn position_before_last(&self, count: u64) -> Position {
        Position((self.highest + 1).saturating_sub(count).max(1))
    }

    /// The position behind the highest that was given.
    pub(super) fn next(&self) -> Position {
        Position(self.highest + 1)
    }

    /// What a reader that is made now must give for as long as it lives.
    pub(super) fn known_now(&self) -> Range<u64> {
        self.forgotten..self.highest + 1
    }

    /// Compares with what a reader gives that was made when `known` was known.
    pub(super) fn compare_running(&self, findings: &Findings, known: &Range<u64>) -> Verdict {
        let unanswered = &mut |_, _| violation("an entry is found that was not acknowledged");
        self.compare_found(findings, known.start, unanswered)?;
        self.compare_missing(findings, known.start, known.end, u64::MAX)
    }

    /// Compares with what a start has found. What is found and was not answered counts as answered from then on.
    pub(super) fn compare_after_start(&mut self, recovery: &Recovery, findings: &Findings) -> Verdict {
        let is_damaged =
            !recovery.damaged_files.is_empty() || recovery.quarantined_bytes > 0 || recovery.is_position_lost;
        if is_damaged && !self.excuse.damage && !self.has_excused_loss.get() {
            return violation(format!("a disk without damage is called damaged: {recovery}"));
        }
        let mut adopted = Vec::new();
        self.compare_found(findings, self.forgotten, &mut |number, position| {
            adopted.push((number, position));
            Ok(())
        })?;
        let next = recovery.next.0;
        self.compare_missing(findings, self.trim_tried.max(self.forgotten), u64::MAX, next)?;
        if let Some(last) = findings.entries.last().filter(|last| last.position.0 >= next) {
            return violation(format!("entry {} is found and {next} comes next", last.position));
        }
        self.forget_what_was_cut(next)?;
        for (number, position) in adopted {
            self.sent[number].told = Told::Yes(position);
            self.sent[number].commit = 0;
            self.highest = self.highest.max(position);
        }
        self.hears_that_all_is_well();
        self.forgotten = self.forgotten.max(recovery.first.0);
        Ok(())
    }

    /// Every entry that is found was sent, is what was sent, stands where it was promised, and stands there once.
    fn compare_found(
        &self,
        findings: &Findings,
        kept_from: u64,
        on_unanswered: &mut dyn FnMut(usize, u64) -> Verdict,
    ) -> Verdict {
        let mut due = None;
        let mut seen = BTreeMap::new();
        for entry in &findings.entries {
            let position = entry.position.0;
            let gap = due.unwrap_or(position)..position;
            if position < gap.start || gap.clone().any(|missing| !findings.is_lost(missing)) {
                return violation(format!("entry {position} follows {}, and nothing says why", gap.start - 1));
            }
            due = Some(position + 1);
            if position < kept_from && !self.excuse.damage {
                return violation(format!("entry {position} comes back; {kept_from} and later are kept"));
            }
            let number = number_of(&entry.body).filter(|number| *number < self.sent.len());
            let Some(number) = number else { return violation(format!("entry {position} was never sent")) };
            let sent = &self.sent[number];
            if entry.body != body(number, sent.length) || entry.kind != kind(number) {
                return violation(format!("entry {position} is not what was sent"));
            }
            if let Some(other) = seen.insert(number, position) {
                return violation(format!("entry {position} stands at {other} too"));
            }
            match sent.told {
                Told::Yes(promised) if promised == position => {}
                Told::Yes(promised) => return violation(format!("entry {promised} stands at {position}")),
                Told::No => return violation(format!("entry {position} was refused for good and is found")),
                Told::Nothing => on_unanswered(number, position)?,
            }
        }
        let is_excused = |position| self.excuse.damage || (self.excuse.lost_sync && self.is_adopted(position));
        self.has_excused_loss.set(self.has_excused_loss.get() || !findings.lost.is_empty());
        match findings.lost.iter().cloned().flatten().find(|position| !is_excused(*position)) {
            Some(position) => violation(format!("entry {position} is called lost and the disk is whole")),
            None => Ok(()),
        }
    }

    /// Tells whether an entry was never answered and counts as acknowledged because it was found.
    fn is_adopted(&self, position: u64) -> bool {
        self.sent.iter().any(|sent| sent.told == Told::Yes(position) && sent.commit == 0)
    }

    /// Every acknowledged entry of `from..to` is found, or called lost when that is excused. `next` is where the log
    /// goes on.
    fn compare_missing(&self, findings: &Findings, from: u64, to: u64, next: u64) -> Verdict {
        let found: BTreeSet<u64> = findings.entries.iter().map(|entry| entry.position.0).collect();
        for sent in &self.sent {
            let Told::Yes(position) = sent.told else { continue };
            let may_be_gone = self.excuse.damage || (self.excuse.lost_sync && sent.commit == 0);
            let is_excused = may_be_gone && (findings.is_lost(position) || position >= next);
            if (from..to).contains(&position) && !found.contains(&position) && !is_excused {
                return violation(format!("entry {position} was acknowledged and is not found"));
            }
        }
        Ok(())
    }

    /// When the very last batch is damaged, nothing tells it from one that was never whole. Then it is gone, but no
    /// more than that one.
    fn forget_what_was_cut(&mut self, next: u64) -> Verdict {
        if self.highest < next {
            return Ok(());
        }
        let is_cut = |sent: &Sent| matches!(sent.told, Told::Yes(position) if position >= next);
        let last_commit = self.sent.iter().filter(|sent| is_cut(sent)).map(|sent| sent.commit).max();
        for sent in self.sent.iter_mut().filter(|sent| is_cut(sent)) {
            if Some(sent.commit) != last_commit {
                return violation(format!("{next} comes next, which cuts more than the last commit"));
            }
            sent.told = Told::No;
        }
        if !self.excuse.damage && !self.excuse.lost_sync {
            return violation(format!("{next} comes next and {} was given before", self.highest));
        }
        self.highest = next - 1;
        Ok(())
    }
}
