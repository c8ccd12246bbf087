//! What is wrong with a file, all of it, in the order of the file.

use std::fmt;

use basics::ErrorClass;

use crate::escape::escaped;
use crate::limits::CONFIG_MISTAKES_MAX;

/// A place in a text, counted from 1 in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands; `None` when the file as a whole is meant.
    pub place: Option<Place>,
    /// The path of the key, for example `collector.wal.budget`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub allowed: String,
}

/// Every mistake of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    file: String,
    listed: Vec<Mistake>,
    unlisted: usize,
}

impl Mistakes {
    pub(crate) fn new(file: &str) -> Mistakes {
        Mistakes { file: file.to_owned(), listed: Vec::new(), unlisted: 0 }
    }

    pub(crate) fn of_file(file: &str, message: impl Into<String>, allowed: impl Into<String>) -> Mistakes {
        let mut mistakes = Mistakes::new(file);
        mistakes.push(Mistake { place: None, key: String::new(), message: message.into(), allowed: allowed.into() });
        mistakes
    }

    pub(crate) fn note(&mut self, place: Place, key: &str, message: impl Into<String>, allowed: impl Into<String>) {
        self.push(Mistake {
            place: Some(place),
            key: key.to_owned(),
            message: message.into(),
            allowed: allowed.into(),
        });
    }

    fn push(&mut self, mistake: Mistake) {
        if self.listed.len() < CONFIG_MISTAKES_MAX {
            self.listed.push(mistake);
        } else {
            self.unlisted += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// Tells whether a key or one below it is mistaken.
    pub(crate) fn is_mistaken(&self, key: &str) -> bool {
        let is_below =
            |found: &str| found.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.listed.iter().any(|mistake| is_below(&mistake.key))
    }

    pub(crate) fn in_order(mut self) -> Mistakes {
        self.listed.sort_by_key(|mistake| mistake.place);
        self
    }

    /// The same mistakes in other words.
    pub(crate) fn reworded(mut self, reword: impl FnMut(&mut Mistake)) -> Mistakes {
        self.listed.iter_mut().for_each(reword);
        self
    }

    /// The mistakes in the order of the file.
    pub fn list(&self) -> &[Mistake] {
        &self.listed
    }

    /// Who must act: whoever wrote the file.
    pub fn class(&self) -> ErrorClass {
        ErrorClass::Invalid
    }
}

impl std::error::Error for Mistakes {}

/// One line per mistake: `file:line:column: key: what is wrong; allowed: what would be right`.
impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.listed.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            write!(out, "{}:", escaped(&self.file))?;
            if let Some(Place { line, column }) = mistake.place {
                write!(out, "{line}:{column}:")?;
            }
            if !mistake.key.is_empty() {
                write!(out, " {}:", escaped(&mistake.key))?;
            }
            write!(out, " {}; allowed: {}", escaped(&mistake.message), escaped(&mistake.allowed))?;
        }
        if self.unlisted > 0 {
            write!(out, "\n{}: and {} more", escaped(&self.file), self.unlisted)?;
        }
        Ok(())
    }
}
