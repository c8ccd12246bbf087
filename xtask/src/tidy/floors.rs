//! The floors of the house, and who may import whom.
//!
//! [`ROOMS`] is the one table; `docs/ARCHITECTURE.md` draws it for people. A crate that is not in it is refused,
//! so a new room begins with a line here.

use super::Finding;
use super::manifest::{Dependency, DependencyKind};
use super::tree::{Member, Tree};

/// Who owns a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum House {
    /// What all houses need and none owns.
    Base,
    Collector,
    CacheProxy,
    QueueBridge,
    /// The process: it opens every front door.
    Process,
    /// Beside the house: tests, measurements, chores.
    Beside,
}

/// A crate of ours and its floor.
pub(super) struct Room {
    pub(super) name: &'static str,
    pub(super) floor: u8,
    pub(super) house: House,
}

const fn room(name: &'static str, floor: u8, house: House) -> Room {
    Room { name, floor, house }
}

/// The floor of what stands beside the house: above everything, and nothing stands on it but tests.
pub(super) const BESIDE: u8 = 8;

/// The whole house, rooms that are planned among them, from the ground up.
pub(super) const ROOMS: &[Room] = &[
    room("basics", 0, House::Base),
    room("model", 1, House::Collector),
    room("text-index", 1, House::Collector),
    room("wal", 1, House::Base),
    room("resp", 1, House::CacheProxy),
    room("service", 1, House::Base),
    room("parts", 2, House::Collector),
    room("metric-store", 2, House::Collector),
    room("wire", 2, House::Collector),
    room("search-lang", 2, House::Collector),
    room("promql", 2, House::Collector),
    room("cache-policy", 2, House::CacheProxy),
    room("cache-engine", 2, House::CacheProxy),
    room("queue-policy", 2, House::QueueBridge),
    room("queue-engine", 2, House::QueueBridge),
    room("log-store", 3, House::Collector),
    room("trace-store", 3, House::Collector),
    room("ingest", 4, House::Collector),
    room("query", 4, House::Collector),
    room("receivers", 5, House::Collector),
    room("api", 5, House::Collector),
    room("ui", 5, House::Collector),
    room("cache-faces", 5, House::CacheProxy),
    room("cache-backends", 5, House::CacheProxy),
    room("queue-faces", 5, House::QueueBridge),
    room("queue-backends", 5, House::QueueBridge),
    room("dapr", 5, House::Base),
    room("collector", 6, House::Collector),
    room("cache-proxy", 6, House::CacheProxy),
    room("queue-bridge", 6, House::QueueBridge),
    room("outrigger", 7, House::Process),
    room("testkit", BESIDE, House::Beside),
    room("tests", BESIDE, House::Beside),
    room("bench", BESIDE, House::Beside),
    room("xtask", BESIDE, House::Beside),
];

/// A room, the rooms it must never name, and why.
type Absence = (&'static [&'static str], &'static [&'static str], &'static str);

/// What is absent although the floors alone would let it in.
const ABSENCES: &[Absence] = &[
    (&["receivers"], STORES, "records reach a store through `ingest` only"),
    (&["api", "ui"], &["wal"], "answers come from stores; the write-ahead log belongs to `ingest`"),
    (STORES, LANGUAGES, "stores know no language: both know `model::Filter`"),
    (LANGUAGES, STORES, "languages know no store: both know `model::Filter`"),
    (
        &["parts", "metric-store", "wire", "search-lang", "promql", "log-store", "trace-store", "ingest", "query"],
        &["service"],
        "floors 2 to 4 are plain Rust; `service` is for waiting on the network",
    ),
    (
        &["cache-policy", "cache-engine", "queue-policy", "queue-engine"],
        &["service"],
        "floors 2 to 4 are plain Rust; `service` is for waiting on the network",
    ),
    (
        &["outrigger"],
        &[
            "model",
            "text-index",
            "wal",
            "resp",
            "parts",
            "metric-store",
            "wire",
            "search-lang",
            "promql",
            "cache-policy",
            "cache-engine",
            "queue-policy",
            "queue-engine",
            "log-store",
            "trace-store",
            "ingest",
            "query",
            "receivers",
            "api",
            "ui",
            "cache-faces",
            "cache-backends",
            "queue-faces",
            "queue-backends",
        ],
        "the process knows front doors, not rooms",
    ),
];
const STORES: &[&str] = &["parts", "metric-store", "log-store", "trace-store"];
const LANGUAGES: &[&str] = &["search-lang", "promql"];

/// Crates that wait on a network, open sockets, or bring time or chance of their own.
const ASYNCHRONOUS: &[&str] = &[
    "async-nats",
    "axum",
    "getrandom",
    "h2",
    "http",
    "http-body",
    "http-body-util",
    "hyper",
    "hyper-util",
    "lapin",
    "mio",
    "rand",
    "redis",
    "reqwest",
    "rustls",
    "socket2",
    "tokio",
    "tokio-rustls",
    "tokio-stream",
    "tokio-util",
    "tonic",
    "tower",
    "tower-http",
    "tower-service",
];

/// Looks a crate of ours up.
pub(super) fn room_of(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

/// Tells whether a crate must stay free of sockets, threads and clocks.
pub(super) fn is_synchronous(name: &str) -> bool {
    room_of(name).is_some_and(|room| room.floor <= 4 && room.name != "service")
}

/// Every member has a floor, and the root manifest lists the floors from the ground up.
pub(super) fn order(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut highest = 0;
    for member in tree.members() {
        let Some(room) = room_of(folder_name(&member.folder)) else {
            let message = format!("`{}` has no floor: give it a line in xtask/src/tidy/floors.rs", member.folder);
            findings.push(Finding::of("Cargo.toml", message));
            continue;
        };
        if room.floor < highest {
            let message = format!("`{}` is of floor {} and listed below floor {highest}", member.folder, room.floor);
            findings.push(Finding::of("Cargo.toml", message));
        }
        highest = highest.max(room.floor);
    }
    findings
}

/// The last name of a folder's path.
pub(super) fn folder_name(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

/// A dependency between two crates of ours.
struct Edge<'a> {
    member: &'a Member,
    from: &'static Room,
    to: &'static Room,
    dependency: Dependency,
}

impl Edge<'_> {
    fn refused(&self, why: &str) -> Finding {
        let message = format!("`{}` must not depend on `{}`: {why}", self.from.name, self.to.name);
        Finding::at(self.member.manifest_path(), self.dependency.line, message)
    }
}

fn edges(members: &[Member]) -> Vec<Edge<'_>> {
    let mut edges = Vec::new();
    for member in members {
        let Some(from) = room_of(folder_name(&member.folder)) else { continue };
        for dependency in member.manifest.dependencies() {
            if let Some(to) = room_of(&dependency.name) {
                edges.push(Edge { member, from, to, dependency });
            }
        }
    }
    edges
}

fn refuse(tree: &Tree, verdict: impl Fn(&Edge<'_>) -> Option<String>) -> Vec<Finding> {
    let members = tree.members();
    edges(&members).iter().filter_map(|edge| verdict(edge).map(|why| edge.refused(&why))).collect()
}

/// The product stands only on lower floors; tests may also use their own floor and `testkit`.
pub(super) fn downward(tree: &Tree) -> Vec<Finding> {
    refuse(tree, |edge| {
        if edge.from.house == House::Beside {
            return None;
        }
        let (from, to) = (edge.from.floor, edge.to.floor);
        match edge.dependency.kind {
            DependencyKind::Product if edge.to.house == House::Beside => {
                Some("what stands beside the house is for tests only".to_string())
            }
            DependencyKind::Product if to >= from => Some(format!("floor {from} stands on lower floors, not on {to}")),
            DependencyKind::Tests if to > from && edge.to.name != "testkit" => {
                Some(format!("tests of floor {from} use `testkit` and floors up to {from}, not {to}"))
            }
            DependencyKind::Product | DependencyKind::Tests => None,
        }
    })
}

/// A house uses its own rooms and the base.
pub(super) fn houses(tree: &Tree) -> Vec<Finding> {
    refuse(tree, |edge| {
        let is_open = |house| matches!(house, House::Base | House::Beside | House::Process);
        let meets = is_open(edge.to.house) || edge.from.house == edge.to.house;
        let from_may = matches!(edge.from.house, House::Process | House::Beside);
        (!meets && !from_may).then(|| "it belongs to another house; houses speak over sockets".to_string())
    })
}

/// What [`ABSENCES`] lists.
pub(super) fn absences(tree: &Tree) -> Vec<Finding> {
    refuse(tree, |edge| {
        let is_product = edge.dependency.kind == DependencyKind::Product;
        let (.., why) = ABSENCES
            .iter()
            .find(|(who, never, _)| is_product && who.contains(&edge.from.name) && never.contains(&edge.to.name))?;
        Some((*why).to_string())
    })
}

/// Floors 0 to 4 but `service` name no crate that waits, listens or rolls dice.
pub(super) fn synchronous(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in tree.members() {
        if !is_synchronous(folder_name(&member.folder)) {
            continue;
        }
        for dependency in member.manifest.dependencies() {
            if dependency.kind == DependencyKind::Product && ASYNCHRONOUS.contains(&dependency.name.as_str()) {
                let message = format!(
                    "`{}` must not depend on `{}`: floors 0 to 4 are handed time, chance and storage",
                    member.name(),
                    dependency.name
                );
                findings.push(Finding::at(member.manifest_path(), dependency.line, message));
            }
        }
    }
    findings
}
