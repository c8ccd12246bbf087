//! Failing system calls under the running binary.

use crate::endings::{PATIENCE, kept_whole};
use std::fs;
use std::path::Path;
use std::time::Duration;
use testkit::outrigger_process::{OutriggerProcess, ProcessPlan};
use tests::senders::{History, LoadPlan, Outcome, Senders, SentRequest};
use tests::surroundings::{is_not_run, is_soak, missing_for_tracing, require_program};
use tests::syscall_faults::{Fault, Rule, all_rules, choose_rules, count_calls, counting_wrapper};

/// Runs of the test command.
const RULES_MAX: usize = 40;

/// Requests of a run.
const REQUESTS: u64 = 80;

/// A fixed amount of work that crosses several segments of 1 MiB. One sender makes one batch of each request, so that a
/// run makes the calls of the run before; what many senders meet is for the simulated disk of `testkit`.
fn load() -> LoadPlan {
    LoadPlan {
        name: "fault".to_owned(),
        senders: 1,
        records_per_request: 200,
        requests_max: REQUESTS,
        pause: Duration::from_millis(1),
    }
}

/// Sends the load to a collector started by `plan`; true when it accepted requests at all.
fn run_load(plan: &ProcessPlan, history: &History) -> (bool, OutriggerProcess) {
    let mut process = OutriggerProcess::start(plan).unwrap();
    let accepted = process.wait_accepting(Duration::from_secs(20)).is_ok();
    if accepted {
        let senders = Senders::start(process.otlp_http, &load(), history);
        while process.is_running() && !senders.are_done() {
            std::thread::sleep(Duration::from_millis(5));
        }
        senders.stop();
    }
    (accepted, process)
}

/// Runs the load under one fault, then starts again without it and compares. True when the fault was met.
fn check_rule(rule: &Rule) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let plan = ProcessPlan::in_dir(dir.path()).with_segments("1MiB");
    let trace = dir.path().join("trace");
    let faulty = ProcessPlan { wrapper: rule.wrapper(&trace), ..plan.clone() };
    let history = History::default();
    let (accepted, mut process) = run_load(&faulty, &history);
    let is_running = process.is_running();
    if accepted && rule.fault != Fault::Kill {
        assert!(is_running, "{rule:?} ended the process:\n{}", process.printed());
    }
    process.kill().unwrap();
    let was_hit = match rule.fault {
        Fault::Kill => !is_running,
        Fault::Eio | Fault::Enospc | Fault::EioForEver => {
            Rule::was_hit(&fs::read_to_string(&trace).unwrap_or_default())
        }
    };
    let mut process =
        OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap_or_else(|error| panic!("after {rule:?}: {error}"));
    let kept = kept_whole(&mut process, &as_far_as_known(rule, history.so_far()));
    println!("{rule:?}: hit {was_hit}, accepted {accepted}, {kept}");
    process.kill().unwrap();
    was_hit
}

/// When every later sync fails too, nothing can be made durable, not even that a request was refused: whether it is
/// there after a restart is up to the disk, and the 503 tells its sender to send it again.
fn as_far_as_known(rule: &Rule, mut history: Vec<SentRequest>) -> Vec<SentRequest> {
    if rule.fault == Fault::EioForEver {
        for request in history.iter_mut().filter(|request| request.outcome == Outcome::Refused(503)) {
            request.outcome = Outcome::Unknown;
        }
    }
    history
}

/// Which calls a run makes on its data directory.
fn trace_of_a_run(dir: &Path) -> String {
    let trace = dir.join("trace");
    let mut plan = ProcessPlan::in_dir(dir).with_segments("1MiB");
    plan.wrapper = counting_wrapper(&trace);
    let history = History::default();
    let (accepted, process) = run_load(&plan, &history);
    assert!(accepted, "{}", process.printed());
    assert_eq!(history.acknowledged_count() as u64, REQUESTS, "{}", process.printed());
    process.kill().unwrap();
    fs::read_to_string(trace).unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_by_a_failing_system_call() {
    if is_not_run(missing_for_tracing()) {
        return;
    }
    require_program("strace");
    let dir = tempfile::tempdir().unwrap();
    let calls = count_calls(&trace_of_a_run(dir.path()), &dir.path().join("data"));
    let counts: Vec<_> = calls.iter().map(|(call, list)| format!("{call} {}", list.len())).collect();
    println!("calls on the data directory: {}", counts.join(", "));
    assert!(calls.get("fdatasync").is_some_and(|list| list.len() >= 3), "the trace shows no syncs: {counts:?}");
    let rules = if is_soak() { all_rules(&calls) } else { choose_rules(&calls, RULES_MAX) };
    let hits = rules.iter().filter(|rule| check_rule(rule)).count();
    println!("{} runs, {hits} of them met their fault", rules.len());
    // What threads do in the background differs from run to run, so that a last call may not come again.
    assert!(hits * 4 >= rules.len() * 3, "{hits} of {} runs met their fault", rules.len());
}

/// After a lasting failure of the disk nothing is acknowledged any more, the process stays, searches are answered, and
/// readiness says no.
#[test]
fn a_disk_that_fails_for_good_makes_the_collector_read_only() {
    if is_not_run(missing_for_tracing()) {
        return;
    }
    require_program("strace");
    let dir = tempfile::tempdir().unwrap();
    let plan = ProcessPlan::in_dir(dir.path()).with_segments("1MiB");
    let rule = Rule { call: "fdatasync", ordinal: 20, fault: Fault::EioForEver };
    let faulty = ProcessPlan { wrapper: rule.wrapper(&dir.path().join("trace")), ..plan.clone() };
    let history = History::default();
    let (accepted, mut process) = run_load(&faulty, &history);
    assert!(accepted, "{}", process.printed());
    assert!(process.is_running(), "{}", process.printed());
    let acknowledged = history.acknowledged_count();
    let refused: Vec<_> =
        history.so_far().into_iter().filter(|request| request.outcome == Outcome::Refused(503)).collect();
    assert!(acknowledged > 0 && !refused.is_empty(), "{acknowledged} yes, {} no", refused.len());
    let found = testkit::api_client::search_all(process.web, "").unwrap();
    assert!(!found.records.is_empty());
    let ready =
        testkit::http_client::get(process.web, "/readyz", testkit::outrigger_process::NETWORK_DEADLINE).unwrap();
    assert_eq!(ready.status, 503, "{}", ready.text());
    crate::endings::balanced(&process);
    process.kill().unwrap();
    let mut process = OutriggerProcess::start_accepting(&plan, PATIENCE).unwrap();
    kept_whole(&mut process, &as_far_as_known(&rule, history.so_far()));
    crate::endings::stopped_cleanly(process);
}
