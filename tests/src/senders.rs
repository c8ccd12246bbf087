//! Senders that keep a collector busy and remember what they were told. They never send a request twice.
//!
//! Always true: a request stands in the history before its first byte leaves, so whatever a collector may hold is
//! known here; its outcome changes only when an answer was read whole.
//!
//! Start at [`Senders::start`].

use basics::Timestamp;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use testkit::http_client::HttpConnection;
use testkit::log_load::LogLoad;
use testkit::outrigger_process::NETWORK_DEADLINE;

/// Pause of a sender that could not connect.
const RECONNECT_PAUSE: Duration = Duration::from_millis(5);

/// What a sender was told about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Yes, all of it.
    Acknowledged,
    /// No, with this status.
    Refused(u16),
    /// Nothing: no answer yet, or the connection broke. The collector may hold it or not.
    Unknown,
}

/// A request that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// Who made its records; see [`LogLoad::record_id`].
    pub source: String,
    /// Number of its first record.
    pub first_record: u64,
    /// How many records it holds.
    pub record_count: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// All requests of all senders, in no particular order. Shared with whoever checks.
#[derive(Debug, Clone, Default)]
pub struct History {
    requests: Arc<Mutex<Vec<SentRequest>>>,
}

impl History {
    /// The requests and outcomes as of this moment.
    pub fn so_far(&self) -> Vec<SentRequest> {
        self.lock().clone()
    }

    /// How many requests were acknowledged.
    pub fn acknowledged_count(&self) -> usize {
        self.lock().iter().filter(|request| request.outcome == Outcome::Acknowledged).count()
    }

    fn begin(&self, request: SentRequest) -> usize {
        let mut requests = self.lock();
        requests.push(request);
        requests.len() - 1
    }

    fn end(&self, index: usize, outcome: Outcome) {
        if let Some(request) = self.lock().get_mut(index) {
            request.outcome = outcome;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SentRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a collector is kept busy.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    /// Prefix of the senders' names; must differ from every other load that goes into the same history.
    pub name: String,
    /// Senders at the same time, each on its own connection.
    pub senders: usize,
    /// Records of one request.
    pub records_per_request: u64,
    /// Each sender stops by itself after this many requests.
    pub requests_max: u64,
    /// Pause between an answer and the next request.
    pub pause: Duration,
}

/// Running senders. They end when told to, or when each has sent what it was to send.
#[derive(Debug)]
pub struct Senders {
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Senders {
    /// Starts sending to `target`; what happens is added to `history`.
    pub fn start(target: SocketAddr, plan: &LoadPlan, history: &History) -> Senders {
        let stopping = Arc::new(AtomicBool::new(false));
        let threads = (0..plan.senders)
            .map(|number| {
                let load = LogLoad::new(&format!("{}-s{number}", plan.name), number as u64, start_time());
                let (plan, history, stopping) = (plan.clone(), history.clone(), stopping.clone());
                thread::spawn(move || send_all(target, load, &plan, &history, &stopping))
            })
            .collect();
        Senders { stopping, threads }
    }

    /// Lets each sender finish the request it is at, and waits for that.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.join();
    }

    /// True when each has sent all it was to send.
    pub fn are_done(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Waits until each has sent all it was to send.
    pub fn join(self) {
        for thread in self.threads {
            thread.join().expect("a sender does not panic");
        }
    }
}

/// A time for records that every collector takes: a minute ago.
pub fn start_time() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::MIN.max(Timestamp::from_seconds(0).saturating_add(now).saturating_sub(Duration::from_secs(60)))
}

fn send_all(target: SocketAddr, mut load: LogLoad, plan: &LoadPlan, history: &History, stopping: &AtomicBool) {
    let mut connection: Option<HttpConnection> = None;
    for _ in 0..plan.requests_max {
        let open = loop {
            if stopping.load(Ordering::Relaxed) {
                return;
            }
            match connection.take().filter(HttpConnection::is_open) {
                Some(open) => break open,
                None => match HttpConnection::connect(target, NETWORK_DEADLINE) {
                    Ok(open) => break open,
                    Err(_) => thread::sleep(RECONNECT_PAUSE),
                },
            }
        };
        let open = connection.insert(open);
        let request = load.request(plan.records_per_request);
        let index = history.begin(SentRequest {
            source: load.source().to_owned(),
            first_record: request.first_record,
            record_count: request.record_count,
            outcome: Outcome::Unknown,
        });
        let answer = open.request("POST", "/v1/logs", &[("content-type", "application/x-protobuf")], &request.body);
        match answer {
            // A yes with something in it is a partial success, which this load never earns.
            Ok(answer) if answer.status == 200 && answer.body.is_empty() => history.end(index, Outcome::Acknowledged),
            Ok(answer) => history.end(index, Outcome::Refused(answer.status)),
            Err(_) => {}
        }
        thread::sleep(plan.pause);
    }
}
