//! What passes, and what stays silent.

use std::sync::Mutex;
use std::time::Duration;

use basics::Timestamp;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::limits::REPEATS_PER_WINDOW;
use crate::telemetry::quiet::{aloud, quiet, quietly};

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// Keeps the level and target of what passes.
#[derive(Clone, Default)]
struct Passed(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Passed {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.lock().unwrap().push(format!("{} {}", event.metadata().level(), event.metadata().target()));
    }

    fn on_new_span(&self, attributes: &tracing::span::Attributes<'_>, _: &tracing::span::Id, _: Context<'_, S>) {
        self.0.lock().unwrap().push(format!("span {}", attributes.metadata().name()));
    }
}

fn passing(level: LogLevel, wants_spans: bool, work: impl FnOnce()) -> Vec<String> {
    let passed = Passed::default();
    let gate = Gate::new(level, wants_spans, Arc::default(), Arc::new(StoppedClock));
    let subscriber = tracing_subscriber::registry().with(passed.clone()).with(gate);
    tracing::subscriber::with_default(subscriber, work);
    std::mem::take(&mut *passed.0.lock().unwrap())
}

fn speak() {
    tracing::error!(target: "wal", "1");
    tracing::warn!(target: "hyper::proto", "2");
    tracing::info!(target: "collector", "3");
    tracing::info!(target: "h2::codec", "4");
    tracing::debug!(target: "receivers", "5");
    tracing::trace!(target: "tonic::transport", "6");
}

#[test]
fn the_level_decides_and_libraries_only_warn() {
    assert_eq!(passing(LogLevel::Error, false, speak), ["ERROR wal"]);
    assert_eq!(passing(LogLevel::Info, false, speak), ["ERROR wal", "WARN hyper::proto", "INFO collector"]);
    assert_eq!(
        passing(LogLevel::Debug, false, speak),
        ["ERROR wal", "WARN hyper::proto", "INFO collector", "DEBUG receivers"]
    );
    assert_eq!(passing(LogLevel::Trace, false, speak).len(), 6);
}

#[test]
fn what_somebody_did_is_said_whatever_the_level_and_however_often() {
    let passed = passing(LogLevel::Error, false, || {
        for _ in 0..REPEATS_PER_WINDOW + 5 {
            tracing::warn!(target: AUDIT_TARGET, "records deleted");
        }
        tracing::warn!(target: "collector", "something else");
    });
    assert_eq!(passed, vec!["WARN audit"; usize::try_from(REPEATS_PER_WINDOW).unwrap() + 5]);
}

#[test]
fn our_crates_are_not_taken_for_libraries_whose_name_they_begin_with() {
    assert!(is_outside("opentelemetry_sdk::trace"));
    assert!(is_outside("tokio_rustls"));
    assert!(!is_outside("towers"));
    assert!(!is_outside("collector::tower"));
}

#[test]
fn silence_is_kept_by_every_kind_of_work_and_ends_with_it() {
    let passed = passing(LogLevel::Info, true, || {
        quietly(|| {
            tracing::error!(target: "quiet", "not said");
            let _span = tracing::info_span!("quiet").entered();
            aloud(|| tracing::error!(target: "aloud", "said"));
            tracing::error!(target: "quiet", "not said");
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(quiet(async {
            tracing::error!(target: "quiet", "not said");
            tokio::task::yield_now().await;
            tracing::error!(target: "quiet", "not said");
        }));
        tracing::error!(target: "after", "said");
    });
    assert_eq!(passed, ["ERROR aloud", "ERROR after"]);
}

#[test]
fn spans_are_made_only_when_they_go_somewhere_and_do_not_depend_on_the_console() {
    let work = || drop(tracing::info_span!("request"));
    assert!(passing(LogLevel::Info, false, work).is_empty());
    assert_eq!(passing(LogLevel::Error, true, work), ["span request"]);
    assert!(passing(LogLevel::Trace, true, || drop(tracing::info_span!(target: "h2", "poll"))).is_empty());
}

#[test]
fn a_place_that_repeats_itself_is_held_back_but_not_at_debug() {
    let passed = passing(LogLevel::Debug, false, || {
        for _ in 0..1_000 {
            tracing::warn!(target: "warn", "again");
            tracing::debug!(target: "debug", "again");
        }
    });
    let count = |what: &str| u32::try_from(passed.iter().filter(|line| line.contains(what)).count()).unwrap();
    assert_eq!(count("warn"), REPEATS_PER_WINDOW);
    assert_eq!(count("debug"), 1_000);
}
