//! Parts that are many become few, and deleted records leave them.

use super::removal::Removal;
use super::{Durable, LivePart, PartStore, entry_of, lock};
use crate::hidden::HiddenSequences;
use crate::manifest::{Edit, PartId};
use crate::merge_plan::{Merge, MergeCandidate, MergeReason, MergeSettings, candidates, plan};
use crate::part::{MergeFailure, Merged, PartSettings, merge_parts};
use crate::store::StoreError;
use basics::{Disk, ErrorClass, TenantId, Timestamp};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// How a call of [`PartStore::merge`] ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// There is nothing to merge.
    Idle,
    /// Parts became one. There may be more to merge.
    Merged(MergeReport),
    /// A part was damaged. It is in quarantine, and the others are as before.
    Damaged {
        /// Which one.
        part: PartId,
        /// What is wrong with it.
        reason: String,
    },
    /// A part went or came into quarantine meanwhile. All else is as before.
    Overtaken,
    /// The caller wished so. All is as before.
    Stopped,
}

/// What a merge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeReport {
    /// Whose records.
    pub tenant: TenantId,
    /// Of which UTC day, counted from 1970-01-01.
    pub day: i32,
    /// How many parts became one.
    pub parts: u64,
    /// The records that it has.
    pub records: u64,
    /// Records that were left out since they were deleted.
    pub deleted: u64,
    /// Bytes of files before.
    pub bytes_before: u64,
    /// Bytes of files after; none when all records were deleted.
    pub bytes_after: u64,
    /// Why.
    pub reason: MergeReason,
}

/// A merge that has begun.
struct Begun {
    merge: Merge,
    id: PartId,
    inputs: Vec<Arc<LivePart>>,
    hidden: Arc<HiddenSequences>,
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl PartStore {
    /// Does the merge that is most pressing. Takes as long as its bytes take; seals and queries go on meanwhile, and
    /// `is_stopped` is asked every now and then. After an error all is as before, and another try may succeed.
    pub fn merge(
        &self,
        settings: MergeSettings,
        now: Timestamp,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<MergeOutcome, StoreError> {
        match self.next_removal(now, is_stopped)? {
            Removal::Nothing => self.merge_picked(&|parts| plan(parts, settings, now).into_iter().next(), is_stopped),
            Removal::Rewrite(merge) => {
                let is_free = |parts: &[MergeCandidate]| parts.iter().any(|part| merge.parts.contains(&part.id));
                self.merge_picked(&|parts| is_free(parts).then(|| merge.clone()), is_stopped)
            }
            Removal::Damaged(part, reason) => {
                self.quarantine(part, &reason)?;
                Ok(MergeOutcome::Damaged { part, reason })
            }
            Removal::Stopped => Ok(MergeOutcome::Stopped),
        }
    }

    pub(super) fn merge_picked(
        &self,
        pick: &dyn Fn(&[MergeCandidate]) -> Option<Merge>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<MergeOutcome, StoreError> {
        let Some(durable) = &self.durable else { return Ok(MergeOutcome::Idle) };
        let Some(begun) = self.begin_merge(durable, pick) else { return Ok(MergeOutcome::Idle) };
        let inputs: Vec<_> = begun.inputs.iter().map(|input| input.part()).collect();
        let Begun { disk, dir, hidden, .. } = &begun;
        let merged = merge_parts(&**disk, dir, &self.layout, &inputs, hidden, &self.merged_settings(), is_stopped);
        self.end_merge(durable, &begun, merged)
    }

    /// As parts are merged; what tests make small stays small.
    fn merged_settings(&self) -> PartSettings {
        let PartSettings { group_records, group_text_bytes, kept_bytes, .. } = self.settings;
        PartSettings { group_records, group_text_bytes, kept_bytes, ..PartSettings::MERGED }
    }

    fn begin_merge(
        &self,
        durable: &Mutex<Durable>,
        pick: &dyn Fn(&[MergeCandidate]) -> Option<Merge>,
    ) -> Option<Begun> {
        let mut durable = lock(durable);
        // A part whose index is damaged is answered from its records; a merge would put it into quarantine.
        let damaged: BTreeSet<PartId> = self.damaged_indexes().into_iter().map(|(part, _)| part).collect();
        let mut candidates = candidates(durable.manifest.state(), &durable.being_merged);
        candidates.retain(|part| !damaged.contains(&part.id));
        let merge = pick(&candidates)?;
        let (parts, hidden) = {
            let view = self.view();
            let parts = view.parts.get(&merge.tenant).cloned().unwrap_or_default();
            (parts, view.hidden.get(&merge.tenant).cloned().unwrap_or_default())
        };
        let inputs = merge.parts.iter().map(|id| parts.iter().find(|part| part.id() == *id).cloned());
        let inputs = inputs.collect::<Option<Vec<_>>>()?;
        durable.being_merged.extend(&merge.parts);
        let id = durable.new_part_id();
        Some(Begun { merge, id, inputs, hidden, disk: durable.disk.clone(), dir: durable.dir_of(id) })
    }

    fn end_merge(
        &self,
        durable: &Mutex<Durable>,
        begun: &Begun,
        merged: Result<Merged, MergeFailure>,
    ) -> Result<MergeOutcome, StoreError> {
        let mut durable = lock(durable);
        for part in &begun.merge.parts {
            durable.being_merged.remove(part);
        }
        let committed = match merged {
            Ok(merged) => self.commit_merge(&mut durable, begun, &merged),
            Err(MergeFailure::Stopped) => Ok(MergeOutcome::Stopped),
            Err(MergeFailure::Output(error)) => Err(error.into()),
            Err(MergeFailure::Input { number, class, what }) => {
                let part = begun.inputs[number].id();
                match class {
                    ErrorClass::Corrupt => Ok(MergeOutcome::Damaged { part, reason: what }),
                    _ => Err(StoreError::Unread { part, what }),
                }
            }
        };
        // In doubt, the new part may be named after a restart: it stays, and the next start knows what it is.
        let is_merged = matches!(committed, Ok(MergeOutcome::Merged(_)));
        if !is_merged && !durable.manifest.is_in_doubt() {
            durable.remove(begun.id);
        }
        drop(durable);
        match &committed {
            Ok(MergeOutcome::Damaged { part, reason }) => self.quarantine(*part, reason)?,
            // The files go when nobody holds them: this merge, or a snapshot that is older.
            Ok(MergeOutcome::Merged(_)) => begun.inputs.iter().for_each(|input| input.forget()),
            Ok(MergeOutcome::Idle | MergeOutcome::Overtaken | MergeOutcome::Stopped) | Err(_) => {}
        }
        committed
    }

    fn commit_merge(&self, durable: &mut Durable, begun: &Begun, merged: &Merged) -> Result<MergeOutcome, StoreError> {
        let state = durable.manifest.state();
        let is_there = |id: &PartId| state.part(*id).is_some() && state.quarantine_of(*id).is_none();
        if !begun.merge.parts.iter().all(is_there) {
            return Ok(MergeOutcome::Overtaken);
        }
        let entries = || begun.inputs.iter().map(|input| input.entry());
        let found = merged.written.as_ref().map_or(0, |written| written.records);
        let expected = entries().map(|entry| entry.records).sum::<u64>().saturating_sub(merged.left_out);
        if found != expected {
            return Err(StoreError::Miscounted { inputs: begun.inputs.len(), expected, found });
        }
        let entry_of = |written| entry_of(begun.id, begun.merge.tenant, begun.merge.day, written);
        let entry = merged.written.as_ref().map(|written| Arc::new(entry_of(written)));
        let mut edits: Vec<Edit> = begun.merge.parts.iter().map(|id| Edit::RemovePart(*id)).collect();
        edits.extend(entry.iter().map(|entry| Edit::AddPart((**entry).clone())));
        let parts_dir = &durable.parts_dir;
        durable.disk.sync_dir(parts_dir).map_err(StoreError::disk("sync", parts_dir))?;
        durable.manifest.commit(&edits)?;
        let report = MergeReport {
            tenant: begun.merge.tenant,
            day: begun.merge.day,
            parts: begun.inputs.len() as u64,
            records: found,
            deleted: merged.left_out,
            bytes_before: entries().map(|entry| entry.file_bytes()).sum(),
            bytes_after: entry.as_ref().map_or(0, |entry| entry.file_bytes()),
            reason: begun.merge.reason,
        };
        let ids: BTreeSet<PartId> = begun.merge.parts.iter().copied().collect();
        let part = entry.map(|entry| durable.live(entry, &self.layout));
        part.iter().for_each(|part| part.note_free_of(&begun.hidden));
        let mut view = self.view_mut();
        view.state = durable.manifest.state().clone();
        part.into_iter().for_each(|part| view.add(part));
        // Whoever called holds them still, so no file goes under a lock.
        drop(view.take(&ids));
        Ok(MergeOutcome::Merged(report))
    }
}

#[cfg(test)]
mod tests;
