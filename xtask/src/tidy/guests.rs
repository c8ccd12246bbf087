//! Large outside crates are guests: each is named by its hosts and by nobody else.
//!
//! So the house can change its search library or its columns in one room. Hosts are named for the product; what
//! stands beside the house, and tests, may use a guest to check a host.

use super::Finding;
use super::floors::{BESIDE, folder_name, room_of};
use super::manifest::DependencyKind;
use super::tree::Tree;

/// Who may name a guest.
enum Hosts {
    /// These crates.
    Rooms(&'static [&'static str]),
    /// These crates, and every crate from this floor up.
    RoomsAndFloorsFrom(&'static [&'static str], u8),
}

/// Guests by the beginning of their name, and their hosts.
const GUESTS: &[(&str, Hosts)] = &[
    ("tantivy", Hosts::Rooms(&["text-index"])),
    ("parquet", Hosts::Rooms(&["parts"])),
    ("arrow", Hosts::Rooms(&["parts", "log-store", "trace-store", "query"])),
    ("redis", Hosts::Rooms(&["cache-backends", "queue-backends"])),
    ("lapin", Hosts::Rooms(&["queue-backends"])),
    ("async-nats", Hosts::Rooms(&["queue-backends"])),
    ("axum", Hosts::Rooms(&["service", "receivers", "api", "ui", "cache-faces", "queue-faces", "dapr"])),
    ("tonic", Hosts::Rooms(&["service", "receivers", "api", "cache-faces", "queue-faces", "dapr"])),
    ("hyper", Hosts::RoomsAndFloorsFrom(&["service"], 5)),
    ("rustls", Hosts::RoomsAndFloorsFrom(&["service"], 5)),
    ("serde", Hosts::RoomsAndFloorsFrom(&["wire", "service"], 5)),
    ("schemars", Hosts::RoomsAndFloorsFrom(&["service"], 6)),
    ("anyhow", Hosts::RoomsAndFloorsFrom(&[], 7)),
    ("clap", Hosts::RoomsAndFloorsFrom(&[], 7)),
];

/// Refuses a guest outside its hosts.
pub(super) fn hosted(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in tree.members() {
        let Some(room) = room_of(folder_name(&member.folder)) else { continue };
        if room.floor == BESIDE {
            continue;
        }
        for dependency in member.manifest.dependencies() {
            let Some((guest, hosts)) = GUESTS.iter().find(|(guest, _)| is_named(&dependency.name, guest)) else {
                continue;
            };
            let is_host = match hosts {
                Hosts::Rooms(rooms) => rooms.contains(&room.name),
                Hosts::RoomsAndFloorsFrom(rooms, floor) => rooms.contains(&room.name) || room.floor >= *floor,
            };
            if dependency.kind == DependencyKind::Product && !is_host {
                let message = format!("`{}` must not name `{}`: {guest} has other hosts", room.name, dependency.name);
                findings.push(Finding::at(member.manifest_path(), dependency.line, message));
            }
        }
    }
    findings
}

/// `arrow` names `arrow` and `arrow-array`, not `arrowhead`.
fn is_named(dependency: &str, guest: &str) -> bool {
    dependency.strip_prefix(guest).is_some_and(|rest| rest.is_empty() || rest.starts_with('-') || rest.starts_with('_'))
}
