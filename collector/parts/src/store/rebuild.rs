//! Indexes that are damaged or gone are made anew, in a store that nobody uses.
//!
//! A part whose records are whole is written anew from them and takes the old one's place in one commit of the manifest,
//! out of quarantine too. A part whose records are damaged is left as it is and named.

use super::{PartStore, RECORDS_KIND, entry_of, lock};
use crate::layout::Layout;
use crate::manifest::{Edit, PartEntry, PartId};
use crate::part::{FileFacts, PartSettings, RebuildFailure, RebuildPlaces, rebuild};
use crate::store::{LivePart, StoreError};
use basics::{Disk, carry_on, error_chain};
use std::path::Path;
use std::sync::Arc;

/// What a rebuild of indexes did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RebuildReport {
    /// Parts that are whole and were left as they are.
    pub whole: u64,
    /// Parts that were made anew, each with the id that it has in place of the old one.
    pub rebuilt: Vec<(PartId, PartId)>,
    /// Parts whose records are damaged too, and how. Nothing can be made of them.
    pub damaged: Vec<(PartId, String)>,
}

impl RebuildReport {
    /// Looks at each part of the store in `dir`, which nobody else may use meanwhile, and makes those anew whose index is
    /// not as it was written; `None` when there is no store. After an error the parts told before are rebuilt, and
    /// another try goes on with the others.
    pub fn run(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        layout: Layout,
        settings: PartSettings,
    ) -> Result<Option<RebuildReport>, StoreError> {
        if crate::manifest::Manifest::read(&**disk, dir)?.is_none() {
            return Ok(None);
        }
        PartStore::open(disk.clone(), dir, layout, settings)?.rebuild_indexes().map(Some)
    }
}

impl PartStore {
    fn rebuild_indexes(&self) -> Result<RebuildReport, StoreError> {
        let mut report = RebuildReport::default();
        let state = self.state();
        for entry in state.parts() {
            let is_quarantined = state.quarantine_of(entry.id).is_some();
            if !is_quarantined && self.is_whole(entry) {
                report.whole += 1;
                continue;
            }
            match self.rebuild_part(entry)? {
                Ok(id) => report.rebuilt.push((entry.id, id)),
                Err(what) => report.damaged.push((entry.id, what)),
            }
        }
        Ok(report)
    }

    fn is_whole(&self, entry: &Arc<PartEntry>) -> bool {
        let Some(durable) = &self.durable else { return true };
        let part: Arc<LivePart> = lock(durable).live(entry.clone(), &self.layout);
        part.part().verify().is_ok()
    }

    /// Makes a part anew; the inner error says what is wrong with its records.
    fn rebuild_part(&self, entry: &Arc<PartEntry>) -> Result<Result<PartId, String>, StoreError> {
        let Some(durable) = &self.durable else { return Ok(Err("there is no disk".to_owned())) };
        let mut durable = lock(durable);
        let (scratch_id, id) = (durable.new_part_id(), durable.new_part_id());
        let (from, to, scratch) = (durable.dir_of(entry.id), durable.dir_of(id), durable.dir_of(scratch_id));
        let file = entry.files.iter().find(|file| file.kind == RECORDS_KIND);
        let records = file.map(|file| FileFacts { bytes: file.bytes, tail_crc32c: file.crc }).unwrap_or_default();
        let places = RebuildPlaces { from: &from, scratch, to: &to };
        let settings = PartSettings { group_records: self.settings.group_records, ..PartSettings::MERGED };
        let written = rebuild(&durable.disk, &places, records, &self.layout, &settings);
        durable.remove(scratch_id);
        let written = match written {
            Ok(written) => written,
            Err(failure) => {
                carry_on(durable.disk.remove_dir_all(&to), "the next start removes what no manifest names");
                return match failure {
                    RebuildFailure::Records(error) => Ok(Err(error_chain(&error))),
                    RebuildFailure::Output(error) => Err(error.into()),
                };
            }
        };
        let new = entry_of(id, entry.tenant, entry.day, &written);
        if let Some(what) = what_differs(entry, &new) {
            durable.remove(id);
            return Ok(Err(what));
        }
        let parts_dir = durable.parts_dir.clone();
        durable.disk.sync_dir(&parts_dir).map_err(StoreError::disk("sync", &parts_dir))?;
        durable.manifest.commit(&[Edit::RemovePart(entry.id), Edit::AddPart(new)])?;
        durable.remove(entry.id);
        Ok(Ok(id))
    }
}

/// The records must be those that the manifest knows.
fn what_differs(old: &PartEntry, new: &PartEntry) -> Option<String> {
    let of =
        |entry: &PartEntry| (entry.records, entry.time_min, entry.time_max, entry.sequence_min, entry.sequence_max);
    (of(old) != of(new))
        .then(|| format!("its {} records are not the {} that the manifest knows", new.records, old.records))
}

#[cfg(test)]
mod tests;
