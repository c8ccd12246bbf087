//! What a manifest says at one moment, and the rules by which it changes.

use super::edit::{Edit, PartEntry, PartId, Tombstone, TombstoneId};
use super::limits::{FILES_MAX, FILTER_BYTES_MAX, OPEN_IDS_MAX, PARTS_MAX, REASON_BYTES_MAX, TOMBSTONES_MAX};
use basics::TenantId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// All that is true at one moment. Never changes: a commit makes another one, so readers may keep it without a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestState {
    parts: BTreeMap<PartId, Arc<PartEntry>>,
    quarantined: BTreeMap<PartId, Arc<str>>,
    tombstones: BTreeMap<TombstoneId, Arc<Tombstone>>,
    ledger: BTreeMap<TenantId, u64>,
    sealed: u64,
    records: u64,
    next_part_id: u64,
    next_tombstone_id: u64,
    open_part_ids: BTreeSet<u64>,
}

/// Where an edit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The beginning of a generation: a state that is told from nothing. It begins with the watermarks.
    Snapshot,
    /// A commit.
    Commit,
}

/// Why an edit cannot become true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// The id belongs to another part, or did, or was given up.
    PartIdUsed(PartId),
    /// There is no such part.
    NoSuchPart(PartId),
    /// A part that cannot be.
    BadPart {
        /// Its id.
        part: PartId,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The id belongs to another tombstone, or did, or was given up.
    TombstoneIdUsed(TombstoneId),
    /// There is no such tombstone.
    NoSuchTombstone(TombstoneId),
    /// A tombstone that cannot be.
    BadTombstone {
        /// Its id.
        tombstone: TombstoneId,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A number that never falls would.
    Falls {
        /// Which one.
        what: &'static str,
        /// What it is.
        from: u64,
        /// What it would become.
        to: u64,
    },
    /// Ids that are said to be open cannot be.
    BadOpenIds(&'static str),
    /// The reason of a quarantine is too long.
    ReasonTooLong,
    /// There would be too many.
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::PartIdUsed(part) => write!(out, "part id {part} is not free"),
            Broken::NoSuchPart(part) => write!(out, "there is no part {part}"),
            Broken::BadPart { part, why } => write!(out, "part {part}: {why}"),
            Broken::TombstoneIdUsed(id) => write!(out, "tombstone id {} is not free", id.0),
            Broken::NoSuchTombstone(id) => write!(out, "there is no tombstone {}", id.0),
            Broken::BadTombstone { tombstone, why } => write!(out, "tombstone {}: {why}", tombstone.0),
            Broken::Falls { what, from, to } => write!(out, "{what} would fall from {from} to {to}"),
            Broken::BadOpenIds(why) => write!(out, "open part ids: {why}"),
            Broken::ReasonTooLong => write!(out, "the reason of a quarantine is longer than {REASON_BYTES_MAX} bytes"),
            Broken::TooMany { what, limit } => write!(out, "there are {limit} {what}, which is the limit"),
        }
    }
}

impl Default for ManifestState {
    /// Nothing is stored yet. Ids begin at 1.
    fn default() -> ManifestState {
        ManifestState {
            parts: BTreeMap::new(),
            quarantined: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            ledger: BTreeMap::new(),
            sealed: 0,
            records: 0,
            next_part_id: 1,
            next_tombstone_id: 1,
            open_part_ids: BTreeSet::new(),
        }
    }
}

impl ManifestState {
    /// The parts by rising id, those in quarantine included.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &Arc<PartEntry>> {
        self.parts.values()
    }

    /// A part.
    pub fn part(&self, id: PartId) -> Option<&Arc<PartEntry>> {
        self.parts.get(&id)
    }

    /// Why a part is in quarantine; `None` when it is not.
    pub fn quarantine_of(&self, id: PartId) -> Option<&str> {
        self.quarantined.get(&id).map(|reason| &**reason)
    }

    /// The parts in quarantine, and why.
    pub fn quarantined(&self) -> impl ExactSizeIterator<Item = (PartId, &str)> {
        self.quarantined.iter().map(|(id, reason)| (*id, &**reason))
    }

    /// The tombstones by rising id.
    pub fn tombstones(&self) -> impl ExactSizeIterator<Item = &Arc<Tombstone>> {
        self.tombstones.values()
    }

    /// The oldest version whose reader understands this state.
    pub(crate) fn min_reader(&self) -> u16 {
        self.tombstones.values().map(|tombstone| tombstone.min_reader()).max().unwrap_or(1)
    }

    /// Records of a tenant that were ever stored and are in parts or went with them.
    pub fn ledger_base(&self, tenant: TenantId) -> u64 {
        self.ledger.get(&tenant).copied().unwrap_or(0)
    }

    /// The bases of all tenants that have one.
    pub fn ledger_bases(&self) -> impl ExactSizeIterator<Item = (TenantId, u64)> {
        self.ledger.iter().map(|(tenant, stored)| (*tenant, *stored))
    }

    /// Everything before this position of the write-ahead log is in parts.
    pub fn sealed(&self) -> u64 {
        self.sealed
    }

    /// Records of all parts.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The lowest part id that was never given out. Who gives ids out begins here at a start and counts up.
    pub fn next_part_id(&self) -> u64 {
        self.next_part_id
    }

    /// The lowest id that a tombstone may have.
    pub fn next_tombstone_id(&self) -> u64 {
        self.next_tombstone_id
    }

    /// The state after some edits, or the number of the first one that cannot be and why.
    pub(crate) fn with(&self, edits: &[Edit]) -> Result<ManifestState, (usize, Broken)> {
        let mut state = self.clone();
        for (number, edit) in edits.iter().enumerate() {
            state.apply(edit, Phase::Commit).map_err(|broken| (number, broken))?;
        }
        Ok(state)
    }

    /// Makes one edit true. After an error the state is of no use.
    pub(crate) fn apply(&mut self, edit: &Edit, phase: Phase) -> Result<(), Broken> {
        match edit {
            Edit::AddPart(part) => self.add_part(part, phase),
            Edit::RemovePart(id) => self.remove_part(*id),
            Edit::Sealed(position) => rise("the sealed position", &mut self.sealed, *position),
            Edit::LedgerBase { tenant, stored } => {
                rise("the ledger's base", self.ledger.entry(*tenant).or_default(), *stored)
            }
            Edit::AddTombstone(tombstone) => self.add_tombstone(tombstone, phase),
            Edit::DropTombstone(id) => match self.tombstones.remove(id) {
                Some(_) => Ok(()),
                None => Err(Broken::NoSuchTombstone(*id)),
            },
            Edit::Quarantine { part, reason } => self.quarantine(*part, reason),
            Edit::NextIds { part, tombstone, open_parts } => self.raise_ids(*part, *tombstone, open_parts),
        }
    }

    /// Forgets which ids were given out and not used: whoever had them has ended.
    pub(crate) fn close_open_ids(&mut self) {
        self.open_part_ids.clear();
    }

    /// The edits that make this state out of the empty one, in [`Phase::Snapshot`].
    pub(crate) fn snapshot(&self) -> impl Iterator<Item = Edit> {
        let ids = Edit::NextIds {
            part: self.next_part_id,
            tombstone: self.next_tombstone_id,
            open_parts: self.open_part_ids.iter().copied().collect(),
        };
        let ledger = self.ledger.iter().map(|(tenant, stored)| Edit::LedgerBase { tenant: *tenant, stored: *stored });
        let parts = self.parts.values().map(|part| Edit::AddPart((**part).clone()));
        let reasons = self.quarantined.iter();
        let reasons = reasons.map(|(part, reason)| Edit::Quarantine { part: *part, reason: reason.to_string() });
        let tombstones = self.tombstones.values().map(|tombstone| Edit::AddTombstone((**tombstone).clone()));
        [ids, Edit::Sealed(self.sealed)].into_iter().chain(ledger).chain(parts).chain(reasons).chain(tombstones)
    }

    fn add_part(&mut self, part: &PartEntry, phase: Phase) -> Result<(), Broken> {
        if let Some(why) = what_is_wrong_with(part) {
            return Err(Broken::BadPart { part: part.id, why });
        }
        if self.parts.len() >= PARTS_MAX {
            return Err(Broken::TooMany { what: "parts", limit: PARTS_MAX as u64 });
        }
        match phase {
            Phase::Snapshot => self.expect_used(part.id)?,
            Phase::Commit => self.use_part_id(part.id)?,
        }
        let overflow = Broken::BadPart { part: part.id, why: "more records than can be counted" };
        self.records = self.records.checked_add(part.records).ok_or(overflow)?;
        self.parts.insert(part.id, Arc::new(part.clone()));
        Ok(())
    }

    fn expect_used(&self, id: PartId) -> Result<(), Broken> {
        let is_used = (1..self.next_part_id).contains(&id.0) && !self.open_part_ids.contains(&id.0);
        match is_used && !self.parts.contains_key(&id) {
            true => Ok(()),
            false => Err(Broken::PartIdUsed(id)),
        }
    }

    /// Seals and merges end in another order than they begin in, so ids are not used in order.
    fn use_part_id(&mut self, id: PartId) -> Result<(), Broken> {
        if id.0 < self.next_part_id {
            return match self.open_part_ids.remove(&id.0) {
                true => Ok(()),
                false => Err(Broken::PartIdUsed(id)),
            };
        }
        let Some(next) = id.0.checked_add(1) else { return Err(Broken::PartIdUsed(id)) };
        let first_open = self.next_part_id.max(id.0.saturating_sub(OPEN_IDS_MAX as u64));
        self.open_part_ids.extend(first_open..id.0);
        self.next_part_id = next;
        self.close_surplus_ids();
        Ok(())
    }

    fn close_surplus_ids(&mut self) {
        while self.open_part_ids.len() > OPEN_IDS_MAX {
            self.open_part_ids.pop_first();
        }
    }

    fn remove_part(&mut self, id: PartId) -> Result<(), Broken> {
        let Some(part) = self.parts.remove(&id) else { return Err(Broken::NoSuchPart(id)) };
        let negative = Broken::BadPart { part: id, why: "it has more records than there are" };
        self.records = self.records.checked_sub(part.records).ok_or(negative)?;
        self.quarantined.remove(&id);
        Ok(())
    }

    fn add_tombstone(&mut self, tombstone: &Tombstone, phase: Phase) -> Result<(), Broken> {
        let bad = |why| Broken::BadTombstone { tombstone: tombstone.id, why };
        if tombstone.time_min > tombstone.time_max {
            return Err(bad("its times are the wrong way round"));
        }
        if tombstone.filter.len() > FILTER_BYTES_MAX {
            return Err(bad("its filter is too long"));
        }
        if let Some(file) = tombstone.file {
            if file.records == 0 {
                return Err(bad("it hides nothing"));
            }
            if file.sequence_min > tombstone.sequence_max {
                return Err(bad("its sequences are the wrong way round"));
            }
        }
        if self.tombstones.len() >= TOMBSTONES_MAX {
            return Err(Broken::TooMany { what: "tombstones", limit: TOMBSTONES_MAX as u64 });
        }
        let id = tombstone.id;
        let is_free = match phase {
            Phase::Snapshot => (1..self.next_tombstone_id).contains(&id.0) && !self.tombstones.contains_key(&id),
            Phase::Commit => id.0 >= self.next_tombstone_id && id.0 < u64::MAX,
        };
        if !is_free {
            return Err(Broken::TombstoneIdUsed(id));
        }
        if phase == Phase::Commit {
            self.next_tombstone_id = id.0 + 1;
        }
        self.tombstones.insert(id, Arc::new(tombstone.clone()));
        Ok(())
    }

    fn quarantine(&mut self, part: PartId, reason: &str) -> Result<(), Broken> {
        if !self.parts.contains_key(&part) {
            return Err(Broken::NoSuchPart(part));
        }
        if reason.len() > REASON_BYTES_MAX {
            return Err(Broken::ReasonTooLong);
        }
        self.quarantined.insert(part, reason.into());
        Ok(())
    }

    fn raise_ids(&mut self, part: u64, tombstone: u64, open: &[u64]) -> Result<(), Broken> {
        if open.len() > OPEN_IDS_MAX {
            return Err(Broken::BadOpenIds("there are too many"));
        }
        if !open.is_sorted_by(|left, right| left < right) {
            return Err(Broken::BadOpenIds("they do not rise"));
        }
        let before = self.next_part_id;
        let may_open = |id: &u64| (before..part).contains(id) || self.open_part_ids.contains(id);
        if !open.iter().all(may_open) {
            return Err(Broken::BadOpenIds("one of them is not free"));
        }
        rise("the next part id", &mut self.next_part_id, part)?;
        rise("the next tombstone id", &mut self.next_tombstone_id, tombstone)?;
        self.open_part_ids.extend(open);
        self.close_surplus_ids();
        Ok(())
    }
}

fn rise(what: &'static str, number: &mut u64, to: u64) -> Result<(), Broken> {
    if to < *number {
        return Err(Broken::Falls { what, from: *number, to });
    }
    *number = to;
    Ok(())
}

fn what_is_wrong_with(part: &PartEntry) -> Option<&'static str> {
    let kind_of = |at: usize| part.files.get(at).map(|file| file.kind);
    let has_twins = (1..part.files.len()).any(|at| (0..at).any(|before| kind_of(before) == kind_of(at)));
    match part {
        _ if part.time_min > part.time_max => Some("its times are the wrong way round"),
        _ if part.sequence_min > part.sequence_max => Some("its sequences are the wrong way round"),
        _ if part.records == 0 => Some("it has no records"),
        _ if part.files.is_empty() => Some("it has no files"),
        _ if part.files.len() > FILES_MAX => Some("it has too many files"),
        _ if has_twins => Some("it has two files of a kind"),
        _ => None,
    }
}
