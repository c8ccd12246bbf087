//! As much of TOML as the manifests of this house use: tables, `key = value` on one line, lists over several.
//!
//! What it cannot read it does not guess at: such a line yields no key, and the rules that ask for one refuse.

/// A manifest, line by line.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    entries: Vec<Entry>,
}

/// One `key = value`.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The table it stands in, such as `dependencies`.
    pub(crate) table: String,
    /// Left of the equals sign, such as `basics.workspace`.
    pub(crate) key: String,
    /// Right of it, as written; lists are joined into one line.
    pub(crate) value: String,
    /// From 1.
    pub(crate) line: usize,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DependencyKind {
    /// The product, or a build script.
    Product,
    /// Tests only.
    Tests,
}

/// One line under a table of dependencies.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The name of the crate.
    pub(crate) name: String,
    /// What it is needed for.
    pub(crate) kind: DependencyKind,
    /// All that is said about it, such as `workspace = true`.
    pub(crate) says: String,
    /// From 1.
    pub(crate) line: usize,
}

impl Manifest {
    /// Reads a manifest.
    pub(crate) fn parse(text: &str) -> Manifest {
        let mut manifest = Manifest::default();
        let mut table = String::new();
        let mut lines = text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            let line = without_comment(line);
            if let Some(name) = line.strip_prefix('[') {
                table = name.trim_matches(|c| c == '[' || c == ']').trim().to_string();
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let mut value = value.trim().to_string();
            while value.starts_with('[') && !value.ends_with(']') {
                let Some((_, more)) = lines.next() else { break };
                value.push_str(without_comment(more));
            }
            let key = key.trim().trim_matches('"').to_string();
            manifest.entries.push(Entry { table: table.clone(), key, value, line: index + 1 });
        }
        manifest
    }

    /// Everything in one table.
    pub(crate) fn table<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.table == table)
    }

    /// A value without its quotes.
    pub(crate) fn value(&self, table: &str, key: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|entry| entry.table == table && entry.key == key)?;
        Some(entry.value.trim_matches('"'))
    }

    /// A list of strings; empty when there is none.
    pub(crate) fn list(&self, table: &str, key: &str) -> Vec<String> {
        let value = self.value(table, key).unwrap_or_default();
        value
            .trim_matches(|c| c == '[' || c == ']')
            .split(',')
            .map(|item| item.trim().trim_matches('"').to_string())
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// Every dependency, whatever table names it.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        self.entries.iter().filter_map(dependency).collect()
    }
}

fn dependency(entry: &Entry) -> Option<Dependency> {
    // `[dependencies]`, `[target.'cfg(unix)'.dependencies]` and `[dependencies.name]` all count.
    let names: Vec<&str> = entry.table.split('.').collect();
    let at = names.iter().position(|name| name.ends_with("dependencies"))?;
    if names.first() == Some(&"workspace") {
        return None;
    }
    let kind = if names.get(at) == Some(&"dev-dependencies") { DependencyKind::Tests } else { DependencyKind::Product };
    let (name, says) = match (names.get(at + 1), entry.key.split_once('.')) {
        (Some(name), _) => ((*name).to_string(), format!("{} = {}", entry.key, entry.value)),
        (None, Some((name, attribute))) => (name.to_string(), format!("{attribute} = {}", entry.value)),
        (None, None) => (entry.key.clone(), entry.value.clone()),
    };
    Some(Dependency { name, kind, says, line: entry.line })
}

fn without_comment(line: &str) -> &str {
    let mut is_quoted = false;
    for (at, character) in line.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted => return line.split_at(at).0.trim(),
            _ => {}
        }
    }
    line.trim()
}
