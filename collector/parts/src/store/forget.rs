//! Parts that are too old, or too many, go.

use super::{Durable, PartStore, lock};
use crate::manifest::{Edit, PartId};
use crate::retention::{LeavingPart, RetainedPart, RetentionReason, RetentionSettings, leaving};
use crate::store::StoreError;
use basics::Timestamp;
use std::collections::BTreeSet;

/// What went, and what should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ForgetReport {
    /// Parts that went because their newest record was too old.
    pub aged: u64,
    /// Parts that went because there were too many bytes.
    pub surplus: u64,
    /// Records in all of them.
    pub records: u64,
    /// Bytes of their files.
    pub file_bytes: u64,
    /// Parts that will go when the merge is done that reads them.
    pub waiting: u64,
}

impl PartStore {
    /// Has parts go by age and by bytes. They are in no snapshot that is taken afterwards; the files of each go with the
    /// last snapshot that holds it.
    ///
    /// Parts in quarantine stay: whoever looks after the disk decides about them. Their bytes count.
    pub fn forget(&self, settings: RetentionSettings, now: Timestamp) -> Result<ForgetReport, StoreError> {
        let Some(durable) = &self.durable else { return Ok(ForgetReport::default()) };
        let mut durable = lock(durable);
        let (leaving, waiting) = durable.leaving(settings, now);
        let mut report = ForgetReport { waiting: waiting.len() as u64, ..ForgetReport::default() };
        if leaving.is_empty() {
            return Ok(report);
        }
        for part in &leaving {
            match part.reason {
                RetentionReason::Age => report.aged += 1,
                RetentionReason::Bytes => report.surplus += 1,
            }
            let entry = durable.manifest.state().part(part.id);
            report.records += entry.map_or(0, |entry| entry.records);
            report.file_bytes += entry.map_or(0, |entry| entry.file_bytes());
        }
        let edits: Vec<Edit> = leaving.iter().map(|part| Edit::RemovePart(part.id)).collect();
        // In doubt, they may be there after a restart: all stay as they are.
        durable.manifest.commit(&edits)?;
        let ids: BTreeSet<PartId> = leaving.iter().map(|part| part.id).collect();
        let gone = {
            let mut view = self.view_mut();
            view.state = durable.manifest.state().clone();
            view.take(&ids)
        };
        drop(durable);
        gone.iter().for_each(|part| part.forget());
        Ok(report)
    }
}

impl Durable {
    /// The parts that go, and those that would if they were not being merged: a merge that has read a part would bring it
    /// back.
    fn leaving(&self, settings: RetentionSettings, now: Timestamp) -> (Vec<LeavingPart>, Vec<LeavingPart>) {
        let state = self.manifest.state();
        let (sound, quarantined): (Vec<_>, Vec<_>) =
            state.parts().partition(|part| state.quarantine_of(part.id).is_none());
        let quarantined_bytes = quarantined.iter().fold(0_u64, |sum, part| sum.saturating_add(part.file_bytes()));
        let settings = RetentionSettings {
            bytes_max: settings.bytes_max.map(|bytes_max| bytes_max.saturating_sub(quarantined_bytes)),
            ..settings
        };
        let parts: Vec<RetainedPart> = sound.iter().map(|part| RetainedPart::from(&***part)).collect();
        leaving(&parts, settings, now).into_iter().partition(|part| !self.being_merged.contains(&part.id))
    }
}

#[cfg(test)]
mod tests;
