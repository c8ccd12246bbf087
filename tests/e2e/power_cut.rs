//! Loss of power under load, on a real file system.

use crate::endings::{PATIENCE, kept};
use std::path::Path;
use std::thread;
use std::time::Duration;
use testkit::outrigger_process::{OutriggerProcess, ProcessPlan};
use tests::oracle::Kept;
use tests::power_cut::{CutDisk, CutImage};
use tests::senders::{History, LoadPlan, Senders, SentRequest};
use tests::surroundings::{is_not_run, missing_for_power_cut, require_program, rounds};
use tests::syscall_faults::lying_sync_wrapper;

/// A cut, and what senders had been told before it.
struct Cut {
    image: CutImage,
    history: Vec<SentRequest>,
}

/// Runs a collector under `wrapper` on a disk, cuts the power `count` times under load, and says what each cut left.
fn cut_and_check(wrapper: Vec<String>, count: usize) -> Vec<Kept> {
    let dir = tempfile::tempdir().unwrap();
    let disk_dir = dir.path().join("disk");
    std::fs::create_dir(&disk_dir).unwrap();
    let disk = CutDisk::make(&disk_dir).unwrap();
    let mut plan = ProcessPlan::in_dir(dir.path()).with_segments("1MiB").with_small_heads();
    plan.data_dir = disk.live().join("data");
    plan.wrapper = wrapper;
    let process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let history = History::default();
    let load = LoadPlan {
        name: "cut".to_owned(),
        senders: 8,
        records_per_request: 10,
        requests_max: u64::MAX,
        pause: Duration::from_millis(10),
    };
    let senders = Senders::start(process.otlp_http, &load, &history);
    let mut cuts = Vec::new();
    for number in 0..count {
        thread::sleep(Duration::from_millis(40 + 37 * (number as u64 % 7)));
        // What was acknowledged is read before the cut, so that none of it may be missing after it.
        let told = history.so_far();
        let image = disk.cut(&format!("cut{number}")).unwrap();
        cuts.push(Cut { image, history: told });
    }
    senders.stop();
    let all_sent = history.so_far();
    process.kill().unwrap();
    plan.wrapper.clear();
    cuts.into_iter().map(|cut| check_after(&plan, cut, &all_sent, dir.path())).collect()
}

/// Starts a collector on what the cut left and compares.
fn check_after(plan: &ProcessPlan, cut: Cut, all_sent: &[SentRequest], dir: &Path) -> Kept {
    // Requests that left between the reading of the history and the cut may be there: nobody was told before it.
    let mut history = all_sent.to_vec();
    for (index, request) in history.iter_mut().enumerate() {
        request.outcome = match cut.history.get(index) {
            Some(then) => then.outcome.clone(),
            None => tests::senders::Outcome::Unknown,
        };
    }
    let disk = cut.image.mount().unwrap();
    let work_dir = tempfile::tempdir_in(dir).unwrap();
    let plan = ProcessPlan { data_dir: disk.path().join("data"), work_dir: work_dir.path().to_owned(), ..plan.clone() };
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let kept = kept(&mut process, &history);
    process.kill().unwrap();
    kept
}

#[test]
fn nothing_acknowledged_is_lost_by_a_power_cut() {
    if is_not_run(missing_for_power_cut()) {
        return;
    }
    require_program("mkfs.xfs");
    require_program("mkfs.ext4");
    let results = cut_and_check(Vec::new(), rounds(20, 100));
    for (number, kept) in results.iter().enumerate() {
        println!("cut {number}: {kept}");
        assert!(kept.is_whole(), "cut {number}: {kept}");
    }
    let acknowledged = results.last().map_or(0, |kept| kept.acknowledged);
    assert!(acknowledged > 1_000, "too little was sent to prove anything: {acknowledged} records");
}

/// The proof of the proof above: with a sync that only says it synced, acknowledged records must be missing.
#[test]
fn a_sync_that_does_nothing_is_seen_by_the_power_cut() {
    if is_not_run(missing_for_power_cut()) {
        return;
    }
    require_program("mkfs.xfs");
    require_program("strace");
    let results = cut_and_check(lying_sync_wrapper(), 3);
    assert!(results.iter().any(|kept| kept.lost > 0), "no loss was seen: {results:?}");
}
