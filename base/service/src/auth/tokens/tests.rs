//! Token files as operators keep them.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use super::*;

/// A token file in a folder of its own, and a clock for its times, which are coarse.
struct File {
    folder: tempfile::TempDir,
    version: std::cell::Cell<u64>,
}

impl File {
    fn new(text: &str) -> File {
        let file = File { folder: tempfile::tempdir().unwrap(), version: std::cell::Cell::new(0) };
        file.write(text);
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tokens.yaml")
    }

    fn write(&self, text: &str) {
        self.version.set(self.version.get() + 1);
        std::fs::write(self.path(), text).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.version.get());
        std::fs::File::options().write(true).open(self.path()).unwrap().set_modified(time).unwrap();
    }
}

fn made(name: &str) -> NewToken {
    new_token(&TokenRequest {
        name: name.to_owned(),
        scopes: vec![Scope::Ingest, Scope::Query],
        tenants: vec!["acme".to_owned()],
    })
}

fn is_known(file: &TokenFile, token: &NewToken) -> bool {
    file.find(&digest(token.token.expose())).is_some()
}

#[test]
fn what_token_new_prints_is_what_the_file_wants() {
    let token = made("gateway");
    assert!(token.token.expose().starts_with("otr_"));
    assert!(token.token.expose().len() >= 4 + 43, "256 bits");
    assert!(!token.entry.contains(token.token.expose()), "the file never holds the token");
    assert!(!format!("{token:?}").contains(token.token.expose()));
    let file = File::new(&format!("tokens:\n{}", token.entry));
    let tokens = TokenFile::open(&file.path()).unwrap();
    let entry = tokens.find(&digest(token.token.expose())).unwrap();
    assert_eq!(&*entry.name, "gateway");
    assert!(entry.scopes.has(Scope::Ingest) && entry.scopes.has(Scope::Query) && !entry.scopes.has(Scope::Admin));
    assert_eq!(entry.tenants, Tenants::Listed(vec!["acme".parse().unwrap()]));
    assert_ne!(made("gateway").token.expose(), token.token.expose(), "each is new");
}

#[test]
fn a_token_is_replaced_without_a_restart_and_without_a_gap() {
    let (old, new) = (made("gateway"), made("gateway"));
    let entry = |hashes: &[&str]| {
        let hashes: Vec<String> = hashes.iter().map(|hash| format!("{hash:?}")).collect();
        format!("tokens:\n  - name: gateway\n    hashes: [{}]\n    scopes: [ingest]\n", hashes.join(", "))
    };
    let file = File::new(&entry(&[&old.hash]));
    let tokens = TokenFile::open(&file.path()).unwrap();
    assert!(is_known(&tokens, &old) && !is_known(&tokens, &new));
    assert!(!tokens.reload_if_changed().unwrap(), "nothing has changed");

    file.write(&entry(&[&old.hash, &new.hash]));
    assert!(tokens.reload_if_changed().unwrap());
    assert!(is_known(&tokens, &old) && is_known(&tokens, &new), "both while senders change over");

    file.write(&entry(&[&new.hash]));
    assert!(tokens.reload_if_changed().unwrap());
    assert!(!is_known(&tokens, &old) && is_known(&tokens, &new), "the old one has ended");
}

#[test]
fn a_broken_or_missing_file_keeps_the_old_tokens_and_says_so_once() {
    let token = made("gateway");
    let good = format!("tokens:\n{}", token.entry);
    let file = File::new(&good);
    let tokens = TokenFile::open(&file.path()).unwrap();

    file.write("tokens:\n  - name: gateway\n    hashs: []\n");
    let mistakes = tokens.reload_if_changed().unwrap_err().to_string();
    assert!(mistakes.contains("tokens.yaml:3:5: tokens[0].hashs: unknown key, did you mean `hashes`?"), "{mistakes}");
    assert!(is_known(&tokens, &token));
    assert!(!tokens.reload_if_changed().unwrap(), "told once");

    file.write("");
    let mistakes = tokens.reload_if_changed().unwrap_err().to_string();
    assert!(mistakes.contains("tokens: the key is missing"), "{mistakes}");
    assert!(is_known(&tokens, &token), "a file that is just being written locks nobody out");

    std::fs::remove_file(file.path()).unwrap();
    assert!(tokens.reload_if_changed().is_err());
    assert!(is_known(&tokens, &token), "a file that is being replaced locks nobody out");

    file.write(&good);
    assert!(tokens.reload_if_changed().unwrap());
    file.write("tokens: []\n");
    assert!(tokens.reload_if_changed().unwrap());
    assert!(!is_known(&tokens, &token), "an empty list is an answer, not a mistake");
    assert_eq!(tokens.count(), 0);
}

#[test]
fn a_file_that_takes_the_place_of_another_of_the_same_time_and_length_is_noticed() {
    let (old, new) = (made("gateway"), made("gateway"));
    let file = File::new(&format!("tokens:\n{}", old.entry));
    let tokens = TokenFile::open(&file.path()).unwrap();
    let modified = std::fs::metadata(file.path()).unwrap().modified().unwrap();
    let beside = file.folder.path().join("new.yaml");
    std::fs::write(&beside, format!("tokens:\n{}", new.entry)).unwrap();
    std::fs::File::options().write(true).open(&beside).unwrap().set_modified(modified).unwrap();
    std::fs::rename(&beside, file.path()).unwrap();
    assert!(tokens.reload_if_changed().unwrap());
    assert!(is_known(&tokens, &new) && !is_known(&tokens, &old));
}

#[test]
fn a_revoked_token_is_refused_as_soon_as_the_file_can_be_read() {
    let (revoked, kept) = (made("gateway"), made("shop"));
    let file = File::new(&format!("tokens:\n{}{}", revoked.entry, kept.entry));
    let tokens = TokenFile::open(&file.path()).unwrap();
    file.write(&format!("tokens:\n{}", kept.entry));
    let passing = |path: &Path| {
        Err(Mistakes::of_file(
            &path.display().to_string(),
            "cannot read: too many open files",
            "a file that can be read",
        ))
    };
    assert!(tokens.reload_with(passing).is_err());
    assert!(is_known(&tokens, &revoked), "nobody knows yet");
    assert!(tokens.reload_if_changed().unwrap());
    assert!(!is_known(&tokens, &revoked) && is_known(&tokens, &kept));
}

#[test]
fn a_file_that_everybody_may_write_is_refused() {
    let token = made("gateway");
    let file = File::new(&format!("tokens:\n{}", token.entry));
    let set_mode = |mode| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o602, 0o666] {
        set_mode(mode);
        let mistakes = TokenFile::open(&file.path()).unwrap_err().to_string();
        assert!(
            mistakes.contains(&format!("(mode {mode:03o}); allowed: a file that only its owner may write: chmod 600")),
            "{mistakes}"
        );
    }
    for mode in [0o600, 0o400, 0o640, 0o644] {
        set_mode(mode);
        assert!(TokenFile::open(&file.path()).is_ok(), "{mode:o}");
    }
    let tokens = TokenFile::open(&file.path()).unwrap();
    set_mode(0o666);
    assert!(tokens.reload_if_changed().is_err(), "also while the process runs");
    assert!(is_known(&tokens, &token));
}

#[track_caller]
fn check(entry: &str, want: &str) {
    let file = File::new(&format!("tokens:\n{entry}"));
    let found = TokenFile::open(&file.path()).unwrap_err().to_string();
    let found: Vec<&str> = found.lines().map(|line| line.rsplit_once("tokens.yaml:").unwrap().1).collect();
    assert_eq!(found.join("\n"), want, "input:\n{entry}");
}

#[test]
fn mistakes_have_a_place_and_what_is_allowed() {
    let hash = made("x").hash;
    check(
        &format!(
            "  - name: a\n    hashes: [sha256:12]\n    scopes: [ingest, write]\n    tenants: [ACME]\n  - hashes: [{hash}]\n    scopes: [query]\n"
        ),
        "4:22: tokens[0].scopes[1]: \"write\" is none of the allowed values; allowed: ingest, query, queue, cache, admin\n\
         6:5: tokens[1].name: the key is missing; allowed: a text that is not empty",
    );
    check(
        &format!(
            "  - name: a\n    hashes: [sha256:12]\n    scopes: [ingest]\n    tenants: [ACME]\n  - name: a\n    hashes: [{hash}]\n    scopes: [query]\n"
        ),
        "3:14: tokens[0].hashes[0]: this is no hash of a token; allowed: sha256: and 64 hex digits in quotes, as `outrigger token new` prints it\n\
         5:15: tokens[0].tenants[0]: this is no tenant; allowed: 1 to 64 of a-z, 0-9, _ and -, or \"*\" for every tenant\n\
         6:5: tokens[1].name: two tokens have this name; allowed: a name of its own for each token",
    );
    check(
        &format!("  - name: a\n    hashes: [{hash}, {hash}, {hash}]\n    scopes: [ingest]\n"),
        "3:13: tokens[0].hashes: the list is too long; allowed: one or two hashes in [ ], each sha256: and 64 hex digits in quotes, as `outrigger token new` prints them",
    );
}

#[test]
fn hashes_that_are_none_are_told_with_what_they_look_like() {
    let one = "sha256: and 64 hex digits in quotes, as `outrigger token new` prints it";
    let list =
        "one or two hashes in [ ], each sha256: and 64 hex digits in quotes, as `outrigger token new` prints them";
    let entry = |hashes: &str| format!("  - name: a\n    hashes: {hashes}\n    scopes: [ingest]\n");
    for (hashes, place, message) in [
        ("[sha256: 12]", "3:14: tokens[0].hashes[0]", "a mapping stands where none belongs"),
        ("[~]", "3:14: tokens[0].hashes[0]", "the key has no value"),
        ("[[x]]", "3:14: tokens[0].hashes[0]", "a list stands where none belongs"),
        ("[\"sha256:zz\"]", "3:14: tokens[0].hashes[0]", "this is no hash of a token"),
    ] {
        check(&entry(hashes), &format!("{place}: {message}; allowed: {one}"));
    }
    check(&entry("[]"), &format!("3:13: tokens[0].hashes: the list is too short; allowed: {list}"));
    check(
        &entry("sha256:12"),
        &format!("3:13: tokens[0].hashes: \"sha256:12\" stands where a list belongs; allowed: {list}"),
    );
    let file = "YAML with the entries below tokens: that `outrigger token new` prints";
    check(&entry("[\"sha256:12]"), &format!("3:14: this is not YAML: unclosed quote; allowed: {file}"));
}

#[test]
fn a_token_in_the_place_of_something_else_is_refused_and_not_repeated() {
    let token = made("x");
    let secret = token.token.expose();
    for text in [
        format!("tokens:\n  - name: a\n    hashes: [{secret}]\n    scopes: [ingest]\n"),
        format!("tokens:\n  - name: a\n    hashes: {secret}\n    scopes: [ingest]\n"),
        format!("tokens:\n  - name: a\n    hashes: []\n    scopes: [{secret}]\n"),
        format!("tokens:\n  - {secret}\n"),
        format!("tokens:\n  - {secret}: {secret}\n"),
        format!("{secret}: x\n"),
        secret.clone(),
    ] {
        let file = File::new(&text);
        let mistakes = TokenFile::open(&file.path()).unwrap_err().to_string();
        assert!(!mistakes.contains(&secret[..8]), "a log line is no place for a token: {mistakes}");
        assert!(mistakes.contains("otr_...") || mistakes.contains("this is no hash of a token"), "{mistakes}");
    }
    assert_eq!(without_tokens("otr_a-b_C9\" and otr_x, otr"), "otr_...\" and otr_..., otr");
}
