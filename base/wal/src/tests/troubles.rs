//! Calls go wrong, each in turn, each in every way; and all calls go wrong for a while.

use super::run::{End, Run};
use super::script::{Op, script};
use super::stops::{calls_of, during};
use super::witness::{Excuse, Verdict};
use testkit::faulty_disk::{Fault, Unsynced};

/// How many more operations there are before an outage ends.
const OUTAGE_OPS: usize = 5;

/// What may be missing because the disk itself was at fault. A bit that flips on its way from the disk excuses nothing.
fn excuse(fault: Fault) -> Excuse {
    Excuse {
        damage: fault == Fault::FlippedWrite,
        lost_sync: matches!(fault, Fault::LostSync | Fault::LyingSync | Fault::Enospc),
    }
}

/// One call goes wrong and the process lives on. Then the power is cut: at once, after the process was killed, or when
/// the workload is done.
pub(super) fn troubles(faults: &[Fault]) -> Verdict<usize> {
    let script = script();
    let mut runs = 0;
    for (call, kind) in calls_of(&script)?.into_iter().enumerate() {
        for fault in faults.iter().copied().filter(|fault| fault.befalls(kind)) {
            for then in 0..3 {
                let what = || format!("{fault:?} at call {call} ({kind:?}), ending {then}");
                trouble(&script, call, fault, then).map_err(during(what))?;
                runs += 1;
            }
        }
    }
    Ok(runs)
}

fn trouble(script: &[Op], call: usize, fault: Fault, then: usize) -> Verdict {
    let mut run = Run::new(call as u64, excuse(fault));
    run.disk.fail_at(call, fault);
    run.start()?;
    let mut rest = script.iter();
    while run.disk.faults().is_empty() {
        let Some(op) = rest.next() else { break };
        run.perform(*op)?;
        // Who is told that the log could not forget tells it again, or looks at what it still has.
        if then == 0 && !run.disk.faults().is_empty() && matches!(op, Op::Trim { .. }) {
            run.perform(*op)?;
        }
    }
    match then {
        0 => drop(run.end_and_start(End::PowerCut(Unsynced::Lost))?),
        1 => drop(run.end_and_start(End::Kill)?),
        _ => {}
    }
    if then > 0 {
        run.perform_all(&rest.copied().collect::<Vec<_>>(), End::Kill)?;
        run.end_and_start(End::PowerCut(Unsynced::Lost))?;
    }
    run.finish()
}

/// From one call on everything fails that can, for a while. The process lives; what it acknowledges meanwhile counts as
/// ever, and when the disk is well again, so is the log.
pub(super) fn outages() -> Verdict<usize> {
    let script = script();
    let mut runs = 0;
    for (call, kind) in calls_of(&script)?.into_iter().enumerate().filter(|(_, kind)| kind.alters()) {
        for fault in [Fault::Eio, Fault::Enospc, Fault::LostSync, Fault::TornWrite]
            .into_iter()
            .filter(|fault| fault.befalls(kind))
        {
            let what = || format!("{fault:?} from call {call} ({kind:?}) on");
            outage(&script, call, fault).map_err(during(what))?;
            runs += 1;
        }
    }
    Ok(runs)
}

fn outage(script: &[Op], call: usize, fault: Fault) -> Verdict {
    let mut run = Run::new(call as u64, excuse(fault));
    run.start()?;
    run.disk.fail_from(call, fault);
    run.is_in_outage = true;
    let mut left = OUTAGE_OPS;
    for op in script {
        if !run.disk.faults().is_empty() {
            left = left.saturating_sub(1);
        }
        // Nobody can start on a disk that does not work, and who reads from one that does not work finds out by
        // himself.
        let needs_no_disk = matches!(op, Op::Append { .. } | Op::Step | Op::Prepare | Op::HoldReader);
        if left == 0 || (!needs_no_disk && !run.disk.faults().is_empty()) {
            run.disk.fail_no_more();
            run.is_in_outage = false;
        }
        run.perform(*op)?;
    }
    run.disk.fail_no_more();
    run.end_and_start(End::PowerCut(Unsynced::Lost))?;
    run.finish()
}

#[test]
fn what_was_acknowledged_survives_every_call_going_wrong_in_every_way() {
    println!("{} troubles", troubles(&Fault::OF_CALLS).unwrap());
}

#[test]
fn what_was_acknowledged_survives_a_disk_that_fails_for_a_while() {
    println!("{} outages", outages().unwrap());
}
