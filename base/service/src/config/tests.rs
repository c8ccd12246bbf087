//! Configuration texts in, settings or the list of mistakes out.

use serde::{Deserialize, Serialize};

use super::*;
use crate::secret::Secret;

/// What a house's configuration looks like.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct House {
    /// Where the data lies.
    #[schemars(length(min = 1))]
    data_dir: String,
    /// How loud the console is.
    log_level: Level,
    /// The listener.
    http: Http,
    /// The write-ahead log.
    wal: Wal,
    /// Names this server answers to.
    allowed_hosts: Vec<String>,
    /// A secret.
    #[serde(skip_serializing)]
    password: Option<Secret<String>>,
    /// Memory that the process may reserve.
    memory: MemorySize,
    /// Who may call.
    rules: Vec<Rule>,
    /// A key of an earlier version.
    #[schemars(extend("deprecated" = true))]
    #[serde(skip_serializing)]
    fsync: Option<bool>,
}

/// An entry of a list, with keys that are owed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    levels: Vec<Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// Only what somebody must act on.
    Error,
    /// And what was affected.
    Warn,
    /// And the life of the process.
    Info,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Http {
    /// Where to listen.
    listen: ListenAddress,
    /// Connections at once.
    #[schemars(range(min = 1, max = 100000))]
    connections_max: u32,
    /// From an answer to the next request.
    #[schemars(extend("x-least" = "1s", "x-most" = "1h"))]
    idle: ConfigDuration,
    /// Whether to compress answers.
    compress: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Wal {
    /// Size of a segment.
    #[schemars(extend("x-least" = "1MiB"))]
    segment_size: ConfigSize,
    /// Size of all segments.
    budget: ConfigSize,
}

impl Default for House {
    fn default() -> Self {
        House {
            data_dir: "./outrigger-data".to_owned(),
            log_level: Level::Info,
            http: Http::default(),
            wal: Wal::default(),
            allowed_hosts: Vec::new(),
            password: None,
            memory: MemorySize::Percent(50),
            rules: Vec::new(),
            fsync: None,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Http {
            listen: ListenAddress::new("127.0.0.1", 7070),
            connections_max: 2_048,
            idle: ConfigDuration(std::time::Duration::from_secs(60)),
            compress: true,
        }
    }
}

impl Default for Wal {
    fn default() -> Self {
        Wal { segment_size: ConfigSize(64 << 20), budget: ConfigSize(4 << 30) }
    }
}

impl Config for House {
    fn check(&self, check: &mut Check<'_>) {
        if self.wal.budget.0 < self.wal.segment_size.0.saturating_mul(2) {
            check.refuse(
                &["wal.segment_size", "wal.budget"],
                "the budget holds no two segments",
                "at least 2 * wal.segment_size",
            );
        }
    }
}

fn env(name: &str) -> Option<String> {
    match name {
        "DATA" => Some("/var/lib/outrigger".to_owned()),
        "PORT" => Some("9999".to_owned()),
        "LIMIT" => Some("77".to_owned()),
        "EMPTY" => Some(String::new()),
        "TRICK" => Some("a\nwal: {budget: 1B}".to_owned()),
        _ => None,
    }
}

fn read(text: &str) -> Result<House, Mistakes> {
    parse("house.yaml", text, &env)
}

/// The mistakes as `line:column key: message; allowed`.
fn mistakes(text: &str) -> Vec<String> {
    let found = read(text).expect_err("the text has mistakes");
    found.to_string().lines().map(|line| line.trim_start_matches("house.yaml:").to_owned()).collect()
}

#[track_caller]
fn check(text: &str, want: &str) {
    assert_eq!(mistakes(text).join("\n"), want, "input:\n{text}");
}

#[test]
fn an_empty_file_gives_the_defaults() {
    for text in ["", "# nothing\n", "---\n", "wal:\n"] {
        let house = read(text).unwrap();
        assert_eq!(house.wal.segment_size, ConfigSize(64 << 20));
        assert_eq!(house.log_level, Level::Info);
    }
}

#[test]
fn every_kind_of_value_is_read() {
    let house = read(
        "data_dir: ${env:DATA}\nlog_level: warn\nhttp:\n  listen: '[::1]:${env:PORT}'\n  connections_max: ${env:LIMIT}\n  idle: 1m30s\n  \
         compress: false\nwal: {segment_size: 16MiB, budget: 1GiB}\nallowed_hosts:\n  - collector\n  - \"a.example\"\nmemory: 25%\n\
         password: \"$${x} ${env:NOTHING:-none}${env:EMPTY:-!}\"\n",
    )
    .unwrap();
    assert_eq!(house.data_dir, "/var/lib/outrigger");
    assert_eq!(house.log_level, Level::Warn);
    assert_eq!(house.http.listen.to_string(), "[::1]:9999");
    assert_eq!(house.http.connections_max, 77);
    assert_eq!(house.http.idle.0.as_secs(), 90);
    assert!(!house.http.compress);
    assert_eq!(house.wal.budget, ConfigSize(1 << 30));
    assert_eq!(house.allowed_hosts, ["collector", "a.example"]);
    assert_eq!(house.memory, MemorySize::Percent(25));
    assert_eq!(house.password.unwrap().expose(), "${x} none!");
}

/// Twelve mistakes of twelve kinds, each reported with its place and what is allowed.
#[test]
fn twelve_planted_mistakes_are_reported_all_at_once() {
    check(
        concat!(
            "data_dir: \"\"\n",            // 1 empty where a text is owed
            "log_level: warning\n",        // 2 unknown word
            "http:\n",                     //
            "  listn: 127.0.0.1:80\n",     // 3 unknown key
            "  connections_max: 0\n",      // 4 out of range
            "  idle: 10 parsecs\n",        // 5 bad unit
            "  compress: \"yes\"\n",       // 6 wrong type
            "  listen: 127.0.0.1\n",       // 7 malformed address
            "wal:\n",                      //
            "  segment_size: 64MiB\n",     //
            "  budget: 64MiB\n",           // 8 impossible pair
            "allowed_hosts: collector\n",  // 9 one where a list belongs
            "password: ${env:PASSWORD}\n", // 10 missing variable
            "memory: 50%\n",               //
            "memory: 60%\n",               // 11 duplicate key
            "fsync: false\n",              // 12 no effect
        ),
        "1:11: data_dir: the text is empty; allowed: a text that is not empty\n\
         2:12: log_level: \"warning\" is none of the allowed values, did you mean `warn`?; allowed: error, warn, info\n\
         4:3: http.listn: unknown key, did you mean `listen`?; allowed: compress, connections_max, idle, listen\n\
         5:20: http.connections_max: 0 is out of range; allowed: a whole number from 1 to 100000\n\
         6:9: http.idle: \"10 parsecs\" has the unknown unit \" parsecs\"; allowed: a duration such as 500ms, 10s, 5m, 1h, 30d from 1s to 1h\n\
         7:13: http.compress: \"yes\" is quoted, so it is a text; allowed: true, false\n\
         8:11: http.listen: \"127.0.0.1\" has no port; allowed: host:port, such as 127.0.0.1:4317 or [::1]:4317\n\
         11:3: wal.budget: the budget holds no two segments (with wal.segment_size in line 10); allowed: at least 2 * wal.segment_size\n\
         12:16: allowed_hosts: \"collector\" stands where a list belongs; allowed: a list\n\
         13:11: password: the environment variable PASSWORD is not set; allowed: set PASSWORD, or give a default: ${env:PASSWORD:-...}\n\
         15:1: memory: the key stands here twice, first in line 14; allowed: each key once\n\
         16:1: fsync: the key has no effect; allowed: remove it",
    );
}

#[test]
fn a_tab_is_named_as_what_it_is() {
    let found = mistakes("http:\n\tlisten: 127.0.0.1:1\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("2:2: this is not YAML"), "{}", found[0]);
    assert!(found[0].ends_with("allowed: spaces for indentation, never tabs"), "{}", found[0]);
}

#[test]
fn a_text_that_is_no_yaml_is_one_mistake_with_a_place() {
    let found = mistakes("http: [1, 2\nwal: }\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("2:"), "{}", found[0]);
}

#[test]
fn a_file_that_is_missing_or_too_large_is_one_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let missing = load::<House>(&folder.path().join("none.yaml"), &env).unwrap_err();
    assert!(missing.to_string().contains("none.yaml: cannot read the file: No such file"), "{missing}");
    assert_eq!(missing.class(), basics::ErrorClass::Invalid);
    let path = folder.path().join("big.yaml");
    std::fs::write(&path, "# ".repeat(600_000)).unwrap();
    let large = load::<House>(&path, &env).unwrap_err();
    assert!(large.to_string().contains("the file is too large"), "{large}");
}

#[test]
fn a_variable_cannot_add_keys() {
    let house = read("data_dir: ${env:TRICK}\n").unwrap();
    assert_eq!(house.data_dir, "a\nwal: {budget: 1B}");
    assert_eq!(house.wal.budget, ConfigSize(4 << 30));
}

#[test]
fn wrong_substitutions_are_explained() {
    check(
        "data_dir: ${file:x}\n",
        "1:11: data_dir: `${file:x}` names no known source; allowed: ${env:NAME}, ${env:NAME:-default}, or $${ for a literal ${",
    );
    check(
        "data_dir: ${env:x\n",
        "1:11: data_dir: `${` is not closed; allowed: ${env:NAME}, ${env:NAME:-default}, or $${ for a literal ${",
    );
    check(
        "data_dir: ${env:}\n",
        "1:11: data_dir: \"\" cannot be the name of a variable; allowed: ${env:NAME}, ${env:NAME:-default}, or $${ for a literal ${",
    );
}

#[test]
fn values_of_the_wrong_shape_are_explained() {
    check(
        "http: 5\n",
        "1:7: http: \"5\" stands where a mapping belongs; allowed: a mapping with the keys compress, connections_max, idle, listen",
    );
    check("data_dir: [a]\n", "1:11: data_dir: a list stands where none belongs; allowed: a text that is not empty");
    check(
        "data_dir: {a: b}\n",
        "1:11: data_dir: a mapping stands where none belongs; allowed: a text that is not empty",
    );
    check(
        "http:\n  connections_max:\n",
        "2:18: http.connections_max: the key has no value; allowed: a whole number from 1 to 100000",
    );
    check(
        "http:\n  connections_max: 1.5\n",
        "2:20: http.connections_max: \"1.5\" is not a whole number; allowed: a whole number from 1 to 100000",
    );
    check("http:\n  compress: yes\n", "2:13: http.compress: \"yes\" is neither true nor false; allowed: true, false");
    check(
        "http:\n  idle: 30\n",
        "2:9: http.idle: \"30\" has no unit; allowed: a duration such as 500ms, 10s, 5m, 1h, 30d from 1s to 1h",
    );
    check(
        "http:\n  idle: 2h\n",
        "2:9: http.idle: \"2h\" is out of range; allowed: a duration such as 500ms, 10s, 5m, 1h, 30d from 1s to 1h",
    );
    check(
        "memory: 95%\n",
        "1:9: memory: \"95%\" is not a share from 1% to 90%; allowed: a size such as 4GiB, or a share of the machine such as 50%",
    );
}

#[test]
fn anchors_aliases_tags_and_second_documents_are_refused() {
    check("data_dir: &a x\n", "1:14: data_dir: anchors are not supported; allowed: plain values, lists and mappings");
    check("data_dir: !!str x\n", "1:17: data_dir: tags are not supported; allowed: plain values, lists and mappings");
    check(
        "log_level: info\n---\nlog_level: warn\n",
        "2:1: a second document begins here; allowed: one document per file",
    );
}

#[test]
fn a_pair_is_not_blamed_when_one_of_it_is_mistaken_already() {
    check(
        "wal:\n  segment_size: 3GiB\n  budget: 4XB\n",
        "3:11: wal.budget: \"4XB\" is not a size: unknown unit \"XB\", allowed: B, KiB, MiB, GiB, TiB, kB, MB, GB, TB; allowed: a size such as 64KiB, 16MiB, 4GiB",
    );
}

#[test]
fn a_broken_entry_of_a_list_does_not_hide_the_mistakes_elsewhere() {
    check(
        "rules:\n  - name: a\n    levels: [info, loud]\n  - levels: [info]\n  - name: c\n    levels: [warn]\nwal:\n  segment_size: 3GiB\n",
        "3:20: rules[0].levels[1]: \"loud\" is none of the allowed values; allowed: error, warn, info\n\
         4:5: rules[1].name: the key is missing; allowed: a text\n\
         8:3: wal.segment_size: the budget holds no two segments; allowed: at least 2 * wal.segment_size",
    );
    let house = read("rules: [{name: a, levels: [info]}]\n").unwrap();
    assert_eq!((house.rules[0].name.as_str(), house.rules[0].levels[0]), ("a", Level::Info));
}

#[test]
fn a_hostile_text_does_not_reach_the_console_raw() {
    let found = read("\"\\e[2Jx\\u202ey\": 1\n").unwrap_err().to_string();
    assert!(found.contains("\\u{1b}[2Jx\\u{202e}y"), "{found}");
    assert!(!found.chars().any(crate::escape::is_dangerous), "{found}");
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let found = mistakes(&format!("allowed_hosts: {deep}"));
    assert_eq!(found.len(), 1, "{found:?}");
    let many = "x: 1\n";
    let unknown: String = (0..500).map(|number| format!("k{number}{many}")).collect();
    let found = read(&unknown).unwrap_err();
    assert_eq!(found.list().len(), crate::limits::CONFIG_MISTAKES_MAX);
    assert!(found.to_string().ends_with("house.yaml: and 400 more"));
}

#[test]
fn the_written_defaults_are_the_defaults() {
    let text = default_yaml::<House>();
    let house = read(&text).expect("the defaults are valid");
    assert_eq!(serde_json::to_value(&house).unwrap(), serde_json::to_value(House::default()).unwrap());
    for expected in [
        "# Where the data lies.\ndata_dir: ./outrigger-data\n",
        "# One of: error, warn, info\nlog_level: info\n",
        "  # Where to listen.\n  listen: 127.0.0.1:7070\n",
        "  segment_size: 64MiB\n",
        "allowed_hosts: []\n",
        "# password: a text\n",
        "memory: 50%\n",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    assert!(!text.contains("fsync"), "what has no effect is not offered");
}

#[test]
fn the_published_schema_names_every_key_with_its_description() {
    let schema = json_schema::<House>();
    assert_eq!(schema["properties"]["data_dir"]["description"], "Where the data lies.");
    assert_eq!(schema["properties"]["data_dir"]["default"], "./outrigger-data");
    assert_eq!(schema["properties"]["password"]["writeOnly"], true, "editors hide it");
    assert_eq!(schema["additionalProperties"], false);
}
