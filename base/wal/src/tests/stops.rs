//! The process ends at every call in turn: killed, or with the power cut.

use super::run::{End, Run};
use super::script::{Op, script};
use super::witness::{Excuse, Verdict, Violation};
use testkit::faulty_disk::{Call, Fault, Unsynced};

/// Seeds of the lot at each call.
const LOTS: u64 = 4;

/// The calls that a run without faults makes.
pub(super) fn calls_of(script: &[Op]) -> Verdict<Vec<Call>> {
    let mut run = Run::new(0, Excuse::default());
    run.start()?;
    run.perform_all(script, End::Kill)?;
    Ok(run.disk.calls())
}

/// Adds what happened to what was found wrong.
pub(super) fn during(what: impl FnOnce() -> String) -> impl FnOnce(Violation) -> Violation {
    move |Violation(text)| Violation(format!("{text}; {}", what()))
}

/// Begins a run that a fault ends at `call`, and carries the script out up to there; then `end` follows, on a disk that
/// has `capacity` from then on.
fn run_to_the_end(seed: u64, (call, fault): (usize, Fault), end: End, capacity: Option<u64>) -> Verdict<(Run, usize)> {
    let mut run = Run::new(seed, Excuse::default());
    run.disk.fail_at(call, fault);
    run.start()?;
    let mut performed = 0;
    let script = script();
    while !run.disk.is_stopped() && performed < script.len() {
        run.perform(script[performed])?;
        performed += 1;
    }
    run.disk.set_capacity(capacity);
    run.start_again_if_stopped(end)?;
    Ok((run, performed))
}

/// The power is cut before and after each call that alters the disk, with all, none and some of what was not synced
/// kept. What was acknowledged is found, nothing is called damaged, and the log goes on with the rest of the workload.
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
                    let (mut run, index) = run_to_the_end(lot, (call, fault), end, None)?;
                    // The rest tells nothing new when the lot has spoken; it is gone through twice for each call.
                    if lot < 2 {
                        run.perform_all(script.get(index..).unwrap_or_default(), end)?;
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

/// The process is killed before and after each call that alters the disk. The next one builds on what it sees, on a
/// disk that may be full, and the power is cut at once or a little later: what it has built on must have been made
/// durable.
pub(super) fn kills() -> Verdict<usize> {
    let script = script();
    let mut runs = 0;
    for (call, kind) in calls_of(&script)?.into_iter().enumerate().filter(|(_, kind)| kind.alters()) {
        for fault in [Fault::StopBefore, Fault::StopAfter] {
            for number in 0..4 {
                let what = || format!("killed by {fault:?} of call {call} ({kind:?}), way {number}");
                let check = || {
                    let cut = if number == 1 { Unsynced::ByLot } else { Unsynced::Lost };
                    // What a start makes durable it must make durable on a full disk too.
                    let capacity = (number == 3).then_some(0);
                    let (mut run, index) = run_to_the_end(call as u64, (call, fault), End::Kill, capacity)?;
                    if number > 0 {
                        run.perform(Op::Append { count: 1, bytes: 300 })?;
                        run.perform(Op::Step)?;
                    }
                    run.disk.set_capacity(None);
                    run.end_and_start(End::PowerCut(cut))?;
                    if number > 1 {
                        run.perform_all(script.get(index..).unwrap_or_default(), End::Kill)?;
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
    let mut run = Run::new(0, Excuse::default());
    run.start().unwrap();
    run.perform_all(&script(), End::Kill).unwrap();
    let coverage = &run.coverage;
    assert!(coverage.segments() >= 8, "{coverage:?}");
    assert!(coverage.recycled() >= 2, "{coverage:?}");
    assert!(coverage.trims >= 3 && coverage.replays >= 2, "{coverage:?}");
    run.finish().unwrap();
    println!("{coverage:?}, {} calls", calls_of(&script()).unwrap().len(), coverage = run.coverage);
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_at_every_call() {
    println!("{} power cuts", power_cuts().unwrap());
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_every_call_and_a_power_cut_after_it() {
    println!("{} kills", kills().unwrap());
}
