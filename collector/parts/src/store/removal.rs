//! Deleted records leave the parts, and tombstones leave the store.
//!
//! A part that holds deleted records is written anew without them, also when no other part is merged with it; when it
//! holds no others it just goes. That waits a little, so that deletes which follow each other cost one rewrite. A tombstone
//! goes when everything of the time before it is in parts, and none of them holds a record of it.
//!
//! A part in quarantine keeps its records, so it keeps the tombstones that may hide some of them too.

use super::hide::read_hidden_of;
use super::{Durable, LivePart, PartStore, View, lock};
use crate::hidden::HiddenSequences;
use crate::limits::HIDDEN_RECORDS_MAX;
use crate::manifest::{Edit, PartId, Tombstone, TombstoneId};
use crate::merge_plan::{Merge, MergeReason};
use crate::part::PartError;
use crate::store::StoreError;
use basics::{ErrorClass, TenantId, Timestamp, carry_on, error_chain};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A removal waits this long after the delete, unless there are many hidden records.
pub(crate) const REMOVE_AFTER: Duration = Duration::from_secs(60);

/// What is to be done about deleted records.
pub(super) enum Removal {
    /// Nothing.
    Nothing,
    /// A part is to be written anew.
    Rewrite(Merge),
    /// A part is damaged.
    Damaged(PartId, String),
    /// The caller wished so.
    Stopped,
}

impl PartStore {
    /// Looks for a part that holds deleted records; when there is none, tombstones go that nobody needs any more.
    pub(super) fn next_removal(&self, now: Timestamp, is_stopped: &dyn Fn() -> bool) -> Result<Removal, StoreError> {
        let Some(durable) = &self.durable else { return Ok(Removal::Nothing) };
        for (tenant, hidden) in self.due(now) {
            let parts = self.view().parts.get(&tenant).cloned().unwrap_or_default();
            // A part whose index is damaged is left to a rebuild; what is hidden in it stays so.
            let is_asked = |part: &&Arc<LivePart>| !part.is_free_of(&hidden) && part.part().index_damage().is_none();
            for part in parts.iter().filter(is_asked) {
                if is_stopped() {
                    return Ok(Removal::Stopped);
                }
                match holds(part, &hidden) {
                    Ok(false) => part.note_free_of(&hidden),
                    Ok(true) => return Ok(Removal::Rewrite(rewrite_of(part))),
                    Err((ErrorClass::Corrupt, what)) => return Ok(Removal::Damaged(part.id(), what)),
                    Err((_, what)) => return Err(StoreError::Unread { part: part.id(), what }),
                }
            }
        }
        self.drop_tombstones(durable)?;
        Ok(Removal::Nothing)
    }

    /// The tenants with deletes that are old enough.
    fn due(&self, now: Timestamp) -> Vec<(TenantId, Arc<HiddenSequences>)> {
        let view = self.view();
        let are_many = super::hide::hidden_records(&view.state) > HIDDEN_RECORDS_MAX as u64 / 2;
        let is_due = |tombstone: &Tombstone| are_many || tombstone.created_at.saturating_add(REMOVE_AFTER) <= now;
        let tenants: BTreeSet<TenantId> =
            view.state.tombstones().filter(|tombstone| is_due(tombstone)).map(|tombstone| tombstone.tenant).collect();
        tenants.into_iter().filter_map(|tenant| Some((tenant, view.hidden.get(&tenant)?.clone()))).collect()
    }

    /// Has tombstones go whose records are gone.
    fn drop_tombstones(&self, durable: &Mutex<Durable>) -> Result<(), StoreError> {
        // Mostly there are none, and then nobody needs to wait for a seal.
        if self.state().tombstones().len() == 0 {
            return Ok(());
        }
        let mut durable = lock(durable);
        let gone: Vec<(TombstoneId, TenantId)> = {
            let (state, view) = (durable.manifest.state(), self.view());
            let gone = state.tombstones().filter(|tombstone| view.is_spent(tombstone));
            gone.map(|tombstone| (tombstone.id, tombstone.tenant)).collect()
        };
        if gone.is_empty() {
            return Ok(());
        }
        let edits: Vec<Edit> = gone.iter().map(|(id, _)| Edit::DropTombstone(*id)).collect();
        durable.manifest.commit(&edits)?;
        let state = durable.manifest.state().clone();
        let tenants: BTreeSet<TenantId> = gone.iter().map(|(_, tenant)| *tenant).collect();
        let left: Vec<_> = tenants
            .into_iter()
            .map(|tenant| (tenant, read_hidden_of(&*durable.disk, &durable.tombstones_dir, &state, tenant)))
            .collect();
        let mut view = self.view_mut();
        view.state = state;
        for (tenant, hidden) in left {
            match hidden {
                Ok(hidden) if hidden.is_empty() => drop(view.hidden.remove(&tenant)),
                Ok(hidden) => drop(view.hidden.insert(tenant, Arc::new(hidden))),
                // What is in memory hides too much: sequences that no record has.
                Err(error) => {
                    carry_on(Err::<(), _>(error), "the next tombstone that goes tries again");
                }
            }
        }
        drop(view);
        for (id, _) in gone {
            let removed = durable.disk.remove_file(&durable.tombstone_path(id));
            carry_on(removed, "the next start removes what no manifest names");
        }
        Ok(())
    }
}

impl View {
    /// True when none of a tombstone's records is stored any more, or ever again. Asked with [`Durable`] in hand.
    fn is_spent(&self, tombstone: &Tombstone) -> bool {
        let Some(file) = tombstone.file else { return true };
        let parts = self.parts.get(&tombstone.tenant);
        let is_free = |id: PartId| {
            let part = parts.and_then(|parts| parts.iter().find(|part| part.id() == id));
            part.is_some_and(|part| part.is_free_of_tombstone(tombstone.id))
        };
        // Parts in quarantine are among those of the manifest, and not of the view.
        let mut meeting = self.state.parts().filter(|part| {
            part.tenant == tombstone.tenant
                && part.sequence_min <= tombstone.sequence_max
                && file.sequence_min <= part.sequence_max
        });
        self.state.sealed() >= file.settled_at && meeting.all(|part| is_free(part.id))
    }
}

/// True when a part holds a deleted record.
fn holds(part: &LivePart, hidden: &HiddenSequences) -> Result<bool, (ErrorClass, String)> {
    let told = |error: &PartError| (error.class(), error_chain(error));
    if !hidden.meets(part.sequence_range()) {
        return Ok(false);
    }
    for group in part.part().groups().map_err(|error| told(&error))? {
        if !hidden.meets(group.sequence_range()) {
            continue;
        }
        let batch = group.open();
        let count = hidden.count_among(batch.sequences());
        if let Some(damage) = batch.damage() {
            return Err(told(damage));
        }
        if count > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn rewrite_of(part: &LivePart) -> Merge {
    let entry = part.entry();
    Merge {
        tenant: entry.tenant,
        day: entry.day,
        parts: vec![entry.id],
        raw_bytes: entry.raw_bytes,
        reason: MergeReason::Deleted,
    }
}
