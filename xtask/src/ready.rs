//! Makes a Debian machine ready for the tests: installs what is missing as root, and names it otherwise.
//!
//! Start at [`PACKAGES`], the one list of what the tests need beyond Rust.

use std::path::Path;

use crate::failure::Failure;
use crate::stage;

/// Something of Debian that a test needs.
struct Package {
    /// Debian's name.
    name: &'static str,
    /// What shows that it is there.
    proof: Proof,
    /// Who needs it.
    needed_for: &'static str,
}

/// What shows that a package is there.
enum Proof {
    /// A program is on the path or in a folder of the administrator.
    Program(&'static str),
    /// A program with arguments succeeds.
    Succeeds(&'static str, &'static [&'static str]),
}

/// All that the tests need from Debian.
const PACKAGES: &[Package] = &[
    package("gcc", Proof::Program("cc"), "linking, and the C parts of ring, zstd and mimalloc"),
    package("libc6-dev", Proof::Succeeds("sh", &["-c", "echo '#include <stdio.h>' | cc -E -"]), "the C parts"),
    package("ca-certificates", Proof::Succeeds("test", &["-d", "/etc/ssl/certs"]), "downloads over HTTPS"),
    package("curl", Proof::Program("curl"), "the commands of the README"),
    package("procps", Proof::Program("ps"), "looking at processes that a test started"),
    package("python3", Proof::Succeeds(PYTHON, &["--version"]), "the Python service of the real-input tests"),
    package("python3-venv", Proof::Succeeds(PYTHON, &["-c", "import ensurepip, venv"]), "its packages"),
    package("nodejs", Proof::Program("node"), "the Node service of the real-input tests"),
    package("npm", Proof::Program("npm"), "its packages"),
    package("iproute2", Proof::Program("ip"), "a network of their own for the commands of the README"),
    package("strace", Proof::Program("strace"), "system calls that fail"),
    package("xfsprogs", Proof::Program("mkfs.xfs"), "power cuts: a file system with snapshots of files"),
    package("e2fsprogs", Proof::Program("mkfs.ext4"), "power cuts: the file system that is cut"),
    package("util-linux", Proof::Program("nsenter"), "the same network, entered by each command"),
    package("mount", Proof::Program("losetup"), "power cuts: loop devices"),
];

/// Debian's own Python: another one may come first on the path, and `prepare.sh` prefers this one.
const PYTHON: &str = "/usr/bin/python3";
/// Folders of programs that an ordinary user's path leaves out.
const ADMINISTRATOR_FOLDERS: &str = "/usr/local/sbin:/usr/sbin:/sbin";

const fn package(name: &'static str, proof: Proof, needed_for: &'static str) -> Package {
    Package { name, proof, needed_for }
}

/// Fetches the real senders of the end-to-end tests: gateway, Python and JavaScript packages, by their lists.
const REAL_SENDERS: &str = "tests/real-input/prepare.sh";

/// Installs or names what is missing.
pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    ready_packages()?;
    ready_cargo_tools()?;
    stage::run(&mut stage::program("sh", &[REAL_SENDERS]))
}

fn ready_packages() -> Result<(), Failure> {
    let missing: Vec<&Package> = PACKAGES.iter().filter(|package| !is_there(&package.proof)).collect();
    if missing.is_empty() {
        println!("ready: all {} packages are there", PACKAGES.len());
        return Ok(());
    }
    for package in &missing {
        println!("ready: {} is missing ({})", package.name, package.needed_for);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    if !is_root() || !is_there(&Proof::Program("apt-get")) {
        let line = format!("as root: apt-get update && apt-get install -y {}", names.join(" "));
        return Err(Failure::Refused(format!("the tests need more than is there; {line}")));
    }
    let mut install = vec!["install", "-y", "-q", "--no-install-recommends"];
    install.extend(&names);
    for arguments in [vec!["update", "-q"], install] {
        stage::run(stage::program("apt-get", &arguments).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    match missing.iter().find(|package| !is_there(&package.proof)) {
        Some(package) => Err(Failure::Refused(format!("{} is installed and does not work", package.name))),
        None => Ok(()),
    }
}

/// Formatting and lints come with rustup's usual profile, and not with its minimal one.
fn ready_cargo_tools() -> Result<(), Failure> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if stage::succeeds(&mut stage::cargo(&[tool, "--version"])) {
            continue;
        }
        println!("ready: cargo {tool} is missing");
        if !is_there(&Proof::Program("rustup")) {
            return Err(Failure::Refused(format!("cargo {tool} is missing and so is rustup; install {component}")));
        }
        stage::run(&mut stage::program("rustup", &["component", "add", component]))?;
    }
    Ok(())
}

fn is_there(proof: &Proof) -> bool {
    match proof {
        Proof::Program(name) => {
            let path = std::env::var("PATH").unwrap_or_default();
            path.split(':').chain(ADMINISTRATOR_FOLDERS.split(':')).any(|folder| Path::new(folder).join(name).is_file())
        }
        Proof::Succeeds(name, arguments) => stage::succeeds(&mut stage::program(name, arguments)),
    }
}

/// Tells whether this process may install packages. `/proc/self` belongs to the user of the process.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}
