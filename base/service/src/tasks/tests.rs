//! What is started is named and joined, and what a panic costs.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::*;
use crate::telemetry::{self, LogFormat, TelemetryConfig};

const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_was_started_is_joined() {
    let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
    let done = Arc::new(AtomicU32::new(0));
    let (in_task, in_thread) = (Arc::clone(&done), Arc::clone(&done));
    let wish = shutdown.clone();
    tasks.spawn("listener", async move {
        wish.requested().await;
        in_task.fetch_add(1, Ordering::Relaxed);
    });
    let (go, is_gone) = std::sync::mpsc::sync_channel(1);
    let work = move || {
        is_gone.recv().unwrap();
        in_thread.fetch_add(1, Ordering::Relaxed);
    };
    tasks.thread("log writer", ThreadKind::Writer, work).unwrap();
    assert_eq!(tasks.running(), ["listener", "log writer"]);
    shutdown.request();
    go.send(()).unwrap();
    assert!(tasks.join(LONG).await.is_empty());
    assert_eq!(done.load(Ordering::Relaxed), 2, "both came to their end");
    assert!(tasks.running().is_empty());
}

#[tokio::test]
async fn what_is_late_is_named_a_task_is_cancelled_and_a_thread_stays() {
    struct Cancelled(Arc<AtomicBool>);
    impl Drop for Cancelled {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let tasks = Tasks::new();
    let was_cancelled = Arc::new(AtomicBool::new(false));
    let guard = Cancelled(Arc::clone(&was_cancelled));
    tasks.spawn("stuck task", async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
    let (release, is_released) = std::sync::mpsc::sync_channel::<()>(1);
    tasks.thread("stuck thread", ThreadKind::Worker, move || assert!(is_released.recv().is_err())).unwrap();
    tasks.spawn("quick", async {});
    let started = std::time::Instant::now();
    assert_eq!(tasks.join(SHORT).await, ["stuck task", "stuck thread"]);
    assert!(started.elapsed() < LONG, "the deadline holds for all of them together");
    tokio::task::yield_now().await;
    assert!(was_cancelled.load(Ordering::Relaxed));
    drop(release);
}

#[tokio::test]
async fn a_task_started_while_others_are_joined_is_joined_too() {
    let tasks = Tasks::new();
    let more = tasks.clone();
    let done = Arc::new(AtomicBool::new(false));
    let late = Arc::clone(&done);
    tasks.spawn("first", async move {
        tokio::task::yield_now().await;
        more.spawn("second", async move {
            tokio::task::yield_now().await;
            late.store(true, Ordering::Relaxed);
        });
    });
    assert!(tasks.join(LONG).await.is_empty());
    assert!(done.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_panic_of_a_task_or_worker_costs_only_itself() {
    let tasks = Tasks::new();
    tasks.spawn("broken task", async { panic!("planned") });
    tasks.thread("broken worker", ThreadKind::Worker, || panic!("planned")).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let whole = Arc::clone(&done);
    tasks.spawn("whole", async move { whole.store(true, Ordering::Relaxed) });
    assert!(tasks.join(LONG).await.is_empty(), "ended is ended");
    assert!(done.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_wish_to_stop_reaches_who_waits_and_who_comes_later() {
    let shutdown = Shutdown::new();
    assert!(!shutdown.is_requested());
    let early = shutdown.clone();
    let waits = async move { early.requested().await };
    tokio::join!(waits, async { shutdown.request() });
    shutdown.clone().requested().await;
    assert!(shutdown.is_requested());
}

#[tokio::test]
async fn stages_stop_one_behind_the_other_and_a_late_one_is_left_behind() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let stage = |name: &'static str, within: Duration, is_stuck: bool| {
        let order = Arc::clone(&order);
        let stop = async move {
            order.lock().unwrap().push(name);
            if is_stuck {
                std::future::pending::<()>().await;
            }
        };
        Stage { name, within, stop: Box::pin(stop) }
    };
    let stages = vec![stage("listeners", LONG, false), stage("admission", SHORT, true), stage("log", LONG, false)];
    let started = std::time::Instant::now();
    assert_eq!(drain_in_order(stages).await, ["admission"]);
    assert!(started.elapsed() >= SHORT && started.elapsed() < LONG);
    assert_eq!(*order.lock().unwrap(), ["listeners", "admission", "log"]);
}

/// Tells a test process that it is a child, and what to do as one.
const CHILD: &str = "OUTRIGGER_TASKS_TEST";

/// Not a test of its own: what the children of the tests below do.
#[test]
fn as_a_child() {
    let Ok(role) = std::env::var(CHILD) else { return };
    let mut config = TelemetryConfig { self_logs: false, ..TelemetryConfig::default() };
    config.log.format = LogFormat::Json;
    let _telemetry = telemetry::init(&config).unwrap();
    install_panic_hook(|| eprintln!("last words"));
    let tasks = Tasks::new();
    match role.as_str() {
        "writer" => tasks.thread("log writer", ThreadKind::Writer, || panic!("disk \u{1b}[2J gone")).unwrap(),
        "reader" => {
            let read = || assert_eq!(basics::contain_panic(|| -> u8 { panic!("damaged page") }), None);
            tasks.thread("log writer", ThreadKind::Writer, read).unwrap();
        }
        "worker" => tasks.thread("query", ThreadKind::Worker, || panic!("odd query")).unwrap(),
        "many" => {
            for _ in 0..100 {
                drop(std::panic::catch_unwind(|| panic!("request")));
            }
            tasks.thread("log writer", ThreadKind::Writer, || panic!("the last one")).unwrap();
        }
        other => panic!("no role: {other}"),
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tasks.join(LONG));
    eprintln!("went on");
    std::process::exit(3);
}

fn child(role: &str) -> Output {
    let this = std::env::current_exe().unwrap();
    let mut command = Command::new(this);
    command.args(["--exact", "tasks::tests::as_a_child", "--nocapture"]).env(CHILD, role);
    command.output().unwrap()
}

/// The panics on standard error, which are JSON.
fn panics(output: &Output) -> Vec<serde_json::Value> {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = text.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap());
    lines.filter(|line: &serde_json::Value| line["fields"]["panic"].is_string()).collect()
}

#[test]
fn a_library_that_stumbles_over_damaged_bytes_does_not_end_the_process() {
    let output = child("reader");
    assert_eq!(output.status.code(), Some(3));
    let panics = panics(&output);
    assert_eq!(panics.len(), 1);
    assert_eq!((&panics[0]["level"], &panics[0]["fields"]["panic"]), (&"warn".into(), &"damaged page".into()));
}

#[test]
fn a_panic_of_a_writer_ends_the_process_with_70_after_its_last_words() {
    let output = child("writer");
    assert_eq!(output.status.code(), Some(ExitCode::Internal.number()));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let panics = panics(&output);
    assert_eq!(panics.len(), 1, "one line: {text}");
    assert_eq!(panics[0]["level"], "error");
    assert_eq!(panics[0]["fields"]["panic"], "disk \u{1b}[2J gone");
    assert_eq!(panics[0]["fields"]["thread"], "log writer");
    assert!(panics[0]["fields"]["place"].as_str().unwrap().contains("tasks/tests.rs:"));
    assert!(!text.contains('\u{1b}'), "no escape reaches the terminal");
    assert!(text.contains("last words"), "{text}");
    assert!(!text.contains("went on"), "{text}");
}

#[test]
fn a_panic_of_a_worker_is_a_line_and_no_end() {
    let output = child("worker");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert_eq!(panics(&output).len(), 1, "{text}");
    assert!(text.contains("went on") && !text.contains("last words"), "{text}");
}

#[test]
fn the_panic_that_ends_the_process_is_told_even_after_many_that_did_not() {
    let output = child("many");
    assert_eq!(output.status.code(), Some(ExitCode::Internal.number()));
    let told: Vec<String> =
        panics(&output).iter().map(|line| line["fields"]["panic"].as_str().unwrap().to_owned()).collect();
    assert!(told.len() < 100, "repeats are held back");
    assert_eq!(told.last().map(String::as_str), Some("the last one"));
}
