//! Real senders of others: a gateway and two services that report through the OpenTelemetry SDKs.
//!
//! Their packages are installed by `tests/real-input/prepare.sh` (`cargo xtask ready` calls it). Always true: what is
//! started here is ended here, by its id.
//!
//! Start at [`Gateway::start`].

use crate::surroundings::{real_input_dir, repository};
use basics::carry_on;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use testkit::http_client::{self, HttpAnswer, HttpConnection};
use testkit::outrigger_process::{NETWORK_DEADLINE, free_address};

/// Interpreters on a busy machine take their time to start.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// A service that was asked to stop first sends what it holds.
const STOP_DEADLINE: Duration = Duration::from_secs(30);
/// Pause between two looks at something that is waited for.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Which OTLP transport and encoding a service uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// gRPC.
    Grpc,
    /// HTTP with protobuf.
    HttpProtobuf,
    /// HTTP with JSON.
    HttpJson,
}

/// A program of others that runs for a test.
#[derive(Debug)]
pub struct Guest {
    name: &'static str,
    child: Child,
    log_path: PathBuf,
    /// Where it takes requests.
    pub address: SocketAddr,
}

impl Guest {
    /// Starts the service that logs through the OpenTelemetry SDK for Python.
    pub fn python_service(work_dir: &Path, otlp: SocketAddr, encoding: Encoding) -> Guest {
        let address = free_address().expect("a port is free");
        let mut command = Command::new(real_input_dir().join("venv/bin/python"));
        let protocol = match encoding {
            Encoding::Grpc => "grpc",
            Encoding::HttpProtobuf => "http",
            Encoding::HttpJson => panic!("the SDK for Python sends no JSON"),
        };
        command.arg(repository().join("tests/real-input/python-service/checkout.py"));
        command.args([&address.port().to_string(), &format!("http://{otlp}"), protocol]);
        Guest::start("checkout", command, address, work_dir)
    }

    /// Starts the service that logs through the OpenTelemetry SDK for JavaScript.
    pub fn node_service(work_dir: &Path, otlp: SocketAddr, encoding: Encoding) -> Guest {
        let address = free_address().expect("a port is free");
        let encoding = match encoding {
            Encoding::HttpJson => "json",
            Encoding::HttpProtobuf => "protobuf",
            Encoding::Grpc => panic!("this service does not send gRPC"),
        };
        let mut command = Command::new("node");
        // The program stands beside its packages, because that is where Node looks for them.
        command.arg(real_input_dir().join("node/cart.js"));
        command.args([&address.port().to_string(), &format!("http://{otlp}"), encoding]);
        Guest::start("cart", command, address, work_dir)
    }

    fn start(name: &'static str, mut command: Command, address: SocketAddr, work_dir: &Path) -> Guest {
        let log_path = work_dir.join(format!("{name}.log"));
        let log = File::create(&log_path).expect("the work directory can be written");
        let log_too = log.try_clone().expect("a file can be shared");
        command.stdin(Stdio::null()).stdout(log).stderr(log_too);
        let child =
            command.spawn().unwrap_or_else(|error| panic!("cannot start {name} ({error}); run `cargo xtask ready`"));
        let mut guest = Guest { name, child, log_path, address };
        guest.wait_listening();
        guest
    }

    fn wait_listening(&mut self) {
        let begun = Instant::now();
        while HttpConnection::connect(self.address, NETWORK_DEADLINE).is_err() {
            let ended = self.child.try_wait().expect("a child can be looked after");
            assert!(ended.is_none(), "{} ended with {ended:?}; it printed:\n{}", self.name, self.printed());
            assert!(begun.elapsed() < START_DEADLINE, "{} does not listen; it printed:\n{}", self.name, self.printed());
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// All it printed so far.
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.log_path).unwrap_or_default()
    }

    /// Asks it to stop and waits for its end, so that all it held has been sent.
    pub fn stop(mut self) {
        if let Some(id) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(id, Signal::TERM).expect("a running guest can be signalled");
        }
        let begun = Instant::now();
        while self.child.try_wait().expect("a child can be looked after").is_none() {
            assert!(begun.elapsed() < STOP_DEADLINE, "{} does not stop; it printed:\n{}", self.name, self.printed());
            thread::sleep(LOOK_INTERVAL);
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        carry_on(self.child.kill(), "the guest has ended already");
        carry_on(self.child.wait(), "the guest has been waited for already");
    }
}

/// A real Envoy in front of the two services.
#[derive(Debug)]
pub struct Gateway {
    guest: Guest,
}

impl Gateway {
    /// Starts it; its access log goes to `otlp_grpc`.
    pub fn start(work_dir: &Path, otlp_grpc: SocketAddr, python: &Guest, node: &Guest) -> Gateway {
        let address = free_address().expect("a port is free");
        let admin = free_address().expect("a port is free");
        let mut config = fs::read_to_string(repository().join("tests/real-input/gateway/envoy.yaml"))
            .expect("the gateway's configuration is in the repository");
        for (name, address) in [
            ("@ADMIN_PORT@", admin),
            ("@GATEWAY_PORT@", address),
            ("@OTLP_GRPC_PORT@", otlp_grpc),
            ("@PYTHON_PORT@", python.address),
            ("@NODE_PORT@", node.address),
        ] {
            config = config.replace(name, &address.port().to_string());
        }
        let config_path = work_dir.join("envoy.yaml");
        fs::write(&config_path, config).expect("the work directory can be written");
        let mut command = Command::new(real_input_dir().join("venv/bin/envoy"));
        command.arg("--config-path").arg(config_path);
        command.args(["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"]);
        Gateway { guest: Guest::start("edge", command, address, work_dir) }
    }

    /// Sends a request through the gateway, within the trace `trace_id` (32 hex digits).
    pub fn get(&self, path: &str, trace_id: &str) -> HttpAnswer {
        let traceparent = format!("00-{trace_id}-00f067aa0ba902b7-01");
        let mut connection =
            HttpConnection::connect(self.guest.address, NETWORK_DEADLINE).expect("the gateway listens");
        connection.request("GET", path, &[("traceparent", &traceparent)], &[]).expect("the gateway answers")
    }

    /// Sends a request through the gateway without a trace; the gateway begins one.
    pub fn get_untraced(&self, path: &str) -> HttpAnswer {
        http_client::get(self.guest.address, path, NETWORK_DEADLINE).expect("the gateway answers")
    }

    /// Ends the gateway.
    pub fn stop(self) {
        self.guest.stop();
    }
}
