//! The commands of the README do what it says, as printed.
//!
//! They name the usual ports, so they run in a network of their own where those are free (`unshare --net`, for root);
//! without root they run where we are, and the usual ports must be free.

use crate::endings::PATIENCE;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use testkit::outrigger_process::binary_path;
use tests::readme::{commands, first_missing};
use tests::surroundings::{is_root, repository, require_program};

/// A collector with default configuration, and the network it is in.
struct Collector {
    child: Child,
    has_own_network: bool,
}

impl Collector {
    fn start(dir: &Path) -> Collector {
        let binary = binary_path();
        assert!(binary.is_file(), "no binary at {}; build it with `cargo build --release`", binary.display());
        let has_own_network = is_root();
        let start = format!("exec '{}' --data '{}'", binary.display(), dir.join("data").display());
        let mut command = if has_own_network {
            require_program("ip");
            let mut command = Command::new("unshare");
            command.args(["--net", "sh", "-c", &format!("ip link set lo up && {start}")]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", &start]);
            command
        };
        let log = fs::File::create(dir.join("log")).unwrap();
        command.current_dir(dir).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        Collector { child, has_own_network }
    }

    /// A shell in the collector's network.
    fn shell(&self, script: &str) -> Command {
        let mut command;
        if self.has_own_network {
            command = Command::new("nsenter");
            command.args(["--net", "--target", &self.child.id().to_string(), "--", "sh", "-eu", "-c", script]);
        } else {
            command = Command::new("sh");
            command.args(["-eu", "-c", script]);
        }
        let binary = binary_path();
        let paths = format!(
            "{}:{}",
            binary.parent().map(|dir| dir.display().to_string()).unwrap_or_default(),
            std::env::var("PATH").unwrap_or_default()
        );
        command.current_dir(repository()).env("PATH", paths).stdin(Stdio::null());
        command
    }

    fn wait_ready(&mut self, dir: &Path) {
        let begun = Instant::now();
        let probe = "curl --silent --fail --output /dev/null http://127.0.0.1:7070/readyz";
        while !self.shell(probe).status().unwrap().success() {
            let printed = fs::read_to_string(dir.join("log")).unwrap_or_default();
            assert!(self.child.try_wait().unwrap().is_none(), "the collector ended; it printed:\n{printed}");
            assert!(begun.elapsed() < PATIENCE, "the collector is not ready; it printed:\n{printed}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        basics::carry_on(self.child.kill(), "the collector has ended already");
        basics::carry_on(self.child.wait(), "the collector has been waited for already");
    }
}

#[test]
fn every_command_of_the_readme_works_as_printed() {
    require_program("curl");
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    let commands = commands(&readme);
    assert!(commands.len() >= 3, "the README shows too few commands: {commands:#?}");
    let dir = tempfile::tempdir().unwrap();
    let mut collector = Collector::start(dir.path());
    collector.wait_ready(dir.path());
    for command in &commands {
        let output = collector.shell(&command.script).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let complaints = String::from_utf8_lossy(&output.stderr);
        let place = format!("README.md:{}:\n{}\nprinted:\n{printed}{complaints}", command.line, command.script);
        assert!(output.status.success(), "{place}\nended with {}", output.status);
        assert_eq!(first_missing(&command.printed, &printed), None, "{place}");
    }
}
