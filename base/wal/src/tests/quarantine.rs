//! Damaged files are evidence: they are set aside, and nobody but the operator removes them.

use super::run::{End, Run};
use super::script::Op;
use super::witness::{Excuse, Verdict, violation};
use std::path::PathBuf;
use testkit::faulty_disk::Unsynced;

/// Damages a segment, reads, trims it away, goes on until its file would have been used again, and cuts the power right
/// after the trim.
pub(super) fn damaged_files_are_kept() -> Verdict {
    for goes_on in [false, true] {
        let mut run = Run::new(3, Excuse { damage: true, lost_sync: false });
        run.start()?;
        let append = [Op::Append { count: 1, bytes: 7_000 }, Op::Step];
        for _ in 0..4 {
            run.perform_all(&append, End::Kill)?;
        }
        let path: PathBuf = run.settings.dir.join("0000000000000001.wal");
        run.disk.flip(&path, 4096 + 77, 1);
        let evidence = run.disk.bytes_of(&path);
        run.perform_all(&append, End::Kill)?;
        run.perform_all(&[Op::Read, Op::Trim { leave: 1 }], End::Kill)?;
        if goes_on {
            for _ in 0..6 {
                run.perform_all(&append, End::Kill)?;
            }
        }
        run.end_and_start(End::PowerCut(Unsynced::Lost))?;
        let paths = run.disk.paths();
        let is_kept = |path: &PathBuf| {
            path.parent().is_some_and(|dir| dir.ends_with("quarantine")) && run.disk.bytes_of(path) == evidence
        };
        if !paths.iter().any(is_kept) {
            return violation(format!("the damaged file is not kept; there are {paths:?}"));
        }
        let stats = run.log.as_ref().map(|log| log.wal.stats().quarantined_bytes);
        if stats != Some(evidence.len() as u64) {
            return violation(format!("{stats:?} bytes are called quarantined, and it is {}", evidence.len()));
        }
    }
    Ok(())
}

#[test]
fn a_damaged_file_is_set_aside_when_it_is_trimmed_and_stays_there() {
    damaged_files_are_kept().unwrap();
}
