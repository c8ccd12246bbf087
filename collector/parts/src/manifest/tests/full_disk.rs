//! A full disk: what adds is refused without doubt, what makes room is taken.

use super::edits::Deed;
use super::run::{End, Run, Verdict, violation};
use testkit::faulty_disk::Unsynced;

/// Parts are added until the disk is full; then retention and a quarantine are committed, the process starts again,
/// more goes, and when there is room again parts are added.
pub(super) fn retention_on_a_full_disk() -> Verdict {
    let mut run = Run::new(0);
    run.start()?;
    for _ in 0..3 {
        run.commit(Deed::Seal(2))?;
    }
    run.disk.set_capacity(Some(0));
    let mut taken = 0;
    while run.commit(Deed::Seal(1))? {
        taken += 1;
    }
    if taken > 4 {
        return violation(format!("{taken} commits that add were taken from what is reserved for making room"));
    }
    for deed in [Deed::Retire, Deed::Quarantine] {
        if !run.commit(deed)? {
            return violation(format!("{deed:?} needs room on a full disk"));
        }
    }
    if run.manifest.as_ref().is_some_and(|manifest| manifest.is_in_doubt()) {
        return violation("a full disk leaves a commit in doubt");
    }
    for end in [End::Kill, End::PowerCut(Unsynced::Lost)] {
        run.end_and_start(end)?;
    }
    run.commit(Deed::Seal(1))?;
    run.disk.set_capacity(None);
    if !run.commit(Deed::Seal(1))? {
        return violation("there is room again, and a part is refused");
    }
    run.finish()
}

#[test]
fn a_full_disk_refuses_parts_without_doubt_and_lets_retention_make_room() {
    retention_on_a_full_disk().unwrap();
}
