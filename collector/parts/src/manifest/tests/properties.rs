//! Random edits, against a model that is as plain as can be.

use super::edits::{hiding, part, tombstone};
use super::run::{DIR, SIZES};
use crate::manifest::{Edit, ManifestError, ManifestState, PartEntry, PartId, Tombstone, TombstoneId, open_with};
use basics::TenantId;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use testkit::faulty_disk::{FaultyDisk, Unsynced};

/// What a manifest should say: lists, searched from front to back.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    parts: Vec<(PartEntry, Option<String>)>,
    tombstones: Vec<Tombstone>,
    bases: Vec<(u32, u64)>,
    sealed: u64,
    /// Every id that was ever used or given up.
    spent_ids: Vec<u64>,
    spent_tombstones: u64,
}

impl Model {
    /// The model after the edits; `None` when one of them cannot be.
    fn with(&self, edits: &[Edit]) -> Option<Model> {
        let mut model = self.clone();
        edits.iter().all(|edit| model.apply(edit)).then_some(model)
    }

    fn apply(&mut self, edit: &Edit) -> bool {
        match edit {
            Edit::AddPart(part) => {
                let is_free = part.id.0 > 0 && !self.spent_ids.contains(&part.id.0);
                self.spent_ids.push(part.id.0);
                self.parts.push((part.clone(), None));
                self.parts.sort_by_key(|(part, _)| part.id.0);
                is_free && part.records > 0 && part.time_min <= part.time_max && part.sequence_min <= part.sequence_max
            }
            Edit::RemovePart(id) => {
                let before = self.parts.len();
                self.parts.retain(|(part, _)| part.id != *id);
                self.parts.len() < before
            }
            Edit::Sealed(position) => std::mem::replace(&mut self.sealed, *position) <= *position,
            Edit::LedgerBase { tenant, stored } => {
                let before = self.bases.iter().find(|base| base.0 == tenant.0).map_or(0, |base| base.1);
                self.bases.retain(|base| base.0 != tenant.0);
                self.bases.push((tenant.0, *stored));
                self.bases.sort();
                before <= *stored
            }
            Edit::AddTombstone(tombstone) => {
                let is_free = tombstone.id.0 > self.spent_tombstones;
                self.spent_tombstones = tombstone.id.0;
                self.tombstones.push(tombstone.clone());
                is_free
            }
            Edit::DropTombstone(id) => {
                let before = self.tombstones.len();
                self.tombstones.retain(|tombstone| tombstone.id != *id);
                self.tombstones.len() < before
            }
            Edit::Quarantine { part: id, reason } => {
                let part = self.parts.iter_mut().find(|(part, _)| part.id == *id);
                part.map(|(_, quarantine)| *quarantine = Some(reason.clone())).is_some()
            }
            Edit::NextIds { .. } => true,
        }
    }

    /// Ids that nobody has used yet are given up when the process that gave them out ends.
    fn restart(&mut self) {
        let highest = self.spent_ids.iter().copied().max().unwrap_or(0);
        self.spent_ids = (0..=highest).collect();
    }
}

/// The same words for what a manifest says.
fn seen(state: &ManifestState, model: &Model) -> Model {
    Model {
        parts: state.parts().map(|part| ((**part).clone(), state.quarantine_of(part.id).map(str::to_string))).collect(),
        tombstones: state.tombstones().map(|tombstone| (**tombstone).clone()).collect(),
        bases: state.ledger_bases().map(|(tenant, stored)| (tenant.0, stored)).collect(),
        sealed: state.sealed(),
        ..model.clone()
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let id = 0u64..24;
    prop_oneof![
        8 => (id.clone(), 0u32..40).prop_map(|(id, odd)| {
            let mut part = part(id);
            // Now and then one that cannot be.
            match odd {
                0 => part.records = 0,
                1 => part.time_max.0 = i64::MIN,
                2 => part.sequence_max = 0,
                _ => {}
            }
            if odd == 2 { part.sequence_min = 1; }
            Edit::AddPart(part)
        }),
        4 => id.clone().prop_map(|id| Edit::RemovePart(PartId(id))),
        2 => (0u64..1000).prop_map(Edit::Sealed),
        2 => (0u32..4, 0u64..1000).prop_map(|(tenant, stored)| Edit::LedgerBase { tenant: TenantId(tenant), stored }),
        2 => (0u64..30, 0usize..6_000).prop_map(|(id, bytes)| tombstone(id, bytes)),
        2 => (0u64..30, 1u64..3).prop_map(|(id, records)| hiding(id, records)),
        2 => (0u64..30).prop_map(|id| Edit::DropTombstone(TombstoneId(id))),
        2 => (id, "[a-zé ]{0,20}").prop_map(|(id, reason)| Edit::quarantine(PartId(id), &reason)),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Edit>),
    PowerCut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => proptest::collection::vec(edit(), 1..4).prop_map(Step::Commit),
        1 => Just(Step::PowerCut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..testkit::random_cases::cases(400) })]

    #[test]
    fn a_manifest_says_what_a_plain_model_says(steps in proptest::collection::vec(step(), 0..80)) {
        let disk = FaultyDisk::new(0);
        let open = || open_with(Arc::new(disk.clone()), Path::new(DIR), SIZES).unwrap();
        let mut manifest = open();
        let mut model = Model::default();
        for step in steps.iter().chain([&Step::PowerCut]) {
            match step {
                Step::Commit(edits) => {
                    match (manifest.commit(edits), model.with(edits)) {
                        (Ok(()), Some(next)) => model = next,
                        (Err(ManifestError::Contradiction { .. }), None) => {}
                        (result, want) => prop_assert!(false, "{:?}: {result:?}, want {want:?}", edits),
                    }
                }
                Step::PowerCut => {
                    disk.cut_power(Unsynced::Lost);
                    manifest = open();
                    model.restart();
                }
            }
            prop_assert_eq!(&seen(manifest.state(), &model), &model);
            let records: u64 = model.parts.iter().map(|(part, _)| part.records).sum();
            prop_assert_eq!(manifest.state().records(), records);
        }
    }
}
