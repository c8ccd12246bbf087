//! The process ends at every call in turn: killed, or with the power cut.

use super::edits::Deed;
use super::run::{End, Op, Run, SIZES, Verdict, calls_of, during, run_to_fault, script};
use testkit::faulty_disk::{Fault, Unsynced};

/// Seeds of the lot at each call.
const LOTS: u64 = 4;

/// The power is cut before and after each call that alters the disk, with all, none and some of what was not synced
/// kept. The manifest says what was acknowledged, and goes on with the rest of the workload.
pub(super) fn power_cuts() -> Verdict<usize> {
    let script = script();
    let mut runs = 0;
    for (call, kind) in calls_of(&script)?.into_iter().enumerate().filter(|(_, kind)| kind.alters()) {
        for fault in [Fault::StopBefore, Fault::StopAfter] {
            for lot in 0..LOTS + 2 {
                let unsynced = match lot {
                    0 => Unsynced::Lost,
                    1 => Unsynced::Kept,
                    _ => Unsynced::ByLot,
                };
                let end = End::PowerCut(unsynced);
                let what = || format!("{fault:?} of call {call} ({kind:?}), unsynced {unsynced:?}, seed {lot}");
                let check = || {
                    let (mut run, performed) = run_to_fault(lot, call, fault)?;
                    run.start_again_if_stopped(end)?;
                    // The rest tells nothing new when the lot has spoken; it is gone through twice for each call.
                    if lot < 2 {
                        run.perform_all(&script[performed..], end)?;
                    }
                    run.finish()
                };
                check().map_err(during(what))?;
                runs += 1;
            }
        }
    }
    Ok(runs)
}

/// The process is killed before and after each call that alters the disk. The next one builds on what it sees, and the
/// power is cut: what it has built on must have been made durable. On a full disk too.
pub(super) fn kills() -> Verdict<usize> {
    let script = script();
    let mut runs = 0;
    for (call, kind) in calls_of(&script)?.into_iter().enumerate().filter(|(_, kind)| kind.alters()) {
        for fault in [Fault::StopBefore, Fault::StopAfter] {
            for number in 0..4 {
                let what = || format!("killed by {fault:?} of call {call} ({kind:?}), way {number}");
                let check = || {
                    let cut = if number == 1 { Unsynced::ByLot } else { Unsynced::Lost };
                    let (mut run, performed) = run_to_fault(call as u64, call, fault)?;
                    // What was there before it must not need room; what is made for the first time may.
                    let is_full = number == 3 && performed > 0;
                    run.disk.set_capacity(is_full.then_some(0));
                    run.start_again_if_stopped(End::Kill)?;
                    run.disk.set_capacity(None);
                    run.end_and_start(End::PowerCut(cut))?;
                    if number > 1 {
                        run.perform_all(&script[performed..], End::Kill)?;
                    }
                    run.finish()
                };
                check().map_err(during(what))?;
                runs += 1;
            }
        }
    }
    Ok(runs)
}

#[test]
fn the_workload_of_the_proofs_has_all_that_they_promise() {
    let mut run = Run::new(0);
    run.start().unwrap();
    let (mut before, mut longest, mut grown) = (1, 0, 0);
    for op in script() {
        let end = run.manifest.as_ref().unwrap().place.end;
        run.perform(op).unwrap();
        let place = &run.manifest.as_ref().unwrap().place;
        let is_for_readers = matches!(op, Op::Commit(Deed::HideRecords(_)));
        if place.generation > before && op != Op::Restart && !is_for_readers {
            grown += 1;
            assert!(end > SIZES.rewrite_bytes_min);
        } else {
            longest = longest.max(place.end.saturating_sub(end));
        }
        before = place.generation;
    }
    assert!(grown >= 2, "{grown} generations because the file had grown");
    assert!(longest > 2 * 4096, "a record of several pages");
    assert!(run.acknowledged >= 20 && run.truth.parts().len() >= 3);
    run.finish().unwrap();
    println!("{} calls, {grown} times rewritten", calls_of(&script()).unwrap().len());
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_at_every_call() {
    println!("{} power cuts", power_cuts().unwrap());
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_every_call_and_a_power_cut_after_it() {
    println!("{} kills", kills().unwrap());
}
