//! Rust text without its comments and strings, so that a rule about code is not tripped by prose.
//!
//! Not a parser: it knows comments, strings and characters, and which files only tests see.

use std::collections::BTreeSet;

/// One Rust file.
#[derive(Debug)]
pub(crate) struct RustFile {
    /// Its path in the repository.
    pub(crate) path: String,
    /// The crate it belongs to.
    pub(crate) crate_name: String,
    /// The text with comments and the insides of strings blanked; same lines, same columns for ASCII.
    pub(crate) code: String,
    /// The text as it is.
    pub(crate) text: String,
    /// True when the product is built without it: tests, examples, measurements.
    pub(crate) is_test: bool,
}

impl RustFile {
    /// Lays the code of a file bare.
    pub(crate) fn new(path: &str, text: &str, crate_name: &str) -> RustFile {
        RustFile {
            path: path.to_string(),
            crate_name: crate_name.to_string(),
            code: code_of(text),
            text: text.to_string(),
            is_test: false,
        }
    }

    /// Lines of code, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lines where `phrase` stands as whole words, `::` and all.
    pub(crate) fn lines_with(&self, phrase: &str) -> Vec<usize> {
        self.lines().filter(|(_, line)| has_phrase(line, phrase)).map(|(number, _)| number).collect()
    }
}

/// Tells whether `phrase` stands in `line` with no letter, digit or underscore going on at either end.
pub(crate) fn has_phrase(line: &str, phrase: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    let first_is_word = phrase.starts_with(goes_on);
    let last_is_word = phrase.ends_with(goes_on);
    line.match_indices(phrase).any(|(at, found)| {
        let (before, rest) = line.split_at(at);
        let after = rest.strip_prefix(found).unwrap_or_default();
        !(first_is_word && before.ends_with(goes_on) || last_is_word && after.starts_with(goes_on))
    })
}

/// Paths of the files that the product is built without: integration tests, examples, measurements, and modules
/// behind `#[cfg(test)]` with all that lies in their folders.
pub(crate) fn test_files(files: &[RustFile]) -> BTreeSet<String> {
    let mut gated = Vec::new();
    for file in files {
        for name in gated_modules(&file.code) {
            gated.push(format!("{}{name}", module_folder(&file.path)));
        }
    }
    let is_test = |path: &str| {
        let in_gated = gated.iter().any(|module| {
            path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
        let in_folder = |name: &str| path.starts_with(name.trim_start_matches('/')) || path.contains(name);
        in_gated || path.ends_with("/tests.rs") || ["/tests/", "/examples/", "/benches/"].into_iter().any(in_folder)
    };
    files.iter().filter(|file| is_test(&file.path)).map(|file| file.path.clone()).collect()
}

/// Names of `mod` lines that stand under `#[cfg(test)]`.
fn gated_modules(code: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_gated = false;
    for line in code.lines().map(str::trim) {
        if line.starts_with("#[cfg(test)]") {
            is_gated = true;
        }
        let item = line.strip_prefix("#[cfg(test)]").unwrap_or(line).trim();
        if item.is_empty() || item.starts_with("#[") {
            continue;
        }
        let declared = item.trim_start_matches("pub(crate) ").trim_start_matches("pub ").strip_prefix("mod ");
        if let (true, Some(name)) = (is_gated, declared.and_then(|rest| rest.strip_suffix(';'))) {
            names.push(name.trim());
        }
        is_gated = false;
    }
    names
}

/// Where the modules of a file lie: `src/` for `src/lib.rs`, `src/foo/` for `src/foo.rs`.
fn module_folder(path: &str) -> String {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    for root in ["lib", "main"] {
        if let Some(folder) = stem.strip_suffix(root).filter(|folder| folder.ends_with('/')) {
            return folder.to_string();
        }
    }
    format!("{stem}/")
}

/// Blanks comments and the insides of strings and characters.
fn code_of(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let rest = characters.get(at..).unwrap_or_default();
        let length = blank_length(rest, characters.get(at.wrapping_sub(1)).copied());
        if length == 0 {
            code.extend(rest.first());
            at += 1;
            continue;
        }
        let blanked = rest.iter().take(length);
        code.extend(blanked.map(|&c| if c == '\n' || c == '"' { c } else { ' ' }));
        at += length;
    }
    code
}

/// How many characters from here are a comment, a string or a character; 0 when they are code.
fn blank_length(rest: &[char], before: Option<char>) -> usize {
    match rest {
        ['/', '/', ..] => rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment_length(rest),
        ['"', ..] => string_length(rest),
        ['r', '"' | '#', ..] if !before.is_some_and(|c| c.is_alphanumeric() && c != 'b' || c == '_') => {
            raw_string_length(rest)
        }
        ['\'', '\\', _, ..] => rest.iter().skip(3).position(|&c| c == '\'').map_or(0, |more| more + 4),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

fn block_comment_length(rest: &[char]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match (rest.get(at), rest.get(at + 1)) {
            (Some('/'), Some('*')) => {
                depth += 1;
                at += 2;
            }
            (Some('*'), Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

fn string_length(rest: &[char]) -> usize {
    let mut at = 1;
    while let Some(character) = rest.get(at) {
        match character {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of `r"…"` or `r#"…"#`; 0 for a raw identifier such as `r#type`.
fn raw_string_length(rest: &[char]) -> usize {
    let hashes = rest.iter().skip(1).take_while(|&&c| c == '#').count();
    if rest.get(hashes + 1) != Some(&'"') {
        return 0;
    }
    let mut at = hashes + 2;
    while at < rest.len() {
        let closing = rest.get(at..).unwrap_or_default();
        if closing.first() == Some(&'"') && closing.iter().skip(1).take(hashes).filter(|&&c| c == '#').count() == hashes
        {
            return at + 1 + hashes;
        }
        at += 1;
    }
    rest.len()
}
