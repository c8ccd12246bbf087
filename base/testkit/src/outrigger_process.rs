//! Runs the real binary for a test: its own ports, its own data directory, its own configuration, and an end.
//!
//! Always true:
//! - a process started here is ended here, by its id: when the value is dropped, at the latest;
//! - it listens on loopback only, on ports that were free a moment before;
//! - what it prints goes to a file beside its configuration, so that a failing test can show it.
//!
//! The binary is the one that `OUTRIGGER_BIN` names, else `target/release/outrigger`.
//!
//! Start at [`OutriggerProcess::start`].

use crate::http_client::{self, HttpConnection};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// One read, write or connection attempt of a test against the product.
pub const NETWORK_DEADLINE: Duration = Duration::from_secs(30);
/// Pause between two looks at something that is waited for.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// How a process is to be started.
#[derive(Debug, Clone)]
pub struct ProcessPlan {
    /// The data directory; made when it is not there.
    pub data_dir: PathBuf,
    /// Where the configuration and the printed text go; must exist and lie outside the data directory.
    pub work_dir: PathBuf,
    /// More configuration: lines below `collector:`, indented by two. Empty means defaults.
    pub collector_yaml: String,
    /// More configuration beside the section `collector`.
    pub more_yaml: String,
    /// Where OTLP over HTTP is to be taken; `None` is a port that is free.
    pub otlp_http: Option<SocketAddr>,
    /// A program and its arguments to run the binary under, for example a tracer.
    pub wrapper: Vec<String>,
}

impl ProcessPlan {
    /// Defaults, with everything in `dir`.
    pub fn in_dir(dir: &Path) -> ProcessPlan {
        ProcessPlan {
            data_dir: dir.join("data"),
            work_dir: dir.to_owned(),
            collector_yaml: String::new(),
            more_yaml: String::new(),
            otlp_http: None,
            wrapper: Vec::new(),
        }
    }

    /// The same with segments of the write-ahead log of `segment`, for example `1MiB`, so that a small load rotates them.
    pub fn with_segments(mut self, segment: &str) -> ProcessPlan {
        self.collector_yaml.push_str(&format!("  wal: {{ segment_size: {segment} }}\n"));
        self
    }

    /// The same with all records held in memory and in the log, as measurements of receiving and replaying want it.
    pub fn without_sealing(mut self) -> ProcessPlan {
        self.collector_yaml.push_str("  logs: { seal: false }\n");
        self
    }

    /// The same with a head that is sealed as soon as it takes 1 MiB, so that a small load makes parts.
    pub fn with_small_heads(mut self) -> ProcessPlan {
        self.collector_yaml.push_str("  logs: { head_size: 1MiB, head_age: 1s }\n");
        self
    }
}

/// Why a process is not there.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no binary.
    #[error("no binary at {}; build it with `cargo build --release`, or name another one with OUTRIGGER_BIN", path.display())]
    NoBinary {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Something failed on our side.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// What went wrong.
        source: io::Error,
    },
    /// It ended by itself.
    #[error("the process ended with {status} before it {awaited}; it printed:\n{printed}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// What was waited for.
        awaited: &'static str,
        /// All it printed.
        printed: String,
    },
    /// It did not do in time what was waited for.
    #[error("within {} s the process has not {awaited}; it printed:\n{printed}", waited.as_secs_f32())]
    TooSlow {
        /// What was waited for.
        awaited: &'static str,
        /// How long.
        waited: Duration,
        /// All it printed.
        printed: String,
    },
}

/// A running `outrigger`.
#[derive(Debug)]
pub struct OutriggerProcess {
    child: Child,
    started: Instant,
    log_path: PathBuf,
    /// Where OTLP over HTTP is taken.
    pub otlp_http: SocketAddr,
    /// Where OTLP over gRPC is taken.
    pub otlp_grpc: SocketAddr,
    /// Where the API, health and metrics are.
    pub web: SocketAddr,
}

impl OutriggerProcess {
    /// Starts the binary and returns at once; see [`OutriggerProcess::wait_accepting`].
    pub fn start(plan: &ProcessPlan) -> Result<OutriggerProcess, ProcessError> {
        let binary = binary_path();
        if !binary.is_file() {
            return Err(ProcessError::NoBinary { path: binary });
        }
        let otlp_http = plan.otlp_http.map_or_else(free_address, Ok)?;
        let [otlp_grpc, web] = [free_address()?, free_address()?];
        let config_path = plan.work_dir.join("outrigger.yaml");
        let config = config_text(plan, otlp_grpc, otlp_http, web);
        fs::write(&config_path, config).map_err(failed("write the configuration"))?;
        let log_path = plan.work_dir.join("outrigger.log");
        let log = File::options()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(failed("open the file for what it prints"))?;
        let log_too = log.try_clone().map_err(failed("share the file for what it prints"))?;
        let mut words = plan.wrapper.iter().map(String::as_str).chain([binary.to_str().unwrap_or("outrigger")]);
        let mut command = Command::new(words.next().unwrap_or("outrigger"));
        command.args(words).arg("--config").arg(&config_path);
        command.current_dir(&plan.work_dir).stdin(Stdio::null()).stdout(log).stderr(log_too);
        let started = Instant::now();
        let child = command.spawn().map_err(failed("start the process"))?;
        Ok(OutriggerProcess { child, started, log_path, otlp_http, otlp_grpc, web })
    }

    /// Starts the binary and waits until it takes requests.
    pub fn start_accepting(plan: &ProcessPlan, deadline: Duration) -> Result<OutriggerProcess, ProcessError> {
        let mut process = OutriggerProcess::start(plan)?;
        process.wait_accepting(deadline)?;
        Ok(process)
    }

    /// Waits until an empty OTLP request is answered with 200, and says how long after the start that was.
    pub fn wait_accepting(&mut self, deadline: Duration) -> Result<Duration, ProcessError> {
        let address = self.otlp_http;
        self.wait_until("accepted a request", deadline, || {
            let answer = HttpConnection::connect(address, NETWORK_DEADLINE)?.request(
                "POST",
                "/v1/logs",
                &[("content-type", "application/x-protobuf")],
                &[],
            )?;
            Ok(answer.status == 200)
        })
    }

    /// Waits until all that the log holds can be searched, and says how long after the start that was.
    pub fn wait_replayed(&mut self, deadline: Duration) -> Result<Duration, ProcessError> {
        let address = self.web;
        self.wait_until("replayed its log", deadline, || {
            let answer = http_client::get(address, "/api/v1/logs/search?limit=1", NETWORK_DEADLINE)?;
            Ok(answer.status == 200 && answer.json()?.get("cut_short").is_none_or(serde_json::Value::is_null))
        })
    }

    /// Looks again and again until `look` says yes; a look that fails is a no.
    pub fn wait_until(
        &mut self,
        awaited: &'static str,
        deadline: Duration,
        mut look: impl FnMut() -> io::Result<bool>,
    ) -> Result<Duration, ProcessError> {
        let begun = Instant::now();
        loop {
            if look().unwrap_or(false) {
                return Ok(self.started.elapsed());
            }
            if let Some(status) = self.child.try_wait().map_err(failed("look after the process"))? {
                return Err(ProcessError::Ended { status, awaited, printed: self.printed() });
            }
            if begun.elapsed() > deadline {
                return Err(ProcessError::TooSlow { awaited, waited: deadline, printed: self.printed() });
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// The id of the process; with a wrapper, of the wrapper.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How long ago it was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// All that it, and an earlier process of the same plan, printed so far.
    pub fn printed(&self) -> String {
        fs::read(&self.log_path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// True while it runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it without warning (SIGKILL) and waits for its end.
    pub fn kill(mut self) -> Result<ExitStatus, ProcessError> {
        self.child.kill().map_err(failed("kill the process"))?;
        self.child.wait().map_err(failed("wait for the killed process"))
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub fn terminate(mut self, deadline: Duration) -> Result<ExitStatus, ProcessError> {
        self.signal(Signal::TERM)?;
        self.wait_end(deadline)
    }

    /// Waits for its end.
    pub fn wait_end(&mut self, deadline: Duration) -> Result<ExitStatus, ProcessError> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().map_err(failed("look after the process"))? {
                return Ok(status);
            }
            if begun.elapsed() > deadline {
                let printed = self.printed();
                return Err(ProcessError::TooSlow { awaited: "ended", waited: deadline, printed });
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<(), ProcessError> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let Some(id) = id else { return Ok(()) };
        kill_process(id, signal).map_err(io::Error::from).map_err(failed("signal the process"))
    }
}

impl Drop for OutriggerProcess {
    fn drop(&mut self) {
        // Fails only when it has ended already, which is what is wanted.
        basics::carry_on(self.child.kill(), "the process has ended already");
        basics::carry_on(self.child.wait(), "the process has been waited for already");
    }
}

/// The binary under test.
pub fn binary_path() -> PathBuf {
    match std::env::var_os("OUTRIGGER_BIN") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/outrigger"),
    }
}

/// A loopback address that nobody listens on, below the ports that the kernel hands to outgoing connections.
pub fn free_address() -> Result<SocketAddr, ProcessError> {
    static STEP: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    // Test processes that run side by side begin at different places.
    let begin = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(COUNT)).unwrap_or(0);
    for _ in 0..COUNT {
        let step = STEP.fetch_add(1, Ordering::Relaxed) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + (begin + step) % COUNT));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(failed("find a free port")(io::ErrorKind::AddrInUse.into()))
}

fn config_text(plan: &ProcessPlan, otlp_grpc: SocketAddr, otlp_http: SocketAddr, web: SocketAddr) -> String {
    format!(
        "data_dir: {data}\n\
         {beside}\
         collector:\n\
         \x20 otlp: {{ grpc: {{ listen: \"{otlp_grpc}\" }}, http: {{ listen: \"{otlp_http}\" }} }}\n\
         \x20 http: {{ listen: \"{web}\" }}\n\
         {more}",
        data = plan.data_dir.display(),
        beside = plan.more_yaml,
        more = plan.collector_yaml,
    )
}

fn failed(action: &'static str) -> impl FnOnce(io::Error) -> ProcessError {
    move |source| ProcessError::Io { action, source }
}
