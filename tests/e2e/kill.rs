//! SIGKILL under load, again and again on the same data.

use crate::endings::{PATIENCE, balanced, kept_whole, stopped_cleanly};
use std::thread;
use std::time::{Duration, Instant};
use testkit::api_client::search_all;
use testkit::outrigger_process::{OutriggerProcess, ProcessPlan};
use tests::senders::{History, LoadPlan, Outcome, Senders};
use tests::surroundings::{is_soak, rounds};

#[test]
fn nothing_acknowledged_is_lost_by_a_kill_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let plan = ProcessPlan::in_dir(dir.path()).with_segments("1MiB").with_small_heads();
    let history = History::default();
    let mut kills_while_replaying = 0;
    for round in 0..rounds(10, 200) {
        let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
        let load = LoadPlan {
            name: format!("life{round}"),
            senders: 4,
            records_per_request: 10,
            requests_max: u64::MAX,
            pause: Duration::from_millis(if is_soak() { 20 } else { 2 }),
        };
        let senders = Senders::start(process.otlp_http, &load, &history);
        if round % 3 == 2 {
            // Killed at once: the replay of the earlier lives may still be running.
            kills_while_replaying += 1;
            thread::sleep(Duration::from_millis(20));
        } else {
            thread::sleep(Duration::from_millis(150 + 70 * (round as u64 % 5)));
            // All that earlier lives acknowledged must be there while the load goes on.
            process.wait_replayed(PATIENCE).unwrap();
        }
        process.kill().unwrap();
        senders.stop();
        let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
        let kept = kept_whole(&mut process, &history.so_far());
        println!("kill {round}: {kept}");
        process.kill().unwrap();
    }
    assert!(kills_while_replaying > 0);
    assert!(history.acknowledged_count() > 100, "too little was sent to prove anything");
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    kept_whole(&mut process, &history.so_far());
    stopped_cleanly(process);
}

/// After a crash requests are taken before the log is replayed. Until it is, a search that misses something says so.
#[test]
fn searches_during_a_replay_say_so_and_requests_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let plan = ProcessPlan::in_dir(dir.path());
    let history = History::default();
    let process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let load = LoadPlan {
        name: "before".to_owned(),
        senders: 2,
        records_per_request: 5_000,
        requests_max: 40,
        pause: Duration::ZERO,
    };
    Senders::start(process.otlp_http, &load, &history).join();
    assert_eq!(history.acknowledged_count(), 80, "{}", process.printed());
    balanced(&process);
    process.kill().unwrap();

    let process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    let during = LoadPlan { name: "during".to_owned(), requests_max: 5, records_per_request: 10, ..load };
    let senders = Senders::start(process.otlp_http, &during, &history);
    let (begun, mut replaying_answers) = (Instant::now(), 0);
    loop {
        let last = search_all(process.web, "load.id=\"before-s1-199999\"").unwrap();
        match last.cut_short.as_deref() {
            None => {
                assert_eq!(last.records.len(), 1, "an answer without the record did not say that it is cut short");
                break;
            }
            Some(reason) => {
                assert_eq!(reason, "replaying");
                replaying_answers += 1;
            }
        }
        assert!(begun.elapsed() < PATIENCE, "the replay does not end\n{}", process.printed());
    }
    println!("{replaying_answers} answers said that the log was being replayed, for {:?}", begun.elapsed());
    senders.join();
    let requests = history.so_far();
    assert!(requests.iter().all(|request| request.outcome == Outcome::Acknowledged), "a request was not taken");
    let account = balanced(&process);
    assert_eq!(account.stored, 400_000 + 100);
    stopped_cleanly(process);
}
