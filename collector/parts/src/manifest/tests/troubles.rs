//! Calls go wrong, each in turn, each in every way; and all calls go wrong for a while.

use super::run::{End, Op, Run, Verdict, calls_of, during, run_to_fault, script};
use testkit::faulty_disk::{Fault, Unsynced};

/// How many more operations there are before an outage ends.
const OUTAGE_OPS: usize = 4;

/// One call goes wrong and the process lives on. Then the power is cut, or the process killed: at once, or when the
/// workload is done. What was refused is not there, and nothing excuses that anything else is.
pub(super) fn troubles(faults: &[Fault]) -> Verdict<usize> {
    let script = script();
    let mut runs = 0;
    for (call, kind) in calls_of(&script)?.into_iter().enumerate() {
        for fault in faults.iter().copied().filter(|fault| fault.befalls(kind)) {
            for then in 0..5 {
                let what = || format!("{fault:?} at call {call} ({kind:?}), ending {then}");
                trouble(&script, call, fault, then).map_err(during(what))?;
                runs += 1;
            }
        }
    }
    Ok(runs)
}

fn trouble(script: &[Op], call: usize, fault: Fault, then: u64) -> Verdict {
    let (mut run, performed) = run_to_fault(then, call, fault)?;
    match then {
        0 => drop(run.end_and_start(End::PowerCut(Unsynced::Lost))?),
        1 => drop(run.end_and_start(End::Kill)?),
        2 => drop(run.end_and_start(End::PowerCut(Unsynced::Kept))?),
        3 => drop(run.end_and_start(End::PowerCut(Unsynced::ByLot))?),
        _ => {}
    }
    if then == 1 || then == 4 {
        run.perform_all(&script[performed..], End::Kill)?;
        run.end_and_start(End::PowerCut(Unsynced::Lost))?;
    }
    run.finish()
}

/// From one call on everything fails that can, for a while, and then the process goes on, or is killed, or the power is
/// cut.
pub(super) fn outages() -> Verdict<usize> {
    let script = script();
    let mut runs = 0;
    for (call, kind) in calls_of(&script)?.into_iter().enumerate().filter(|(_, kind)| kind.alters()) {
        for fault in [Fault::Eio, Fault::Enospc, Fault::LostSync, Fault::LyingSync, Fault::TornWrite]
            .into_iter()
            .filter(|fault| fault.befalls(kind))
        {
            for then in 0..4 {
                let what = || format!("{fault:?} from call {call} ({kind:?}) on, ending {then}");
                outage(&script, call, fault, then).map_err(during(what))?;
                runs += 1;
            }
        }
    }
    Ok(runs)
}

fn outage(script: &[Op], call: usize, fault: Fault, then: usize) -> Verdict {
    let mut run = Run::new(call as u64);
    run.disk.fail_from(call, fault);
    run.start()?;
    let mut rest = script.iter().copied();
    let mut left = OUTAGE_OPS;
    while left > 0 {
        let Some(op) = rest.next() else { break };
        // Nobody can start on a disk that does not work.
        if op == Op::Restart && !run.disk.faults().is_empty() {
            continue;
        }
        run.perform(op)?;
        left -= usize::from(!run.disk.faults().is_empty());
    }
    run.disk.fail_no_more();
    match then {
        0 => drop(run.end_and_start(End::Kill)?),
        1 => drop(run.end_and_start(End::PowerCut(Unsynced::ByLot))?),
        2 => drop(run.end_and_start(End::PowerCut(Unsynced::Kept))?),
        _ => {
            run.perform_all(&rest.collect::<Vec<_>>(), End::Kill)?;
            run.end_and_start(End::PowerCut(Unsynced::Lost))?;
        }
    }
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
