//! The token file: names, hashes, scopes and tenants, re-read when it changes.
//!
//! A token is `otr_` and 256 random bits in base64url. The file holds only SHA-256 of it: with that many
//! random bits a slow hash would protect nothing. A name may have two hashes, so that a token can be
//! replaced while both work.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::parse_tenant;
use crate::caller::{Scope, Scopes, Tenants};
use crate::clock::fill_random;
use crate::config::{self, Check, Config, Mistake, Mistakes};
use crate::limits::{TOKEN_HASHES_MAX, TOKENS_MAX};
use crate::reload::Reload;
use crate::secret::Secret;

const PREFIX: &str = "otr_";
const HASH_PREFIX: &str = "sha256:";
const HASH_ALLOWED: &str = "sha256: and 64 hex digits in quotes, as `outrigger token new` prints it";
const HASHES_ALLOWED: &str =
    "one or two hashes in [ ], each sha256: and 64 hex digits in quotes, as `outrigger token new` prints them";
const FILE_ALLOWED: &str = "YAML with the entries below tokens: that `outrigger token new` prints";

/// SHA-256 of a token.
pub(crate) type Digest = [u8; 32];

/// The tokens of a file, swapped whole when the file changes.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    entries: ArcSwap<Vec<Entry>>,
    reload: Reload,
}

/// One token as it counts for requests.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    pub(crate) hashes: Vec<Digest>,
    pub(crate) scopes: Scopes,
    pub(crate) tenants: Tenants,
}

/// The file as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TokensConfig {
    /// Every token that is accepted. A file without it is taken for one that is just being written.
    tokens: Vec<TokenConfig>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TokenConfig {
    /// The name of the holder, for logs.
    #[schemars(length(min = 1, max = 64))]
    name: String,
    /// `sha256:` and 64 hex digits, as `outrigger token new` prints it. Two while one replaces the other.
    #[schemars(length(min = 1, max = 2))]
    hashes: Vec<String>,
    /// What the token may do.
    #[schemars(length(min = 1))]
    scopes: Vec<ScopeWord>,
    /// The tenants it may act for; the first is meant when a request names none. `"*"` is every tenant.
    #[serde(default = "default_tenants")]
    #[schemars(length(min = 1))]
    tenants: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ScopeWord {
    Ingest,
    Query,
    Queue,
    Cache,
    Admin,
}

impl ScopeWord {
    fn scope(self) -> Scope {
        match self {
            ScopeWord::Ingest => Scope::Ingest,
            ScopeWord::Query => Scope::Query,
            ScopeWord::Queue => Scope::Queue,
            ScopeWord::Cache => Scope::Cache,
            ScopeWord::Admin => Scope::Admin,
        }
    }
}

fn default_tenants() -> Vec<String> {
    vec!["default".to_owned()]
}

impl Config for TokensConfig {
    fn check(&self, check: &mut Check<'_>) {
        if self.tokens.len() > TOKENS_MAX {
            check.refuse(&["tokens"], "too many tokens", format!("at most {TOKENS_MAX}"));
        }
        for (index, token) in self.tokens.iter().enumerate() {
            for (at, hash) in token.hashes.iter().enumerate() {
                if parse_hash(hash).is_none() {
                    let key = format!("tokens[{index}].hashes[{at}]");
                    check.refuse(&[&key], "this is no hash of a token", HASH_ALLOWED);
                }
            }
            for (at, tenant) in token.tenants.iter().enumerate() {
                if tenant != "*" && parse_tenant(tenant).is_none() {
                    let key = format!("tokens[{index}].tenants[{at}]");
                    check.refuse(
                        &[&key],
                        "this is no tenant",
                        "1 to 64 of a-z, 0-9, _ and -, or \"*\" for every tenant",
                    );
                }
            }
            if self.tokens.iter().take(index).any(|earlier| earlier.name == token.name) {
                let key = format!("tokens[{index}].name");
                check.refuse(&[&key], "two tokens have this name", "a name of its own for each token");
            }
        }
    }
}

impl TokenFile {
    /// Reads the file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn open(path: &Path) -> Result<TokenFile, Mistakes> {
        let (entries, reload) = Reload::first(&[path], || read(path))?;
        Ok(TokenFile { path: path.to_owned(), entries: ArcSwap::from_pointee(entries), reload })
    }

    /// Reads the file again when it has changed. A file that is gone or wrong changes nothing: whoever could
    /// log in still can, and the mistakes are returned to be told. It is tried again at the next call.
    ///
    /// # Errors
    /// Every mistake in the changed file; told once per change.
    pub fn reload_if_changed(&self) -> Result<bool, Mistakes> {
        self.reload_with(read)
    }

    fn reload_with(&self, read: impl FnOnce(&Path) -> Result<Vec<Entry>, Mistakes>) -> Result<bool, Mistakes> {
        let Some(entries) = self.reload.look(&[&self.path], || read(&self.path))? else { return Ok(false) };
        self.entries.store(Arc::new(entries));
        Ok(true)
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many tokens are known.
    pub fn count(&self) -> usize {
        self.entries.load().len()
    }

    /// The token with this digest. All are compared to the end, so that time tells nothing.
    pub(crate) fn find(&self, presented: &Digest) -> Option<Entry> {
        let entries = self.entries.load();
        let mut found = None;
        for entry in entries.iter() {
            for hash in &entry.hashes {
                if is_same(presented, hash) {
                    found = Some(entry);
                }
            }
        }
        found.cloned()
    }
}

fn read(path: &Path) -> Result<Vec<Entry>, Mistakes> {
    refuse_if_public(path)?;
    let config: TokensConfig = config::load(path, &|_| None).map_err(|mistakes| mistakes.reworded(told_of_tokens))?;
    let entries = config.tokens.into_iter().map(|token| Entry {
        name: token.name.into(),
        hashes: token.hashes.iter().take(TOKEN_HASHES_MAX).filter_map(|hash| parse_hash(hash)).collect(),
        scopes: token.scopes.into_iter().map(ScopeWord::scope).collect(),
        tenants: parse_tenants(&token.tenants),
    });
    Ok(entries.collect())
}

/// Says of a mistake what an entry looks like, and never repeats a token that stands where its hash belongs: mistakes go
/// to consoles and to the log.
fn told_of_tokens(mistake: &mut Mistake) {
    match mistake.key.rsplit_once('.').map_or(mistake.key.as_str(), |(_, last)| last) {
        "hashes" => HASHES_ALLOWED.clone_into(&mut mistake.allowed),
        last if last.starts_with("hashes[") => HASH_ALLOWED.clone_into(&mut mistake.allowed),
        // Of a file that cannot be read there is no place.
        "" if mistake.place.is_some() => FILE_ALLOWED.clone_into(&mut mistake.allowed),
        _ => {}
    }
    mistake.message = without_tokens(&mistake.message);
    mistake.key = without_tokens(&mistake.key);
}

/// A text in which each token is cut behind its beginning.
fn without_tokens(text: &str) -> String {
    let is_of_token = |next: char| next.is_ascii_alphanumeric() || matches!(next, '-' | '_');
    let mut pieces = text.split(PREFIX);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |out, piece| format!("{out}{PREFIX}...{}", piece.trim_start_matches(is_of_token)))
}

/// Refuses a file that every user of the machine may write: each of them could give themselves a token.
fn refuse_if_public(path: &Path) -> Result<(), Mistakes> {
    use std::os::unix::fs::PermissionsExt;
    const WRITABLE_BY_OTHERS: u32 = 0o002;
    // A file that cannot be looked at is told by whoever opens it.
    let mode = std::fs::metadata(path).map(|metadata| metadata.permissions().mode()).unwrap_or_default();
    if mode & WRITABLE_BY_OTHERS == 0 {
        return Ok(());
    }
    let message = format!("every user of this machine may write the file (mode {:03o})", mode & 0o777);
    Err(Mistakes::of_file(&path.display().to_string(), message, "a file that only its owner may write: chmod 600"))
}

/// The tenants of a rule that has been checked.
fn parse_tenants(written: &[String]) -> Tenants {
    if written.iter().any(|tenant| tenant == "*") {
        return Tenants::Any;
    }
    Tenants::Listed(written.iter().filter_map(|tenant| parse_tenant(tenant)).collect())
}

fn parse_hash(text: &str) -> Option<Digest> {
    let hex = text.strip_prefix(HASH_PREFIX)?;
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut digest = [0u8; 32];
    for (byte, pair) in digest.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

fn write_hash(digest: &Digest) -> String {
    let mut out = HASH_PREFIX.to_owned();
    for byte in digest {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

pub(crate) fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

pub(crate) fn is_same(left: &Digest, right: &Digest) -> bool {
    left.ct_eq(right).into()
}

pub(crate) fn random_token() -> Secret<String> {
    let mut bits = [0u8; 32];
    fill_random(&mut bits);
    Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bits)))
}

/// What a new token is to be.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// The name of the holder.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// For whom; `default` when empty.
    pub tenants: Vec<String>,
}

/// A new token: shown once, never stored.
#[derive(Debug)]
pub struct NewToken {
    /// What the holder sends.
    pub token: Secret<String>,
    /// What stands in the token file for it.
    pub hash: String,
    /// The lines to add below `tokens:` in the token file.
    pub entry: String,
}

/// Makes a token for `outrigger token new`.
pub fn new_token(request: &TokenRequest) -> NewToken {
    let token = random_token();
    let hash = write_hash(&digest(token.expose()));
    let scopes: Vec<&str> = request.scopes.iter().map(|scope| scope.name()).collect();
    let tenants = if request.tenants.is_empty() { default_tenants() } else { request.tenants.clone() };
    let quoted: Vec<String> = tenants.iter().map(|tenant| format!("{tenant:?}")).collect();
    let entry = format!(
        "  - name: {:?}\n    hashes: [\"{hash}\"]\n    scopes: [{}]\n    tenants: [{}]\n",
        request.name,
        scopes.join(", "),
        quoted.join(", ")
    );
    NewToken { token, hash, entry }
}

#[cfg(test)]
mod tests;
