//! A disk that fills up, on a real file system: refuse with a hint, go on answering, recover when there is room again.

use crate::endings::{PATIENCE, balanced, kept_whole, stopped_cleanly};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use testkit::outrigger_process::{OutriggerProcess, ProcessPlan};
use tests::senders::{History, LoadPlan, Outcome, Senders};
use tests::surroundings::{is_not_run, missing_for_power_cut, run};

/// A small disk in memory, unmounted at the end.
struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    fn mount(at: PathBuf, size: &str) -> SmallDisk {
        fs::create_dir(&at).unwrap();
        run("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", at.to_str().unwrap()]).unwrap();
        SmallDisk { at }
    }

    fn path(&self) -> &Path {
        &self.at
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        basics::carry_on(
            run("umount", &["--lazy", self.at.to_str().unwrap()]),
            "a small mount that stays does no harm",
        );
    }
}

#[test]
fn a_full_disk_refuses_and_recovers_by_itself() {
    if is_not_run(missing_for_power_cut()) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // The log begins no new file once 64 MiB are left, so the disk is full for it some 24 MiB from here.
    let disk = SmallDisk::mount(dir.path().join("small"), "256m");
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1u8; 168 << 20]).unwrap();
    let mut plan = ProcessPlan::in_dir(dir.path()).with_segments("1MiB");
    plan.data_dir = disk.path().join("data");
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let history = History::default();
    let load = LoadPlan {
        name: "fill".to_owned(),
        senders: 2,
        records_per_request: 500,
        requests_max: u64::MAX,
        pause: Duration::from_millis(2),
    };
    let senders = Senders::start(process.otlp_http, &load, &history);
    let refused = |history: &History| {
        history.so_far().iter().filter(|request| matches!(request.outcome, Outcome::Refused(503))).count()
    };
    let begun = Instant::now();
    while refused(&history) < 5 {
        assert!(process.is_running() && begun.elapsed() < PATIENCE, "no refusal\n{}", process.printed());
        std::thread::sleep(Duration::from_millis(10));
    }
    let acknowledged_when_full = history.acknowledged_count();
    assert!(acknowledged_when_full > 0);
    assert!(!testkit::api_client::search_all(process.web, "load.id=\"fill-s0-0\"").unwrap().records.is_empty());

    fs::remove_file(&ballast).unwrap();
    let freed = Instant::now();
    while history.acknowledged_count() < acknowledged_when_full + 10 {
        assert!(
            process.is_running() && freed.elapsed() < Duration::from_secs(30),
            "there is room again and still nothing is taken\n{}",
            process.printed()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("taken again {:?} after there was room", freed.elapsed());
    senders.stop();
    balanced(&process);
    kept_whole(&mut process, &history.so_far());
    process.kill().unwrap();
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    kept_whole(&mut process, &history.so_far());
    stopped_cleanly(process);
}
