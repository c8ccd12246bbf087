//! One violation of each rule is planted in a small sound repository and must be refused, by that rule and no other.

use std::collections::BTreeSet;

use super::*;

/// A change that breaks a rule.
enum Plant {
    /// A file with this text, in place of whatever is there.
    File(&'static str, &'static str),
    /// A line at the end of a file.
    Append(&'static str, &'static str),
    /// One text in a file replaced by another.
    Swap(&'static str, &'static str, &'static str),
    /// A file removed.
    Remove(&'static str),
}
use Plant::{Append, File, Remove, Swap};

const ROOT: &str = r#"[workspace]
default-members = ["outrigger"]
members = [
    # 0: what all houses need
    "base/basics",
    "collector/model",
    "base/wal",
    "base/service",
    "cache-proxy/resp",
    "collector/parts",
    "collector/wire",
    "collector/search-lang",
    "collector/log-store",
    "collector/ingest",
    "collector/receivers",
    "collector/api",
    "collector",
    "outrigger",
    "base/testkit",
]

[workspace.dependencies]
basics = { path = "base/basics" }
"#;

const PACKAGE: &str = r"version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

[dependencies]
";

const WIRE: &str = "//! Bytes in, records out.\n#![deny(clippy::indexing_slicing)]\n#[cfg(test)]\nmod properties;\n";

/// A repository in which every rule holds, with prose and strings that look like violations and are none.
fn sound() -> Tree {
    let mut tree = Tree::default();
    let mut put = |path: &str, text: &str| tree.files.insert(path.to_string(), text.to_string());
    put("Cargo.toml", ROOT);
    put(
        "Cargo.lock",
        "[[package]]\nname = \"h2\"\nversion = \"0.4.20\"\n\n[[package]]\nname = \"ring\"\nversion = \"0.17.14\"\n",
    );
    put("README.md", "Read [how](docs/HOW.md#start), [all](docs) and [that](https://example.org/x).\n");
    put("docs/HOW.md", "Back to the [start](../README.md).\n");
    put(".cargo/config.toml", "[alias]\nxtask = \"run --package xtask --\"\n");
    for (folder, name, dependencies) in [
        ("base/basics", "basics", "thiserror.workspace = true\n"),
        ("collector/model", "model", "basics.workspace = true\n"),
        ("base/wal", "wal", "basics.workspace = true\n[dev-dependencies]\ntestkit.workspace = true\n"),
        ("base/service", "service", "basics.workspace = true\ntokio.workspace = true\n"),
        ("cache-proxy/resp", "resp", "basics.workspace = true\n"),
        ("collector/parts", "parts", "model.workspace = true\narrow-array.workspace = true\n"),
        ("collector/wire", "wire", "model.workspace = true\n"),
        ("collector/search-lang", "search-lang", "model.workspace = true\n"),
        ("collector/log-store", "log-store", "parts.workspace = true\n"),
        ("collector/ingest", "ingest", "wal.workspace = true\nwire.workspace = true\nlog-store.workspace = true\n"),
        (
            "collector/receivers",
            "receivers",
            "ingest.workspace = true\nservice.workspace = true\ntokio.workspace = true\n",
        ),
        ("collector/api", "api", "log-store.workspace = true\naxum.workspace = true\n"),
        ("collector", "collector", "receivers.workspace = true\napi.workspace = true\nwal.workspace = true\n"),
        ("outrigger", "outrigger", "collector.workspace = true\nservice.workspace = true\n"),
        ("base/testkit", "testkit", "basics.workspace = true\nmodel.workspace = true\n"),
        // Not a member: what is planted is the line that makes it one.
        ("base/annex", "annex", "basics.workspace = true\n"),
    ] {
        put(&format!("{folder}/Cargo.toml"), &format!("[package]\nname = \"{name}\"\n{PACKAGE}{dependencies}"));
        put(&format!("{folder}/src/lib.rs"), "//! A room.\n");
    }
    put("collector/wire/src/lib.rs", WIRE);
    put("cache-proxy/resp/src/lib.rs", WIRE);
    put(
        "collector/wire/src/properties.rs",
        "use std::env;\n#[test]\nfn seeds_are_read() { env::var(\"SEED\").ok(); }\n",
    );
    put("base/wal/src/log/tests.rs", "#[test]\nfn a() { std::thread::sleep(WAIT); }\n");
    put("base/wal/src/log.rs", SOUND_CODE);
    put(
        "base/service/src/tasks.rs",
        "//! Tasks.\nuse tokio::sync::mpsc;\nfn f() { mpsc::channel(LINES_MAX); oneshot::channel(); }\n",
    );
    tree
}

const SOUND_CODE: &str = r###"//! Speaks of `let _ =`, of Instant::now() and of /data/work/x without using them.
/* SystemTime::now() /* and std::env */ thread::spawn */
const TEXT: &str = "let _ = std::env::var(\"X\"); Instant::now()";
const RAW: &str = r#"a "TcpStream" and #[ignore] mod tests { "#;
const QUOTE: char = '"';
fn lifetimes<'a>(text: &'a str) -> &'a str { let _kept = text; text }
fn my_thread::spawner() {}
#[cfg(test)]
mod tests;
"###;

/// Rule, plant, and the file that must be named.
const PLANTS: &[(&str, Plant, &str)] = &[
    (
        "members are known and listed floor by floor",
        Swap(
            "Cargo.toml",
            "    \"base/basics\",\n    \"collector/model\",\n",
            "    \"collector/model\",\n    \"base/basics\",\n",
        ),
        "Cargo.toml",
    ),
    (
        "members are known and listed floor by floor",
        Swap("Cargo.toml", "    \"outrigger\",\n", "    \"outrigger\",\n    \"base/annex\",\n"),
        "Cargo.toml",
    ),
    (
        "dependencies go down",
        Append("collector/wire/Cargo.toml", "search-lang.workspace = true"),
        "collector/wire/Cargo.toml",
    ),
    ("dependencies go down", Append("base/basics/Cargo.toml", "wal.workspace = true"), "base/basics/Cargo.toml"),
    (
        "dependencies go down",
        Append("collector/model/Cargo.toml", "[build-dependencies]\nservice.workspace = true"),
        "collector/model/Cargo.toml",
    ),
    (
        "dependencies go down",
        Append("collector/model/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nwal.workspace = true"),
        "collector/model/Cargo.toml",
    ),
    (
        "dependencies go down",
        Append("collector/model/Cargo.toml", "[dev-dependencies]\nwire.workspace = true"),
        "collector/model/Cargo.toml",
    ),
    (
        "dependencies go down",
        Append("collector/api/Cargo.toml", "testkit.workspace = true"),
        "collector/api/Cargo.toml",
    ),
    (
        "dependencies go down",
        Append("collector/api/Cargo.toml", "receivers.workspace = true"),
        "collector/api/Cargo.toml",
    ),
    (
        "houses never import each other",
        Append("collector/wire/Cargo.toml", "resp.workspace = true"),
        "collector/wire/Cargo.toml",
    ),
    (
        "houses never import each other",
        Append("base/service/Cargo.toml", "[dev-dependencies]\nmodel.workspace = true"),
        "base/service/Cargo.toml",
    ),
    (
        "rooms that must not meet do not",
        Append("collector/receivers/Cargo.toml", "log-store.workspace = true"),
        "collector/receivers/Cargo.toml",
    ),
    (
        "rooms that must not meet do not",
        Append("collector/receivers/Cargo.toml", "parts.workspace = true"),
        "collector/receivers/Cargo.toml",
    ),
    (
        "rooms that must not meet do not",
        Append("collector/api/Cargo.toml", "wal.workspace = true"),
        "collector/api/Cargo.toml",
    ),
    (
        "rooms that must not meet do not",
        Append("collector/log-store/Cargo.toml", "search-lang.workspace = true"),
        "collector/log-store/Cargo.toml",
    ),
    (
        "rooms that must not meet do not",
        Append("collector/ingest/Cargo.toml", "service.workspace = true"),
        "collector/ingest/Cargo.toml",
    ),
    (
        "rooms that must not meet do not",
        Append("outrigger/Cargo.toml", "ingest.workspace = true"),
        "outrigger/Cargo.toml",
    ),
    (
        "floors 0 to 4 are plain synchronous Rust",
        Append("collector/ingest/Cargo.toml", "tokio.workspace = true"),
        "collector/ingest/Cargo.toml",
    ),
    (
        "floors 0 to 4 are plain synchronous Rust",
        Append("base/basics/Cargo.toml", "getrandom.workspace = true"),
        "base/basics/Cargo.toml",
    ),
    (
        "a guest has its hosts",
        Append("collector/model/Cargo.toml", "arrow-array.workspace = true"),
        "collector/model/Cargo.toml",
    ),
    (
        "a guest has its hosts",
        Append("collector/log-store/Cargo.toml", "parquet.workspace = true"),
        "collector/log-store/Cargo.toml",
    ),
    (
        "a guest has its hosts",
        Append("collector/search-lang/Cargo.toml", "tantivy.workspace = true"),
        "collector/search-lang/Cargo.toml",
    ),
    (
        "a guest has its hosts",
        Append("collector/log-store/Cargo.toml", "serde_json.workspace = true"),
        "collector/log-store/Cargo.toml",
    ),
    ("a guest has its hosts", Append("outrigger/Cargo.toml", "axum.workspace = true"), "outrigger/Cargo.toml"),
    ("a guest has its hosts", Append("collector/api/Cargo.toml", "redis.workspace = true"), "collector/api/Cargo.toml"),
    ("a guest has its hosts", Append("collector/Cargo.toml", "anyhow.workspace = true"), "collector/Cargo.toml"),
    (
        "a crate is named after its folder",
        Swap("base/wal/Cargo.toml", "name = \"wal\"", "name = \"journal\""),
        "base/wal/Cargo.toml",
    ),
    (
        "versions and features live in the root",
        Append("base/service/Cargo.toml", "bytes = \"1.10\""),
        "base/service/Cargo.toml",
    ),
    (
        "versions and features live in the root",
        Append("base/service/Cargo.toml", "bytes = { workspace = true, features = [\"serde\"] }"),
        "base/service/Cargo.toml",
    ),
    (
        "versions and features live in the root",
        Append("base/service/Cargo.toml", "[dependencies.bytes]\nversion = \"1\""),
        "base/service/Cargo.toml",
    ),
    (
        "versions and features live in the root",
        Append("Cargo.toml", "other = { package = \"bytes\", version = \"1\" }"),
        "Cargo.toml",
    ),
    (
        "every member takes the workspace's lints and package fields",
        Swap("base/wal/Cargo.toml", "[lints]\nworkspace = true\n", ""),
        "base/wal/Cargo.toml",
    ),
    (
        "every member takes the workspace's lints and package fields",
        Swap("base/wal/Cargo.toml", "edition.workspace = true", "edition = \"2021\""),
        "base/wal/Cargo.toml",
    ),
    (
        "the build needs no flags of its own",
        File("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95\"\n"),
        "rust-toolchain.toml",
    ),
    (
        "the build needs no flags of its own",
        Append(".cargo/config.toml", "[build]\nrustflags = []"),
        ".cargo/config.toml",
    ),
    (
        "banned crates are absent",
        Append("Cargo.lock", "[[package]]\nname = \"openssl-sys\"\nversion = \"0.9.100\""),
        "Cargo.lock",
    ),
    (
        "banned crates are absent",
        Append("Cargo.lock", "[[package]]\nname = \"aws-lc-rs\"\nversion = \"1.0.0\""),
        "Cargo.lock",
    ),
    ("banned crates are absent", Remove("Cargo.lock"), "Cargo.lock"),
    ("crates with known holes are new enough", Swap("Cargo.lock", "0.4.20", "0.4.9"), "Cargo.lock"),
    ("no mod.rs", File("base/wal/src/segment/mod.rs", "//! Segments.\n"), "base/wal/src/segment/mod.rs"),
    ("a file says what it is for", File("base/wal/src/segment.rs", "pub struct Segment;\n"), "base/wal/src/segment.rs"),
    ("no file is named after nothing", File("base/wal/src/helpers.rs", "//! Helps.\n"), "base/wal/src/helpers.rs"),
    ("no file is named after nothing", File("base/wal/src/util/bits.rs", "//! Helps.\n"), "base/wal/src/util/bits.rs"),
    (
        "tests are not below the code",
        Append("base/wal/src/log.rs", "#[cfg(test)]\nmod proofs {\n}"),
        "base/wal/src/log.rs",
    ),
    ("tests are not below the code", Append("base/wal/src/log.rs", "#[test]\nfn a() {}"), "base/wal/src/log.rs"),
    ("results are not thrown away", Append("base/wal/src/log.rs", "fn f() { let _ = g(); }"), "base/wal/src/log.rs"),
    (
        "results are not thrown away",
        Append("base/wal/src/log/tests.rs", "fn f() { let _ = g(); }"),
        "base/wal/src/log/tests.rs",
    ),
    (
        "no test is switched off",
        Append("base/wal/src/log/tests.rs", "#[ignore]\nfn b() {}"),
        "base/wal/src/log/tests.rs",
    ),
    (
        "no test is switched off",
        Append("base/wal/src/log/tests.rs", "#[should_panic(expected = \"x\")]\nfn b() {}"),
        "base/wal/src/log/tests.rs",
    ),
    (
        "every channel is bounded",
        Append("base/service/src/tasks.rs", "fn g() { mpsc::unbounded_channel(); }"),
        "base/service/src/tasks.rs",
    ),
    (
        "every channel is bounded",
        Append("base/service/src/tasks.rs", "fn g() { std::sync::mpsc::channel(); }"),
        "base/service/src/tasks.rs",
    ),
    (
        "every channel is bounded",
        Append("base/service/src/tasks.rs", "fn g() { let c = channel::<Vec<u8>>(); }"),
        "base/service/src/tasks.rs",
    ),
    (
        "time, threads and environment are handed in",
        Append("base/wal/src/log.rs", "fn f() { std::thread::spawn(g); }"),
        "base/wal/src/log.rs",
    ),
    (
        "time, threads and environment are handed in",
        Append("base/wal/src/log.rs", "fn f() { thread::sleep(WAIT); }"),
        "base/wal/src/log.rs",
    ),
    (
        "time, threads and environment are handed in",
        Append("base/wal/src/log.rs", "fn f() { SystemTime::now(); }"),
        "base/wal/src/log.rs",
    ),
    (
        "time, threads and environment are handed in",
        Append("base/wal/src/log.rs", "fn f() { Instant::now(); }"),
        "base/wal/src/log.rs",
    ),
    (
        "time, threads and environment are handed in",
        Append("base/wal/src/log.rs", "use std::env;"),
        "base/wal/src/log.rs",
    ),
    (
        "time, threads and environment are handed in",
        Append("base/wal/src/log.rs", "use std::{fs, net};"),
        "base/wal/src/log.rs",
    ),
    (
        "time, threads and environment are handed in",
        Append("base/wal/src/log.rs", "pub async fn f() {}"),
        "base/wal/src/log.rs",
    ),
    (
        "outside bytes are never indexed",
        Swap("collector/wire/src/lib.rs", "#![deny(clippy::indexing_slicing)]\n", ""),
        "collector/wire/src/lib.rs",
    ),
    ("no path of one machine", Append("docs/HOW.md", concat!("Look at /wo", "rk/data for more.")), "docs/HOW.md"),
    (
        "no path of one machine",
        Append("base/wal/src/log.rs", concat!("// As `..", "/shared` says.")),
        "base/wal/src/log.rs",
    ),
    ("links lead somewhere", Append("docs/HOW.md", "See [more](more.md)."), "docs/HOW.md"),
];

fn plant(plant: &Plant) -> Tree {
    let mut tree = sound();
    match *plant {
        File(path, text) => {
            tree.files.insert(path.to_string(), text.to_string());
        }
        Append(path, line) => {
            let text = format!("{}{line}\n", tree.text(path));
            tree.files.insert(path.to_string(), text);
        }
        Swap(path, from, to) => {
            assert!(tree.text(path).contains(from), "{path} holds {from:?}");
            let text = tree.text(path).replacen(from, to, 1);
            tree.files.insert(path.to_string(), text);
        }
        Remove(path) => {
            tree.files.remove(path);
        }
    }
    tree
}

#[test]
fn a_sound_repository_breaks_no_rule() {
    let tree = sound();
    for rule in RULES {
        assert_eq!((rule.check)(&tree), [], "rule: {}", rule.name);
    }
    assert_eq!(files::long(&tree), []);
}

#[test]
fn one_planted_violation_of_each_rule_is_refused_by_that_rule_alone() {
    let mut mistakes = Vec::new();
    for (index, (name, violation, path)) in PLANTS.iter().enumerate() {
        let tree = plant(violation);
        for rule in RULES {
            let findings = (rule.check)(&tree);
            let is_refused = findings.iter().any(|finding| finding.path == *path);
            if rule.name == *name && !is_refused {
                mistakes.push(format!("plant {index} is not refused by `{name}`"));
            }
            if rule.name != *name && !findings.is_empty() {
                mistakes.push(format!("plant {index} for `{name}` also breaks `{}`: {findings:?}", rule.name));
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn no_rule_is_left_unproven() {
    let proven: BTreeSet<&str> = PLANTS.iter().map(|(name, ..)| *name).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(proven, rules);
}

#[test]
fn a_long_file_is_a_warning() {
    let tree = plant(&File("base/wal/src/long.rs", "//! Long.\n"));
    assert_eq!(files::long(&tree), []);
    let mut tree = tree;
    tree.files.insert("base/wal/src/long.rs".to_string(), "//! Long.\n".repeat(601));
    assert_eq!(files::long(&tree).len(), 1);
}

#[test]
fn the_floors_page_shows_every_room() {
    let page = include_str!("../../../docs/ARCHITECTURE.md");
    for room in floors::ROOMS.iter().filter(|room| room.floor < floors::BESIDE) {
        let row = format!("| {} |", room.floor);
        let rows = page.lines().filter(|line| line.starts_with(&row));
        assert!(
            rows.flat_map(|row| row.split('`')).any(|word| word == room.name),
            "{} is on floor {}",
            room.name,
            room.floor
        );
    }
}
