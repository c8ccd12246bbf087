//! Workloads, faults and power cuts by lot: what nobody has thought of.

use super::run::{End, Run};
use super::script::script_by_lot;
use super::stops::during;
use super::witness::{Excuse, Verdict};
use testkit::faulty_disk::{Chance, Fault, Unsynced};

/// Seeds of the test command. `OUTRIGGER_SOAK_SEEDS` says another number.
const SEEDS: u64 = 3_000;

/// Faults that excuse nothing.
const HONEST: [Fault; 5] = [Fault::Eio, Fault::Enospc, Fault::ShortWrite, Fault::TornWrite, Fault::LostSync];

/// One seed; when something is wrong, the whole story.
fn run_by_lot(seed: u64) -> Verdict {
    // A sync that loses its bytes excuses what was found after a restart and had never been answered.
    let mut run = Run::new(seed, Excuse { damage: false, lost_sync: true });
    go_through(&mut run, seed).map_err(|violation| {
        let story = || format!("seed {seed}, faults {:?}:\n{}", run.disk.faults(), run.diary.join("\n"));
        during(story)(violation)
    })
}

/// One workload with up to four faults, and up to three ends of the process at any call.
fn go_through(run: &mut Run, seed: u64) -> Verdict {
    let mut chance = Chance::new(seed);
    let script = script_by_lot(&mut chance);
    run.start()?;
    let mut rest = script.as_slice();
    for _ in 0..1 + chance.index(3) {
        for _ in 0..chance.index(5) {
            let fault = HONEST[chance.index(HONEST.len())];
            run.disk.fail_at(run.disk.call_count() + chance.index(120), fault);
        }
        // One at a time: what is misread twice in a row is damage as far as anybody can tell.
        run.disk.fail_at(run.disk.call_count() + chance.index(300), Fault::FlippedRead);
        let stop = if chance.once_in(2) { Fault::StopBefore } else { Fault::StopAfter };
        run.disk.fail_at(run.disk.call_count() + chance.index(150), stop);
        let end = match chance.index(4) {
            0 => End::Kill,
            1 => End::PowerCut(Unsynced::Lost),
            _ => End::PowerCut(Unsynced::ByLot),
        };
        let (now, later) = rest.split_at(chance.index(rest.len() + 1));
        rest = later;
        run.perform_all(now, end)?;
        run.disk.fail_no_more();
    }
    run.perform_all(rest, End::Kill)?;
    run.end_and_start(End::PowerCut(Unsynced::Lost))?;
    run.finish()
}

/// Goes through seeds from 0 on.
pub(super) fn seeds(count: u64) -> Verdict<u64> {
    for seed in 0..count {
        run_by_lot(seed)?;
    }
    Ok(count)
}

#[test]
fn what_was_acknowledged_survives_whatever_the_lot_brings() {
    let asked = std::env::var("OUTRIGGER_SOAK_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    println!("{} seeds", seeds(asked.unwrap_or(SEEDS)).unwrap());
}
