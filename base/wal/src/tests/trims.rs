//! What a trim promises: what it forgot stays forgotten, and what it did not forget is not given up.

use super::run::{End, Run};
use super::script::Op;
use super::stops::during;
use super::witness::{Excuse, Verdict};
use testkit::faulty_disk::{Fault, Unsynced};

/// A log of several segments, one of them of its own length or none.
fn log(seed: u64, has_long_entry: bool) -> Verdict<Run> {
    let mut run = Run::new(seed, Excuse::default());
    run.start()?;
    let long = if has_long_entry { 9_000 } else { 5_000 };
    for bytes in [7_000, 7_000, 6_000, long, 7_000, 7_000, 7_000, 100] {
        run.perform_all(&[Op::Append { count: 1, bytes }, Op::Step], End::Kill)?;
    }
    run.perform(Op::Trim { leave: 7 })?;
    Ok(run)
}

/// A trim is hindered at each of its calls in turn, and made again. Then the power is cut at once: what the second trim
/// has promised holds, whatever became of the first.
pub(super) fn hindered_trims() -> Verdict<usize> {
    let mut runs = 0;
    for has_long_entry in [false, true] {
        let mut untroubled = log(0, has_long_entry)?;
        let before = untroubled.disk.call_count();
        untroubled.perform(Op::Trim { leave: 2 })?;
        for (call, kind) in untroubled.disk.calls().into_iter().enumerate().skip(before) {
            for fault in Fault::OF_CALLS.into_iter().filter(|fault| fault.befalls(kind) && !fault.is_silent()) {
                for lot in 0..4 {
                    let what =
                        || format!("{fault:?} at call {call} ({kind:?}) of a trim, then a power cut, seed {lot}");
                    let run = log(lot, has_long_entry)?;
                    hindered_trim(run, call, fault, lot).map_err(during(what))?;
                    runs += 1;
                }
            }
        }
    }
    Ok(runs)
}

fn hindered_trim(mut run: Run, call: usize, fault: Fault, lot: u64) -> Verdict {
    run.disk.fail_at(call, fault);
    run.perform(Op::Trim { leave: 2 })?;
    run.perform(Op::Trim { leave: 2 })?;
    run.end_and_start(End::PowerCut(if lot == 0 { Unsynced::Lost } else { Unsynced::ByLot }))?;
    run.finish()
}

#[test]
fn a_trim_that_is_hindered_and_made_again_holds() {
    println!("{} trims", hindered_trims().unwrap());
}
