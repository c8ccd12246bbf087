//! The configuration file: YAML in, checked settings or a list of every mistake out.
//!
//! serde alone stops at the first mistake and knows no place. So the file is read into a tree that knows
//! its places (`tree`), the tree is held against the JSON Schema of the target type (`check`), what is
//! wrong is noted and left out, and the rest is handed to serde and to [`Config::check`], which looks at
//! what a schema cannot say.
//!
//! Always true:
//! - one run reports every mistake, each with its line, column, key and the allowed values (of a list with an
//!   unreadable entry, what [`Config::check`] finds in the other entries is told once that one is mended);
//! - a variable's text is a value, never structure: `${env:X}` cannot add keys;
//! - what is published as JSON Schema and what is enforced are the same document.
//!
//! Start at [`load`].

mod check;
mod defaults;
mod environment;
mod mistakes;
mod schema;
mod tree;
mod types;

use std::path::Path;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::limits::CONFIG_BYTES_MAX;

pub use check::Check;
pub use defaults::default_yaml;
pub use mistakes::{Mistake, Mistakes, Place};
pub use types::{ConfigDuration, ConfigSize, ListenAddress, MemorySize};

use check::Walker;

/// A type that a configuration file is read into.
///
/// Its fields carry doc comments (they become the comments of `config default` and the descriptions of the
/// schema) and defaults; `#[serde(default)]` on the type makes every key optional. Numbers, durations and
/// sizes may be bounded: `#[schemars(range(min = 1))]`, `#[schemars(extend("x-least" = "1s"))]`,
/// `#[schemars(extend("x-most" = "1GiB"))]`.
pub trait Config: DeserializeOwned + JsonSchema {
    /// Notes what no schema can say: pairs that do not go together, files that must exist.
    fn check(&self, check: &mut Check<'_>);
}

/// Where `${env:NAME}` looks names up.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a file. `env` looks variables up, so that a test needs none of its own.
///
/// # Errors
/// Every mistake of the file at once; a file that cannot be read is one mistake.
pub fn load<T: Config>(path: &Path, env: Lookup<'_>) -> Result<T, Mistakes> {
    let name = path.display().to_string();
    match read_bounded(path) {
        Ok(text) => parse(&name, &text, env),
        Err(message) => Err(Mistakes::of_file(&name, message, "a readable YAML file in UTF-8, at most 1 MiB")),
    }
}

/// Reads a text; `name` stands before each mistake.
///
/// # Errors
/// Every mistake of the text at once.
pub fn parse<T: Config>(name: &str, text: &str, env: Lookup<'_>) -> Result<T, Mistakes> {
    let mut mistakes = Mistakes::new(name);
    let Some(tree) = tree::read(text, env, &mut mistakes) else { return Err(mistakes) };
    let schema = json_schema::<T>();
    let mut walker = Walker::new(&schema, &mut mistakes);
    let value = walker.walk(&tree);
    let places = walker.into_places();
    let config = match serde_json::from_value::<T>(value) {
        Ok(config) => {
            config.check(&mut Check::new(&places, &mut mistakes));
            Some(config)
        }
        Err(error) => {
            // With other mistakes reported, a missing piece is their consequence.
            if mistakes.is_empty() {
                mistakes.note(tree.at, "", format!("cannot be understood: {error}"), "what the JSON Schema describes");
            }
            None
        }
    };
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        Some(_) | None => Err(mistakes.in_order()),
    }
}

/// The JSON Schema that files of this type are held against, for editors and for `check`.
pub fn json_schema<T: JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}

fn read_bounded(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let cannot = |error: std::io::Error| format!("cannot read the file: {error}");
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > CONFIG_BYTES_MAX {
        return Err("the file is too large".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests;
